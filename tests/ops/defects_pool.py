"""Faults of the operators of pool."""

from ops.defect import GONE, broken, twin

DEFECTS = [
    *twin(
        "AveragePool",
        ["f32[2, 3, 5]"],
        broken(0, "f32[3, 5]", "rank-mismatch", "X of rank at least 3, not rank 2"),
        broken(0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 19: one of f64 f32 f16"),
        broken(
            "kernel_shape", [0], "attr-value", "kernel_shape is 0 at entry 0: at least 1 is needed"
        ),
        broken(
            "pads",
            [3, 2],
            "pads-invalid",
            "pads by 3 on axis 2, which is not less than its kernel 3",
        ),
        broken(
            "kernel_shape",
            [100],
            "kernel-too-large",
            "kernel 100, dilated to 199, is larger than the padded input 9 on axis",
        ),
        broken("kernel_shape", GONE, "attr-missing", "the attribute kernel_shape"),
        broken(0, None, "input-missing", "its input X"),
        opset=19,
        kernel_shape=[3],
        dilations=[2],
        pads=[2, 2],
    ),
    *twin(
        "AveragePool",
        ["f32[2, 3, 5]"],
        broken("strides", [0], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"),
        opset=22,
        kernel_shape=[3],
        auto_pad="SAME_UPPER",
        strides=[2],
    ),
    *twin(
        "AveragePool",
        ["f32[2, 3, 6]"],
        broken("ceil_mode", [1], "attr-kind", "ceil_mode is of kind ints, not int"),
        opset=11,
        kernel_shape=[1],
        strides=[3],
        ceil_mode=1,
    ),
    *twin(
        "GlobalAveragePool",
        ["f32[2, 3, 5, 4, 6]"],
        broken(
            0, "u8[2, 3, 5, 4, 6]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"
        ),
        broken(0, "f32[]", "rank-mismatch", "X of rank 3 to 5, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
    ),
    *twin(
        "GlobalLpPool",
        ["f32[2, 3, 5, 4]"],
        broken(0, "u8[2, 3, 5, 4]", "dtype-unsupported", "X of u8 at opset 7: one of f64 f32 f16"),
        broken(0, "f32[]", "rank-mismatch", "X of rank 3 to 5, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
        opset=7,
    ),
    *twin(
        "GlobalMaxPool",
        ["f32[2, 3, 5, 4]"],
        broken(
            0, "u8[2, 3, 5, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        broken(0, "f32[]", "rank-mismatch", "X of rank 3 to 5, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
        opset=22,
    ),
    *twin(
        "LpPool",
        ["f32[2, 3, 5]"],
        broken(
            "auto_pad",
            "bogus",
            "attr-value",
            "auto_pad is 'bogus': one of NOTSET, SAME_UPPER, SAME_LOWER, VALID",
        ),
        broken(0, "f32[3, 5]", "rank-mismatch", "X of rank at least 3, not rank 2"),
        broken(
            0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        broken("kernel_shape", GONE, "attr-missing", "the attribute kernel_shape"),
        broken(0, None, "input-missing", "its input X"),
        opset=22,
        kernel_shape=[3],
        auto_pad="SAME_LOWER",
    ),
    *twin(
        "LpPool",
        ["f32[2, 3, 5]"],
        broken("strides", [0], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"),
        broken(
            "pads",
            [3, 2],
            "pads-invalid",
            "pads by 3 on axis 2, which is not less than its kernel 3",
        ),
        broken(
            "kernel_shape",
            [100],
            "kernel-too-large",
            "kernel 100, dilated to 199, is larger than the padded input 9 on axis",
        ),
        broken("ceil_mode", [1], "attr-kind", "ceil_mode is of kind ints, not int"),
        opset=18,
        kernel_shape=[3],
        strides=[2],
        ceil_mode=1,
        dilations=[2],
        pads=[2, 2],
    ),
    *twin(
        "MaxPool",
        ["f32[2, 3, 5]"],
        broken(
            0,
            "f32[2, 3, 1]",
            "kernel-too-large",
            "kernel 3, dilated to 5, is larger than the input 1 on axis 2",
        ),
        kernel_shape=[3],
        auto_pad="VALID",
        dilations=[2],
    ),
    *twin(
        "MaxPool",
        ["f32[2, 3, 7]"],
        broken(0, "f32[3, 7]", "rank-mismatch", "X of rank at least 3, not rank 2"),
        broken(
            0, "i32[2, 3, 7]", "dtype-unsupported", "X of i32 at opset 20: one of f64 f32 f16 i8 u8"
        ),
        broken(
            "kernel_shape", [0], "attr-value", "kernel_shape is 0 at entry 0: at least 1 is needed"
        ),
        broken("strides", [0], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"),
        broken("kernel_shape", GONE, "attr-missing", "the attribute kernel_shape"),
        broken(0, None, "input-missing", "its input X"),
        broken("ceil_mode", [1], "attr-kind", "ceil_mode is of kind ints, not int"),
        kernel_shape=[2],
        strides=[2],
        ceil_mode=1,
    ),
    *twin(
        "MaxPool",
        ["f32[2, 3, 5]"],
        broken("pads", [-1, 1], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"),
        kernel_shape=[3],
        strides=[2],
        pads=[1, 1],
        ceil_mode=1,
    ),
    *twin(
        "MaxUnpool",
        ["f32[2, 3, 5]", "i64[2, 3, 5]"],
        broken(0, "f32[1, 3, 5]", "shape-mismatch", "1 != 2"),
        broken(0, "f32[3, 5]", "rank-mismatch", "2 != 3"),
        broken(0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(
            "kernel_shape", [0], "attr-value", "kernel_shape is 0 at entry 0: at least 1 is needed"
        ),
        broken("strides", [0], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"),
        broken("pads", [100, 0], "pads-invalid", "100 > 11"),
        broken("kernel_shape", GONE, "attr-missing", "the attribute kernel_shape"),
        broken(0, None, "input-missing", "its input X"),
        kernel_shape=[3],
        strides=[2],
        pads=[1, 0],
    ),
    *twin(
        "RoiAlign",
        ["f32[2, 3, 5, 4]", "f32[6, 4]", "i64[6]"],
        broken(1, "f32[1, 4]", "shape-mismatch", "1 != 6"),
        broken(0, "f32[3, 5, 4]", "rank-mismatch", "X of rank 4, not rank 3"),
        broken(0, "u8[2, 3, 5, 4]", "dtype-unsupported", "X of u8 at opset 16: one of f64 f32 f16"),
        broken(1, "u8[6, 4]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
        opset=16,
        coordinate_transformation_mode="output_half_pixel",
    ),
    *twin(
        "RoiAlign",
        ["f32[2, 3, 5, 4]", "f32[6, 4]", "i64[6]"],
        broken("output_height", -1, "attr-value", "output_height is -1: at least 1 is needed"),
        broken("output_height", [3], "attr-kind", "output_height is of kind ints, not int"),
        opset=10,
        output_height=3,
        output_width=2,
    ),
]
