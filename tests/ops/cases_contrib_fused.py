"""Domain com.microsoft: Gelu, fused products and convolutions, quantised weights, experts."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case, const

MS = "com.microsoft"
NO_ZERO = "ONNX Runtime needs the zero points that the schema leaves out"


def row(op: str, inputs: list[Any], **stated: Any) -> Case:
    return case(op, inputs, domain=MS, **stated)


def n_bits(inputs: list[Any], **changed: Any) -> Case:
    return row("MatMulNBits", inputs, **({"K": 64, "N": 7, "bits": 4, "block_size": 32} | changed))


def gather(inputs: list[Any], **changed: Any) -> Case:
    return row("GatherBlockQuantized", inputs, **({"block_size": 32} | changed))


B4, SCALES = "u8[7, 2, 16]", "f32[7, 2]"
S, Z = const(0.5, "f32"), const(3, "u8")
CONV = ["f32[N, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[6]"]
MOE = ["f32[T, 8]", "f32[T, 4]", "f32[4, 16, 8]", None, "f32[4, 8, 16]"]
QMOE = [
    "f32[6, 64]",
    "f32[6, 4]",
    "u8[4, 128, 32]",
    "f32[4, 128]",
    None,
    "u8[4, 64, 64]",
    "f32[4, 64]",
]
GELUS = ("FastGelu", "BiasGelu")

CASES = [
    row("Gelu", ["f32[N, 3]"], out=["f32[N, 3]"]),
    row("Gelu", ["i32[N, 3]"], error="dtype-unsupported"),
    row("QuickGelu", ["f32[N, 3]"], out=["f32[N, 3]"], alpha=1.5),
    row("QuickGelu", ["i32[N, 3]"], error="dtype-unsupported"),
    row("FastGelu", ["f32[N, 3]"], out=["f32[N, 3]"]),
    *(row(op, ["f32[N, 3]", "f32[3]"], out=["f32[N, 3]"]) for op in GELUS),
    *(row(op, ["f32[2, 3]", "f32[2]"], error="shape-mismatch") for op in GELUS),
    *(row(op, ["f32[2, 3]", "f32[1, 3]"], error="rank-mismatch") for op in GELUS),
    *(row(op, ["f32[2, 3]", "f16[3]"], error="dtype-mismatch") for op in GELUS),
    # FusedMatMul
    row("FusedMatMul", ["f32[B, M, 4]", "f32[4, N]"], out=["f32[B, M, N]"]),
    row("FusedMatMul", ["f32[B, 4, M]", "f32[4, N]"], out=["f32[B, M, N]"], transA=1),
    row("FusedMatMul", ["f32[B, M, 4]", "f32[N, 4]"], out=["f32[B, M, N]"], transB=1),
    row("FusedMatMul", ["f32[M, B, 4]", "f32[B, 4, N]"], out=["f32[B, M, N]"], transBatchA=1),
    row(
        "FusedMatMul",
        ["f32[4, B, M]", "f32[B, 4, N]"],
        out=["f32[B, M, N]"],
        transBatchA=1,
        transA=1,
    ),
    row(
        "FusedMatMul",
        ["f32[B, M, 4]", "f32[N, B, 4]"],
        out=["f32[B, M, N]"],
        transBatchB=1,
        transB=1,
    ),
    row("FusedMatMul", ["f32[4]", "f32[4, N]"], out=["f32[N]"], transA=1),
    row("FusedMatMul", ["f32[M, 4]", "f32[4]"], out=["f32[M]"], transB=1),
    row("FusedMatMul", ["f32[4]", "f32[4]"], out=["f32[]"]),
    row("FusedMatMul", ["f32[...]", "f32[4, N]"], out=["f32[...]"]),
    row("FusedMatMul", ["f32[3, 4]", "f32[5, 4]"], error="matmul-contract"),
    row("FusedMatMul", ["f32[3, 4]", "f32[4, 5]"], error="rank-mismatch", transBatchA=1),
    row("FusedMatMul", ["f32[2, 3, 4]", "f32[3, 4, 5]"], error="broadcast-mismatch"),
    # FusedConv
    row("FusedConv", CONV, out=["f32[N, 6, 6, 6]"], activation="Relu"),
    row("FusedConv", [*CONV, "f32[N, 6, 6, 6]"], out=["f32[N, 6, 6, 6]"], activation="Relu"),
    row("FusedConv", ["f32[1, 4, 8, 8]", *CONV[1:], "f32[1, 6, 6, 5]"], error="shape-mismatch"),
    row("FusedConv", ["f32[1, 5, 8, 8]", *CONV[1:]], error="conv-channels"),
    # MatMulNBits
    n_bits(["f32[B, M, 64]", B4, SCALES], out=["f32[B, M, 7]"]),
    n_bits(["f32[M, 64]", B4, "f32[14]", "u8[7]", None, "f32[7]"], out=["f32[M, 7]"]),
    n_bits(["f32[M, 50]", B4, SCALES], out=["f32[M, 7]"], K=50),
    n_bits(["f32[M, 64]", "u8[7, 2, 32]", SCALES], out=["f32[M, 7]"], bits=8),
    n_bits(["f32[2, 63]", B4, SCALES], error="matmul-contract"),
    n_bits(["f32[2, 64]", "u8[7, 2, 15]", SCALES], error="shape-mismatch"),
    n_bits(["f32[2, 64]", "u8[6, 2, 16]", SCALES], error="shape-mismatch"),
    n_bits(["f32[2, 64]", B4, "f32[7, 3]"], error="quant-scale"),
    n_bits(["f32[2, 64]", B4, SCALES, None, None, "f32[6]"], error="shape-mismatch"),
    n_bits(["f32[2, 64]", B4, SCALES], error="attr-value", block_size=24),
    n_bits(["f32[2, 64]", B4, SCALES], error="attr-value", bits=9),
    n_bits(["f32[2, 64]", "i8[7, 2, 16]", SCALES], error="dtype-unsupported"),
    # GatherBlockQuantized
    gather(["u8[10, 32]", "i64[N, 3]", "f32[10, 2]"], out=["f32[N, 3, 64]"]),
    gather(["u8[10, 64]", "i64[N]", "f32[10, 2]"], out=["f32[N, 64]"], bits=8),
    gather(["u4[10, 64]", "i32[N]", "f32[10, 2]"], out=["f32[N, 64]"]),
    gather(
        ["i4[4, 10, 64]", "i32[N]", "f32[4, 10, 2]"],
        out=["f32[4, N, 64]"],
        gather_axis=1,
        quantize_axis=2,
    ),
    gather(["u8[10, 32]", "i64[2, 3]", "f32[10, 3]"], error="quant-scale"),
    gather(["u8[10, 32]", "i64[2, 3]", "f32[10, 2]"], error="attr-value", quantize_axis=0),
    gather(["u8[10, 32]", "i64[2, 3]", "f32[10, 2]"], error="attr-value", block_size=24),
    gather(["u8[10, 32]", "f32[2]", "f32[10, 2]"], error="dtype-unsupported"),
    # QLinearAdd, QLinearMul
    *(
        row(op, ["u8[N, 3]", S, Z, "u8[3]", S, Z, S, Z], out=["u8[N, 3]"])
        for op in ("QLinearAdd", "QLinearMul")
    ),
    *(
        row(op, ["u8[N, 3]", S, None, "u8[3]", S, None, S], out=["u8[N, 3]"], skip_ort=NO_ZERO)
        for op in ("QLinearAdd", "QLinearMul")
    ),
    *(
        row(op, ["u8[2, 3]", S, Z, "u8[2]", S, Z, S, Z], error="broadcast-mismatch")
        for op in ("QLinearAdd", "QLinearMul")
    ),
    *(
        row(op, ["u8[2, 3]", "f32[3]", Z, "u8[3]", S, Z, S, Z], error="quant-scale")
        for op in ("QLinearAdd", "QLinearMul")
    ),
    *(
        row(op, ["u8[2, 3]", S, Z, "i8[3]", S, Z, S, Z], error="dtype-mismatch")
        for op in ("QLinearAdd", "QLinearMul")
    ),
    # QLinearConcat
    row("QLinearConcat", [S, Z, "u8[N, 3]", S, Z, "u8[N, L]", S, Z], out=["u8[N, L + 3]"], axis=1),
    row(
        "QLinearConcat", [S, Z, "u8[2, 3]", S, Z, "u8[3, 4]", S, Z], error="concat-mismatch", axis=1
    ),
    row("QLinearConcat", [S, Z, "u8[2, 3]", S, Z, "u8[2, 4]", S], error="input-count", axis=1),
    row("QLinearConcat", [S, Z, "u8[2, 3]", S, Z], error="axis-out-of-range", axis=2),
    # MoE, QMoE
    row("MoE", MOE, out=["f32[T, 8]"], k=2),
    row("MoE", ["f32[2, 3, 8]", "f32[6, 4]", *MOE[2:]], out=["f32[2, 3, 8]"], k=2),
    row("MoE", [*MOE[:3], "f32[4, 16]", MOE[4], "f32[4, 8]"], out=["f32[T, 8]"], k=2),
    row("MoE", ["f32[6, 8]", "f32[5, 4]", *MOE[2:]], error="shape-mismatch", k=2),
    row("MoE", ["f32[6, 8]", "f32[6, 3]", *MOE[2:]], error="shape-mismatch", k=2),
    row("MoE", [*MOE[:2], "f32[4, 16, 7]", *MOE[3:]], error="shape-mismatch", k=2),
    row("MoE", MOE, error="attr-value", k=2, activation_type="tanh"),
    row("MoE", ["f32[1, 2, 3, 8]", "f32[6, 4]", *MOE[2:]], error="rank-mismatch", k=2),
    row("QMoE", QMOE, out=["f32[6, 64]"], k=2, expert_weight_bits=4),
    row(
        "QMoE",
        ["f32[6, 64]", "f32[5, 4]", *QMOE[2:]],
        error="shape-mismatch",
        k=2,
        expert_weight_bits=4,
    ),
]
