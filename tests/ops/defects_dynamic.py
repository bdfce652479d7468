"""Faults of the operators of dynamic."""

from ops.defect import broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "Compress",
        ["f32[2, 4]", "bool[2]"],
        broken(1, "u8[2]", "dtype-unsupported", "condition of u8 at opset 20: one of bool"),
        broken(
            "axis",
            100,
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken(0, "f32[]", "rank-mismatch", "input of rank at least 1, not rank 0"),
        broken(0, None, "input-missing", "its input input"),
        broken("axis", [0], "attr-kind", "axis is of kind ints, not int"),
        axis=0,
    ),
    *twin(
        "NonMaxSuppression",
        ["f32[2, 6, 4]", "f32[2, 3, 6]", const([2])],
        broken(0, "f32[1, 6, 4]", "shape-mismatch", "1 != 2"),
        broken(0, "f32[6, 4]", "rank-mismatch", "boxes of rank 3, not rank 2"),
        broken(0, "u8[2, 6, 4]", "dtype-unsupported", "boxes of u8 at opset 20: one of f32"),
        broken(0, None, "input-missing", "its input boxes"),
    ),
    *twin(
        "NonMaxSuppression",
        ["f32[2, 6, 4]", "f32[2, 3, 6]", "i64[1]", const([0.5], "f32"), const([0.1], "f32")],
        broken(
            3, const([1.5], "f32"), "attr-value", "an iou_threshold within [0, 1], not 1.500000"
        ),
        broken("center_point_box", [1], "attr-kind", "center_point_box is of kind ints, not int"),
        opset=10,
        center_point_box=1,
    ),
    *twin(
        "NonZero",
        ["f32[3, 4]"],
        broken(0, None, "input-missing", "its input X"),
    ),
    *twin(
        "Unique",
        ["f32[2, 3]"],
        broken(
            "axis",
            100,
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken("axis", [-1], "attr-kind", "axis is of kind ints, not int"),
        outputs=4,
        axis=-1,
        sorted=0,
    ),
    *twin(
        "Unique",
        ["f32[3, 4]"],
        broken(0, None, "input-missing", "its input X"),
        outputs=4,
    ),
]
