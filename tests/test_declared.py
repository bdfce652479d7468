"""The types that a file declares of its results, against those that inference finds."""

from __future__ import annotations

from typing import Any

import pytest

import shapewright as sw

onnx = pytest.importorskip("onnx", reason="comes with the test extra")

HEAD = '<ir_version: 8, opset_import: ["" : 20, "acme" : 1]>\n'


def model(text: str) -> Any:
    return onnx.parser.parse_model(HEAD + text)


WRONG_SIZE = model(
    "g (float[N, 4] x) => (float[N, 4] y) <float[N, 5] h> { h = Relu(x)  y = Neg(h) }"
)
WRONG_DTYPE = model(
    "g (float[N, 4] x) => (float[N, 4] y) <int64[N, 4] h> { h = Relu(x)  y = Neg(h) }"
)
KNOWS_MORE = model("g (float[N, 4] x) => (float[N, 7] y) { h = acme.Foo(x)  y = Cast<to = 1>(h) }")


def test_a_size_that_contradicts_is_a_warning_and_a_row() -> None:
    report = sw.check(WRONG_SIZE)
    assert report.ok
    (finding,) = report.findings
    assert (finding.code, finding.severity) == ("declared-mismatch", "warning")
    (row,) = report.differences
    assert row.to_dict() == {
        "value": "h",
        "node": "#0 Relu",
        "kind": "contradicts",
        "declared": "f32[N, 5]",
        "inferred": "f32[N, 4]",
        "what": "5 is declared on axis 1",
    }
    assert str(report.values["h"]) == "f32[N, 4]"
    assert "h      f32[N, 5]  f32[N, 4]  contradicts" in str(report)


def test_check_makes_it_an_error() -> None:
    report = sw.check(WRONG_SIZE, declared="check")
    assert [(f.code, f.severity) for f in report.findings] == [("declared-mismatch", "error")]
    assert not report.ok


def test_trust_puts_the_declared_type_in_place() -> None:
    report = sw.check(WRONG_SIZE, declared="trust")
    assert report.findings == ()
    assert str(report.values["h"]) == "f32[N, 5]"
    assert str(report.values["y"]) == "f32[N, 4]"  # declared too
    assert [d.value for d in report.differences] == ["h", "y"]


def test_ignore_reads_none() -> None:
    report = sw.check(WRONG_SIZE, declared="ignore")
    assert report.findings == ()
    assert report.differences == ()
    assert str(report.values["y"]) == "f32[N, 4]"


def test_another_dtype_is_an_error_and_one_finding() -> None:
    report = sw.check(WRONG_DTYPE)
    assert [(f.code, f.severity) for f in report.findings] == [("declared-mismatch", "error")]
    assert sw.check(WRONG_DTYPE, declared="ignore").ok


@pytest.mark.parametrize(
    ("declared", "wanted"), [("refine", "f32[N, 7]"), ("check", "f32[N, 7]"), ("ignore", "f32")]
)
def test_what_inference_leaves_open_is_filled(declared: str, wanted: str) -> None:
    report = sw.check(KNOWS_MORE, declared=declared)
    assert str(report.values["y"]).removesuffix("[...]") == wanted
    assert [d.kind for d in report.differences] == ([] if declared == "ignore" else ["refines"])


def test_sizes_of_the_caller_make_declared_ones_stale() -> None:
    text = "g (float[2, 4] x) => (float[2, 4] y) { y = Relu(x) }"
    assert sw.check(model(text), "f32[3, 4]").findings == ()
    assert sw.check(model(text), "f32[3, 4]").differences == ()


def test_an_option_that_is_none() -> None:
    with pytest.raises(sw.ShapewrightError, match="did you mean 'trust'"):
        sw.check(WRONG_SIZE, declared="trusted")


def test_an_output_that_is_left_out_declares_nothing() -> None:
    proto = model("g (float[N, 4] x) => (float[N, 4] y) { h, y = acme.Foo(x) }")
    proto.graph.node[0].output[0] = ""
    assert str(sw.check(proto).values["y"]) == "f32[N, 4]"


def test_what_is_declared_of_a_value_is_told_as_such() -> None:
    text = """g (float[N, 4] x, float[3, 2] w) => (float[N, 2] y) <float[N, 4] h> {
      h = acme.Foo(x)  y = MatMul(h, w) }"""
    finding = next(f for f in sw.check(model(text)).findings if f.code == "matmul-contract")
    assert finding.facts["A"] == "f32[N, 4]  from #0 Foo, as declared"


def test_elements_of_a_sequence_are_not_held_to_what_is_declared() -> None:
    text = """g (float[3] a, float[2, 3] b) => (seq(float[4]) y) { y = SequenceConstruct(a, b) }"""
    assert str(sw.check(model(text)).values["y"]) == "seq(f32[...], 2)"
