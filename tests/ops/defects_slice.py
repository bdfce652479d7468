"""Faults of the operators of slice."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "Slice",
        ["f32[2, 3]", "i64[1]", "i64[1]", const([1])],
        broken(1, "i64[2]", "slice-lists", "2 != 1"),
        broken(
            3,
            const([2]),
            "axis-out-of-range",
            "axis 2 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken(1, "i64[]", "rank-mismatch", "starts of rank 1, not rank 0"),
        broken(1, "u8[1]", "dtype-unsupported", "starts of u8 at opset 20: one of i64 i32"),
        broken(1, "i32[1]", "dtype-mismatch", "i32 != i64"),
        broken(0, None, "input-missing", "its input data"),
    ),
    *twin(
        "Slice",
        ["f32[2, 10, 3]", const([1, 0]), const([3, -1]), const([1, -1])],
        broken(3, const([2, -1]), "axis-repeated", "axes name axis 2 more than once"),
    ),
    *twin(
        "Slice",
        ["f32[2, 3]", const([4]), const([0]), const([1]), const([-1])],
        broken(4, const([0]), "strides-invalid", "step on axis 1 is 0"),
    ),
    *twin(
        "Slice",
        ["f32[8, 10]"],
        broken("starts", GONE, "attr-missing", "the attribute starts"),
        opset=9,
        starts=[1, 1],
        ends=[3, 4],
    ),
]
