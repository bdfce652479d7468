"""Faults of the operators of loss."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "NegativeLogLikelihoodLoss",
        ["f32[2, 5]", "i64[2]"],
        broken(0, "f32[1, 5]", "shape-mismatch", "1 != 2"),
        broken(0, "f32[5]", "rank-mismatch", "input of rank at least 2, not rank 1"),
        broken(0, "u8[2, 5]", "dtype-unsupported", "input of u8 at opset 20: one of f64 f32 f16"),
        broken(0, None, "input-missing", "its input input"),
    ),
    *twin(
        "NegativeLogLikelihoodLoss",
        ["f32[2, 3, 5]", "i64[2, 5]", "f32[3]"],
        broken(0, "f64[2, 3, 5]", "dtype-mismatch", "f64 != f32"),
        reduction="none",
    ),
    *twin(
        "SoftmaxCrossEntropyLoss",
        ["f32[2, 5]", "i64[2]"],
        broken(0, "f32[1, 5]", "shape-mismatch", "1 != 2"),
        broken(0, "f32[5]", "rank-mismatch", "scores of rank at least 2, not rank 1"),
        broken(
            0, "u8[2, 5]", "dtype-unsupported", "scores of u8 at opset 20: one of f64 f32 f16 bf16"
        ),
        broken(0, None, "input-missing", "its input scores"),
    ),
    *twin(
        "SoftmaxCrossEntropyLoss",
        ["f32[2, 3, 5]", "i64[2, 5]", "f32[3]"],
        broken(0, "f64[2, 3, 5]", "dtype-mismatch", "f64 != f32"),
        reduction="none",
    ),
]
