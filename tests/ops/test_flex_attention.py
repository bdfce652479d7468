"""Bodies of FlexAttention: what they are given, and what is wrong with them.

ONNX Runtime does not have the operator; the node tests of the onnx package hold its types to arrays
(benchmarks/conformance.py).
"""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

onnx = pytest.importorskip("onnx", reason="comes with the test extra")

SOUND = """<ir_version: 10, opset_import: ["" : 24, "ai.onnx.preview" : 1]>
g (float16[N, 4, L, 8] q, float16[N, 2, S, 8] k) => (float16[] y) {
  y = ai.onnx.preview.FlexAttention <score_mod = b (float[] s) => (float[] t) { t = Neg(s) }>
      (q, k, k)
}"""
# Words of the sound model, those that break it, the code of the finding.
FAULTS = [
    ("(float[] t) {", "(float[] t, float[] u) { u = Abs(s)", "body-arity"),
    ("t = Neg(s)", "t = Transpose(s)", "attention-sizes"),
    ("(float[] t) { t = Neg(s)", "(float16[] t) { t = Cast<to = 10>(s)", "dtype-mismatch"),
    ("t = Neg(s)", "t = Flatten(s)", "rank-mismatch"),
]


def model(text: str) -> Any:
    return onnx.parser.parse_model(text)


def test_a_body_is_given_scores_in_single_precision() -> None:
    report = sw.check(model(SOUND.replace("t = Neg(s)", "t = Softmax<axis = -1>(s)")))
    assert report.findings == ()
    assert str(report.values["y"]) == "f16[N, 4, L, 8]"


@pytest.mark.parametrize(("old", "new", "code"), FAULTS)
def test_a_fault_of_a_body_is_named(old: str, new: str, code: str) -> None:
    assert old in SOUND
    text = SOUND.replace(old, new).replace("L", "3").replace("S,", "5,")
    findings = sw.check(model(text)).findings
    assert [f.code for f in findings if f.severity == "error"] == [code]
