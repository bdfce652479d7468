"""Faults of the packed and the quantized attention and of rotary embeddings of com.microsoft."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "QAttention",
        [
            "u8[2, 5, 8]",
            "u8[8, 24]",
            "f32[24]",
            const([0.5], "f32"),
            const([0.5], "f32"),
            None,
            const([3], "u8"),
            const([3], "u8"),
            "f32[2, 2, 2, 3, 4]",
        ],
        broken(
            0,
            "u8[0, 5, 8]",
            "attention-sizes",
            "cannot match past axis 1 with what it continues: 2 != 0",
        ),
        broken(
            6,
            const([3, 3], "u8"),
            "quant-scale",
            "cannot match input_zero_point axis 0 with one value: 2 != 1",
        ),
        broken(
            8,
            "f32[0, 2, 2, 3, 4]",
            "attention-sizes",
            "cannot match past axis 0 with what it continues: 0 != 2",
        ),
        broken(8, "f32[2, 2, 3, 4]", "rank-mismatch", "needs past of rank 5, not rank 4"),
        broken(
            8,
            "u8[2, 2, 2, 3, 4]",
            "dtype-unsupported",
            "does not take past of u8 at opset 1: one of f32 f16",
        ),
        domain="com.microsoft",
        outputs=2,
        num_heads=2,
    ),
    *twin(
        "QAttention",
        ["u8[2, 5, 8]", "u8[8, 24]", "f32[24]", const([0.5], "f32"), const([0.5], "f32")],
        broken(
            0,
            "u8[2, 5, 0]",
            "matmul-contract",
            "cannot contract input axis 2 with weight axis 0: 0 != 8",
        ),
        broken(0, "u8[5, 8]", "rank-mismatch", "needs input of rank 3, not rank 2"),
        broken(
            0,
            "f32[2, 5, 8]",
            "dtype-unsupported",
            "does not take input of f32 at opset 1: one of i8 u8",
        ),
        broken(0, None, "input-missing", "needs its input input"),
        broken(
            1,
            "u8[0, 24]",
            "matmul-contract",
            "cannot contract input axis 2 with weight axis 0: 8 != 0",
        ),
        broken(
            1, "u8[8, 0]", "attention-sizes", "cannot match bias axis 0 with weight axis 1: 24 != 0"
        ),
        broken(1, "u8[8]", "rank-mismatch", "needs weight of rank 2, not rank 1"),
        broken(
            1,
            "f32[8, 24]",
            "dtype-unsupported",
            "does not take weight of f32 at opset 1: one of i8 u8",
        ),
        broken(1, None, "input-missing", "needs its input weight"),
        broken(
            2, "f32[0]", "attention-sizes", "cannot match bias axis 0 with weight axis 1: 0 != 24"
        ),
        broken(2, "f32[]", "rank-mismatch", "needs bias of rank 1, not rank 0"),
        broken(
            2, "u8[24]", "dtype-unsupported", "does not take bias of u8 at opset 1: one of f32 f16"
        ),
        broken(2, None, "input-missing", "needs its input bias"),
        broken(
            3,
            const([0.5, 0.5], "f32"),
            "quant-scale",
            "cannot match input_scale axis 0 with one value: 2 != 1",
        ),
        broken(3, None, "input-missing", "needs its input input_scale"),
        broken(4, None, "input-missing", "needs its input weight_scale"),
        broken("num_heads", 0, "attr-value", "attribute num_heads is 0: at least 1 is needed"),
        broken(
            "num_heads",
            3,
            "attention-heads",
            "cannot divide the size of Q into heads: 8 is no multiple of 3",
        ),
        broken("num_heads", GONE, "attr-missing", "needs the attribute num_heads"),
        domain="com.microsoft",
        num_heads=2,
    ),
    *twin(
        "RotaryEmbedding",
        ["f32[2, 3, 32]", "i64[2, 3]", "f32[64, 4]", "f32[64, 4]"],
        broken(
            0,
            "f32[2, 3, 1]",
            "attention-heads",
            "cannot divide input axis 2 into heads: 1 is no multiple of 4",
        ),
        broken(1, "i64[2, 3, 1]", "rank-mismatch", "needs position_ids of rank 1 or 2, not rank 3"),
        broken(
            "num_heads",
            5,
            "attention-heads",
            "cannot divide input axis 2 into heads: 32 is no multiple of 5",
        ),
        domain="com.microsoft",
        num_heads=4,
    ),
    *twin(
        "RotaryEmbedding",
        ["f32[2, 4, 3, 8]", "i64[1]", "f32[64, 2]", "f32[64, 2]"],
        broken(
            "rotary_embedding_dim",
            0,
            "attention-sizes",
            "cannot match twice cos_cache axis 1 with what is rotated of a head: 4 != 8",
        ),
        domain="com.microsoft",
        rotary_embedding_dim=4,
        num_heads=4,
    ),
    *twin(
        "RotaryEmbedding",
        ["f32[2, 4, 3, 8]", "i64[1]", "f32[64, 4]", "f32[64, 4]"],
        broken(
            0,
            "f32[2, 4, 3, 0]",
            "attention-sizes",
            "cannot match twice cos_cache axis 1 with what is rotated of a head: 8 != 0",
        ),
        broken(0, "f32[2, 4, 3, 8, 1]", "rank-mismatch", "needs input of rank 3 or 4, not rank 5"),
        broken(
            0,
            "u8[2, 4, 3, 8]",
            "dtype-unsupported",
            "does not take input of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(0, None, "input-missing", "needs its input input"),
        broken(
            1,
            "i64[0]",
            "attention-sizes",
            "cannot match position_ids axis 0 with one value: 0 != 1",
        ),
        broken(
            1,
            "u8[1]",
            "dtype-unsupported",
            "does not take position_ids of u8 at opset 1: one of i64",
        ),
        broken(1, None, "input-missing", "needs its input position_ids"),
        broken(
            2,
            "f32[0, 4]",
            "shape-mismatch",
            "cannot match cos_cache axis 0 with sin_cache axis 0: 0 != 64",
        ),
        broken(2, "f32[4]", "rank-mismatch", "needs cos_cache of rank 2, not rank 1"),
        broken(
            2,
            "u8[64, 4]",
            "dtype-unsupported",
            "does not take cos_cache of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(2, None, "input-missing", "needs its input cos_cache"),
        broken(
            3,
            "f32[0, 4]",
            "shape-mismatch",
            "cannot match cos_cache axis 0 with sin_cache axis 0: 64 != 0",
        ),
        broken(3, "f32[4]", "rank-mismatch", "needs sin_cache of rank 2, not rank 1"),
        broken(
            3,
            "u8[64, 4]",
            "dtype-unsupported",
            "does not take sin_cache of u8 at opset 1: one of f32 f16 bf16",
        ),
        broken(3, None, "input-missing", "needs its input sin_cache"),
        domain="com.microsoft",
    ),
]
