"""Faults of the operators of norm."""

from ops.defect import GONE, broken, twin

DEFECTS = [
    *twin(
        "BatchNormalization",
        ["f32[2, 3, 5]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"],
        broken(0, "f32[2, 1, 5]", "norm-scale", "3 != 1"),
        broken(
            0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16 bf16"
        ),
        broken(1, "f64[3]", "dtype-mismatch", "f64 != f32"),
        broken(1, None, "input-missing", "its input scale"),
    ),
    *twin(
        "BatchNormalization",
        ["f32[2]", "f32[1]", "f32[1]", "f32[1]", "f32[1]"],
        broken(0, "f32[]", "rank-mismatch", "X of rank at least 1, not rank 0"),
    ),
    *twin(
        "BatchNormalization",
        ["f32[2, 3, 3, 5]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"],
        broken(
            "training_mode",
            0,
            "output-count",
            "gives running statistics only in training mode",
            hint="set training_mode=1 or drop the outputs",
        ),
        broken("training_mode", [1], "attr-kind", "training_mode is of kind ints, not int"),
        opset=15,
        outputs=3,
        training_mode=1,
    ),
    *twin(
        "GroupNormalization",
        ["f32[2, 6, 3]", "f32[6]", "f32[6]"],
        broken(0, "f32[2, 1, 3]", "norm-groups", "1 is no multiple of 2"),
        broken(1, "f32[5]", "norm-scale", "5 != 6"),
        broken(
            0, "u8[2, 6, 3]", "dtype-unsupported", "X of u8 at opset 21: one of f64 f32 f16 bf16"
        ),
        broken(1, "u8[6]", "dtype-mismatch", "f32 != u8"),
        broken("num_groups", 0, "attr-value", "num_groups is 0: at least 1 is needed"),
        broken("num_groups", GONE, "attr-missing", "the attribute num_groups"),
        broken(0, "f32[]", "rank-mismatch", "X of rank at least 2, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
        broken("num_groups", [2], "attr-kind", "num_groups is of kind ints, not int"),
        opset=21,
        num_groups=2,
    ),
    *twin(
        "InstanceNormalization",
        ["f32[2, 3, 3, 5]", "f32[3]", "f32[3]"],
        broken(0, "f32[2, 1, 3, 5]", "norm-scale", "3 != 1"),
        broken(
            0,
            "u8[2, 3, 3, 5]",
            "dtype-unsupported",
            "input of u8 at opset 22: one of f64 f32 f16 bf16",
        ),
        broken(1, "u8[3]", "dtype-mismatch", "f32 != u8"),
        broken(0, "f32[]", "rank-mismatch", "input of rank at least 3, not rank 0"),
        broken(0, None, "input-missing", "its input input"),
        opset=22,
    ),
    *twin(
        "LayerNormalization",
        ["f32[2, 3, 5]", "f32[5]"],
        broken(0, "f32[2, 3, 1]", "norm-scale", "5 != 1"),
        broken(
            0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16 bf16"
        ),
        broken(1, "u8[5]", "dtype-mismatch", "f32 != u8"),
        broken(0, "f32[]", "rank-mismatch", "X of rank at least 1, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
        outputs=3,
    ),
    *twin(
        "LayerNormalization",
        ["f32[2, 3, 5]", "f32[1]"],
        broken(
            0,
            "f32[3, 5]",
            "axis-out-of-range",
            "axis -3 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken("axis", [-3], "attr-kind", "axis is of kind ints, not int"),
        outputs=2,
        axis=-3,
    ),
    *twin(
        "RMSNormalization",
        ["f32[2, 3, 5]", "f32[5]"],
        broken(0, "f32[2, 3, 1]", "norm-scale", "5 != 1"),
        broken(
            0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 23: one of f64 f32 f16 bf16"
        ),
        broken(0, "f32[]", "rank-mismatch", "X of rank at least 1, not rank 0"),
        broken(0, None, "input-missing", "its input X"),
        opset=23,
    ),
]
