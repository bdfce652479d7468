"""NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss."""

from __future__ import annotations

from shapewright.testing import case

LOSSES = ("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")
UNREAD = "ONNX Runtime reads only the weights of classes that a target names"
IGNORED = "ONNX Runtime does not look at it"

CASES = [
    *(case(op, ["f32[N, 5]", "i64[N]"], out=["f32[]"]) for op in LOSSES),
    *(case(op, ["f32[N, 5]", "i32[N]"], out=["f32[]"], opset=12) for op in LOSSES),
    *(
        case(op, ["f32[N, C, H]", "i64[N, H]", "f32[C]"], out=["f32[N, H]"], reduction="none")
        for op in LOSSES
    ),
    *(
        case(op, ["f32[N, 5]", "i64[M]"], out=["f32[]"], reduction="sum", contract=["N == M"])
        for op in LOSSES
    ),
    *(case(op, ["f32[N, 5]", "i64[...]"], out=["f32[N]"], reduction="none") for op in LOSSES),
    *(case(op, ["f32[...]", "i64[N]"], out=["f32[N]"], reduction="none") for op in LOSSES),
    *(case(op, ["bf16[3, 5]", "i64[3]"], out=["bf16[]"], opset=22) for op in LOSSES),
    case(
        "SoftmaxCrossEntropyLoss",
        ["bf16[3, 5]", "i64[3]"],
        out=["bf16[]"],
        opset=13,
        skip_ort="its own body has no bfloat16 at this opset",
    ),
    case("SoftmaxCrossEntropyLoss", ["f32[N, 5]", "i64[N]"], out=["f32[]", "f32[N, 5]"]),
    case(
        "NegativeLogLikelihoodLoss", ["bf16[3, 5]", "i64[3]"], error="dtype-unsupported", opset=13
    ),
    *(case(op, ["f32[3, 5]", "i64[4]"], error="shape-mismatch") for op in LOSSES),
    *(case(op, ["f32[3, 5, 2]", "i64[3, 3]"], error="shape-mismatch") for op in LOSSES),
    *(case(op, ["f32[3, 5, 2]", "i64[3]"], error="rank-mismatch") for op in LOSSES),
    *(case(op, ["f32[5]", "i64[]"], error="rank-mismatch") for op in LOSSES),
    *(case(op, ["f32[3, 5]", "i64[3]", "f32[1, 5]"], error="rank-mismatch") for op in LOSSES),
    *(
        case(op, ["f32[3, 5]", "i64[3]", "f32[4]"], error="shape-mismatch", skip_ort=UNREAD)
        for op in LOSSES
    ),
    *(case(op, ["f32[3, 5]", "i64[3]", "f64[5]"], error="dtype-mismatch") for op in LOSSES),
    *(case(op, ["i64[3, 5]", "i64[3]"], error="dtype-unsupported") for op in LOSSES),
    *(case(op, ["f32[3, 5]", "f32[3]"], error="dtype-unsupported") for op in LOSSES),
    *(
        case(op, ["f32[3, 5]", "i64[3]"], error="attr-value", reduction="max", skip_ort=IGNORED)
        for op in LOSSES
    ),
]
