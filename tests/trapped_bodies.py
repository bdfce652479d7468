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


def with_trap(model: onnx.ModelProto, node: str) -> onnx.ModelProto | None:
    """The model with a trap beside the node of that name; None if the main graph holds it."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    for i, nodes in enumerate(lists_of_nodes(out)):
        if any(node in (n.name, *n.output) for n in nodes):
            if i == 0:
                return None
            nodes.extend(trap())
            return out
    return None
