"""Faults of the quantized operators and the experts of com.microsoft."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "GatherBlockQuantized",
        ["u8[10, 32]", "i64[2, 3]", "f32[10, 2]"],
        broken(
            0, "u8[0, 32]", "quant-scale", "cannot match scales axis 0 with data axis 0: 10 != 0"
        ),
        broken(0, "u8[10, 32, 1]", "rank-mismatch", "needs scales of rank 3, not rank 2"),
        broken(
            0,
            "u8[32]",
            "axis-out-of-range",
            "quantize_axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        broken(
            0,
            "f32[10, 32]",
            "dtype-unsupported",
            "does not take data of f32 at opset 1: one of f8e4m3 f8e5m2",
        ),
        broken(0, None, "input-missing", "needs its input data"),
        broken(
            1,
            "u8[2, 3]",
            "dtype-unsupported",
            "does not take indices of u8 at opset 1: one of i64 i32",
        ),
        broken(1, None, "input-missing", "needs its input indices"),
        broken(
            2, "f32[0, 2]", "quant-scale", "cannot match scales axis 0 with data axis 0: 0 != 10"
        ),
        broken(2, "f32[2]", "rank-mismatch", "needs scales of rank 2, not rank 1"),
        broken(
            2,
            "u8[10, 2]",
            "dtype-unsupported",
            "does not take scales of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(2, None, "input-missing", "needs its input scales"),
        broken(
            "block_size",
            0,
            "attr-value",
            "attribute block_size is 0: a power of 2 from 16 on is needed",
        ),
        broken(
            "block_size",
            GONE,
            "quant-scale",
            "cannot match scales axis 1 with data axis 1 in blocks: 2 != 1",
        ),
        domain="com.microsoft",
        block_size=32,
    ),
    *twin(
        "GatherBlockQuantized",
        ["u8[10, 64]", "i64[2]", "f32[10, 2]"],
        broken("bits", 0, "attr-value", "attribute bits is 0: 1 to 8 is needed"),
        broken(
            "bits",
            GONE,
            "quant-scale",
            "cannot match scales axis 1 with data axis 1 in blocks: 2 != 4",
        ),
        domain="com.microsoft",
        block_size=32,
        bits=8,
    ),
    *twin(
        "MatMulNBits",
        ["f32[2, 50]", "u8[7, 2, 16]", "f32[7, 2]"],
        broken(
            0, "f32[2]", "matmul-contract", "cannot contract A axis 0 with the attribute K: 2 != 50"
        ),
        broken(
            0,
            "u8[2, 50]",
            "dtype-unsupported",
            "does not take A of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input A"),
        broken(
            1,
            "u8[7, 2, 1]",
            "shape-mismatch",
            "cannot match B axis 2 with the bytes of a block: 1 != 16",
        ),
        broken(1, "u8[7, 2]", "rank-mismatch", "needs B of rank 3, not rank 2"),
        broken(
            1, "f32[7, 2, 16]", "dtype-unsupported", "does not take B of f32 at opset 1: one of u8"
        ),
        broken(1, None, "input-missing", "needs its input B"),
        broken(
            2,
            "f32[2]",
            "quant-scale",
            "cannot match the elements of scales with the blocks of B: 2 != 14",
        ),
        broken(
            2,
            "u8[7, 2]",
            "dtype-unsupported",
            "does not take scales of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(2, None, "input-missing", "needs its input scales"),
        broken("K", 0, "attr-value", "attribute K is 0: 1 or more is needed"),
        broken(
            "K", 51, "matmul-contract", "cannot contract A axis 1 with the attribute K: 50 != 51"
        ),
        broken("K", GONE, "attr-missing", "needs the attribute K"),
        broken("N", 0, "attr-value", "attribute N is 0: 1 or more is needed"),
        broken("N", 8, "shape-mismatch", "cannot match B axis 0 with the attribute N: 7 != 8"),
        broken("N", GONE, "attr-missing", "needs the attribute N"),
        broken("bits", 0, "attr-value", "attribute bits is 0: 2 to 8 is needed"),
        broken(
            "bits", 5, "shape-mismatch", "cannot match B axis 2 with the bytes of a block: 16 != 20"
        ),
        broken(
            "block_size",
            0,
            "attr-value",
            "attribute block_size is 0: a power of 2 from 16 on is needed",
        ),
        broken("block_size", GONE, "attr-missing", "needs the attribute block_size"),
        domain="com.microsoft",
        K=50,
        N=7,
        bits=4,
        block_size=32,
    ),
    *twin(
        "MatMulNBits",
        ["f32[2, 64]", "u8[7, 2, 16]", "f32[14]", "u8[7]", None, "f32[7]"],
        broken(
            3,
            "u8[]",
            "quant-scale",
            "cannot match the elements of zero_points with the blocks of B: 1 != 7",
        ),
        broken(
            3,
            "i64[7]",
            "dtype-unsupported",
            "does not take zero_points of i64 at opset 1: one of f32 f16 bf16 u8",
        ),
        broken(
            5, "f32[0]", "shape-mismatch", "cannot match bias axis 0 with the attribute N: 0 != 7"
        ),
        broken(5, "f32[]", "rank-mismatch", "needs bias of rank 1, not rank 0"),
        broken(
            5,
            "u8[7]",
            "dtype-unsupported",
            "does not take bias of u8 at opset 1: one of f32 f16 bf16",
        ),
        domain="com.microsoft",
        K=64,
        N=7,
        bits=4,
        block_size=32,
    ),
    *twin(
        "MoE",
        ["f32[2, 8]", "f32[2, 4]", "f32[4, 16, 8]", None, "f32[4, 8, 16]"],
        broken(
            0,
            "f32[0, 8]",
            "shape-mismatch",
            "cannot match router_probs axis 0 with the tokens of input: 2 != 0",
        ),
        broken(0, "f32[8]", "rank-mismatch", "needs input of rank 2 or 3, not rank 1"),
        broken(
            0,
            "u8[2, 8]",
            "dtype-unsupported",
            "does not take input of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input input"),
        broken(
            1,
            "f32[0, 4]",
            "shape-mismatch",
            "cannot match router_probs axis 0 with the tokens of input: 0 != 2",
        ),
        broken(
            1, "f32[2, 0]", "attr-value", "cannot fit the attribute k within the experts: 2 > 0"
        ),
        broken(1, "f32[4]", "rank-mismatch", "needs router_probs of rank 2, not rank 1"),
        broken(
            1, "u8[2, 4]", "dtype-mismatch", "needs input and router_probs of one dtype: f32 != u8"
        ),
        broken(1, None, "input-missing", "needs its input router_probs"),
        broken(
            2,
            "f32[4, 0, 8]",
            "shape-mismatch",
            "fc1_experts_weights axis 1 with the last axis of fc2_experts_weights: 0 != 16",
        ),
        broken(2, "f32[16, 8]", "rank-mismatch", "needs fc1_experts_weights of rank 3, not rank 2"),
        broken(
            2,
            "u8[4, 16, 8]",
            "dtype-unsupported",
            "does not take fc1_experts_weights of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(2, None, "input-missing", "needs its input fc1_experts_weights"),
        broken(
            4,
            "f32[4, 8, 1]",
            "shape-mismatch",
            "fc1_experts_weights axis 1 with the last axis of fc2_experts_weights: 16 != 1",
        ),
        broken(
            4,
            "f32[4, 8, 0]",
            "size-too-small",
            "cannot fit 1 within fc2_experts_weights axis 2: 1 > 0",
        ),
        broken(4, "f32[4, 8]", "rank-mismatch", "needs fc2_experts_weights of rank 3, not rank 2"),
        broken(
            4,
            "u8[4, 8, 16]",
            "dtype-unsupported",
            "does not take fc2_experts_weights of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(4, None, "input-missing", "needs its input fc2_experts_weights"),
        broken("k", 0, "attr-value", "attribute k is 0: at least 1 is needed"),
        domain="com.microsoft",
        k=2,
    ),
    *twin(
        "MoE",
        ["f32[2, 8]", "f32[2, 4]", "f32[4, 16, 8]", "f32[4, 16]", "f32[4, 8, 16]", "f32[4, 8]"],
        broken(
            3,
            "f32[4, 0]",
            "shape-mismatch",
            "cannot match fc1_experts_bias axis 1 with the weights that it goes with: 0 != 16",
        ),
        broken(3, "f32[4]", "rank-mismatch", "needs fc1_experts_bias of rank 2, not rank 1"),
        broken(
            3,
            "u8[4, 16]",
            "dtype-unsupported",
            "does not take fc1_experts_bias of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(
            5,
            "f32[0, 8]",
            "shape-mismatch",
            "cannot match fc2_experts_bias axis 0 with the weights that it goes with: 0 != 4",
        ),
        broken(5, "f32[8]", "rank-mismatch", "needs fc2_experts_bias of rank 2, not rank 1"),
        broken(
            5,
            "u8[4, 8]",
            "dtype-unsupported",
            "does not take fc2_experts_bias of u8 at opset 1: one of f32 f16 bf16",
        ),
        domain="com.microsoft",
        k=2,
    ),
    *twin(
        "QLinearAdd",
        [
            "u8[2, 3]",
            const(0.5, "f32"),
            const(3, "u8"),
            "u8[3]",
            const(0.5, "f32"),
            const(3, "u8"),
            const(0.5, "f32"),
            const(3, "u8"),
        ],
        broken(
            0, "u8[2]", "broadcast-mismatch", "cannot broadcast A axis 0 with B axis 0: 3 and 2"
        ),
        broken(
            0, "f32[2, 3]", "dtype-unsupported", "does not take A of f32 at opset 1: one of i8 u8"
        ),
        broken(0, None, "input-missing", "needs its input A"),
        broken(
            1,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match A_scale axis 0 with one value: 2 != 1",
        ),
        broken(1, None, "input-missing", "needs its input A_scale"),
        broken(
            2,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match A_zero_point axis 0 with one value: 2 != 1",
        ),
        broken(
            3, "u8[0]", "broadcast-mismatch", "cannot broadcast A axis 1 with B axis 0: 0 and 3"
        ),
        broken(3, "f32[3]", "dtype-unsupported", "does not take B of f32 at opset 1: one of i8 u8"),
        broken(3, None, "input-missing", "needs its input B"),
        broken(
            4,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match B_scale axis 0 with one value: 2 != 1",
        ),
        broken(4, None, "input-missing", "needs its input B_scale"),
        broken(
            5,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match B_zero_point axis 0 with one value: 2 != 1",
        ),
        broken(
            6,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match C_scale axis 0 with one value: 2 != 1",
        ),
        broken(6, None, "input-missing", "needs its input C_scale"),
        broken(
            7,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match C_zero_point axis 0 with one value: 2 != 1",
        ),
        domain="com.microsoft",
    ),
    *twin(
        "QLinearConcat",
        [
            const([0.5], "f32"),
            const([3], "u8"),
            "u8[2, 3]",
            const([0.5], "f32"),
            const([3], "u8"),
            "u8[2, 3]",
            const([0.5], "f32"),
            const([3], "u8"),
        ],
        broken(0, None, "input-missing", "needs its input Y_scale"),
        broken(1, None, "input-missing", "needs its input Y_zero_point"),
        broken(
            2,
            "u8[0, 3]",
            "concat-mismatch",
            "cannot concatenate input 2 axis 0 with input 5 axis 0: 0 != 2",
        ),
        broken(2, "u8[2, 3, 1]", "rank-mismatch", "needs input 2 and input 5 of one rank: 3 != 2"),
        broken(
            2,
            "u8[3]",
            "axis-out-of-range",
            "axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        broken(
            2,
            "f32[2, 3]",
            "dtype-unsupported",
            "does not take input 2 of f32 at opset 1: one of i8 u8",
        ),
        broken(2, None, "input-missing", "needs its input 2"),
        broken(3, None, "input-missing", "takes any number of inputs, and input 3 is left out"),
        broken(4, None, "input-missing", "takes any number of inputs, and input 4 is left out"),
        broken(
            5,
            "u8[0, 3]",
            "concat-mismatch",
            "cannot concatenate input 2 axis 0 with input 5 axis 0: 2 != 0",
        ),
        broken(5, "u8[3]", "rank-mismatch", "needs input 2 and input 5 of one rank: 2 != 1"),
        broken(
            5,
            "f32[2, 3]",
            "dtype-unsupported",
            "does not take input 5 of f32 at opset 1: one of i8 u8",
        ),
        broken(5, None, "input-missing", "takes any number of inputs, and input 5 is left out"),
        broken(6, None, "input-missing", "takes any number of inputs, and input 6 is left out"),
        broken(7, None, "input-missing", "takes any number of inputs, and input 7 is left out"),
        broken(
            "axis", 2, "axis-out-of-range", "axis 2 is out of range for rank 2: -2 to 1 are allowed"
        ),
        broken("axis", GONE, "attr-missing", "needs the attribute axis"),
        domain="com.microsoft",
        axis=1,
    ),
    *twin(
        "QLinearMul",
        [
            "u8[2, 3]",
            const(0.5, "f32"),
            const(3, "u8"),
            "u8[3]",
            const(0.5, "f32"),
            const(3, "u8"),
            const(0.5, "f32"),
            const(3, "u8"),
        ],
        broken(
            0, "u8[2]", "broadcast-mismatch", "cannot broadcast A axis 0 with B axis 0: 3 and 2"
        ),
        broken(
            0, "f32[2, 3]", "dtype-unsupported", "does not take A of f32 at opset 1: one of i8 u8"
        ),
        broken(0, None, "input-missing", "needs its input A"),
        broken(
            1,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match A_scale axis 0 with one value: 2 != 1",
        ),
        broken(1, None, "input-missing", "needs its input A_scale"),
        broken(
            2,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match A_zero_point axis 0 with one value: 2 != 1",
        ),
        broken(
            3, "u8[0]", "broadcast-mismatch", "cannot broadcast A axis 1 with B axis 0: 0 and 3"
        ),
        broken(3, "f32[3]", "dtype-unsupported", "does not take B of f32 at opset 1: one of i8 u8"),
        broken(3, None, "input-missing", "needs its input B"),
        broken(
            4,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match B_scale axis 0 with one value: 2 != 1",
        ),
        broken(4, None, "input-missing", "needs its input B_scale"),
        broken(
            5,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match B_zero_point axis 0 with one value: 2 != 1",
        ),
        broken(
            6,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match C_scale axis 0 with one value: 2 != 1",
        ),
        broken(6, None, "input-missing", "needs its input C_scale"),
        broken(
            7,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match C_zero_point axis 0 with one value: 2 != 1",
        ),
        domain="com.microsoft",
    ),
    *twin(
        "QMoE",
        [
            "f32[6, 64]",
            "f32[6, 4]",
            "u8[4, 128, 32]",
            "f32[4, 128]",
            None,
            "u8[4, 64, 64]",
            "f32[4, 64]",
        ],
        broken(
            0,
            "f32[0, 64]",
            "shape-mismatch",
            "cannot match router_probs axis 0 with the tokens of input: 6 != 0",
        ),
        broken(0, "f32[6]", "rank-mismatch", "needs input of rank 2 or 3, not rank 1"),
        broken(
            0,
            "u8[6, 64]",
            "dtype-unsupported",
            "does not take input of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input input"),
        broken(
            1,
            "f32[0, 4]",
            "shape-mismatch",
            "cannot match router_probs axis 0 with the tokens of input: 0 != 6",
        ),
        broken(
            1, "f32[6, 0]", "attr-value", "cannot fit the attribute k within the experts: 2 > 0"
        ),
        broken(1, "f32[4]", "rank-mismatch", "needs router_probs of rank 2, not rank 1"),
        broken(
            1, "u8[6, 4]", "dtype-mismatch", "needs input and router_probs of one dtype: f32 != u8"
        ),
        broken(1, None, "input-missing", "needs its input router_probs"),
        broken(
            2,
            "u8[0, 128, 32]",
            "shape-mismatch",
            "cannot match fc1_experts_weights axis 0 with the experts of router_probs: 0 != 4",
        ),
        broken(2, "u8[4, 128]", "rank-mismatch", "needs fc1_experts_weights of rank 3, not rank 2"),
        broken(
            2,
            "f32[4, 128, 32]",
            "dtype-unsupported",
            "does not take fc1_experts_weights of f32 at opset 1: one of f8e4m3 u8",
        ),
        broken(2, None, "input-missing", "needs its input fc1_experts_weights"),
        broken(
            5,
            "u8[0, 64, 64]",
            "shape-mismatch",
            "cannot match fc2_experts_weights axis 0 with the experts of router_probs: 0 != 4",
        ),
        broken(5, "u8[4, 64]", "rank-mismatch", "needs fc2_experts_weights of rank 3, not rank 2"),
        broken(
            5,
            "f32[4, 64, 64]",
            "dtype-unsupported",
            "does not take fc2_experts_weights of f32 at opset 1: one of f8e4m3 u8",
        ),
        broken(5, None, "input-missing", "needs its input fc2_experts_weights"),
        broken("k", 0, "attr-value", "attribute k is 0: at least 1 is needed"),
        domain="com.microsoft",
        k=2,
        expert_weight_bits=4,
    ),
]
