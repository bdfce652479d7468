"""The largest size that fits equals a linear scan, on real networks and on random ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shapewright as sw
from naive_memory import random_graph

ROOT = Path(__file__).parent.parent
ZOO = ROOT.parent / "shared" / "data" / "zoo"
NETWORKS = sorted((ROOT / "examples").glob("*.onnx")) + sorted(ZOO.glob("*.onnx"))


def scan(
    report: sw.Report, sizes_of: Callable[[int], dict[str, int]], sizes: range
) -> dict[int, int]:
    """The live peak at every size that the contract admits."""
    peaks = {}
    for n in sizes:
        try:
            peaks[n] = report.at(**sizes_of(n)).peak.live
        except (sw.ConstraintError, sw.DimError):
            continue
    return peaks


def expected(peaks: dict[int, int], budget: int) -> tuple[int, int | None]:
    """The largest size that fits and the next one."""
    value = max((n for n, peak in peaks.items() if peak <= budget), default=0)
    return value, min((n for n in peaks if n > value), default=None)


def check_answer(found: sw.Fit, peaks: dict[int, int], budget: int) -> None:
    value, following = expected(peaks, budget)
    assert (found.value, found.next_value) == (value, following)
    if value:
        assert found.peak is not None
        assert found.peak.live == peaks[value]
        assert found.slack == budget - peaks[value]
    if following is not None:
        assert found.next is not None
        assert found.binding is not None
        assert found.next.live == peaks[following] > budget


def budgets(rng: random.Random, peaks: dict[int, int]) -> list[int]:
    """Just enough for some size, one byte less, and too little for any."""
    some = rng.sample(sorted(peaks.values()), k=min(4, len(peaks)))
    return [*some, *(peak - 1 for peak in some), min(peaks.values()) - 1]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_networks_equal_a_linear_scan(path: Path) -> None:
    top = 40
    report = sw.check(path)
    solve, *others = [s.name for s in report.symbols]
    # Sizes the model accepts: images of 224, texts of 32, a second batch that follows the first.
    images = len(others) == 2 and "bert" not in path.stem
    where = dict.fromkeys(others, 224 if images else 32)
    tie: dict[str, str] = {}
    try:
        report.at(**{solve: 1, **where})
        report.at(**{solve: 2, **where})
    except sw.ConstraintError:
        for name in others:
            trial = {**{solve: 2}, **where, name: 2}
            try:
                report.at(**trial)
            except sw.ConstraintError:
                continue
            tie[name] = solve
            del where[name]
            break
    dims = {solve: (1, top), **dict.fromkeys(tie, (1, top))}
    bounded = sw.check(path, dims=dims)
    peaks = scan(bounded, lambda n: {solve: n, **where, **dict.fromkeys(tie, n)}, range(1, top + 1))
    assert peaks
    for budget in budgets(random.Random(0), peaks):
        found = sw.fit(path, solve=solve, where=where, tie=tie, dims=dims, budget=budget)
        check_answer(found, peaks, budget)


@pytest.mark.parametrize("seed", range(80))
def test_random_graphs_equal_a_linear_scan(seed: int) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng, num_nodes=rng.randint(1, 20))
    top = rng.choice((2, 17, 96))
    dims = {"N": (1, top)}
    peaks = scan(sw.check(graph, dims=dims), lambda n: {"N": n}, range(1, top + 1))
    multiple = rng.choice((1, 1, 2, 5))
    allowed = {n: peak for n, peak in peaks.items() if n % multiple == 0}
    for budget in budgets(rng, peaks):
        if not allowed:
            continue
        found = sw.fit(graph, solve="N", dims=dims, budget=max(0, budget), multiple_of=multiple)
        check_answer(found, allowed, max(0, budget))


def constrained(kind: str) -> sw.Graph:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4]")
    match kind:
        case "equal":
            g.output(g.add("Concat", x, g.input("y", "f32[12, 4]"), axis=1))
        case "broadcast":
            g.output(g.add("Add", x, g.input("y", "f32[12, 4]")))
        case "divides":
            g.output(g.add("Reshape", x, g.constant("shape", [-1, 28])))
        case "two-divisors":
            a = g.add("Reshape", x, g.constant("a", [-1, 24]))
            b = g.add("Reshape", x, g.constant("b", [-1, 40]))
            g.output(g.add("Concat", a, g.add("Reshape", b, g.constant("c", [-1, 24])), axis=0))
        case "nonlinear":
            y = g.input("y", "f32[N//3*3, 4]")
            g.output(g.add("Concat", x, y, axis=1))
        case "at-most":
            values, _ = g.add("TopK", g.input("z", "f32[60 - N]"), g.constant("k", [25]), outputs=2)
            g.output(values)
            g.output(g.add("Relu", x))
    return g


@pytest.mark.parametrize(
    "kind", ["equal", "broadcast", "divides", "two-divisors", "nonlinear", "at-most"]
)
def test_a_size_that_breaks_the_contract_is_never_the_answer(kind: str) -> None:
    graph, dims = constrained(kind), {"N": (1, 59)}
    report = sw.check(graph, dims=dims)
    assert report.contract
    peaks = scan(report, lambda n: {"N": n}, range(1, 60))
    assert 0 < len(peaks) < 59
    for budget in budgets(random.Random(1), peaks):
        check_answer(sw.fit(graph, solve="N", dims=dims, budget=budget), peaks, budget)


def relu(shape: str) -> sw.Graph:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", f"f32[{shape}]"), name="y"))
    return g


@pytest.mark.parametrize(
    ("shape", "tie", "value"),
    [
        ("N, M", {"M": "N"}, 11),  # 8 * 11**2 = 968
        ("N, M", {"M": "2*N + 1"}, 7),  # 8 * 7 * 15 = 840
        ("N, M", {"M": "100//N"}, 100),  # about 100 elements whatever N is; M must be at least 1
        ("N, M", {"M": "3"}, 41),
    ],
)
def test_other_sizes_may_follow(shape: str, tie: dict[str, str], value: int) -> None:
    assert sw.fit(relu(shape), solve="N", tie=tie, budget=1000).value == value


def test_an_unbounded_symbol_is_solved() -> None:
    found = sw.fit(relu("N, 64"), solve="N", budget="24GiB")
    assert found.value == 24 * 2**30 // 512
    assert found.next_value == found.value + 1
    assert found.binding is not None
    assert found.binding.node == "y"
    assert found.slack == 24 * 2**30 - found.value * 512


def test_headroom_and_multiple_of() -> None:
    found = sw.fit(relu("N"), solve="N", budget=8000, headroom=0.1, multiple_of=64)
    assert (found.value, found.next_value) == (896, 960)


def test_nothing_fits() -> None:
    found = sw.fit(relu("N, 1000"), solve="N", budget=10)
    assert (found.value, found.next_value, found.peak) == (0, 1, None)
    assert found.binding is not None
    assert found.binding.live == 8000


def test_the_upper_bound_of_the_symbol_is_an_answer() -> None:
    found = sw.fit(relu("N"), solve="N", dims={"N": (1, 64)}, budget="1GiB")
    assert (found.value, found.next_value, found.next, found.binding) == (64, None, None, None)


def test_a_size_that_changes_nothing_is_said_to() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[min(N, 8)]")
    g.output(g.add("Relu", x))
    with pytest.raises(sw.InconclusiveError, match="every size of 'N' fits"):
        sw.fit(g, solve="N", budget="1GiB")
    assert sw.fit(g, solve="N", budget=60).value == 7


def test_unknown_sizes_are_no_basis_for_an_answer() -> None:
    g = sw.Graph()
    y = g.add("Mystery", g.input("x", "f32[N]"), name="y", domain="example.org")
    g.output(y)
    with pytest.raises(sw.InconclusiveError, match="no upper bound") as refused:
        sw.fit(g, solve="N", budget=400)
    assert "N <= 100" in str(refused.value)


def test_sizes_that_depend_on_data_count_with_their_upper_bound() -> None:
    g = sw.Graph()
    x, k = g.input("x", "f32[N]"), g.input("k", "i64[1]")
    values, indices = g.add("TopK", x, k, outputs=2)
    g.output(values)
    g.output(indices)
    dims = {"N": (1, 100)}
    report = sw.check(g, dims=dims)
    peaks = scan(report, lambda n: {"N": n}, range(1, 101))
    for budget in budgets(random.Random(0), peaks):
        check_answer(sw.fit(g, solve="N", dims=dims, budget=budget), peaks, budget)
    with pytest.raises(sw.InconclusiveError, match="no upper bound"):
        sw.fit(g, solve="N", budget=10**6)


def test_a_contract_that_no_size_meets_names_its_rule() -> None:
    with pytest.raises(sw.ConstraintError, match="no size of 'N' can be used") as refused:
        sw.fit(constrained("equal"), solve="N", budget=10**6, multiple_of=5)
    assert refused.value.node


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"solve": "M"}, sw.DimError),
        ({"solve": "N", "where": {"Q": 3}}, sw.DimError),
        ({"solve": "N", "tie": {"M": "K"}}, sw.DimError),
        ({"solve": "N", "tie": {"M": "N +"}}, sw.DimError),
        ({"solve": "N", "where": {"M": 0}}, sw.DimError),
        ({"solve": "N"}, sw.UnboundSymbolError),
    ],
)
def test_calls_that_make_no_sense(options: dict[str, Any], error: type[Exception]) -> None:
    graph = relu("N") if options == {"solve": "M"} else relu("N, M")
    with pytest.raises(error):
        sw.fit(graph, budget=1000, **options)


def test_a_report_is_solved_for_another_budget() -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[N, 256]")))
    report = sw.check(g, budget="1MiB")
    assert sw.fit(report).value == 512
    assert sw.fit(report, budget="2MiB").value == 1024


def test_a_report_keeps_the_options_it_was_made_with() -> None:
    g = sw.Graph()
    g.output(g.add("Relu", g.input("x", "f32[N, 256]")))
    with pytest.raises(sw.ShapewrightError, match="dims"):
        sw.fit(sw.check(g), budget="1MiB", dims={"N": (1, 4)})
