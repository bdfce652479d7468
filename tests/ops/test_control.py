"""If, Loop, Scan, SequenceMap: small models in ONNX's own text form, against real runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

import shapewright as sw

onnx = pytest.importorskip("onnx", reason="comes with the test extra")
ort = pytest.importorskip("onnxruntime", reason="comes with the test extra")
np = pytest.importorskip("numpy")

MADE_UP = (
    "joined",
    "trips",
    "carried",
    "concat",
    "reshaped",
)  # symbols that stand for what only a run can tell


@dataclass(frozen=True)
class Row:
    """A model and the type of each output; `feeds` are runs of it: arrays by input name."""

    name: str
    op: str
    text: str
    out: Mapping[str, str]
    opset: int = 20
    feeds: tuple[Mapping[str, Any], ...] = field(default=())


def f32(*shape: int) -> Any:
    return np.ones(shape, np.float32)


TRUE, FALSE = np.array(True), np.array(False)

ROWS = [
    Row(
        "a branch that may not run demands nothing",
        "If",
        """g (float[N, M] x, bool c) => (float[] y) {
             y = If (c) <then_branch = t () => (float[] a) { a = Relu(x) },
                         else_branch = e () => (float[] b) { b = MatMul(x, x) }>
           }""",
        {"y": "f32[N, M]"},
        feeds=({"x": f32(2, 4), "c": TRUE}, {"x": f32(4, 4), "c": FALSE}),
    ),
    Row(
        "one pass is asked what one pass gives",
        "Loop",
        """g (float[N, 4] x) => (float[] y)
           <int64 n = {1}, float[4, 5] w> {
             y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               t = MatMul(s, w)
             }>
           }""".replace(", float[4, 5] w>", ", float[4, 5] w = {" + ", ".join("1" * 20) + "}>"),
        {"y": "f32[N, 5]"},
        feeds=({"x": f32(2, 4)}, {"x": f32(3, 4)}),
    ),
    Row(
        "what a first pass demands stands though a second one does not demand it",
        "Loop",
        """g (float[N, 3] x, float[N, 4] z) => (float[] y, float[] r)
           <int64 n = {2}, float[2, 1] e = {1, 1}> {
             y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               t = Concat <axis = 1> (s, e)
             }>
             r = Relu(z)
           }""",
        {"y": "f32[2, 5]", "r": "f32[2, 4]"},
        feeds=({"x": f32(2, 3), "z": f32(2, 4)},),
    ),
    Row(
        "what a second pass demands is no demand where there may be one pass only",
        "Loop",
        """g (float[N, 4] x, float[K] z) => (float[] y)
           <float[4, 4] w = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}> {
             k = Size(z)
             y = Loop (k, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               m = MatMul(s, w)
               t = Transpose(m)
             }>
           }""",
        {"y": "f32[4, 0..]"},
        feeds=({"x": f32(3, 4), "z": f32(1)}, {"x": f32(4, 4), "z": f32(2)}),
    ),
    Row(
        "a state that changes with the third pass has not after two",
        "Loop",
        """g (float[3, 3, 3, N] x) => (float[] y) <int64 n = {2}, float v = {1}> {
             y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               tail = Shape <start = 1> (s)
               last = Shape <start = 3> (s)
               to = Concat <axis = 0> (tail, last)
               t = ConstantOfShape(to)
             }>
           }""",
        {"y": "f32[3, N, N, N]"},
        feeds=({"x": f32(3, 3, 3, 5)},),
    ),
    Row(
        "passes that add different sizes add up to no formula",
        "Loop",
        """g (float[5] x, float[3] z) => (float[] y) <int64 n = {4}, int64[1] a = {0}> {
             y, q = Loop (n, , x, z) <body = b (int64 i, bool c, float[] s, float[] p)
                                      => (bool d, float[] t, float[] r) {
               d = Identity(c)
               t = Concat <axis = 0> (s, p)
               r = ReduceSum(p, a)
             }>
           }""",
        {"y": "f32[5..]"},
        feeds=({"x": f32(5), "z": f32(3)},),
    ),
    Row(
        "a loop of no pass gives its states back",
        "Loop",
        """g (float[N, 4] x) => (float[] y) <int64 n = {0}> {
             y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               t = Concat <axis = 0> (s, s)
             }>
           }""",
        {"y": "f32[N, 4]"},
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "joined with what may have no elements, a size is that of either",
        "If",
        """g (float[N, 8] x, bool c) => (float[] y)
           <float[2] half = {0.5, 1}, int64[1] h = {4}> {
             a = Resize <mode = "nearest"> (x, "", half)
             p = If (c) <then_branch = t () => (float[] u) { u = Neg(x) },
                         else_branch = e () => (float[] v) { v = Transpose(x) }>
             y = Concat <axis = 1> (a, p)
           }""",
        {"y": "f32[1.., 9..]"},
        feeds=({"x": f32(1, 8), "c": FALSE}, {"x": f32(1, 8), "c": TRUE}),
    ),
    Row(
        "the runtime stretches X of PRelu",
        "If",
        """g (float[1, M] x, bool c) => (float[] y) {
             p = If (c) <then_branch = t () => (float[] u) { u = Neg(x) },
                         else_branch = e () => (float[] v) { v = Transpose(x) }>
             y = PRelu(x, p)
           }""",
        {"y": "f32[1.., 1..]"},
        feeds=({"x": f32(1, 3), "c": FALSE}, {"x": f32(1, 3), "c": TRUE}),
    ),
    Row(
        "a computed size that may be 0 may be copied",
        "If",
        """g (float[N, 2, M] x, bool c) => (float[] y)
           <int64[1] b = {0}, int64[1] l = {9}, int64[1] ax = {2}, int64[1] all = {-1}> {
             p = If (c) <then_branch = t () => (float[] u) { u = Neg(x) },
                         else_branch = e () => (float[] v) { v = Slice(x, l, l, ax) }>
             s = Shape <start = 2> (p)
             to = Concat <axis = 0> (all, s)
             y = Reshape(p, to)
           }""",
        {"y": "f32[None, 1..]"},
        feeds=({"x": f32(3, 2, 4), "c": FALSE}, {"x": f32(3, 2, 4), "c": TRUE}),
    ),
    Row(
        "a state that broadcasting enlarges stays so",
        "Loop",
        """g (float[1, M] x, float[N, M] z) => (float[] y)
           <int64 n = {3}> {
             y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
               d = Identity(c)
               t = Add(s, z)
             }>
           }""",
        {"y": "f32[N, M]"},
        feeds=({"x": f32(1, 4), "z": f32(2, 4)}, {"x": f32(1, 4), "z": f32(1, 4)}),
    ),
    Row(
        "a state of Scan keeps its shape",
        "Scan",
        """g (float[M] x, float[L, K] z) => (float[] y) {
             y = Scan (x, z) <num_scan_inputs = 1, body = b (float[] s, float[] e) => (float[] t) {
               t = Add(s, e)
             }>
           }""",
        {"y": "f32[M]"},
        feeds=({"x": f32(3), "z": f32(2, 3)}, {"x": f32(3), "z": f32(2, 1)}),
    ),
    Row(
        "equal branches keep their sizes",
        "If",
        """g (float[N, 4] x, bool c) => (float[] y) {
             y = If (c) <then_branch = t () => (float[] a) { a = Relu(x) },
                         else_branch = e () => (float[] b) { b = Neg(x) }>
           }""",
        {"y": "f32[N, 4]"},
        feeds=({"x": f32(2, 4), "c": TRUE}, {"x": f32(2, 4), "c": FALSE}),
    ),
    Row(
        "different sizes are bounded by both",
        "If",
        """g (float[N, 4] x, bool c) => (float[] y) {
             y = If (c) <then_branch = t () => (float[] a) { a = Concat <axis = 1> (x, x) },
                         else_branch = e () => (float[] b) { b = Neg(x) }>
           }""",
        {"y": "f32[N, 4..8]"},
        feeds=({"x": f32(2, 4), "c": TRUE}, {"x": f32(2, 4), "c": FALSE}),
    ),
    Row(
        "a constant condition takes one branch and does not look at the other",
        "If",
        """g (float[N, 1] x) => (float[] y) <bool c = {1}> {
             y = If (c) <then_branch = t () => (float[] a) { ax = Constant <value_ints = [1]> ()
                                                          a = Squeeze(x, ax) },
                         else_branch = e () => (float[] b) { bx = Constant <value_ints = [0]> ()
                                                          z = Concat <axis = 0> (x, x)
                                                          b = Squeeze(z, bx) }>
           }""",
        {"y": "f32[N]"},
        feeds=({"x": f32(3, 1)},),
    ),
    Row(
        "an unchanged state keeps its size and M counts the scan",
        "Loop",
        """g (float[N, 4] x) => (float[] y, float[] ys) <int64 m = {6}, bool go = {1}> {
             y, ys = Loop (m, go, x) <body = b (int64 i, bool c, float[] s)
                                            => (bool c2, float[] t, float[] u) {
               c2 = Identity(c)  t = Relu(s)  u = Neg(s) }>
           }""",
        {"y": "f32[N, 4]", "ys": "f32[6, N, 4]"},
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "a state that grows by a fixed step ends at start + step * trips",
        "Loop",
        """g (float[N, 4] x) => (float[] y)
           <int64 m = {5}, bool go = {1}, float[1, 4] row = {1, 1, 1, 1}> {
             y = Loop (m, go, x) <body = b (int64 i, bool c, float[] s) => (bool c2, float[] t) {
               c2 = Identity(c)  t = Concat <axis = 0> (s, row) }>
           }""",
        {"y": "f32[N + 5, 4]"},
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "a symbolic trip count comes through the shape",
        "Loop",
        """g (float[L, 4] x) => (float[] ys) <bool go = {1}, int64 zero = {0}> {
             s = Shape(x)  m = Gather <axis = 0> (s, zero)
             ys = Loop (m, go) <body = b (int64 i, bool c) => (bool c2, float[] u) {
               c2 = Identity(c)  u = Gather <axis = 0> (x, i) }>
           }""",
        {"ys": "f32[L, 4]"},
        feeds=({"x": f32(3, 4)},),
    ),
    Row(
        "M is only an upper limit where the body may stop",
        "Loop",
        """g (float[N] x, bool stop) => (float[] ys) <int64 m = {7}, bool go = {1}> {
             ys = Loop (m, go) <body = b (int64 i, bool c) => (bool c2, float[] u) {
               c2 = Identity(stop)  u = Relu(x) }>
           }""",
        {"ys": "f32[0..7, N]"},
        feeds=({"x": f32(2), "stop": FALSE}, {"x": f32(2), "stop": TRUE}),
    ),
    Row(
        "nested loops",
        "Loop",
        """g (float[N] x) => (float[] ys) <int64 m = {2}, int64 k = {3}, bool go = {1}> {
             ys = Loop (m, go) <body = b (int64 i, bool c) => (bool c2, float[] u) {
               c2 = Identity(c)
               u = Loop (k, go) <body = d (int64 j, bool e) => (bool e2, float[] v) {
                 e2 = Identity(e)  v = Relu(x) }> }>
           }""",
        {"ys": "f32[2, 3, N]"},
        feeds=({"x": f32(4)},),
    ),
    Row(
        "branches and loops read what stands around them, at any depth",
        "If",
        """g (float[N, 4] x, float[4] w, bool c, bool d) => (float[] y)
           <int64 m = {3}, bool go = {1}> {
             h = Add(x, w)
             y = If (c) <
               then_branch = t () => (float[] a) {
                 a = Loop (m, go, h) <body = b (int64 i, bool p, float[] s) => (bool q, float[] r) {
                   q = Identity(p)
                   r = If (d) <then_branch = t2 () => (float[] e) { e = Concat <axis = 0> (s, h) },
                               else_branch = e2 () => (float[] f) { g2 = Relu(x)
                                                                   f = Concat <axis = 0> (s, g2) }>
                 }> },
               else_branch = e () => (float[] z) {
                 v = Concat <axis = 0> (h, h)
                 z = Concat <axis = 0> (v, v) }>
           }""",
        {"y": "f32[4*N, 4]"},
        feeds=tuple(
            {"x": f32(2, 4), "w": f32(4), "c": c, "d": d}
            for c in (TRUE, FALSE)
            for d in (TRUE, FALSE)
        ),
    ),
    Row(
        "a sequence takes one element a pass",
        "Loop",
        """g (float[N, 4] x) => (float[] y, float[] z, int64 n) <int64 m = {5}, bool go = {1}> {
             s = SequenceEmpty ()
             q = Loop (m, go, s) <body = b (int64 i, bool c, seq(float[]) r)
                                          => (bool c2, seq(float[]) r2) {
               c2 = Identity(c)  e = Relu(x)  r2 = SequenceInsert(r, e) }>
             y = ConcatFromSequence <axis = 0, new_axis = 1> (q)
             z = ConcatFromSequence <axis = 0> (q)
             n = SequenceLength(q)
           }""",
        {"y": "f32[5, N, 4]", "z": "f32[5*N, 4]", "n": "i64[]"},
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "elements of a sequence need not be alike",
        "Loop",
        """g (float[N, 4] x) => (float[] y)
           <int64 m = {3}, bool go = {1}, float[1, 4] row = {1, 1, 1, 1}> {
             s = SequenceEmpty ()
             last, q = Loop (m, go, x, s) <body = b (int64 i, bool c, float[] t, seq(float[]) r)
                                           => (bool c2, float[] t2, seq(float[]) r2) {
               c2 = Identity(c)  t2 = Concat <axis = 0> (t, row)  r2 = SequenceInsert(r, t) }>
             y = ConcatFromSequence <axis = 0> (q)
           }""",
        {"y": "f32[0.., 4]"},
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "a body runs over the elements of a sequence",
        "SequenceMap",
        """g (float[N, 6] x) => (float[] y) <int64 k = {3}> {
             s = SplitToSequence <axis = 1> (x, k)
             q = SequenceMap (s, x) <body = b (float[] e, float[] w) => (float[] o) {
               o = Concat <axis = 1> (e, w) }>
             y = ConcatFromSequence <axis = 0> (q)
           }""",
        {"y": "f32[2*N, 9]"},
        feeds=({"x": f32(2, 6)},),
    ),
    Row(
        "the first opsets count states the same way",
        "Loop",
        """g (float[N, 4] x) => (float[] y) <int64 m = {6}, bool go = {1}> {
             y = Loop (m, go, x) <body = b (int64 i, bool c, float[] s) => (bool c2, float[] t) {
               c2 = Identity(c)  t = Relu(s) }>
           }""",
        {"y": "f32[N, 4]"},
        opset=10,
        feeds=({"x": f32(2, 4)},),
    ),
    Row(
        "a scan runs along axis 0 by default",
        "Scan",
        """g (float[D] h, float[L, D] x) => (float[] y, float[] ys) {
             y, ys = Scan <num_scan_inputs = 1,
                           body = b (float[] s, float[] e) => (float[] t, float[] u) {
               t = Add(s, e)  u = Identity(t) }> (h, x)
           }""",
        {"y": "f32[D]", "ys": "f32[L, D]"},
        feeds=({"h": f32(3), "x": f32(5, 3)},),
    ),
    Row(
        "scan axes move",
        "Scan",
        """g (float[D] h, float[D, L] x) => (float[] y, float[] ys) {
             y, ys = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1],
                           body = b (float[] s, float[] e) => (float[] t, float[] u) {
               t = Add(s, e)  u = Identity(t) }> (h, x)
           }""",
        {"y": "f32[D]", "ys": "f32[D, L]"},
        feeds=({"h": f32(3), "x": f32(3, 5)},),
    ),
    Row(
        "opset 8 scans a batch",
        "Scan",
        """g (float[B, D] h, float[B, L, D] x) => (float[] y, float[] ys) {
             y, ys = Scan <num_scan_inputs = 1,
                           body = b (float[] s, float[] e) => (float[] t, float[] u) {
               t = Add(s, e)  u = Identity(t) }> ("", h, x)
           }""",
        {"y": "f32[B, D]", "ys": "f32[B, L, D]"},
        opset=8,
        feeds=({"h": f32(2, 3), "x": f32(2, 5, 3)},),
    ),
]


def build(row: Row) -> Any:
    head = f'<ir_version: 8, opset_import: ["" : {row.opset}]>\n'
    model = onnx.parser.parse_model(head + row.text.replace('""', "omitted"))
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == "omitted":
                node.input[index] = ""
    return model


def spelled(shape: tuple[int | sw.Dim | None, ...]) -> str:
    """`f32[N, 4..8]` style: a size that is only bounded is shown by its bounds."""
    texts = []
    for size in shape:
        if isinstance(size, sw.Dim) and any(name.startswith(MADE_UP) for name in size.symbols):
            low, high = size.bounds
            texts.append(f"{low}..{'' if high is None else high}")
        else:
            texts.append(str(size))
    return ", ".join(texts)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.op}-{row.name}")
def test_stated_types(row: Row) -> None:
    report = sw.check(build(row))
    assert report.ok, report.findings
    for name, expected in row.out.items():
        value = report.values[name]
        assert value.shape is not None
        assert f"{value.dtype}[{spelled(value.shape)}]" == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.op}-{row.name}")
def test_real_runs_lie_within(row: Row) -> None:
    model = build(row)
    report = sw.check(model)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    for feed in row.feeds:
        symbols = {}
        for value in model.graph.input:
            dims = value.type.tensor_type.shape.dim
            for dim, size in zip(dims, feed[value.name].shape, strict=True):
                if dim.dim_param:
                    symbols[dim.dim_param] = size
        report.at(**symbols)  # what runs meets the contract
        for name, array in zip(row.out, session.run(list(row.out), dict(feed)), strict=True):
            shape = report.values[name].shape
            assert shape is not None
            assert len(shape) == array.ndim
            for size, real in zip(shape, array.shape, strict=True):
                if size is None:
                    continue
                bound = size.bind(**symbols) if isinstance(size, sw.Dim) else size
                low, high = bound.bounds if isinstance(bound, sw.Dim) else (bound, bound)
                assert low is not None
                assert low <= real
                assert high is None or real <= high


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_what_a_pass_demands_is_demanded_where_the_pass_happens(passes: int) -> None:
    """The first takes any N; what it gives, the second takes only for N == 4."""
    text = """g (float[N, 4] x) => (float[] y) <int64 n = {PASSES}, float[4, 4] w = {ONES}> {
                y = Loop (n, , x) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
                  d = Identity(c)
                  m = MatMul(s, w)
                  t = Transpose(m)
                }>
              }"""
    text = text.replace("PASSES", str(passes)).replace("ONES", ", ".join("1" * 16))
    model = build(Row("passes", "Loop", text, {}))
    assert [c.text for c in sw.check(model).contract] == (["N == 4"] if passes > 1 else [])
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    session.run(None, {"x": f32(4, 4)})
    if passes == 1:
        session.run(None, {"x": f32(3, 4)})
    else:
        with pytest.raises(Exception, match="MatMul"):
            session.run(None, {"x": f32(3, 4)})


def test_what_a_branch_may_demand_is_demanded_beside_it() -> None:
    text = """g (float[N, M] x, bool c) => (float[] y, float[] z) {
                y = If (c) <then_branch = t () => (float[] a) { a = MatMul(x, x) },
                            else_branch = e () => (float[] b) { b = Neg(x) }>
                z = MatMul(x, x)
              }"""
    report = sw.check(build(Row("twice", "If", text, {})))
    assert [c.text for c in report.contract] == ["M == N"]


def test_what_a_body_demands_is_demanded_however_often_it_is_inferred() -> None:
    text = """g (float[N, 1, H, W] x, float[1, 1, 3, 3] w, float[5] z) => (float[] y)
                <int64 n = {3}, float[1] e = {1}> {
                y = Loop (n, , z) <body = b (int64 i, bool c, float[] s) => (bool d, float[] t) {
                  d = Identity(c)
                  v = Conv(x, w)
                  t = Concat <axis = 0> (s, e)
                }>
              }"""
    report = sw.check(build(Row("again", "Loop", text, {})))
    assert {c.text for c in report.contract} == {"3 <= H", "3 <= W"}
    assert str(report.values["y"]) == "f32[8]"


def test_a_fault_in_a_body_is_one_finding() -> None:
    row = Row(
        "fault",
        "If",
        """g (float[N, 4] x, float[3] w, bool c) => (float[] y) {
             y = If (c) <then_branch = t () => (float[] a) { a = Add(x, w) },
                         else_branch = e () => (float[] b) { b = Neg(x) }>
             z = Relu(y)
           }""",
        {},
    )
    findings = [f for f in sw.check(build(row)).findings if f.severity == "error"]
    assert [f.code for f in findings] == ["broadcast-mismatch"]


def test_deeply_nested_branches_cost_one_visit_each() -> None:
    depth = 20
    text = "a = Relu(x)"
    for level in range(depth):
        text = (
            f"a{level} = If (c) <then_branch = t{level} () => (float[] a) {{ {text} }},"
            f" else_branch = e{level} () => (float[] b) {{ b = Neg(x) }}>"
        ).replace("(float[] a)", f"(float {'a' if level == 0 else f'a{level - 1}'})", 1)
    row = Row("nest", "If", f"g (float[N] x, bool c) => (float[] a{depth - 1}) {{ {text} }}", {})
    report = sw.check(build(row))
    assert report.ok
    assert str(report.values[f"a{depth - 1}"]) == "f32[N]"


def test_scan_refuses_a_state_that_grows() -> None:
    text = """g (float[1] x, float[L, 3] z) => (float[] y) {
                y = Scan (x, z) <num_scan_inputs = 1,
                                 body = b (float[] s, float[] e) => (float[] t) { t = Add(s, e) }>
              }"""
    model = build(Row("growing", "Scan", text, {}))
    (finding,) = sw.check(model).findings
    assert finding.code == "scan-state"
    with pytest.raises(Exception, match="Scan"):
        ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def test_a_sequence_that_enters_as_an_optional_leaves_as_a_sequence() -> None:
    """The body declares scalars, and puts in a vector."""
    text = """g (optional(seq(float)) s, float[3] x) => (seq(float[]) y) <int64 n = {2}> {
                y = Loop (n, , s) <body = b (int64 i, bool c, optional(seq(float)) t)
                                   => (bool d, seq(float) u) {
                  d = Identity(c)
                  e = OptionalGetElement(t)
                  u = SequenceInsert(e, x)
                }>
              }"""
    report = sw.check(build(Row("optional", "Loop", text, {})))
    assert report.findings == ()
    assert str(report.values["y"]) == "seq(f32[...])"
