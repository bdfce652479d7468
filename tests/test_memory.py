"""Live peak, timeline, formula and layers, against a naive account and by hand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import shapewright as sw
from naive_memory import alive_at_each_step, naive_peak, random_graph
from shapewright import _core

ROOT = Path(__file__).parent.parent
ZOO = ROOT.parent / "shared" / "data" / "zoo"
NETWORKS = sorted((ROOT / "examples").glob("*.onnx")) + sorted(ZOO.glob("*.onnx"))


def sizes_of(report: sw.Report, number: int, batch: int = 2) -> dict[str, int]:
    """`number` for every symbol but the first, which is the batch."""
    sizes = {s.name: number for s in report.symbols}
    first, *_ = sizes
    sizes[first] = batch
    return sizes


def bind(report: sw.Report, number: int, batch: int) -> sw.BoundReport:
    """At a batch if the model allows it, else at 1; its other symbols may have to equal it."""
    for sizes in (
        sizes_of(report, number, batch),
        sizes_of(report, number, 1),
        dict.fromkeys(sizes_of(report, 1), batch),
        dict.fromkeys(sizes_of(report, 1), 1),
    ):
        try:
            return report.at(**sizes)
        except sw.ConstraintError:
            continue
    pytest.fail("no sizes meet the contract")


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_networks_equal_the_naive_account(path: Path) -> None:
    graph = sw.load(path)
    report = sw.check(graph)
    steps = list(alive_at_each_step(graph))
    formula = report.formula("live_peak")
    for number, batch in ((64, 1), (32, 3), (224, 2)):
        bound = bind(report, number, batch)
        peak = bound.peak
        assert peak.lower == peak.live == peak.upper
        assert peak.live == naive_peak(report, bound, steps)
        assert peak.live == formula(**bound.sizes)
        assert {tensor.value for tensor in peak.live_set} == steps[peak.step]
        assert sum(tensor.bytes for tensor in peak.live_set) == peak.live
        assert peak.live == max(event.live for event in bound.timeline.events)


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_equal_the_naive_account(seed: int) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng, num_nodes=rng.randint(1, 30))
    report = sw.check(graph)
    assert report.ok, report.findings
    steps = list(alive_at_each_step(graph))
    formula = report.formula("live_peak")
    for n in (1, 2, 16, 17, 18, 39, 64, 96):
        bound = report.at(N=n)
        assert bound.peak.live == naive_peak(report, bound, steps) == formula(N=n)
        parts = [report.formula(kind)(N=n) for kind in ("params", "inputs")]
        begun = [event for event in bound.timeline.events if event.step == -1]
        assert sum(parts) == sum(event.bytes for event in begun)


def chain() -> sw.Graph:
    """a = x + w; v is a view of a; nobody reads -a; the output is Relu(v)."""
    g = sw.Graph()
    x = g.input("x", "f32[N, 10]")
    w = g.param("w", "f32[10]")
    a = g.add("Add", x, w, name="a")
    v = g.add("Identity", a, name="v")
    g.add("Neg", a, name="unread")
    g.output(g.add("Relu", v, name="b"))
    return g


def test_timeline_is_what_the_docs_say() -> None:
    report = sw.check(chain())
    events = report.at(N=1).timeline.events
    assert [(e.step, e.node, e.action, e.buffer, e.bytes, e.live) for e in events] == [
        (-1, None, "alloc", "x", 40, 40),
        (-1, None, "alloc", "w", 40, 80),
        (0, "a", "alloc", "a", 40, 120),
        (2, "unread", "alloc", "unread", 40, 160),
        (2, "unread", "free", "unread", 40, 120),
        (3, "b", "alloc", "b", 40, 160),
        (3, "b", "free", "a", 40, 120),
    ]
    assert {e.phase for e in events} == {"forward"}


def test_peak_names_its_node_and_why_each_tensor_is_alive() -> None:
    peak = sw.check(chain()).at(N=2).peak
    assert (peak.live, peak.step, peak.node, peak.phase) == (280, 2, "unread", "forward")
    assert {t.value: (t.bytes, t.why) for t in peak.live_set} == {
        "x": (80, "input"),
        "a": (80, "read by 'b'"),
        "unread": (80, "made by 'unread', never read"),
        "w": (40, "parameter"),
    }
    assert [t.bytes for t in peak.live_set] == sorted(
        (t.bytes for t in peak.live_set), reverse=True
    )
    # The least region of the arena, one MiB, stands beside parameters and inputs.
    assert peak.reserved == 120 + 2**20
    assert peak.capacity is not None
    assert peak.capacity_lower is not None
    assert peak.capacity_lower <= peak.capacity <= peak.reserved


def test_formulas_are_sums_of_symbolic_sizes() -> None:
    report = sw.check(chain())
    assert str(report.formula("params")) == "40"
    assert str(report.formula("inputs")) == "40*N"
    assert str(report.formula("live_peak")) == "120*N + 40"
    assert report.formula("live_peak")(N=7) == report.at(N=7).peak.live
    assert "N" in report.formula("live_peak").latex()


@pytest.mark.parametrize("kind", ["grads", "optimizer", "saved"])
def test_inference_keeps_nothing_for_training(kind: str) -> None:
    core = _core.MemoryModel(sw.check(chain())._analysis)
    assert core.formula(kind).evaluate({}) == 0


def test_formula_keeps_the_arms_that_no_other_covers() -> None:
    g = sw.Graph()
    n, m = g.input("n", "f32[N]"), g.input("m", "f32[M]")
    g.output(g.add("ReduceSum", g.add("Concat", n, n, axis=0), name="a"))
    g.output(g.add("ReduceSum", g.add("Concat", m, m, axis=0), name="b"))
    report = sw.check(g)
    formula = report.formula("live_peak")
    assert str(formula).startswith("max(")
    for sizes in ({"N": 1, "M": 1}, {"N": 1, "M": 50}, {"N": 50, "M": 1}):
        assert formula(**sizes) == report.at(**sizes).peak.live


@pytest.mark.parametrize(
    ("dtype", "shape", "expected"),
    [
        ("i4", "3", 2),
        ("u4", "4", 2),
        ("bool", "3", 3),
        ("bf16", "3", 6),
        ("f64", "3", 24),
        ("i4", "0", 0),
    ],
)
def test_narrow_types_are_packed(dtype: str, shape: str, expected: int) -> None:
    g = sw.Graph(opset=21)
    g.output(g.input("x", f"{dtype}[{shape}]"))
    assert sw.check(g).at().peak.live == expected


def test_inputs_and_outputs_that_are_one_value_count_once() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N]")
    g.output(g.add("Identity", x, name="y"))
    assert sw.check(g).at(N=10).peak.live == 40


def test_unknown_sizes_make_a_lower_bound() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N]")
    y = g.add("Mystery", x, name="y", domain="example.org")
    g.output(g.add("Relu", y, name="z"))
    peak = sw.check(g).at(N=10).peak
    assert (peak.live, peak.lower, peak.upper) == (40, 40, None)
    formula = _core.MemoryModel(sw.check(g)._analysis).formula("live_peak")
    assert formula.num_unknown == 2


def test_sizes_that_depend_on_data_are_bounded() -> None:
    g = sw.Graph()
    x, k = g.input("x", "f32[N]"), g.input("k", "i64[1]")
    values, indices = g.add("TopK", x, k, outputs=2)
    g.output(values)
    g.output(indices)
    core = sw.check(g, dims={"N": (1, 100)}).memory.at({"N": 10}).peak
    assert core.lower == 40 + 8
    assert core.upper is not None
    assert 40 + 8 + 12 * 10 <= core.upper <= 40 + 8 + 12 * 100
    assert core.live == core.upper
    assert "only a run can tell" in core.why_bounds
    unbounded = sw.check(g).at(N=10).peak
    assert (unbounded.live, unbounded.lower, unbounded.upper) == (48, 48, None)


def branches(*, loop: bool) -> sw.Report:
    """If with a wide and a narrow branch, or a Loop whose body makes one wide temporary."""
    b = _core.GraphBuilder(20)
    x, c = b.input("x", "f32[N]"), b.input("c", "bool[]")
    k = b.add("Relu", [x], name="k")[0]
    if loop:
        trip = b.input("trip", "i64[]")
        body = b.begin_block()
        b.input("i", "i64[]")
        keep, state = b.input("keep", "bool[]"), b.input("state", "f32[N]")
        wide = b.add("Concat", [state, k], {"axis": 0}, name="wide")[0]
        half = b.add("Split", [wide], {"num_outputs": 2}, name="half", num_outputs=2)
        for value in (b.add("Identity", [keep], name="keep_out")[0], half[0]):
            b.output(value)
        b.end_block()
        y = b.add("Loop", [trip, c, x], {"body": body}, name="y")[0]
    else:
        bodies = []
        for name, times in (("then", 3), ("else", 2)):
            bodies.append(b.begin_block())
            wide = b.add("Concat", [k] * times, {"axis": 0}, name=f"{name}_wide")[0]
            b.output(b.add("ReduceMax", [wide], {"keepdims": 1}, name=f"{name}_max")[0])
            b.end_block()
        y = b.add("If", [c], {"then_branch": bodies[0], "else_branch": bodies[1]}, name="y")[0]
    b.output(y)
    return sw.check(sw.Graph.of_core(b.snapshot(), "", []))


def test_branches_run_one_at_a_time_within_their_step() -> None:
    report = branches(loop=False)
    assert report.ok, report.findings
    peak = report.at(N=100).peak
    # x, c and k beside the wide temporary of the then branch and its maximum
    assert peak.live == 400 + 1 + 400 + 1200 + 4
    assert (peak.step, peak.node) == (1, "then_max")
    assert report.formula("live_peak")(N=100) == peak.live
    events = report.at(N=100).timeline.events
    assert [e.buffer for e in events if e.action == "free" and e.step == 1] == [
        "then_wide",
        "then_max",
        "else_wide",
        "else_max",
        "k",
    ]


def test_one_turn_of_a_loop_runs_beside_its_outputs() -> None:
    report = branches(loop=True)
    assert report.ok, report.findings
    peak = report.at(N=100).peak
    inputs = 400 + 1 + 8
    body_inputs = 8 + 1 + 400
    # k is read by the body; the loop's own output; the temporary of the body beside its two halves
    assert peak.live == inputs + 400 + 400 + body_inputs + 800 + 2 * 400
    assert report.formula("live_peak")(N=100) == peak.live


def test_layers_add_up() -> None:
    report = sw.check(ROOT / "examples" / "resnet18.onnx")
    bound = report.at(**{s.name: n for s, n in zip(report.symbols, (2, 224, 224), strict=True)})
    layers = bound.layers
    assert sum(layer.params for layer in layers) == report.formula("params")()
    assert len({layer.op for layer in layers}) > 3
    made = {n for node in sw.load(ROOT / "examples" / "resnet18.onnx").nodes for n in node.outputs}
    at_peak = sum(t.bytes for t in bound.peak.live_set if t.value in made)
    assert sum(layer.share_of_peak for layer in layers) == pytest.approx(at_peak / bound.peak.live)
    # 1.8 G multiply-adds an image is the published figure of ResNet-18
    assert sum(layer.flops or 0 for layer in layers) == pytest.approx(2 * 2 * 1.82e9, rel=0.02)


def test_a_peak_past_62_bits_is_an_overflow() -> None:
    g = sw.Graph()
    x = g.input("x", "f64[N, M]")
    g.output(g.add("Relu", x))
    with pytest.raises(sw.DimOverflowError):
        _ = sw.check(g).at(N=2**40, M=2**19).peak


def test_a_peak_of_many_sizes_tells_apart_what_is_always_alive() -> None:
    """100 weights of open sizes, and between them results that come and go."""
    g = sw.Graph()
    x = g.input("x", "f32[N, K0]")
    for i in range(100):
        x = g.add("MatMul", x, g.input(f"w{i}", f"f32[K{i}, K{i + 1}]"))
    g.output(x)
    report = sw.check(g)
    formula = report.formula("live_peak")
    assert " + max(" in str(formula)
    for step in (1, 7, 31):
        sizes = {"N": step} | {f"K{i}": 1 + step * i % 53 for i in range(101)}
        assert formula(**sizes) == report.at(**sizes).peak.live
        assert formula.range(**sizes) == (report.at(**sizes).peak.live,) * 2
