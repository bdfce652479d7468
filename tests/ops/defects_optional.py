"""Faults of the operators of optional."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "Optional",
        ["seq(f32[2, 3], 2)"],
        broken(0, None, "attr-missing", "without an input needs the attribute type"),
        opset=18,
    ),
    *twin(
        "OptionalGetElement",
        ["f32[2, 3]"],
        broken(0, None, "input-missing", "its input input"),
        opset=18,
    ),
]
