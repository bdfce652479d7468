"""Faults of the operators of sequence."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "SequenceConstruct",
        ["f32[2, 3]", "f32[2, 3]"],
        broken(0, "u8[2, 3]", "dtype-mismatch", "u8 != f32"),
        broken(0, None, "input-missing", "its input 0"),
    ),
]
