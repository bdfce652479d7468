"""Faults of whole graphs: each a sound model in ONNX's text form and the words that break it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A sound model, and the same with `old` replaced by `new`."""

    code: str
    says: str  # in the message of the finding
    sound: str
    old: str
    new: str
    opset: int = 20

    @property
    def broken(self) -> str:
        """The text of the broken model."""
        assert self.old in self.sound
        return self.sound.replace(self.old, self.new)

    def __str__(self) -> str:
        return f"{self.code}: {self.new}"


CHAIN = """g (float[2, 4] x) => (float[2, 4] y) {
  h = Relu(x)
  t = Tanh(h)
  y = Neg(t)
}"""

TYPED = """g (float[2, 4] x) => (float[2, 4] y) <float[2, 4] h, float[4] w = {1, 2, 3, 4}> {
  h = Mul(x, w)
  y = Neg(h)
}"""

BRANCHES = """g (float[2, 4] x, bool c) => (float[2, 4] y) {
  y = If (c) <then_branch = t () => (float[2, 4] a) { a = Relu(x) },
              else_branch = e () => (float[2, 4] b) { b = Neg(x) }>
}"""

LOOP = """g (float[2, 4] x, int64 m, bool c) => (float[2, 4] y, float[K, 2, 4] ys) {
  y, ys = Loop (m, c, x) <body = b (int64 i, bool p, float[2, 4] s)
            => (bool q, float[2, 4] t, float[2, 4] u) {
      q = Identity(p)
      t = Add(s, s)
      u = Neg(s)
  }>
}"""

SCAN = """g (float[3] h, float[5, 3] xs) => (float[3] y, float[5, 3] ys) {
  y, ys = Scan <num_scan_inputs = 1, body = b (float[3] s, float[3] e)
            => (float[3] t, float[3] u) {
      t = Add(s, e)
      u = Identity(t)
  }> (h, xs)
}"""

ELSE = """,
              else_branch = e () => (float[2, 4] b) { b = Neg(x) }"""
STEP = """(bool q, float[2, 4] t, float[2, 4] u) {
      q = Identity(p)
      t = Add(s, s)"""
TRIP = "g (float[2, 4] x, int64 m, bool c) => (float[2, 4] y) { y = Identity(x) }"

CHAIN_FAULTS = [
    Defect("value-undefined", "reads 'hh'", CHAIN, "Tanh(h)", "Tanh(hh)"),
    Defect("value-undefined", "reads 'z'", CHAIN, "Neg(t)", "Neg(z)"),
    Defect("value-redefined", "'h'", CHAIN, "t = Tanh(h)", "h = Tanh(h)\n  t = Tanh(h)"),
    Defect("value-redefined", "'x'", CHAIN, "h = Relu(x)", "x = Relu(x)\n  h = Relu(x)"),
    Defect("value-redefined", "'x'", CHAIN, "[2, 4] x)", "[2, 4] x, float[2, 4] x)"),
    Defect("graph-cycle", "reads its own output", CHAIN, "Relu(x)", "Relu(h)"),
    Defect("graph-cycle", "node", CHAIN, "Relu(x)", "Relu(t)"),
    Defect("output-undefined", "'z'", CHAIN, "(float[2, 4] y)", "(float[2, 4] z)"),
    Defect("op-version", "opset 20", CHAIN, "Tanh(h)", "Gelu(h)", opset=13),
    Defect("op-version", "opset 18", CHAIN, "Tanh(h)", "Mish(h)", opset=17),
    Defect("op-unknown", "Tahn has no rule", CHAIN, "Tanh(h)", "Tahn(h)"),
    Defect("op-deprecated", "Upsample", CHAIN, "Tanh(h)", "Upsample(h, h)"),
    Defect("op-removed", "Scatter", CHAIN, "Tanh(h)", "Scatter(h, h, h)"),
    Defect("attr-unknown", "alfa", CHAIN, "Tanh(h)", "LeakyRelu<alfa = 0.1>(h)"),
    Defect("attr-unknown", "axes", CHAIN, "Tanh(h)", "ReduceSum<axes = [0]>(h)"),
    Defect("attr-unknown", "ceil_mode", CHAIN, "Tanh(h)", "Softmax<ceil_mode = 1>(h)"),
    Defect("attr-kind", "kind int, not float", CHAIN, "Tanh(h)", "LeakyRelu<alpha = 1>(h)"),
    Defect("attr-kind", "kind ints, not int", CHAIN, "Tanh(h)", "Softmax<axis = [1]>(h)"),
    Defect("attr-missing", "attribute to", CHAIN, "Tanh(h)", "Cast(h)"),
    Defect("attr-missing", "attribute axis", CHAIN, "Tanh(h)", "Concat(h, h)"),
    Defect("input-count", "takes 1 inputs, not 2", CHAIN, "Tanh(h)", "Tanh(h, h)"),
    Defect("input-count", "takes 2 inputs, not 1", CHAIN, "Tanh(h)", "MatMul(h)"),
    Defect("output-count", "gives 1 outputs, not 2", CHAIN, "t = Tanh(h)", "t, tt = Tanh(h)"),
    Defect("input-missing", "input A", CHAIN, "Tanh(h)", "Add(omitted, h)"),
    Defect(
        "input-missing", "input 1 is left out", CHAIN, "Tanh(h)", "Concat<axis = 0>(h, omitted)"
    ),
    Defect("node-without-op", "names no operator", CHAIN, "Tanh(h)", "NoOp(h)"),
]

