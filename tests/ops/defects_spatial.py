"""Faults of the operators of spatial."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "AffineGrid",
        ["f32[2, 2, 3]", const([2, 4, 5, 6])],
        broken(0, "f32[1, 2, 3]", "shape-mismatch", "2 != 1"),
        broken(1, const([-98, 4, 5, 6]), "negative-dim", "size -98 at entry 0 is negative"),
        broken(0, "f32[2, 3]", "rank-mismatch", "theta of rank 3, not rank 2"),
        broken(
            0,
            "u8[2, 2, 3]",
            "dtype-unsupported",
            "theta of u8 at opset 20: one of f64 f32 f16 bf16",
        ),
        broken(1, None, "input-missing", "its input size"),
    ),
    *twin(
        "AffineGrid",
        ["f32[2, 3, 4]", const([2, 4, 5, 6, 7])],
        broken("align_corners", [1], "attr-kind", "align_corners is of kind ints, not int"),
        align_corners=1,
    ),
    *twin(
        "Col2Im",
        ["f32[2, 8, 4]", const([5, 5]), const([2, 2])],
        broken(0, "f32[2, 1, 4]", "depth-divides", "1 is no multiple of 4"),
        broken(0, "f32[2, 8, 1]", "shape-mismatch", "1 != 4"),
        broken(
            2,
            const([102, 2]),
            "kernel-too-large",
            "kernel 102 is larger than the input 5 on axis 2",
        ),
        broken(0, "f32[8, 4]", "rank-mismatch", "input of rank 3, not rank 2"),
        broken(
            "strides", [0, 2], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"
        ),
        broken(1, None, "input-missing", "its input image_shape"),
        broken(
            1,
            const([5, 5], "i32"),
            "dtype-unsupported",
            "image_shape of i32 at opset 20: one of i64",
        ),
        strides=[2, 2],
    ),
    *twin(
        "Col2Im",
        ["f32[2, 8, 9]", const([5, 5]), const([2, 2])],
        broken(
            "dilations", [0, 2], "attr-value", "dilations is 0 at entry 0: at least 1 is needed"
        ),
        dilations=[2, 2],
    ),
    *twin(
        "Col2Im",
        ["f32[2, 12, 36]", const([5, 5]), const([2, 2])],
        broken(
            "pads", [-1, 1, 1, 1], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"
        ),
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "DepthToSpace",
        ["f32[2, 8, 3, 5]"],
        broken(0, "f32[2, 1, 3, 5]", "depth-divides", "1 is no multiple of 4"),
        broken(0, "f32[8, 3, 5]", "rank-mismatch", "input of rank 4, not rank 3"),
        broken("blocksize", 0, "attr-value", "blocksize is 0: at least 1 is needed"),
        broken("blocksize", GONE, "attr-missing", "the attribute blocksize"),
        broken(0, None, "input-missing", "its input input"),
        broken("blocksize", [2], "attr-kind", "blocksize is of kind ints, not int"),
        blocksize=2,
        mode="CRD",
    ),
    *twin(
        "GridSample",
        ["f32[2, 3, 4, 5, 6]", "f32[2, 2, 3, 4, 3]"],
        broken(0, "f32[1, 3, 4, 5, 6]", "shape-mismatch", "1 != 2"),
        broken(0, "f32[3, 4, 5, 6]", "rank-mismatch", "4 != 5"),
        broken(
            1,
            "u8[2, 2, 3, 4, 3]",
            "dtype-unsupported",
            "grid of u8 at opset 20: one of f64 f32 f16",
        ),
        broken("mode", "bogus", "attr-value", "mode is 'bogus': one of linear, nearest, cubic"),
        broken(0, None, "input-missing", "its input X"),
        mode="linear",
    ),
    *twin(
        "Resize",
        ["f32[2, 3, 5, 4]", None, "f32[4]"],
        broken(2, "f32[1]", "resize-spec", "1 != 4"),
        broken(2, "f32[]", "rank-mismatch", "scales of rank 1, not rank 0"),
        broken(2, "u8[4]", "dtype-unsupported", "scales of u8 at opset 20: one of f32"),
        broken(0, None, "input-missing", "its input X"),
    ),
    *twin(
        "Resize",
        ["f32[2, 3, 5, 4]", None, "f32[2]"],
        broken(
            0,
            "f32[3, 5, 4]",
            "axis-out-of-range",
            "axes 3 is out of range for rank 3: -3 to 2 are allowed",
        ),
        broken("axes", [3, 3], "axis-repeated", "axes names axis 3 more than once"),
        axes=[2, 3],
    ),
    *twin(
        "Resize",
        ["f32[2, 3, 5, 4]", None, None, const([8])],
        broken(
            "keep_aspect_ratio_policy",
            "bogus",
            "attr-value",
            "keep_aspect_ratio_policy is 'bogus': one of stretch, not_larger,",
        ),
        axes=[2],
        keep_aspect_ratio_policy="not_larger",
    ),
    *twin(
        "SpaceToDepth",
        ["f32[2, 3, 4, 6]"],
        broken(0, "f32[2, 3, 1, 6]", "depth-divides", "1 is no multiple of 2"),
        broken(0, "f32[3, 4, 6]", "rank-mismatch", "input of rank 4, not rank 3"),
        broken("blocksize", 0, "attr-value", "blocksize is 0: at least 1 is needed"),
        broken("blocksize", GONE, "attr-missing", "the attribute blocksize"),
        broken(0, None, "input-missing", "its input input"),
        broken("blocksize", [2], "attr-kind", "blocksize is of kind ints, not int"),
        opset=13,
        blocksize=2,
    ),
    *twin(
        "Upsample",
        ["f32[2, 3, 5, 4]", const([1.0, 1.0, 2.0, 2.0], "f32")],
        broken(
            1, const([0.0, 1.0, 2.0, 2.0], "f32"), "resize-spec", "scale 0 on axis 0 is less than 1"
        ),
        broken(1, None, "input-missing", "its input scales"),
        broken(
            1,
            const([1, 1, 2, 2], "i32"),
            "dtype-unsupported",
            "scales of i32 at opset 9: one of f32",
        ),
        opset=9,
    ),
    *twin(
        "Upsample",
        ["f32[2, 3, 5, 4]"],
        broken("scales", GONE, "attr-missing", "the attribute scales"),
        opset=7,
        scales=[1.0, 1.0, 2.0, 1.5],
    ),
]
