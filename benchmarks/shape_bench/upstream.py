"""Types of all values of a model beside those of `onnx.shape_inference.infer_shapes`.

We may know more: a size where it knows none. We may not contradict: where both give a number, a
rank or a dtype, they are the same.
"""

from dataclasses import dataclass

import onnx

import shapewright as sw

from .judged import DTYPES
from .modes import bare


@dataclass(frozen=True)
class Agreement:
    values: int = 0
    equal: int = 0  # dims that both know, and that are equal
    refined: int = 0  # dims that we alone know, as numbers or expressions
    missed: int = 0  # dims that only infer_shapes knows
    contradiction: str = ""
    failed: str = ""  # why infer_shapes gave nothing


def tensor_type(value: onnx.ValueInfoProto):
    return value.type.tensor_type if value.type.HasField("tensor_type") else None


def agreement(model) -> Agreement:
    proto = bare(model)
    try:
        theirs = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    except Exception as error:
        return Agreement(failed=str(error)[:200])
    report = sw.check(proto.SerializeToString())
    errors = [f for f in report.findings if f.severity == "error"]
    if errors:
        return Agreement(contradiction=f"{errors[0].code}: {errors[0].message}")
    counts = {"values": 0, "equal": 0, "refined": 0, "missed": 0}
    for value in [*theirs.graph.value_info, *theirs.graph.output]:
        their = tensor_type(value)
        if their is None or value.name not in report.values:
            continue
        counts["values"] += 1
        ours = report.values[value.name]
        if their.elem_type and ours.dtype not in ("?", DTYPES[their.elem_type]):
            return Agreement(contradiction=f"{value.name} is {ours}, theirs {their.elem_type}")
        their_dims = list(their.shape.dim) if their.HasField("shape") else None
        if their_dims is None:
            counts["refined"] += len(ours.shape or ())
            continue
        if ours.shape is None:
            counts["missed"] += sum(dim.HasField("dim_value") for dim in their_dims)
            continue
        if len(ours.shape) != len(their_dims):
            return Agreement(contradiction=f"{value.name} is {ours}, theirs rank {len(their_dims)}")
        for mine, dim in zip(ours.shape, their_dims, strict=True):
            if dim.HasField("dim_value"):
                if isinstance(mine, int) and mine != dim.dim_value:
                    what = f"{value.name} is {ours}, theirs has {dim.dim_value}"
                    return Agreement(contradiction=what)
                counts["equal" if isinstance(mine, int) else "missed"] += 1
            elif mine is not None:
                counts["refined"] += 1
    return Agreement(**counts)
