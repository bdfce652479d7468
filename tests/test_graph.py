"""Graphs built by hand through the core: names, attributes, bodies, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapewright as sw
from shapewright import _core
from shapewright.errors import DimError, ModelError, ShapeError


def test_build_a_network() -> None:
    b = _core.GraphBuilder(opset=17)
    x = b.input("x", "f32[N,3,H,W]")
    w = b.param("w", "f32[64,3,7,7]")
    (y,) = b.add("Conv", [x, w, None], {"strides": [2, 2], "auto_pad": "NOTSET"}, name="stem")
    first, second = b.add("Split", [y], name="halves", num_outputs=2)
    b.output(second)
    g = b.snapshot()
    assert [v.name for v in g.inputs] == ["x"]
    assert [v.name for v in g.outputs] == ["halves.1"]
    conv, split = g.nodes
    assert (conv.name, conv.op, conv.domain, conv.version) == ("stem", "Conv", "", 17)
    assert conv.inputs == ["x", "w", None]
    assert conv.attrs == {"strides": [2, 2], "auto_pad": "NOTSET"}
    assert (split.inputs, split.outputs) == (["stem"], ["halves", "halves.1"])
    assert g.find("w").constant.dims == [64, 3, 7, 7]
    assert g.find("x").declared == "f32[N, 3, H, W]"
    assert g.find("nothing") is None
    assert b.name_of(first) == "halves"
    assert g.outputs[0].producer.id == split.id


def test_snapshot_does_not_follow() -> None:
    b = _core.GraphBuilder()
    x = b.input("x", "f32[N]")
    before = b.snapshot()
    b.add("Relu", [x], name="later")
    assert (before.num_nodes, b.snapshot().num_nodes) == (0, 1)
    assert before.find("later") is None


@pytest.mark.parametrize(
    ("value", "read_back"),
    [
        (3, 3),
        (True, 1),
        (np.int64(3), 3),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        ("text", "text"),
        (b"bytes", "bytes"),
        ([1, 2], [1, 2]),
        ((1, 2), [1, 2]),
        ([np.int64(1)], [1]),
        ([1, 0.5], [1.0, 0.5]),
        (["a", "b"], ["a", "b"]),
        ([], []),
        (np.array([1, 2]), [1, 2]),
        (np.array([0.5]), [0.5]),
    ],
)
def test_attribute_values(value: Any, read_back: Any) -> None:
    b = _core.GraphBuilder()
    b.add("Any", [], {"a": value})
    assert b.snapshot().nodes[0].attrs == {"a": read_back}


TENSORS = [
    ("value", np.array([7], np.int64), "i64", [1], [7]),
    ("value", np.array(1.5, np.float32), "f32", [], [1.5]),
    ("value", np.array([[1, 2], [3, 4]], ">i4"), "i32", [2, 2], [1, 2, 3, 4]),
    ("table", np.array([[1, 2], [3, 4]], np.uint8).T, "u8", [2, 2], [1, 3, 2, 4]),
]


@pytest.mark.parametrize(("name", "value", "dtype", "dims", "elements"), TENSORS)
def test_arrays_are_tensor_attributes(
    name: str, value: Any, dtype: str, dims: list[int], elements: list[Any]
) -> None:
    g = sw.Graph()
    g.output(g.add("Any", name="y", **{name: value}))
    made = g.nodes[0].attrs[name]
    assert (made.dtype, made.dims) == (dtype, dims)
    assert (made.ints() or made.reals()) == elements


def test_an_array_of_rank_1_is_a_list() -> None:
    g = sw.Graph()
    x = g.input("x", "f32[N, 4, 8]")
    y = g.add("Transpose", x, perm=np.array([2, 0, 1]), name="y")
    g.output(y)
    shape = g.constant("shape", [2])
    g.output(g.add("ConstantOfShape", shape, value=np.array([0], np.int32), name="z"))
    report = sw.check(g)
    assert report.ok
    assert str(report.values["y"]) == "f32[8, N, 4]"
    assert str(report.values["z"]) == "i32[2]"


@pytest.mark.parametrize("value", [None, object(), {"a": 1}, [1, "a"], [[1], [2]], 2**70, [2**70]])
def test_attributes_that_are_none(value: Any) -> None:
    b = _core.GraphBuilder()
    with pytest.raises(TypeError, match="attribute 'a' cannot be"):
        b.add("Any", [], {"a": value})


def test_constants() -> None:
    b = _core.GraphBuilder()
    data = np.array([1, -2], np.int64)
    b.constant("shape", _core.TensorData("int64", [2], data.tobytes()))
    constant = b.snapshot().find("shape").constant
    assert (constant.dtype, constant.ints()) == ("i64", [1, -2])
    assert constant.data == data.tobytes()
    with pytest.raises(ShapeError) as caught:
        b.constant("bad", _core.TensorData("i64", [3], data.tobytes()))
    assert caught.value.code == "constant-data-size"


def test_bodies() -> None:
    b = _core.GraphBuilder()
    c = b.input("c", "bool[]")
    x = b.input("x", "f32[N]")
    block = b.begin_block()
    (y,) = b.add("Relu", [x], name="inner")
    b.output(y)
    b.end_block()
    b.add("If", [c], {"then_branch": block, "else_branch": block}, name="if")
    g = b.snapshot()
    then = g.nodes[0].attrs["then_branch"]
    assert [n.name for n in g.block_nodes(then.index)] == ["inner"]
    assert [v.name for v in g.block_outputs(then)] == ["inner"]
    assert g.block_inputs(then) == []


@pytest.mark.parametrize(
    ("text", "error", "code", "hint"),
    [
        ("f23[N]", ShapeError, "dtype-unknown", "did you mean f32?"),
        ("f32[N", ShapeError, "type-syntax", ""),
        ("f32[N,-1]", ShapeError, "negative-dim", ""),
        ("f32[N+]", DimError, "dim-syntax", ""),
    ],
)
def test_wrong_types(text: str, error: type[Exception], code: str, hint: str) -> None:
    with pytest.raises(error) as caught:
        _core.GraphBuilder().input("x", text)
    assert getattr(caught.value, "code", None) == code
    assert hint in getattr(caught.value, "hint", "")


def test_wrong_values() -> None:
    b = _core.GraphBuilder()
    b.input("x", "f32[N]")
    with pytest.raises(ModelError, match="named 'x' already"):
        b.param("x", "f32[3]")
    with pytest.raises(ShapeError, match="axis 0 must be a number, not 'N'"):
        b.param("w", "f32[N]")
    with pytest.raises(ModelError, match="not of this graph"):
        b.add("Relu", [17])
    with pytest.raises(ModelError, match="without begin_block"):
        b.end_block()


def test_opsets() -> None:
    b = _core.GraphBuilder()
    b.opset("com.microsoft", 1)
    b.add("Gelu", [], domain="com.microsoft")
    b.add("Relu", [], domain="ai.onnx")
    b.add("Foo", [], domain="com.acme")
    b.opset("", 13)
    versions = [(n.domain, n.version) for n in b.snapshot().nodes]
    assert versions == [("com.microsoft", 1), ("", 13), ("com.acme", 0)]
