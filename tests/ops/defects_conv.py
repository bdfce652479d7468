"""Faults of the operators of conv."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "Conv",
        ["f32[1, 3, 8, 8]", "f32[8, 3, 3, 3]"],
        broken(0, "f32[1, 1, 8, 8]", "conv-channels", "1 != 3 * 1"),
        broken(
            0,
            "f32[1, 3, 1, 8]",
            "kernel-too-large",
            "kernel 3 is larger than the input 1 on axis 2",
        ),
        broken(0, "f32[3, 8, 8]", "rank-mismatch", "3 != 4"),
        broken(0, "u8[1, 3, 8, 8]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[8, 3, 3, 3]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
    ),
    *twin(
        "Conv",
        ["f32[2, 6, 3, 5]", "f32[4, 3, 1, 1]"],
        broken(1, "f32[1, 3, 1, 1]", "conv-group", "1 is no multiple of 2"),
        broken("group", [2], "attr-kind", "group is of kind ints, not int"),
        group=2,
    ),
    *twin(
        "Conv",
        ["f32[2, 3, 3, 5]", "f32[8, 3, 3, 3]"],
        broken(1, "f32[8, 3, 1, 3]", "attr-value", "1 != 3"),
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "Conv",
        ["f32[2, 3, 3, 5]", "f32[8, 3, 3, 3]", "f32[8]"],
        broken(1, "f32[1, 3, 3, 3]", "conv-bias", "8 != 1"),
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "Conv",
        ["f32[2, 3, 3, 5]", "f32[8, 3, 3, 3]"],
        broken(
            "pads", [-1, 1, 2, 3], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"
        ),
        pads=[0, 1, 2, 3],
    ),
    *twin(
        "Conv",
        ["f32[2, 3, 3, 5]", "f32[8, 3, 3, 3]"],
        broken(
            "strides", [0, 2], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"
        ),
        auto_pad="VALID",
        strides=[2, 2],
    ),
    *twin(
        "ConvInteger",
        ["u8[2, 3, 3, 5]", "u8[8, 3, 1, 1]", "u8[]", "u8[1]"],
        broken(0, "u8[2, 1, 3, 5]", "conv-channels", "1 != 3 * 1"),
        broken(3, "u8[2]", "quant-scale", "2 != 8"),
        broken(0, "u8[3, 3, 5]", "rank-mismatch", "3 != 4"),
        broken(0, "i8[2, 3, 3, 5]", "dtype-mismatch", "i8 != u8"),
        broken(0, "f32[2, 3, 3, 5]", "dtype-unsupported", "x of f32 at opset 20: one of i8 u8"),
        broken(0, None, "input-missing", "its input x"),
    ),
    *twin(
        "ConvInteger",
        ["u8[2, 3, 3, 5]", "u8[8, 3, 3, 3]"],
        broken(
            1,
            "u8[8, 3, 6, 3]",
            "kernel-too-large",
            "kernel 6 is larger than the padded input 5 on axis 2",
        ),
        broken(
            "pads", [-1, 1, 1, 1], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"
        ),
        opset=10,
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "ConvTranspose",
        ["f32[2, 3, 3]", "f32[3, 8, 3]"],
        broken(0, "f32[2, 1, 3]", "conv-channels", "1 != 3"),
        broken(
            0, "f32[2, 3, 1]", "pads-invalid", "pads of 4 leave nothing of the output 3 on axis 2"
        ),
        broken(0, "f32[3, 3]", "rank-mismatch", "X of rank at least 3, not rank 2"),
        broken(0, "u8[2, 3, 3]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[3, 8, 3]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
        pads=[2, 2],
    ),
    *twin(
        "ConvTranspose",
        ["f32[2, 3, 8]", "f32[3, 8, 3]"],
        broken(
            0,
            "f32[2, 3, 1]",
            "attr-value",
            "output_shape 18 on axis 2 is past what the input gives: at most 4",
        ),
        strides=[2],
        output_shape=[18],
    ),
    *twin(
        "ConvTranspose",
        ["f32[2, 3, 3]", "f32[3, 2, 4]", "f32[6]"],
        broken(1, "f32[3, 1, 4]", "conv-bias", "6 != 3"),
        broken("group", 0, "conv-group", "group is 0: at least 1 is needed"),
        broken("group", [3], "attr-kind", "group is of kind ints, not int"),
        group=3,
    ),
    *twin(
        "ConvTranspose",
        ["f32[2, 3, 3]", "f32[3, 8, 3]"],
        broken("strides", [0], "strides-invalid", "strides is 0 at entry 0: at least 1 is needed"),
        auto_pad="VALID",
        strides=[2],
    ),
    *twin(
        "DeformConv",
        ["f32[2, 4, 3, 5]", "f32[6, 2, 1, 1]", "f32[2, 4, 3, 5]", "f32[6]", "f32[2, 2, 3, 5]"],
        broken(0, "f32[1, 4, 3, 5]", "shape-mismatch", "2 != 1"),
        broken(0, "f32[2, 1, 3, 5]", "conv-channels", "1 != 2 * 2"),
        broken(1, "f32[1, 2, 1, 1]", "conv-group", "1 is no multiple of 2"),
        broken(3, "f32[1]", "conv-bias", "1 != 6"),
        broken(0, "f32[4, 3, 5]", "rank-mismatch", "3 != 4"),
        broken(0, "u8[2, 4, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[6, 2, 1, 1]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
        broken("group", [2], "attr-kind", "group is of kind ints, not int"),
        group=2,
        offset_group=2,
    ),
    *twin(
        "DeformConv",
        ["f32[2, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[2, 18, 6, 6]"],
        broken(
            0,
            "f32[2, 4, 1, 8]",
            "kernel-too-large",
            "kernel 3 is larger than the input 1 on axis 2",
        ),
        opset=19,
    ),
    *twin(
        "DeformConv",
        ["f32[2, 4, 3, 5]", "f32[6, 4, 3, 3]", "f32[2, 18, 3, 5]"],
        broken(
            "pads", [-1, 1, 1, 1], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"
        ),
        opset=22,
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "QLinearConv",
        ["u8[2, 3, 3, 5]", "f32[]", "u8[]", "u8[8, 3, 3, 3]", "f32[8]", "u8[8]", "f32[]", "u8[]"],
        broken(0, "u8[2, 1, 3, 5]", "conv-channels", "1 != 3 * 1"),
        broken(3, "u8[1, 3, 3, 3]", "quant-scale", "8 != 1"),
        broken(
            3,
            "u8[8, 3, 6, 3]",
            "kernel-too-large",
            "kernel 6 is larger than the padded input 5 on axis 2",
        ),
        broken(0, "u8[3, 3, 5]", "rank-mismatch", "3 != 4"),
        broken(1, "u8[]", "dtype-unsupported", "x_scale of u8 at opset 20: one of f32"),
        broken(0, "i8[2, 3, 3, 5]", "dtype-mismatch", "i8 != u8"),
        broken(
            "pads", [-1, 1, 1, 1], "pads-invalid", "pads is -1 at entry 0: at least 0 is needed"
        ),
        broken(0, None, "input-missing", "its input x"),
        pads=[1, 1, 1, 1],
    ),
    *twin(
        "QLinearConv",
        [
            "u8[2, 3, 3, 5]",
            "f32[]",
            "u8[]",
            "u8[8, 3, 3, 3]",
            "f32[]",
            "u8[]",
            "f32[]",
            "u8[]",
            "i32[8]",
        ],
        broken(3, "u8[1, 3, 3, 3]", "conv-bias", "8 != 1"),
        pads=[1, 1, 1, 1],
    ),
]
