"""What shapewright says one call does to memory, in the form of the truth."""

from __future__ import annotations

import shapewright as sw

from .one_call import Call, OneCall

SCALAR = 8  # bytes of the largest number that PyTorch wraps as a tensor, which nobody models

DTYPE_NAMES = {
    "float32": "f32",
    "bfloat16": "bf16",
    "complex64": "c64",
    "int64": "i64",
    "int32": "i32",
    "bool": "bool",
}


def text_of(tensor: object) -> str:
    """`"f32[2, 3]"` of a torch tensor."""
    dtype = DTYPE_NAMES[str(tensor.dtype).removeprefix("torch.")]  # type: ignore[attr-defined]
    return f"{dtype}{list(tensor.shape)}"  # type: ignore[attr-defined]


def call_answer(row: Call) -> tuple[int, list[int], list[int]]:
    """Bytes saved, and signed bytes of the forward and the backward pass in order."""
    model = OneCall(row)
    report = sw.check(
        model,
        {name: text_of(tensor) for name, tensor in model.inputs().items()},
        mode="train",
        optimizer="sgd",
        profile="torch-cpu",
    )
    phases: dict[str, list[int]] = {"forward": [], "backward": []}
    for event in report.at().timeline.events:
        if event.phase in phases and event.step >= 0:
            phases[event.phase].append(event.bytes if event.action == "alloc" else -event.bytes)
    return int(report.formula("saved")()), phases["forward"], phases["backward"]


def curve(events: list[int] | tuple[int, ...]) -> list[tuple[int, int]]:
    """Each allocation with what is alive before it: in which order memory is freed between two
    allocations changes no peak."""
    live, points = 0, []
    for nbytes in events:
        if abs(nbytes) <= SCALAR:
            continue
        if nbytes > 0:
            points.append((nbytes, live))
        live += nbytes
    return points
