"""What the specification demands and ONNX Runtime does not look at, put into a model beside a node.

The model then fails where the runtime's leniency alone let it run. Each demand has a name, under
which the fuzzers count what it excuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from trapped_bodies import nodes_beside


class Writer:
    """Nodes that work out whether a demand is broken."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []

    def __call__(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"demand_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name, **attributes))
        return name

    def ints(self, *values: int) -> str:
        return self("Constant", value=numpy_helper.from_array(np.array(values, np.int64)))

    def fail_if_any(self, broken: str) -> None:
        """Reads past the end of one element where any of `broken` is true."""
        worst = self("ReduceMax", self("Cast", broken, to=TensorProto.INT64), keepdims=0)
        self("Gather", self.ints(0), worst)


def attribute(node: onnx.NodeProto, name: str, otherwise: Any) -> Any:
    for a in node.attribute:
        if a.name == name:
            return helper.get_attribute_value(a)
    return otherwise


def joined_sizes_agree(w: Writer, node: onnx.NodeProto, where: str) -> bool:
    """Off its axis, all operands of a Concat have the sizes of the first."""
    axis, nothing = w.ints(attribute(node, "axis", 0)), w.ints(0)
    first, *others = (w("ScatterElements", w("Shape", name), axis, nothing) for name in node.input)
    for other in others:
        w.fail_if_any(w("Not", w("Equal", first, other)))
    return bool(others)


def slope_fits(w: Writer, node: onnx.NodeProto, where: str) -> bool:
    """The slope of a PRelu is broadcast to X, and X is not stretched."""
    w.fail_if_any(w("Not", w("Equal", w("Shape", node.output[0]), w("Shape", node.input[0]))))
    return True


def window_fits(w: Writer, node: onnx.NodeProto, where: str) -> bool:
    """A window of a pool lies within the image and its padding."""
    if attribute(node, "auto_pad", b"NOTSET") != b"NOTSET":
        return False
    kernel = w.ints(*attribute(node, "kernel_shape", ()))
    pads = attribute(node, "pads", [0, 0, 0, 0])
    axes = len(pads) // 2
    dilations = w.ints(*attribute(node, "dilations", [1] * axes))
    span = w("Add", w("Mul", w("Sub", kernel, w.ints(1)), dilations), w.ints(1))
    both = w.ints(*(pads[i] + pads[i + axes] for i in range(axes)))
    w.fail_if_any(w("Less", w("Add", w("Shape", node.input[0], start=2), both), span))
    return True


def no_size_is_0(w: Writer, node: onnx.NodeProto, where: str) -> bool:
    """A size that the model computes is no 0, which would be read as an axis to copy."""
    entry = re.match(r"1 within entry (\d+) of shape", where)
    if entry is None:
        return False
    w.fail_if_any(w("Equal", w("Gather", node.input[1], w.ints(int(entry[1]))), w.ints(0)))
    return True


Demand = Callable[[Writer, onnx.NodeProto, str], bool]
DEMANDS: dict[str, tuple[str, Demand]] = {
    "Concat": ("Concat of a tensor without elements", joined_sizes_agree),
    "PRelu": ("PRelu with a slope that stretches X", slope_fits),
    "MaxPool": ("window past the end by less than a stride", window_fits),
    "AveragePool": ("window past the end by less than a stride", window_fits),
    "Reshape": ("Reshape to a computed 0, which copies", no_size_is_0),
}


def with_demand(
    model: onnx.ModelProto, node: str, where: str
) -> tuple[str, onnx.ModelProto] | None:
    """The name of the leniency that the operator is known for, and the model without it."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    found = nodes_beside(out, node)
    if found is None:
        return None
    nodes, at = found
    name, demand = DEMANDS.get(at.op_type, ("", None))
    writer = Writer()
    if demand is None or not demand(writer, at, where):
        return None
    nodes.extend(writer.nodes)
    return name, out
