"""Faults of the operators of shape."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "Flatten",
        ["f32[]"],
        broken(
            "axis", 1, "axis-out-of-range", "axis 1 is out of range for rank 0: 0 to 0 are allowed"
        ),
        broken(0, None, "input-missing", "its input input"),
        broken("axis", [0], "attr-kind", "axis is of kind ints, not int"),
        axis=0,
    ),
    *twin(
        "Flatten",
        ["f32[2, 3, 3, 5]"],
        broken(
            0, "u8[2, 3, 3, 5]", "dtype-unsupported", "input of u8 at opset 7: one of f64 f32 f16"
        ),
        opset=7,
        axis=4,
    ),
    *twin(
        "Identity",
        [const([2, 3])],
        broken(0, None, "input-missing", "its input input"),
    ),
    *twin(
        "Reshape",
        ["f32[1]", const([])],
        broken(0, "f32[2]", "reshape-elements", "2 elements != 1"),
        broken(1, None, "input-missing", "its input shape"),
        broken(1, const([], "f32"), "dtype-unsupported", "shape of f32 at opset 20: one of i64"),
    ),
    *twin(
        "Reshape",
        ["f32[]", const([1, -1])],
        broken(1, const([1, 0]), "reshape-target", "copies axis 1 of data, which has rank 0"),
        broken(1, const([[1, -1]]), "rank-mismatch", "shape of rank 1, not rank 2"),
    ),
    *twin(
        "Shape",
        ["f32[]"],
        broken(0, None, "input-missing", "its input data"),
    ),
    *twin(
        "Shape",
        ["f32[2, 3]"],
        broken("start", [-9], "attr-kind", "start is of kind ints, not int"),
        start=-9,
        end=9,
    ),
    *twin(
        "Size",
        ["f32[2, 3, 4]"],
        broken(0, None, "input-missing", "its input data"),
    ),
    *twin(
        "Squeeze",
        ["f32[1, 3]", const([0])],
        broken(0, "f32[2, 3]", "squeeze-size", "drop axis 0 of size 2"),
        broken(
            1,
            const([100]),
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
    ),
    *twin(
        "Squeeze",
        ["f32[1, 2, 3]", "i64[1]"],
        broken(1, "i64[]", "rank-mismatch", "axes of rank 1, not rank 0"),
        broken(1, "u8[1]", "dtype-unsupported", "axes of u8 at opset 20: one of i64"),
    ),
    *twin(
        "Squeeze",
        ["f32[1, 2, 3]"],
        broken(0, None, "input-missing", "its input data"),
    ),
    *twin(
        "Unsqueeze",
        ["f32[2]", const(0)],
        broken(
            1,
            const(100),
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
    ),
    *twin(
        "Unsqueeze",
        ["f32[2, 3]", const([0, 3])],
        broken(1, const([-1, 3]), "axis-repeated", "axes name axis 3 more than once"),
    ),
    *twin(
        "Unsqueeze",
        ["f32[2, 3]", "i64[2]"],
        broken(1, "u8[2]", "dtype-unsupported", "axes of u8 at opset 20: one of i64"),
        broken(1, "i64[2, 1]", "rank-mismatch", "axes of rank 0 or 1, not rank 2"),
        broken(0, None, "input-missing", "its input data"),
    ),
    *twin(
        "Unsqueeze",
        ["f32[2, 3]"],
        broken("axes", GONE, "attr-missing", "the attribute axes"),
        opset=11,
        axes=[-1],
    ),
]
