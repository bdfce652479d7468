"""Faults of the operators of cast."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "BitCast",
        ["f32[2, 3]"],
        broken(0, "u8[2, 3]", "bitcast-width", "8 bits != 32 bits"),
        broken("to", 0, "dtype-unknown", "to is 0, which is no element type"),
        broken(
            0,
            "string[2, 3]",
            "dtype-unsupported",
            "input of string at opset 26: one of f64 f32 f16 bf16 f8e4m3 f8e5m2",
        ),
        broken("to", GONE, "attr-missing", "the attribute to"),
        broken(0, None, "input-missing", "its input input"),
        broken("to", [6], "attr-kind", "to is of kind ints, not int"),
        opset=26,
        to=6,
    ),
    *twin(
        "Cast",
        [const([-1])],
        broken("to", 0, "dtype-unknown", "to is 0, which is no element type"),
        broken("to", GONE, "attr-missing", "the attribute to"),
        broken(0, None, "input-missing", "its input input"),
        broken("to", [12], "attr-kind", "to is of kind ints, not int"),
        to=12,
    ),
    *twin(
        "CastLike",
        [const([2.5], "f32"), "i64[]"],
        broken(0, None, "input-missing", "its input input"),
    ),
]
