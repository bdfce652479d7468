"""Faults of the operators of source."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "Constant",
        [],
        broken("value_int", GONE, "attr-missing", "has no value"),
        value_int=3,
    ),
    *twin(
        "ConstantOfShape",
        [const([2, 0])],
        broken(0, const([2, -1]), "negative-dim", "0 > -1"),
    ),
    *twin(
        "ConstantOfShape",
        ["i64[2]"],
        broken(0, "i64[]", "rank-mismatch", "input of rank 1, not rank 0"),
        broken(0, "u8[2]", "dtype-unsupported", "input of u8 at opset 20: one of i64"),
    ),
    *twin(
        "ConstantOfShape",
        [const([2, 3])],
        broken(0, None, "input-missing", "its input input"),
    ),
    *twin(
        "EyeLike",
        ["f32[2, 4]"],
        broken(0, "f32[4]", "rank-mismatch", "input of rank 2, not rank 1"),
        broken(
            0,
            "string[2, 4]",
            "dtype-unsupported",
            "input of string at opset 20: one of f64 f32 f16 i64 i32 i16 i8 u64",
        ),
        broken(0, None, "input-missing", "its input input"),
    ),
    *twin(
        "EyeLike",
        ["f32[2, 4]"],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken("dtype", [7], "attr-kind", "dtype is of kind ints, not int"),
        opset=9,
        dtype=7,
        k=1,
    ),
    *twin(
        "Range",
        [const(0), "i64[]", const(1)],
        broken(2, const(0), "range-step", "steps by delta 0"),
        broken("stash_type", [1], "attr-kind", "stash_type is of kind ints, not int"),
        opset=27,
        stash_type=1,
    ),
    *twin(
        "Range",
        ["i64[]", "i64[]", "i64[]"],
        broken(0, "u8[]", "dtype-mismatch", "u8 != i64"),
        broken(0, None, "input-missing", "its input start"),
    ),
    *twin(
        "Range",
        ["i64[1]", "i64[]", "i64[]"],
        broken(0, "i64[1, 2]", "rank-mismatch", "one value as start, not a tensor of rank 2"),
    ),
]
