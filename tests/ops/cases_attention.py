"""F7: attention. H heads of size D pack into one axis of 3-D operands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapewright.testing import Case, case

LIMITED = "ONNX Runtime allows at most opset 26"
NO_BROADCAST = "ONNX Runtime does not broadcast here"

Q, K, V = "f32[B, 6, S, 8]", "f32[B, 6, T, 8]", "f32[B, 6, T, 10]"
K3, V3 = "f32[B, 3, T, 8]", "f32[B, 3, T, 10]"
PAST_K, PAST_V = "f32[B, 6, P, 8]", "f32[B, 6, P, 10]"
PACKED = ["f32[B, S, 48]", "f32[B, T, 24]", "f32[B, T, 30]"]


def attention(inputs: Sequence[str | None], *, opset: int = 23, **rest: Any) -> Case:
    """A row of Attention."""
    return case("Attention", inputs, opset=opset, **rest)


def linear(*inputs: str | None, q_num_heads: int = 4, **rest: Any) -> Case:
    """A row of LinearAttention, with two heads of key and value."""
    return case(
        "LinearAttention",
        inputs,
        opset=27,
        skip_ort=LIMITED,
        q_num_heads=q_num_heads,
        kv_num_heads=2,
        **rest,
    )


QUERY, KEY, VALUE = "f32[B, T, 32]", "f32[B, T, 16]", "f32[B, T, 20]"
OUT = ["f32[B, T, 40]", "f32[B, 2, 8, 10]"]


def rotary(inputs: Sequence[str | None], **rest: Any) -> Case:
    """A row of RotaryEmbedding."""
    return case("RotaryEmbedding", inputs, opset=23, **rest)


CASES = [
    # --- Attention of 4-D operands
    *(attention([Q, K, V], out=["f32[B, 6, S, 10]"], opset=v) for v in (23, 24)),
    attention(
        [Q, K, V],
        left_window_size=4,
        out=["f32[B, 6, S, 10]"],
        opset=25,
        skip_ort="ONNX Runtime 1.31 does not know the window",
    ),
    attention([Q, K3, V3], out=["f32[B, 6, S, 10]"], name="grouped"),
    attention([Q, K, V, "f32[S, T]"], out=["f32[B, 6, S, 10]"]),
    attention([Q, K, V, "bool[B, 1, S, T]"], out=["f32[B, 6, S, 10]"]),
    attention([Q, K, V, "f32[B, 1, 1, T]"], out=["f32[B, 6, S, 10]"], skip_ort=NO_BROADCAST),
    attention([Q, K, V, "f32[T]"], out=["f32[B, 6, S, 10]"], skip_ort=NO_BROADCAST),
    attention(
        [Q, K, V, "f32[S, M]"],
        out=["f32[B, 6, S, 10]"],
        contract=["M <= T"],
        opset=24,
        skip_ort=NO_BROADCAST,
        name="short mask",
    ),
    attention(
        [Q, K, V, "f32[S, P + T]", PAST_K, PAST_V],
        out=[
            "f32[B, 6, S, 10]",
            "f32[B, 6, P + T, 8]",
            "f32[B, 6, P + T, 10]",
            "f32[B, 6, S, P + T]",
        ],
    ),
    attention(
        [Q, K, V],
        out=["f32[B, 6, S, 10]", "f32[B, 6, T, 8]", "f32[B, 6, T, 10]", "f32[B, 6, S, T]"],
    ),
    attention([Q, K, V, None, None, None, "i64[B]"], out=["f32[B, 6, S, 10]"], opset=24),
    attention(
        [Q, K, "f32[B, 6, U, 10]"],
        out=["f32[B, 6, S, 10]"],
        contract=["T == U"],
        bind={"B": 2, "S": 3, "T": 5, "U": 5},
    ),
    attention(["f32", K, V], out=["f32[B, ?, ?, 10]"]),
    attention(["f32", "f32", "f32"], out=["f32[...]", "f32[?, ?, ?, ?]"]),
    # of packed operands
    attention(
        PACKED,
        q_num_heads=6,
        kv_num_heads=3,
        out=["f32[B, S, 60]", "f32[B, 3, T, 8]", "f32[B, 3, T, 10]", "f32[B, 6, S, T]"],
    ),
    attention(
        ["f32[B, S, E]", "f32[B, T, E]", "f32[B, T, E]"],
        q_num_heads=4,
        kv_num_heads=4,
        out=["f32[B, S, E]"],
        contract=["E % 4 == 0"],
        bind={"B": 2, "S": 3, "T": 5, "E": 8},
    ),
    attention(PACKED, error="attr-missing"),
    attention(PACKED, q_num_heads=5, kv_num_heads=3, error="attention-heads"),
    attention(PACKED, q_num_heads=6, kv_num_heads=0, error="attr-value"),
    attention(["f32[2, 4, 24]", K, V], q_num_heads=3, kv_num_heads=3, error="rank-mismatch"),
    attention([Q, "f32[B, 4, T, 8]", "f32[B, 4, T, 10]"], error="attention-heads"),
    attention([Q, "f32[B, 6, T, 7]", V], error="attention-sizes"),
    attention(["f32[2, 6, 4, 8]", "f32[3, 6, 5, 8]", "f32[3, 6, 5, 10]"], error="attention-sizes"),
    attention(["f32[2, 6, 4, 8]", "f32[2, 6, 5, 8]", "f32[2, 6, 7, 10]"], error="attention-sizes"),
    attention([Q, K, V3], error="attention-sizes"),
    attention([Q, K, V, "f32[2, 7, 4, 5]"], error="attention-mask"),
    attention(
        ["f32[2, 6, 4, 8]", "f32[2, 6, 5, 8]", "f32[2, 6, 5, 10]", "f32[4, 6]"],
        error="attention-mask",
        opset=24,
    ),
    attention(
        ["f32[2, 6, 4, 8]", "f32[2, 6, 5, 8]", "f32[2, 6, 5, 10]", "f32[4, 3]"],
        error="attention-mask",
        opset=23,
    ),
    attention([Q, K, V, None, PAST_K], error="input-missing"),
    attention([Q, K, V, None, "f32[B, 6, P, 9]", PAST_V], error="attention-sizes"),
    attention([Q, K, V, None, PAST_K, PAST_V, "i64[B]"], error="attention-sizes", opset=24),
    attention(
        ["f32[2, 6, 4, 8]", "f32[2, 6, 5, 8]", "f32[2, 6, 5, 10]", None, None, None, "i64[3]"],
        error="attention-sizes",
        opset=24,
    ),
    attention([Q, "f64[B, 6, T, 8]", V], error="dtype-mismatch"),
    attention(["i32[B, 6, S, 8]", "i32[B, 6, T, 8]", V], error="dtype-unsupported"),
    # --- LinearAttention
    linear(QUERY, KEY, VALUE, None, "f32[B, T, 16]", "f32[B, T, 2]", out=OUT),
    linear(QUERY, KEY, VALUE, "f32[B, 2, 8, 10]", "f32[B, T, 2]", "f32[B, T, 1]", out=OUT),
    linear(QUERY, KEY, VALUE, update_rule="linear", out=OUT),
    linear(QUERY, KEY, VALUE, update_rule="gated", error="input-missing"),
    linear(QUERY, KEY, VALUE, update_rule="delta", error="input-missing"),
    linear(QUERY, KEY, VALUE, update_rule="rwkv", error="attr-value"),
    linear(QUERY, KEY, VALUE, update_rule="linear", q_num_heads=3, error="attention-heads"),
    linear("f32[B, T, 33]", KEY, VALUE, update_rule="linear", error="attention-heads"),
    linear("f32[B, T, 36]", KEY, VALUE, update_rule="linear", error="attention-sizes"),
    linear(QUERY, KEY, VALUE, None, "f32[B, T, 3]", update_rule="gated", error="attention-sizes"),
    linear(
        QUERY, KEY, VALUE, None, None, "f32[B, T, 3]", update_rule="delta", error="attention-sizes"
    ),
    linear(QUERY, KEY, VALUE, "f32[B, 2, 10, 8]", update_rule="linear", error="attention-sizes"),
    linear(QUERY, KEY, VALUE, "f32[2, 8, 10]", update_rule="linear", error="rank-mismatch"),
    # --- RotaryEmbedding
    rotary(
        ["f32[B, 3, S, 8]", "f32[M, 4]", "f32[M, 4]", "i64[B, S]"],
        out=["f32[B, 3, S, 8]"],
        bind={"B": 2, "S": 3, "M": 5},
    ),
    rotary(["f32[B, 3, S, 8]", "f32[B, S, 4]", "f32[B, S, 4]"], out=["f32[B, 3, S, 8]"]),
    rotary(
        ["f32[B, S, 24]", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"],
        num_heads=3,
        out=["f32[B, S, 24]"],
    ),
    rotary(
        ["f32[B, 3, S, 8]", "f32[50, 2]", "f32[50, 2]", "i64[B, S]"],
        rotary_embedding_dim=4,
        out=["f32[B, 3, S, 8]"],
    ),
    rotary(["f32", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"], out=["f32[...]"]),
    rotary(["f32[B, S, 24]", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"], error="attr-missing"),
    rotary(
        ["f32[B, S, 24]", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"],
        num_heads=5,
        error="attention-heads",
    ),
    rotary(["f32[B, 3, S, 7]", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"], error="attention-heads"),
    rotary(
        ["f32[B, 3, S, 8]", "f32[50, 5]", "f32[50, 5]", "i64[B, S]"],
        rotary_embedding_dim=10,
        error="attention-heads",
    ),
    rotary(
        ["f32[B, 3, S, 8]", "f32[50, 4]", "f32[50, 4]", "i64[B, S]"],
        rotary_embedding_dim=3,
        error="attr-value",
        skip_ort="ONNX Runtime rounds down",
    ),
    rotary(["f32[B, 3, S, 8]", "f32[50, 3]", "f32[50, 3]", "i64[B, S]"], error="attention-sizes"),
    rotary(["f32[B, 3, S, 8]", "f32[50, 4]", "f32[49, 4]", "i64[B, S]"], error="shape-mismatch"),
    rotary(["f32[2, 3, 4, 8]", "f32[50, 4]", "f32[50, 4]", "i64[2, 5]"], error="attention-sizes"),
    rotary(["f32[2, 3, 4, 8]", "f32[1, 4, 4]", "f32[1, 4, 4]"], error="attention-sizes"),
    rotary(["f32[2, 3, 4, 8]", "f32[50, 4]", "f32[50, 4]"], error="rank-mismatch"),
    rotary(["f32[2, 3, 4, 8]", "f32[2, 4, 4]", "f32[2, 4, 4]", "i64[2, 4]"], error="rank-mismatch"),
    # --- SwiGLU does not broadcast
    case(
        "SwiGLU", ["f32[B, S, D]", "f32[B, S, D]"], out=["f32[B, S, D]"], opset=28, skip_ort=LIMITED
    ),
    case(
        "SwiGLU",
        ["f32[B, S, 8]", "f32[B, T, 8]"],
        alpha=1.5,
        out=["f32[B, S, 8]"],
        contract=["S == T"],
        opset=28,
        skip_ort=LIMITED,
    ),
    case("SwiGLU", ["f32[B, 8]", "f32[B, 1]"], error="shape-mismatch", opset=28),
    case("SwiGLU", ["f32[B, 8]", "f32[8]"], error="rank-mismatch", opset=28),
    case("SwiGLU", ["f32[B, 8]", "f16[B, 8]"], error="dtype-mismatch", opset=28),
]