TYPE_FAULTS = [
    Defect("declared-mismatch", "f64 is declared", TYPED, "float[2, 4] h", "double[2, 4] h"),
    Defect("declared-mismatch", "i64 is declared", TYPED, "(float[2, 4] y)", "(int64[2, 4] y)"),
    Defect("broadcast-mismatch", "3 and 4", TYPED, "w = {1, 2, 3, 4}", "v, float[3] w = {1, 2, 3}"),
    Defect("constant-data-size", "12 bytes", TYPED, "{1, 2, 3, 4}", "{1, 2, 3}"),
    Defect("dtype-mismatch", "f32 != f64", TYPED, "float[4] w", "double[4] w"),
    Defect("dtype-mismatch", "f32 != i64", TYPED, "float[4] w", "int64[4] w"),
]

IF_FAULTS = [
    Defect(
        "dtype-mismatch",
        "f32[2, 4] on one path and i64[2, 4]",
        BRANCHES,
        "(float[2, 4] b) { b = Neg(x) }",
        "(int64[2, 4] b) { b = Cast<to = 7>(x) }",
    ),
    Defect(
        "body-arity",
        "1 outputs, not 2",
        BRANCHES,
        "(float[2, 4] b) { b = Neg(x) }",
        "(float[2, 4] b, float[2, 4] d) { b = Neg(x) d = Neg(x) }",
    ),
    Defect("attr-missing", "else_branch", BRANCHES, ELSE, ""),
    Defect("dtype-unsupported", "cond of f32", BRANCHES, "bool c", "float c"),
    Defect("shape-mismatch", "2 != 1", BRANCHES, "bool c", "bool[2] c"),
    Defect("value-undefined", "reads 'zz'", BRANCHES, "Relu(x)", "Relu(zz)"),
    Defect(
        "broadcast-mismatch",
        "3 and 4",
        BRANCHES,
        "a = Relu(x)",
        "v = Constant<value_floats = [1.0, 2.0, 3.0]>() a = Add(x, v)",
    ),
    Defect("declared-mismatch", "f32 is declared", BRANCHES, "Relu(x)", "Cast<to = 7>(x)"),
]

