"""Whether a run of a model comes by a node of a body: a trap beside it fails if so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


def lists_of_nodes(model: onnx.ModelProto) -> Iterator[Any]:
    """The nodes of the main graph, then those of every body and function."""

    def within(nodes: Any) -> Iterator[Any]:
        yield nodes
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    yield from within(attribute.g.node)

    yield from within(model.graph.node)
    for function in model.functions:
        yield from within(function.node)


def trap() -> list[onnx.NodeProto]:
    """An element past the end, which shows when it is read."""
    one = numpy_helper.from_array(np.zeros(1, np.int64))
    nine = numpy_helper.from_array(np.full(1, 9, np.int64))
    return [
        helper.make_node("Constant", [], ["trap_data"], value=one),
        helper.make_node("Constant", [], ["trap_index"], value=nine),
        helper.make_node("Gather", ["trap_data", "trap_index"], ["trap_value"]),
    ]


def nodes_beside(model: onnx.ModelProto, node: str) -> tuple[Any, onnx.NodeProto] | None:
    """The list that holds the node of that name, and the node; None if there is none.

    A node of a function is named after the call: "call/node".
    """
    name = node.rsplit("/", 1)[-1]
    for nodes in lists_of_nodes(model):
        for n in nodes:
            if name in (n.name, *n.output):
                return nodes, n
    return None


def with_trap(model: onnx.ModelProto, node: str) -> onnx.ModelProto | None:
    """The model with a trap beside the node of that name; None if the main graph holds it."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    found = nodes_beside(out, node)
    if found is None or found[0] is out.graph.node:
        return None
    found[0].extend(trap())
    return out
