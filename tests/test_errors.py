"""Errors: data first, text second; the same on both sides of the binding."""

from __future__ import annotations

import pickle

import pytest

import shapewright as sw
from shapewright import errors

TREE = {
    "ShapewrightError": Exception,
    "ModelError": errors.ShapewrightError,
    "FormatError": errors.ModelError,
    "LimitExceeded": errors.ModelError,
    "UnsupportedOpError": errors.ModelError,
    "ShapeError": errors.ShapewrightError,
    "DimError": errors.ShapewrightError,
    "UnboundSymbolError": errors.DimError,
    "ConstraintError": errors.DimError,
    "InconclusiveError": errors.DimError,
    "DimOverflowError": errors.DimError,
    "WillNotFit": errors.ShapewrightError,
    "LayoutError": errors.ShapewrightError,
    "PatternError": errors.LayoutError,
    "OverlapError": errors.LayoutError,
}

EXAMPLE = errors.ShapeError(
    "MatMul cannot contract A axis 2 with B axis 0: 768 != 512",
    code="matmul-contract",
    facts={"A": "f32[batch, seq, 768]   from encoder.3.concat", "B": "f32[512, 768]", "axis": "2"},
    node="encoder.3.proj",
    hint="axis 1 of B is 768: transpose W_o",
)


@pytest.mark.parametrize(("name", "base"), TREE.items())
def test_tree(name: str, base: type) -> None:
    kind = getattr(errors, name)
    assert kind.__bases__[0] is base
    assert getattr(sw, name) is kind
    assert kind.__doc__


@pytest.mark.parametrize("name", ["ShapeError", "DimError", "LayoutError"])
def test_wrong_values_are_value_errors(name: str) -> None:
    assert issubclass(getattr(errors, name), ValueError)


def test_overflow_is_an_overflow_error() -> None:
    assert issubclass(errors.DimOverflowError, OverflowError)


def test_text() -> None:
    assert str(EXAMPLE) == (
        "MatMul cannot contract A axis 2 with B axis 0: 768 != 512\n"
        "  node  encoder.3.proj\n"
        "  A     f32[batch, seq, 768]   from encoder.3.concat\n"
        "  B     f32[512, 768]\n"
        "  axis  2\n"
        "  hint  axis 1 of B is 768: transpose W_o"
    )


def test_text_without_facts_is_the_message() -> None:
    assert str(errors.ModelError("no such file", code="file-missing")) == "no such file"


def test_facts_of_several_lines_stay_aligned() -> None:
    error = errors.ModelError("m", code="c", facts={"why": "one\ntwo"})
    assert str(error) == "m\n  why  one\n       two"


@pytest.mark.parametrize("name", TREE)
def test_pickles_whole(name: str) -> None:
    error = getattr(errors, name)(
        "message", code="some-code", facts={"b": "2", "a": "1"}, node="n", hint="h"
    )
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert copy.to_dict() == error.to_dict()
    assert list(copy.facts) == ["b", "a"]


def test_to_dict() -> None:
    assert EXAMPLE.to_dict() == {
        "type": "ShapeError",
        "code": "matmul-contract",
        "message": EXAMPLE.message,
        "node": "encoder.3.proj",
        "facts": EXAMPLE.facts,
        "hint": EXAMPLE.hint,
    }


def test_facts_as_attributes() -> None:
    assert EXAMPLE.axis == 2
    assert EXAMPLE.op is None
    error = errors.FormatError("m", code="c", facts={"path": "a.onnx", "byte offset": "17"})
    assert (error.path, error.byte_offset) == ("a.onnx", 17)
    assert errors.FormatError("m", code="c").byte_offset is None


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (errors.DimError, lambda: sw.Dim("2 **")),
        (errors.DimOverflowError, lambda: sw.Dim("N") * 2**62 * 4),
        (errors.InconclusiveError, lambda: sw.Dim("N") < 7),
        (errors.FormatError, lambda: sw.load(b"this is no model at all")),
        (errors.ShapeError, lambda: sw.Graph().input("x", "f33[3]")),
        (errors.ModelError, lambda: sw.load("no/such/file.onnx")),
    ],
    ids=lambda v: v.__name__ if isinstance(v, type) else "",
)
def test_the_core_raises_these_classes(kind: type[errors.ShapewrightError], call: object) -> None:
    with pytest.raises(kind) as caught:
        call()  # type: ignore[operator]
    assert type(caught.value) is kind
    assert caught.value.code
    assert pickle.loads(pickle.dumps(caught.value)).to_dict() == caught.value.to_dict()
