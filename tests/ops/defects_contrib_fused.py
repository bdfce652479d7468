"""Faults of the fused products and convolutions of com.microsoft."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "BiasGelu",
        ["f32[2, 3]", "f32[3]"],
        broken(0, "f32[2]", "shape-mismatch", "cannot match B axis 0 with A axis 0: 3 != 2"),
        broken(
            0,
            "u8[2, 3]",
            "dtype-unsupported",
            "does not take A of u8 at opset 1: one of f64 f32 f16 bf16",
        ),
        broken(0, "f64[2, 3]", "dtype-mismatch", "needs A and B of one dtype: f64 != f32"),
        broken(0, None, "input-missing", "needs its input A"),
        broken(1, "f32[0]", "shape-mismatch", "cannot match B axis 0 with A axis 1: 0 != 3"),
        broken(1, "f32[]", "rank-mismatch", "needs B of rank 1, not rank 0"),
        broken(1, "u8[3]", "dtype-mismatch", "needs A and B of one dtype: f32 != u8"),
        broken(1, None, "input-missing", "needs its input B"),
        domain="com.microsoft",
    ),
    *twin(
        "FastGelu",
        ["f32[2, 3]", "f32[3]"],
        broken(0, "f32[2]", "shape-mismatch", "cannot match bias axis 0 with X axis 0: 3 != 2"),
        broken(0, "f64[2, 3]", "dtype-mismatch", "needs X and bias of one dtype: f64 != f32"),
        broken(1, "f32[0]", "shape-mismatch", "cannot match bias axis 0 with X axis 1: 0 != 3"),
        broken(1, "f32[]", "rank-mismatch", "needs bias of rank 1, not rank 0"),
        broken(1, "u8[3]", "dtype-mismatch", "needs X and bias of one dtype: f32 != u8"),
        domain="com.microsoft",
    ),
    *twin(
        "FastGelu",
        ["f32[2, 3]"],
        broken(
            0,
            "u8[2, 3]",
            "dtype-unsupported",
            "does not take X of u8 at opset 1: one of f64 f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input X"),
        domain="com.microsoft",
    ),
    *twin(
        "FusedConv",
        ["f32[2, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[6]", "f32[2, 6, 6, 6]"],
        broken(
            0, "f32[1, 4, 8, 8]", "shape-mismatch", "cannot match Z axis 0 with the result: 1 != 2"
        ),
        broken(
            1, "f32[6, 4, 1, 3]", "shape-mismatch", "cannot match Z axis 2 with the result: 8 != 6"
        ),
        broken(
            3, "f32[0, 6, 6, 6]", "shape-mismatch", "cannot match Z axis 0 with the result: 2 != 0"
        ),
        broken(3, "f32[6, 6, 6]", "rank-mismatch", "needs Z of rank 4, not rank 3"),
        broken(
            3,
            "u8[2, 6, 6, 6]",
            "dtype-unsupported",
            "does not take Z of u8 at opset 1: one of f64 f32 f16",
        ),
        broken(3, "f64[2, 6, 6, 6]", "dtype-mismatch", "needs X and Z of one dtype: f32 != f64"),
        domain="com.microsoft",
        activation="Relu",
    ),
    *twin(
        "FusedConv",
        ["f32[2, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[6]"],
        broken(
            0,
            "f32[2, 0, 8, 8]",
            "conv-channels",
            "needs X axis 1 to be W axis 1 times group: 0 != 4 * 1",
        ),
        broken(
            0,
            "f32[2, 4, 0, 8]",
            "kernel-too-large",
            "kernel 3 is larger than the input 0 on axis 2",
        ),
        broken(0, "f32[4, 8, 8]", "rank-mismatch", "needs X and W of one rank: 3 != 4"),
        broken(
            0,
            "u8[2, 4, 8, 8]",
            "dtype-unsupported",
            "does not take X of u8 at opset 1: one of f64 f32 f16",
        ),
        broken(0, "f64[2, 4, 8, 8]", "dtype-mismatch", "needs X and W of one dtype: f64 != f32"),
        broken(0, None, "input-missing", "needs its input X"),
        broken(
            1,
            "f32[0, 4, 3, 3]",
            "conv-bias",
            "cannot match B axis 0 with the output channels: 6 != 0",
        ),
        broken(
            1,
            "f32[6, 0, 3, 3]",
            "conv-channels",
            "needs X axis 1 to be W axis 1 times group: 4 != 0 * 1",
        ),
        broken(1, "f32[6, 4, 0, 3]", "kernel-empty", "kernel is 0 on axis 2"),
        broken(1, "f32[4, 3, 3]", "rank-mismatch", "needs X and W of one rank: 4 != 3"),
        broken(
            1,
            "u8[6, 4, 3, 3]",
            "dtype-unsupported",
            "does not take W of u8 at opset 1: one of f64 f32 f16",
        ),
        broken(1, "f64[6, 4, 3, 3]", "dtype-mismatch", "needs X and W of one dtype: f32 != f64"),
        broken(1, None, "input-missing", "needs its input W"),
        broken(2, "f32[]", "conv-bias", "needs a bias of rank 1, not rank 0"),
        broken(
            2, "u8[6]", "dtype-unsupported", "does not take B of u8 at opset 1: one of f64 f32 f16"
        ),
        broken(2, "f64[6]", "dtype-mismatch", "needs X and B of one dtype: f32 != f64"),
        domain="com.microsoft",
        activation="Relu",
    ),
    *twin(
        "FusedMatMul",
        ["f32[2, 3, 4]", "f32[3, 4, 5]"],
        broken(
            0,
            "f32[2, 0, 4]",
            "broadcast-mismatch",
            "cannot broadcast the batch of A axis 0 with the batch of B axis 0: 3 and 0",
        ),
        broken(
            1,
            "f32[0, 4, 5]",
            "broadcast-mismatch",
            "cannot broadcast the batch of A axis 0 with the batch of B axis 0: 0 and 3",
        ),
        broken(
            "transBatchA",
            0,
            "broadcast-mismatch",
            "cannot broadcast the batch of A axis 0 with the batch of B axis 0: 3 and 2",
        ),
        domain="com.microsoft",
        transBatchA=1,
    ),
    *twin(
        "FusedMatMul",
        ["f32[2, 3, 4]", "f32[5, 2, 4]"],
        broken(
            "transBatchB",
            0,
            "broadcast-mismatch",
            "cannot broadcast the batch of A axis 0 with the batch of B axis 0: 5 and 2",
        ),
        domain="com.microsoft",
        transBatchB=1,
        transB=1,
    ),
    *twin(
        "FusedMatMul",
        ["f32[2, 3, 4]", "f32[5, 4]"],
        broken("transB", 0, "matmul-contract", "cannot contract A axis 2 with B axis 0: 4 != 5"),
        domain="com.microsoft",
        transB=1,
    ),
    *twin(
        "FusedMatMul",
        ["f32[2, 4, 3]", "f32[4, 5]"],
        broken("transA", 0, "matmul-contract", "cannot contract A axis 2 with B axis 0: 3 != 4"),
        domain="com.microsoft",
        transA=1,
    ),
    *twin(
        "FusedMatMul",
        ["f32[4, 2, 3]", "f32[2, 4, 5]"],
        broken(
            "transBatchA", 0, "matmul-contract", "cannot contract A axis 1 with B axis 1: 2 != 4"
        ),
        domain="com.microsoft",
        transBatchA=1,
        transA=1,
    ),
    *twin(
        "FusedMatMul",
        ["f32[4]", "f32[4]"],
        broken(0, "f32[0]", "matmul-contract", "cannot contract A axis 0 with B axis 0: 0 != 4"),
        broken(
            0,
            "u8[4]",
            "dtype-unsupported",
            "does not take A of u8 at opset 1: one of f64 f32 f16 bf16",
        ),
        broken(0, "f64[4]", "dtype-mismatch", "needs A and B of one dtype: f64 != f32"),
        broken(0, None, "input-missing", "needs its input A"),
        broken(1, "f32[0]", "matmul-contract", "cannot contract A axis 0 with B axis 0: 4 != 0"),
        broken(1, "u8[4]", "dtype-mismatch", "needs A and B of one dtype: f32 != u8"),
        broken(1, None, "input-missing", "needs its input B"),
        broken(0, "f32[]", "rank-mismatch", "needs A of rank at least 1, not rank 0"),
        broken(1, "f32[]", "rank-mismatch", "needs B of rank at least 1, not rank 0"),
        domain="com.microsoft",
    ),
    *twin(
        "Gelu",
        ["f32[2, 3]"],
        broken(
            0,
            "u8[2, 3]",
            "dtype-unsupported",
            "does not take X of u8 at opset 1: one of f64 f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input X"),
        domain="com.microsoft",
    ),
    *twin(
        "QuickGelu",
        ["f32[2, 3]"],
        broken(
            0,
            "u8[2, 3]",
            "dtype-unsupported",
            "does not take X of u8 at opset 1: one of f64 f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input X"),
        domain="com.microsoft",
        alpha=1.5,
    ),
]
