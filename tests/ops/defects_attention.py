"""Faults of the operators of attention."""

from ops.defect import GONE, broken, twin

DEFECTS = [
    *twin(
        "Attention",
        ["f32[2, 3, 8]", "f32[2, 5, 8]", "f32[2, 5, 8]"],
        broken(0, "f32[1, 3, 8]", "attention-sizes", "1 != 2"),
        broken(0, "f32[2, 3, 1]", "attention-heads", "1 is no multiple of 4"),
        broken(0, "f32[3, 8]", "rank-mismatch", "Q of rank 3 or 4, not rank 2"),
        broken(
            0, "u8[2, 3, 8]", "dtype-unsupported", "Q of u8 at opset 23: one of f64 f32 f16 bf16"
        ),
        broken(0, "f64[2, 3, 8]", "dtype-mismatch", "f64 != f32"),
        broken("q_num_heads", 0, "attr-value", "q_num_heads is 0: at least 1 is needed"),
        broken(
            "kv_num_heads",
            GONE,
            "attr-missing",
            "the attribute kv_num_heads where heads are packed in the last axis",
        ),
        broken(0, None, "input-missing", "its input Q"),
        broken("q_num_heads", [4], "attr-kind", "q_num_heads is of kind ints, not int"),
        opset=23,
        q_num_heads=4,
        kv_num_heads=4,
    ),
    *twin(
        "Attention",
        ["f32[2, 6, 3, 8]", "f32[2, 6, 5, 8]", "f32[2, 6, 5, 10]", "f32[3, 5]"],
        broken(0, "f32[2, 6, 1, 8]", "attention-mask", "3 != 1"),
        opset=23,
    ),
    *twin(
        "RotaryEmbedding",
        ["f32[2, 3, 3, 8]", "f32[2, 3, 4]", "f32[2, 3, 4]"],
        broken(0, "f32[1, 3, 3, 8]", "attention-sizes", "2 != 1"),
        broken(0, "f32[2, 3, 3, 1]", "attention-heads", "1 is no multiple of 2"),
        broken(1, "f32[1, 3, 4]", "shape-mismatch", "1 != 2"),
        broken(
            0,
            "f32[3, 3, 8]",
            "attr-missing",
            "the attribute num_heads where heads are packed in the last axis",
        ),
        broken(1, "f32[3, 4]", "rank-mismatch", "cos_cache of rank 3, not rank 2"),
        broken(
            0, "u8[2, 3, 3, 8]", "dtype-unsupported", "X of u8 at opset 23: one of f32 f16 bf16"
        ),
        broken(1, "u8[2, 3, 4]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
        opset=23,
    ),
    *twin(
        "RotaryEmbedding",
        ["f32[2, 3, 24]", "f32[50, 4]", "f32[50, 4]", "i64[2, 3]"],
        broken("num_heads", 0, "attr-value", "num_heads is 0: at least 1 is needed"),
        broken("num_heads", [3], "attr-kind", "num_heads is of kind ints, not int"),
        opset=23,
        num_heads=3,
    ),
]
