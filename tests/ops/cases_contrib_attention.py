"""Domain com.microsoft: attention over heads, with projections in the node or before it."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case, const

MS = "com.microsoft"
GPU = "ONNX Runtime has a kernel on a GPU alone"
GROWS = "the past is as long as a run says"


def row(op: str, inputs: list[Any], **stated: Any) -> Case:
    return case(op, inputs, domain=MS, **stated)


def group_query(*inputs: Any, heads: int = 4, kv_heads: int = 2, **stated: Any) -> Case:
    return row(
        "GroupQueryAttention", list(inputs), num_heads=heads, kv_num_heads=kv_heads, **stated
    )


X, W, BIAS = "f32[B, S, 8]", "f32[8, 24]", "f32[24]"
Q, K = "f32[B, S, 8]", "f32[B, L, 8]"
QUANT = ["u8[2, 5, 8]", "u8[8, 24]", BIAS, const(0.5, "f32"), const(0.5, "f32")]
ZEROS = [const(3, "u8"), const(3, "u8")]
PROMPT = ["f32[B, S, 32]", "f32[B, S, 16]", "f32[B, S, 16]"]
STEP = ["f32[2, 1, 32]", "f32[2, 1, 16]", "f32[2, 1, 16]"]
PAST = ["f32[2, 2, 6, 8]", "f32[2, 2, 6, 8]"]
ROTATED = ["f32[B, S, 32]", "i64[B, S]", "f32[64, 4]", "f32[64, 4]"]

CASES = [
    # Attention
    row("Attention", [X, W, BIAS], out=[X], num_heads=2),
    row("Attention", [X, W], out=[X, "f32[2, B, 2, S, 4]"], num_heads=2),
    row(
        "Attention",
        [X, "f32[8, 20]", "f32[20]"],
        out=["f32[B, S, 4]"],
        num_heads=2,
        qkv_hidden_sizes=(8, 8, 4),
    ),
    row(
        "Attention",
        [X, W, BIAS, None, "f32[2, B, 2, P, 4]"],
        out=[X, "f32[2, B, 2, P + S, 4]"],
        num_heads=2,
    ),
    row("Attention", [X, W, BIAS, "i32[B, S]"], out=[X], num_heads=2),
    row("Attention", [X, W, BIAS, "i32[B, S, S]"], out=[X], num_heads=2),
    row("Attention", [X, W, BIAS, None, None, "f32[1, 2, S, S]"], out=[X], num_heads=2),
    row("Attention", ["f32[...]", W, BIAS], out=["f32[?, ?, 8]"], num_heads=2),
    row("Attention", [X, W, BIAS], error="attention-heads", num_heads=3),
    row("Attention", [X, W, BIAS], error="attr-value", num_heads=0),
    row("Attention", [X, W, BIAS], error="attr-missing"),
    row(
        "Attention",
        [X, "f32[8, 18]", "f32[18]"],
        error="attr-value",
        num_heads=2,
        qkv_hidden_sizes=(8, 6, 4),
    ),
    row(
        "Attention",
        [X, "f32[8, 18]", "f32[18]"],
        error="attention-sizes",
        num_heads=2,
        qkv_hidden_sizes=(8, 8, 4),
    ),
    row("Attention", [X, "f32[7, 24]", BIAS], error="matmul-contract", num_heads=2),
    row("Attention", [X, "f32[8, 23]", "f32[23]"], error="attention-sizes", num_heads=2),
    row("Attention", [X, W, "f32[23]"], error="attention-sizes", num_heads=2),
    row("Attention", ["f32[2, 5, 8]", W, BIAS, "i32[2, 6]"], error="attention-sizes", num_heads=2),
    row(
        "Attention",
        ["f32[2, 5, 8]", W, BIAS, None, "f32[2, 2, 3, 3, 4]"],
        error="attention-sizes",
        num_heads=2,
    ),
    row("Attention", ["f32[5, 8]", W, BIAS], error="rank-mismatch", num_heads=2),
    row("Attention", ["f64[2, 5, 8]", W, BIAS], error="dtype-unsupported", num_heads=2),
    # QAttention
    row("QAttention", QUANT, out=["f32[2, 5, 8]"], num_heads=2),
    row(
        "QAttention",
        [*QUANT, None, *ZEROS, "f32[2, 2, 2, 3, 4]"],
        out=["f32[2, 5, 8]", "f32[2, 2, 2, 8, 4]"],
        num_heads=2,
    ),
    row("QAttention", QUANT, error="attention-heads", num_heads=3),
    row("QAttention", ["u8[2, 5, 7]", *QUANT[1:]], error="matmul-contract", num_heads=2),
    row("QAttention", [*QUANT[:3], "f32[8]", QUANT[4]], error="quant-scale", num_heads=2),
    row("QAttention", ["f32[2, 5, 8]", *QUANT[1:]], error="dtype-unsupported", num_heads=2),
    # PackedAttention
    row(
        "PackedAttention",
        ["f32[T, 8]", W, BIAS, "i32[B, S]", "i32[C]"],
        out=["f32[T, 8]"],
        num_heads=2,
        skip_ort=GPU,
    ),
    row(
        "PackedAttention",
        ["f32[2, 5, 8]", W, BIAS, "i32[B, S]", "i32[C]"],
        error="rank-mismatch",
        num_heads=2,
    ),
    # MultiHeadAttention
    row(
        "MultiHeadAttention",
        [Q, K, K],
        out=[Q, "f32[B, 2, L, 4]", "f32[B, 2, L, 4]"],
        num_heads=2,
    ),
    row("MultiHeadAttention", [Q, K, "f32[B, L, 4]"], out=["f32[B, S, 4]"], num_heads=2),
    row(
        "MultiHeadAttention",
        [Q, "f32[B, 2, L, 4]", "f32[B, 2, L, 4]"],
        out=[Q],
        num_heads=2,
    ),
    row(
        "MultiHeadAttention",
        [Q, K, K, None, None, None, "f32[B, 2, P, 4]", "f32[B, 2, P, 4]"],
        out=[Q, "f32[B, 2, L + P, 4]", "f32[B, 2, L + P, 4]"],
        num_heads=2,
    ),
    row("MultiHeadAttention", [Q, "f32[B, L, 2, 2, 4]"], out=[Q], num_heads=2, skip_ort=GPU),
    row("MultiHeadAttention", ["f32[B, S, 2, 3, 4]"], out=[Q], num_heads=2, skip_ort=GPU),
    row("MultiHeadAttention", [Q, K, K, BIAS], out=[Q], num_heads=2),
    row("MultiHeadAttention", [Q, K, K, None, None, "f32[B, 2, S, L]"], out=[Q], num_heads=2),
    row("MultiHeadAttention", ["f32[...]", K, K], out=["f32[?, ?, ?]"], num_heads=2),
    row("MultiHeadAttention", [Q, K, K], error="attention-heads", num_heads=3),
    row(
        "MultiHeadAttention",
        ["f32[2, 5, 8]", "f32[3, 6, 8]", K],
        error="attention-sizes",
        num_heads=2,
    ),
    row("MultiHeadAttention", [Q, "f32[B, L, 6]", K], error="attention-sizes", num_heads=2),
    row(
        "MultiHeadAttention",
        ["f32[2, 5, 8]", "f32[2, 6, 8]", "f32[2, 7, 8]"],
        error="attention-sizes",
        num_heads=2,
    ),
    row(
        "MultiHeadAttention",
        ["f32[2, 5, 8]", "f32[2, 6, 8]", "f32[2, 6, 8]", None, None, "f32[2, 2, 5, 7]"],
        error="attention-mask",
        num_heads=2,
    ),
    row("MultiHeadAttention", [Q], error="rank-mismatch", num_heads=2),
    row("MultiHeadAttention", [Q, K], error="input-missing", num_heads=2),
    # GroupQueryAttention
    group_query(
        *PROMPT,
        None,
        None,
        const([4, 4], "i32"),
        const(5, "i32"),
        out=["f32[2, S, 32]", "f32[2, 2, S, 8]", "f32[2, 2, S, 8]"],
        contract=["B == 2"],
        bind={"B": 2, "S": 5},
    ),
    group_query(
        "f32[2, 5, 64]",
        None,
        None,
        None,
        None,
        const([4, 4], "i32"),
        const(5, "i32"),
        out=["f32[2, 5, 32]", "f32[2, 2, 5, 8]", "f32[2, 2, 5, 8]"],
    ),
    group_query(
        *STEP,
        *PAST,
        const([6, 6], "i32"),
        const(7, "i32"),
        out=["f32[2, 1, 32]", "f32[2, 2, 7, 8]", "f32[2, 2, 7, 8]"],
    ),
    group_query(
        *STEP,
        *PAST,
        const([3, 3], "i32"),
        const([4], "i32"),
        out=["f32[2, 1, 32]", "f32[2, 2, 6, 8]", "f32[2, 2, 6, 8]"],
    ),
    group_query(
        *STEP,
        *PAST,
        "i32[2]",
        "i32[]",
        out=["f32[2, 1, 32]", "f32[2, 2, present, 8]", "f32[2, 2, present, 8]"],
        skip_ort=GROWS,
    ),
    group_query(*STEP, *PAST, "i32[2]", "i32[]", error="attention-heads", kv_heads=3),
    group_query(
        "f32[2, 1, 16]",
        "f32[2, 1, 8]",
        "f32[2, 1, 8]",
        None,
        None,
        "i32[2]",
        "i32[]",
        error="attention-heads",
        name="heads of 4",
    ),
    group_query(
        STEP[0], "f32[2, 1, 8]", "f32[2, 1, 8]", *PAST, "i32[2]", "i32[]", error="attention-sizes"
    ),
    group_query(
        STEP[0], "f32[3, 1, 16]", STEP[2], *PAST, "i32[2]", "i32[]", error="attention-sizes"
    ),
    group_query(*STEP, *PAST, "i32[3]", "i32[]", error="attention-sizes"),
    group_query(
        *STEP, "f32[2, 3, 6, 8]", "f32[2, 3, 6, 8]", "i32[2]", "i32[]", error="attention-sizes"
    ),
    group_query(*STEP, *PAST, "i64[2]", "i32[]", error="dtype-unsupported"),
    # RotaryEmbedding
    row("RotaryEmbedding", ROTATED, out=["f32[B, S, 32]"], num_heads=4),
    row(
        "RotaryEmbedding",
        ["f32[B, 4, S, 8]", "i64[1]", *ROTATED[2:]],
        out=["f32[B, 4, S, 8]"],
    ),
    row(
        "RotaryEmbedding",
        ["f32[B, 4, S, 8]", "i64[1]", "f32[64, 2]", "f32[64, 2]"],
        out=["f32[B, 4, S, 8]"],
        rotary_embedding_dim=4,
        num_heads=4,
    ),
    row(
        "RotaryEmbedding",
        [*ROTATED[:2], "f32[64, 3]", "f32[64, 3]"],
        error="attention-sizes",
        num_heads=4,
    ),
    row("RotaryEmbedding", [*ROTATED[:3], "f32[63, 4]"], error="shape-mismatch", num_heads=4),
    row(
        "RotaryEmbedding",
        ["f32[2, 5, 32]", "i64[2, 4]", *ROTATED[2:]],
        error="attention-sizes",
        num_heads=4,
    ),
    row("RotaryEmbedding", ["f32[5, 32]", *ROTATED[1:]], error="rank-mismatch", num_heads=4),
    row("RotaryEmbedding", ["i32[2, 5, 32]", *ROTATED[1:]], error="dtype-unsupported", num_heads=4),
]