LOOP_FAULTS = [
    Defect(
        "dtype-mismatch",
        "f32 and gives it back as f64",
        LOOP,
        STEP,
        STEP.replace("float[2, 4] t", "double[2, 4] t").replace("Add(s, s)", "Cast<to = 11>(s)"),
    ),
    Defect("declared-mismatch", "f32 is declared", LOOP, "t = Add(s, s)", "t = Cast<to = 11>(s)"),
    Defect("declared-mismatch", "bool is declared", LOOP, "q = Identity(p)", "q = Identity(i)"),
    Defect(
        "body-arity",
        "3 outputs, not 2",
        LOOP,
        "(bool q, float[2, 4] t, float[2, 4] u)",
        "(bool q, float[2, 4] t)",
    ),
    Defect("body-arity", "3 inputs, not 4", LOOP, "[2, 4] s)", "[2, 4] s, float[2, 4] r)"),
    Defect("dtype-unsupported", "M of f32", LOOP, "int64 m", "float m"),
    Defect("dtype-unsupported", "cond of f32", LOOP, "bool c", "float c"),
    Defect("attr-missing", "body", TRIP, "Identity(x)", "Loop(m, c, x)"),
]

SCAN_FAULTS = [
    Defect("body-arity", "2 inputs, not 3", SCAN, "float[3] e)", "float[3] e, float[3] r)"),
    Defect("body-arity", "2 outputs, not 1", SCAN, "(float[3] t, float[3] u)", "(float[3] t)"),
    Defect("attr-value", "num_scan_inputs 3", SCAN, "num_scan_inputs = 1", "num_scan_inputs = 3"),
    Defect("attr-missing", "num_scan_inputs", SCAN, "num_scan_inputs = 1, ", ""),
    Defect("declared-mismatch", "f32 is declared", SCAN, "u = Identity(t)", "u = Cast<to = 11>(t)"),
    Defect("broadcast-mismatch", "2 and 3", SCAN, "float[5, 3] xs", "float[5, 2] xs"),
]

TWO_SCANS = """g (float[3] h, float[5, 3] xs, float[5, 3] zs) => (float[3] y) {
  y = Scan <num_scan_inputs = 2, body = b (float[3] s, float[3] e, float[3] f)
            => (float[3] t) {
      r = Add(s, e)
      t = Add(r, f)
  }> (h, xs, zs)
}"""
SCAN_FAULTS += [
    Defect("scan-length", "5 != 6", TWO_SCANS, "float[5, 3] zs", "float[6, 3] zs"),
    Defect("output-count", "2 states but gives only 1", TWO_SCANS, "inputs = 2", "inputs = 1"),
]

GROWN = SCAN.replace("(float[3] t,", "(float[] t,").replace("t = Add(s, e)", "t = Max(s, e)")
SCAN_FAULTS += [Defect("scan-state", "3 != 6", GROWN, "Max(s, e)", "Concat<axis = 0>(s, e)")]

SEQUENCES = """g (float[2] a, float[2] c) => (float[2] y) {
  s = SequenceConstruct(a, c)
  r = SequenceConstruct(c, a)
  t = SequenceMap <body = b (float[2] p, float[2] q) => (float[2] o) { o = Add(p, q) }> (s, r)
  z = Constant <value_int = 1> ()
  y = SequenceAt(t, z)
}"""
SEQUENCE_FAULTS = [
    Defect("sequence-length", "2 != 1", SEQUENCES, "(c, a)", "(c)"),
    Defect("body-arity", "2 inputs, not 3", SEQUENCES, "float[2] q)", "float[2] q, float[2] r)"),
]

FUNCTION = """<ir_version: 8, opset_import: ["" : 20, "my" : 1]>
g (float[2, 4] x) => (float[2, 4] y) { y = my.f(x) }
<domain: "my", opset_import: ["" : 20, "my" : 1]> f (a) => (b) { b = Relu(a) }
"""
FUNCTION_FAULTS = [
    Defect("function-arity", "more inputs than the function", FUNCTION, "my.f(x)", "my.f(x, x)"),
    Defect("value-undefined", "reads 'f_0/z'", FUNCTION, "Relu(a)", "Relu(z)"),
    Defect("output-undefined", "that no node makes", FUNCTION, "=> (b)", "=> (d)"),
]

DEFECTS = [
    *CHAIN_FAULTS,
    *TYPE_FAULTS,
    *IF_FAULTS,
    *LOOP_FAULTS,
    *SCAN_FAULTS,
    *SEQUENCE_FAULTS,
    *FUNCTION_FAULTS,
]
