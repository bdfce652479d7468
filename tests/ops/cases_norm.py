"""F7: normalization. Scale and bias have one entry a channel, or broadcast onto X."""

from shapewright.testing import case

X = "f32[N, 3, H, W]"


def batch_norm(x: str, *sizes: str) -> list[str]:
    """X, then scale, B, mean and var: four types, or one for all."""
    return [x, *(sizes if len(sizes) == 4 else sizes * 4)]


C = "f32[3]"

CASES = [
    # --- BatchNormalization: five outputs up to opset 13, three since
    case("BatchNormalization", batch_norm(X, C), out=["f32[N, 3, H, W]"], opset=7),
    case(
        "BatchNormalization",
        batch_norm("f32[N, 3, H]", "f32[3, H]"),
        spatial=0,
        out=["f32[N, 3, H]"],
        opset=7,
    ),
    case("BatchNormalization", batch_norm(X, C), out=["f32[N, 3, H, W]"] + [C] * 4, opset=9),
    case(
        "BatchNormalization",
        batch_norm(X, C),
        training_mode=1,
        out=["f32[N, 3, H, W]", C, C],
        opset=14,
    ),
    case(
        "BatchNormalization",
        batch_norm(X, C),
        training_mode=1,
        out=["f32[N, 3, H, W]", C, C],
        opset=15,
    ),
    case("BatchNormalization", batch_norm(X, C), out=["f32[N, 3, H, W]"]),
    case(
        "BatchNormalization",
        batch_norm("f16[N, 3]", "f32[3]"),
        out=["f16[N, 3]"],
        skip_ort="no such kernel",
    ),
    case("BatchNormalization", batch_norm("f32[N, K, L]", "f32[K]"), out=["f32[N, K, L]"]),
    case(
        "BatchNormalization",
        batch_norm("f32[N, K, L]", C),
        out=["f32[N, 3, L]"],
        contract=["K == 3"],
        bind={"N": 2, "K": 3, "L": 4},
    ),
    case("BatchNormalization", batch_norm("f32[N]", "f32[1]"), out=["f32[N]"], name="one channel"),
    case("BatchNormalization", batch_norm("f32", C), out=["f32[...]"]),
    case("BatchNormalization", batch_norm("f32[2, 3, 4]", "f32[4]"), error="norm-scale"),
    case("BatchNormalization", batch_norm("f32[2, 3, 4]", C, C, C, "f32[2]"), error="norm-scale"),
    case("BatchNormalization", batch_norm("f32[2, 3, 4]", "f32[1, 3]"), error="norm-scale"),
    case(
        "BatchNormalization",
        batch_norm("f32[2, 3, 4]", "f32[3, 5]"),
        spatial=0,
        error="norm-scale",
        opset=7,
    ),
    case(
        "BatchNormalization", batch_norm("f32[2, 3, 4]", C), spatial=0, error="norm-scale", opset=7
    ),
    case("BatchNormalization", batch_norm("f16[2, 3, 4]", C), error="dtype-mismatch", opset=14),
    case(
        "BatchNormalization", batch_norm("f32[2, 3, 4]", C, "f64[3]", C, C), error="dtype-mismatch"
    ),
    case(
        "BatchNormalization",
        batch_norm("bf16[2, 3, 4]", "bf16[3]"),
        error="dtype-unsupported",
        opset=13,
    ),
    case("BatchNormalization", batch_norm("i32[2, 3, 4]", "i32[3]"), error="dtype-unsupported"),
    case("BatchNormalization", ["f32[]", C, C, C, C], error="rank-mismatch"),
    # --- InstanceNormalization, GroupNormalization
    *(case("InstanceNormalization", [X, C, C], out=["f32[N, 3, H, W]"], opset=v) for v in (7, 22)),
    case("InstanceNormalization", [X, "f32[4]", C], error="norm-scale"),
    case("InstanceNormalization", [X, C, "f32[4]"], error="norm-scale"),
    case("InstanceNormalization", ["f32[N, 3]", C, C], error="rank-mismatch"),
    case(
        "InstanceNormalization", ["bf16[2, 3, 4]", "bf16[3]", "bf16[3]"], error="dtype-unsupported"
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[2]", "f32[2]"],
        num_groups=2,
        out=["f32[N, 6, L]"],
        opset=18,
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[6]", "f32[6]"],
        num_groups=2,
        out=["f32[N, 6, L]"],
        opset=21,
    ),
    case(
        "GroupNormalization",
        ["f32[N, C, L]", "f32[C]", "f32[C]"],
        num_groups=2,
        out=["f32[N, C, L]"],
        contract=["C % 2 == 0"],
        opset=21,
        bind={"N": 2, "C": 4, "L": 3},
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[6]", "f32[6]"],
        num_groups=2,
        error="norm-scale",
        opset=18,
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[2]", "f32[2]"],
        num_groups=2,
        error="norm-scale",
        opset=21,
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[6]", "f32[6]"],
        num_groups=4,
        error="norm-groups",
        opset=21,
    ),
    case(
        "GroupNormalization",
        ["f32[N, 6, L]", "f32[6]", "f32[6]"],
        num_groups=0,
        error="attr-value",
        opset=21,
    ),
    # --- LayerNormalization: Mean and InvStdDev have 1 on each normalized axis
    case(
        "LayerNormalization",
        ["f32[B, S, 768]", "f32[768]", "f32[768]"],
        out=["f32[B, S, 768]"],
        opset=17,
    ),
    case(
        "LayerNormalization",
        ["f32[B, S, D]", "f32[D]"],
        out=["f32[B, S, D]", "f32[B, S, 1]", "f32[B, S, 1]"],
    ),
    case(
        "LayerNormalization",
        ["f32[B, S, D]", "f32[S, D]"],
        axis=1,
        out=["f32[B, S, D]", "f32[B, 1, 1]", "f32[B, 1, 1]"],
    ),
    case(
        "LayerNormalization",
        ["f32[B, S, D]", "f32[1]"],
        axis=-3,
        out=["f32[B, S, D]", "f32[1, 1, 1]"],
    ),
    case(
        "LayerNormalization", ["f32[B, S, 4]", "f32[S, 1]", "f32[4]"], axis=1, out=["f32[B, S, 4]"]
    ),
    case(
        "LayerNormalization",
        ["f16[B, S, 4]", "f16[4]"],
        out=["f16[B, S, 4]", "f32[B, S, 1]"],
        skip_ort="ONNX Runtime gives Mean the type of X",
    ),
    case(
        "LayerNormalization",
        ["f32[B, S, 4]", "f32[4]"],
        stash_type=16,
        out=["f32[B, S, 4]", "bf16[B, S, 1]"],
        skip_ort="no bf16 kernel",
    ),
    case(
        "LayerNormalization",
        ["f32[B, S, D]", "f32[768]"],
        out=["f32[B, S, 768]"],
        contract=["D == 768"],
        bind={"B": 2, "S": 3, "D": 768},
    ),
    case("LayerNormalization", ["f32", "f32[768]"], out=["f32[...]", "f32[...]"]),
    case("LayerNormalization", ["f32[2, 3, 4]", "f32[3]"], error="norm-scale"),
    case("LayerNormalization", ["f32[2, 3, 4]", "f32[4]", "f32[3]"], error="norm-scale"),
    case("LayerNormalization", ["f32[2, 3, 4]", "f32[1, 2, 3, 4]"], error="norm-scale"),
    case("LayerNormalization", ["f32[2, 3, 4]", "f32[4]"], axis=3, error="axis-out-of-range"),
    case(
        "LayerNormalization",
        ["f32[2, 3, 4]", "f32[4]"],
        stash_type=99,
        error="dtype-unknown",
        skip_ort="ONNX Runtime ignores it",
    ),
    case("LayerNormalization", ["f32[2, 3, 4]", "f64[4]"], error="dtype-mismatch"),
    case("LayerNormalization", ["f32[]", "f32[1]"], error="rank-mismatch"),
    # --- RMSNormalization
    case("RMSNormalization", ["f32[B, S, D]", "f32[D]"], out=["f32[B, S, D]"], opset=23),
    case(
        "RMSNormalization",
        ["f16[B, S, D]", "f32[D]"],
        out=["f32[B, S, D]"],
        opset=23,
        skip_ort="no such kernel",
        name="dtype of scale",
    ),
    case("RMSNormalization", ["f32[2, 3, 4]", "f32[3]"], error="norm-scale", opset=23),
    case(
        "RMSNormalization", ["f32[2, 3, 4]", "f32[4]"], axis=-4, error="axis-out-of-range", opset=23
    ),
]
