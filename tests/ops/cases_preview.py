"""FlexAttention, Gradient, Adagrad, Adam, Momentum: domains ai.onnx.preview and its .training."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case

NO_KERNEL = "ONNX Runtime has no kernel on CPU"
MOMENTUM = {"alpha": 0.9, "beta": 0.5, "norm_coefficient": 0.1, "mode": "standard"}


def flex(inputs: list[Any], **stated: Any) -> Case:
    return case("FlexAttention", inputs, domain="ai.onnx.preview", skip_ort=NO_KERNEL, **stated)


def training(op: str, inputs: list[Any], **stated: Any) -> Case:
    return case(op, inputs, domain="ai.onnx.preview.training", skip_ort=NO_KERNEL, **stated)


CASES = [
    # FlexAttention
    flex(
        ["f32[B, 8, L, 16]", "f32[B, 2, S, 16]", "f32[B, 2, S, 32]"],
        out=["f32[B, 8, L, 32]"],
        name="fewer heads of keys",
    ),
    flex(
        ["f16[B, H, L, D]", "f16[A, H, S, D]", "f16[A, H, S, E]"],
        out=["f16[B, H, L, E]"],
        contract=["B == A"],
        bind={"B": 2, "A": 2, "H": 3, "L": 4, "D": 5, "S": 6, "E": 7},
        softmax_precision=1,
        scale=0.5,
    ),
    flex(["f32[...]", "f32[2, 3, 4, 5]", "f32[2, 3, 4, 6]"], out=["f32[2, ?, ?, 6]"]),
    flex(["f32[2, 3, 4]", "f32[2, 3, 4, 5]", "f32[2, 3, 4, 6]"], error="rank-mismatch"),
    flex(["f32[2, 3, 4, 5]", "f32[2, 3, 4, 7]", "f32[2, 3, 4, 6]"], error="attention-sizes"),
    flex(["f32[2, 3, 4, 5]", "f32[2, 3, 4, 5]", "f32[2, 3, 9, 6]"], error="attention-sizes"),
    flex(["f32[2, 3, 4, 5]", "f32[2, 2, 4, 5]", "f32[2, 2, 4, 6]"], error="attention-heads"),
    flex(["f32[2, 3, 4, 5]", "f16[2, 3, 4, 5]", "f32[2, 3, 4, 6]"], error="dtype-mismatch"),
    flex(["i64[2, 3, 4, 5]"] * 3, error="dtype-unsupported"),
    # the steps of optimizers
    training(
        "Adagrad",
        ["f32[]", "i64[]", "f32[N]", "f32[M, 2]", "f32[N]", "f32[M, 2]", "f32[N]", "f32[M, 2]"],
        out=["f32[N]", "f32[M, 2]", "f32[N]", "f32[M, 2]"],
        norm_coefficient=0.1,
    ),
    training(
        "Adam",
        ["f32[]", "i64[]", "f64[N]", "f64[N]", "f64[M]", "f64[...]"],
        out=["f64[N]", "f64[N]", "f64[N]"],
        contract=["N == M"],
    ),
    training(
        "Momentum",
        ["f32[]", "i64[]", "f32[...]", "f32[N]", "f32[N]"],
        out=["f32[N]", "f32[N]"],
        **MOMENTUM,
    ),
    training("Adagrad", ["f32[]", "i64[]", "f32[3]", "f32[3]", "f32[3]"], error="output-count"),
    training("Adagrad", ["f32[]", "i64[]", "f32[3]", "f32[4]", "f32[3]"], error="shape-mismatch"),
    training("Adam", ["f32[]", "i64[]", "f32[3]", "f32[3]"], error="input-count"),
    training("Adagrad", ["f32[1]", "i64[]", "f32[3]", "f32[4]", "f32[3]"], error="rank-mismatch"),
    training(
        "Adagrad", ["f32[]", "i32[]", "f32[3]", "f32[3]", "f32[3]"], error="dtype-unsupported"
    ),
    training(
        "Momentum",
        ["f32[]", "i64[]", "f32[3]", "f32[3]", "f32[3]"],
        error="attr-value",
        **{**MOMENTUM, "mode": "heavy"},
    ),
    # Gradient
    training(
        "Gradient",
        ["f32[N, 3]", "f32[M]", "f32[4]"],
        out=["f32[N, 3]", "f32[M]"],
        xs=["a", "b"],
        zs=["c"],
        y="d",
    ),
    training("Gradient", ["f32[3]"], error="input-count", xs=["a", "b"], y="d"),
    training("Gradient", ["i64[3]"], error="dtype-unsupported", xs=["a"], y="d"),
]
