"""Small ONNX models, made to be read by `_core`."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper

from shapewright import _core


def f32(name: str, shape: list[Any] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto] | None = None,
    outputs: list[onnx.ValueInfoProto] | None = None,
    initializers: list[onnx.TensorProto] | None = None,
    **fields: Any,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [f32("x", ["N", 4])] if inputs is None else inputs,
        [f32("y", None)] if outputs is None else outputs,
        initializers or [],
    )
    fields.setdefault("opset_imports", [helper.make_opsetid("", 20)])
    fields.setdefault("ir_version", 10)
    return helper.make_model(graph, **fields)


def read(proto: onnx.ModelProto, directory: str = "") -> _core.Graph:
    return _core.read_onnx(proto.SerializeToString(), "test.onnx", directory)


def node(op: str, inputs: list[str], outputs: list[str], name: str = "", **attrs: Any) -> Any:
    return helper.make_node(op, inputs, outputs, name=name, **attrs)


def faults(graph: _core.Graph) -> list[str]:
    return [fault["code"] for fault in graph.faults]


def values(graph: _core.Graph) -> dict[str, Any]:
    return {value.name: value for value in graph.values}


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload
