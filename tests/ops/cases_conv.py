"""F6: convolutions. Sizes were read off ONNX Runtime 1.31, or else off the specification."""

from __future__ import annotations

from collections.abc import Sequence

from shapewright.testing import case

DILATED = "ONNX Runtime's CPU kernel takes no dilations with SAME padding"
PER_TENSOR = "ONNX Runtime's CPU kernel takes one zero point for all weights"
LIMITED = "ONNX Runtime allows at most opset 26"

X = "f32[N, 3, H, W]"
W = "f32[8, 3, 3, 3]"


def qlinear(
    x: str = "u8[N, 3, H, W]",
    *,
    x_scale: str = "f32[]",
    x_zero: str = "u8[]",
    w_scale: str = "f32[]",
    w_zero: str = "u8[]",
    bias: Sequence[str] = (),
) -> list[str]:
    """The operands of QLinearConv."""
    w = "u8[8, 3, 3, 3]"
    return [x, x_scale, x_zero, w, w_scale, w_zero, "f32[]", "u8[]", *bias]


CASES = [
    # --- Conv: out = (in + pads - kernel) // stride + 1
    case("Conv", [X, W], out=["f32[N, 8, H - 2, W - 2]"], contract=["3 <= H", "3 <= W"], opset=7),
    case("Conv", [X, W, "f32[8]"], pads=[1] * 4, out=["f32[N, 8, H, W]"]),
    case(
        "Conv",
        [X, W],
        pads=[1] * 4,
        strides=[2, 2],
        out=["f32[N, 8, (H - 1)//2 + 1, (W - 1)//2 + 1]"],
        opset=11,
    ),
    case(
        "Conv",
        ["f16[N, 3, H, W]", "f16[8, 3, 3, 3]"],
        pads=[1] * 4,
        out=["f16[N, 8, H, W]"],
        opset=22,
    ),
    case(
        "Conv",
        [X, "f32[8, 3, 7, 7]"],
        pads=[3] * 4,
        strides=[2, 2],
        out=["f32[N, 8, (H - 1)//2 + 1, (W - 1)//2 + 1]"],
    ),
    case("Conv", [X, W], pads=[2] * 4, dilations=[2, 2], out=["f32[N, 8, H, W]"]),
    case(
        "Conv",
        [X, W],
        dilations=[3, 1],
        out=["f32[N, 8, H - 6, W - 2]"],
        contract=["3 <= W", "7 <= H"],
        bind={"N": 2, "H": 8, "W": 5},
    ),
    case("Conv", [X, W], pads=[0, 1, 2, 3], out=["f32[N, 8, H, W + 2]"]),
    case("Conv", ["f32[N, 3, L]", "f32[8, 3, 5]"], pads=[2, 2], out=["f32[N, 8, L]"], name="1-d"),
    case(
        "Conv",
        ["f32[N, 3, D, H, W]", "f32[8, 3, 1, 3, 3]"],
        pads=[0, 1, 1] * 2,
        out=["f32[N, 8, D, H, W]"],
        name="3-d",
    ),
    case(
        "Conv",
        ["f32[N, 3, A, B, C, D]", "f32[8, 3, 1, 1, 1, 1]"],
        out=["f32[N, 8, A, B, C, D]"],
        name="4-d",
    ),
    case("Conv", ["f32[1, 3, 8, 8]", W], out=["f32[1, 8, 6, 6]"]),
    case("Conv", ["f32[0, 3, 8, 8]", W], out=["f32[0, 8, 6, 6]"]),
    case(
        "Conv",
        ["f32[N, C, H, W]", "f32[8, 1, 3, 3]"],
        group=8,
        pads=[1] * 4,
        out=["f32[N, 8, H, W]"],
        contract=["C == 8"],
        bind={"N": 2, "C": 8, "H": 5, "W": 6},
    ),
    case("Conv", ["f32[N, 6, H, W]", "f32[4, 3, 1, 1]"], group=2, out=["f32[N, 4, H, W]"]),
    case(
        "Conv",
        ["f32[N, 3, H, W]", "f32[M, 3, K, K]"],
        out=["f32[N, M, H - K + 1, W - K + 1]"],
        contract=["K <= H", "K <= W"],
    ),
    case("Conv", [X, W], kernel_shape=[3, 3], pads=[1] * 4, out=["f32[N, 8, H, W]"]),
    # auto_pad: SAME gives ceil(in / stride) whatever the kernel, VALID pads by nothing
    *(
        case(
            "Conv", [X, W], auto_pad=same, strides=[2, 3], out=["f32[N, 8, (H + 1)//2, (W + 2)//3]"]
        )
        for same in ("SAME_UPPER", "SAME_LOWER")
    ),
    case(
        "Conv",
        [X, W],
        auto_pad="SAME_UPPER",
        dilations=[2, 2],
        out=["f32[N, 8, H, W]"],
        skip_ort=DILATED,
    ),
    case(
        "Conv",
        [X, W],
        auto_pad="VALID",
        strides=[2, 2],
        out=["f32[N, 8, (H - 1)//2, (W - 1)//2]"],
        contract=["3 <= H", "3 <= W"],
    ),
    case("Conv", [X, W], auto_pad="NOTSET", pads=[1] * 4, out=["f32[N, 8, H, W]"]),
    # of what is not known, what is
    case("Conv", ["f32", W], out=["f32[?, 8, ?, ?]"]),
    case(
        "Conv",
        ["f32[N, 3, H, W]", "f32"],
        kernel_shape=[3, 3],
        pads=[1] * 4,
        out=["f32[N, ?, H, W]"],
    ),
    case("Conv", ["f32", "f32"], kernel_shape=[3, 3], out=["f32[?, ?, ?, ?]"]),
    case("Conv", ["f32", "f32"], out=["f32[...]"]),
    # what cannot be
    case("Conv", ["f32[1, 3, 8, 8]", "f32[8, 4, 3, 3]"], error="conv-channels"),
    case(
        "Conv",
        ["f32[1, 8, 8, 8]", "f32[8, 4, 3, 3]"],
        error="conv-channels",
        name="group would fit",
    ),
    case("Conv", ["f32[1, 3, 8, 8]", W], group=2, error="conv-channels"),
    case("Conv", ["f32[1, 6, 8, 8]", "f32[4, 2, 3, 3]"], group=3, error="conv-group"),
    case("Conv", ["f32[1, 3, 8, 8]", W], group=0, error="conv-group"),
    case("Conv", ["f32[1, 3, 8, 8]", W], group=-(2**63), error="conv-group"),
    case("Conv", ["f32[1, 3, 8, 8]", W], group=2**62, error="dim-overflow"),
    case("Conv", ["f32[1, 3, 8, 8]", W, "f32[1]"], error="conv-bias"),
    case("Conv", ["f32[1, 3, 8, 8]", W, "f32[8, 1]"], error="conv-bias"),
    case("Conv", ["f32[1, 3, 8, 8]", "f32[8, 3, 9, 3]"], error="kernel-too-large"),
    case("Conv", ["f32[1, 3, 8, 8]", W], dilations=[4, 1], error="kernel-too-large"),
    case("Conv", ["f32[1, 3, 8, 8]", "f32[8, 3, 0, 3]"], error="kernel-empty"),
    case("Conv", ["f32[1, 3, 8, 8]", W], kernel_shape=[5, 3], error="attr-value"),
    case("Conv", ["f32[1, 3, 8, 8]", W], kernel_shape=[3], error="attr-value"),
    case("Conv", ["f32[1, 3, 8, 8]", "f32[8, 3, 3]"], error="rank-mismatch"),
    case("Conv", ["f32[3, 8]", "f32[8, 3]"], error="rank-mismatch"),
    case("Conv", ["f32[1, 3, 8, 8]", W], strides=[0, 1], error="strides-invalid"),
    case("Conv", ["f32[1, 3, 8, 8]", W], strides=[1], error="strides-invalid"),
    case("Conv", ["f32[1, 3, 8, 8]", W], dilations=[0, 1], error="attr-value"),
    case("Conv", ["f32[1, 3, 8, 8]", W], dilations=[2**62, 1], error="dim-overflow"),
    case("Conv", ["f32[1, 3, 8, 8]", W], pads=[1, 1], error="pads-invalid"),
    case(
        "Conv",
        ["f32[1, 3, 8, 8]", W],
        pads=[-1, 0, 0, 0],
        error="pads-invalid",
        skip_ort="ONNX Runtime crops where the specification says at least 0",
    ),
    case("Conv", ["f32[1, 3, 8, 8]", W], pads=[2**62, 1, 2**62, 1], error="dim-overflow"),
    case("Conv", ["f32[1, 3, 8, 8]", W], pads=[1] * 4, auto_pad="VALID", error="pads-invalid"),
    case("Conv", ["f32[1, 3, 8, 8]", W], auto_pad="SAME", error="attr-value"),
    case("Conv", ["f32[1, 3, 8, 8]", "f64[8, 3, 3, 3]"], error="dtype-mismatch"),
    case("Conv", ["bf16[1, 3, 8, 8]", "bf16[8, 3, 3, 3]"], error="dtype-unsupported", opset=21),
    case("Conv", ["i32[1, 3, 8, 8]", "i32[8, 3, 3, 3]"], error="dtype-unsupported"),
    # --- ConvInteger, QLinearConv
    case(
        "ConvInteger",
        ["u8[N, 3, H, W]", "u8[8, 3, 3, 3]"],
        pads=[1] * 4,
        out=["i32[N, 8, H, W]"],
        opset=10,
    ),
    case(
        "ConvInteger",
        ["u8[N, 3, H, W]", "u8[8, 3, 1, 1]", "u8[]", "u8[1]"],
        out=["i32[N, 8, H, W]"],
    ),
    case(
        "ConvInteger",
        ["u8[N, 3, H, W]", "i8[8, 3, 1, 1]", "u8[]", "i8[8]"],
        out=["i32[N, 8, H, W]"],
        skip_ort=PER_TENSOR,
    ),
    case("ConvInteger", ["u8[1, 3, 8, 8]", "u8[8, 3, 3, 3]", "u8[2]"], error="quant-scale"),
    case("ConvInteger", ["u8[1, 3, 8, 8]", "u8[8, 3, 3, 3]", "u8[]", "u8[3]"], error="quant-scale"),
    case("ConvInteger", ["u8[1, 3, 8, 8]", "u8[8, 3, 3, 3]", "i8[]"], error="dtype-mismatch"),
    case("ConvInteger", ["f32[1, 3, 8, 8]", "u8[8, 3, 3, 3]"], error="dtype-unsupported"),
    case("ConvInteger", ["u8[1, 4, 8, 8]", "u8[8, 3, 3, 3]"], error="conv-channels"),
    case(
        "QLinearConv",
        qlinear(),
        out=["u8[N, 8, H - 2, W - 2]"],
        contract=["3 <= H", "3 <= W"],
        opset=10,
    ),
    case("QLinearConv", qlinear(bias=["i32[8]"]), pads=[1] * 4, out=["u8[N, 8, H, W]"]),
    case(
        "QLinearConv",
        qlinear(w_scale="f32[8]", w_zero="u8[8]"),
        pads=[1] * 4,
        out=["u8[N, 8, H, W]"],
    ),
    case(
        "QLinearConv",
        qlinear(x_scale="f32[1]", x_zero="u8[1]"),
        pads=[1] * 4,
        out=["u8[N, 8, H, W]"],
    ),
    case(
        "QLinearConv", qlinear(w_scale="f32[3]", w_zero="u8[3]"), pads=[1] * 4, error="quant-scale"
    ),
    case("QLinearConv", qlinear(x_scale="f32[2]"), error="quant-scale"),
    case("QLinearConv", qlinear(w_scale="f32[8, 1]"), error="quant-scale"),
    case("QLinearConv", qlinear(bias=["i32[3]"]), error="conv-bias"),
    case("QLinearConv", qlinear(bias=["f32[8]"]), error="dtype-unsupported"),
    case("QLinearConv", qlinear(x_zero="i8[]"), error="dtype-mismatch"),
    case("QLinearConv", qlinear(x="u8[1, 4, 8, 8]"), error="conv-channels"),
    # --- ConvTranspose: out = stride * (in - 1) + output_padding + kernel - pads
    case("ConvTranspose", [X, "f32[3, 8, 3, 3]"], out=["f32[N, 8, H + 2, W + 2]"], opset=7),
    case(
        "ConvTranspose",
        [X, "f32[3, 8, 2, 2]", "f32[8]"],
        strides=[2, 2],
        out=["f32[N, 8, 2*H, 2*W]"],
    ),
    case(
        "ConvTranspose",
        [X, "f32[3, 8, 3, 3]"],
        strides=[2, 2],
        pads=[1] * 4,
        output_padding=[1, 1],
        out=["f32[N, 8, 2*H, 2*W]"],
    ),
    case(
        "ConvTranspose", [X, "f32[3, 8, 3, 3]"], dilations=[2, 1], out=["f32[N, 8, H + 4, W + 2]"]
    ),
    case(
        "ConvTranspose",
        ["f16[N, 3, L]", "f16[3, 2, 4]"],
        group=3,
        out=["f16[N, 6, L + 3]"],
        opset=22,
        skip_ort="no f16 kernel",
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 2, 4]", "f32[6]"],
        group=3,
        out=["f32[N, 6, L + 3]"],
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 8, 3]"],
        pads=[2, 2],
        out=["f32[N, 8, L - 2]"],
        contract=["3 <= L"],
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 8, 3]"],
        auto_pad="VALID",
        strides=[2],
        out=["f32[N, 8, 2*L + 1]"],
    ),
    *(
        case(
            "ConvTranspose",
            ["f32[N, 3, L]", "f32[3, 8, 3]"],
            auto_pad=same,
            strides=[2],
            out=["f32[N, 8, 2*L]"],
        )
        for same in ("SAME_UPPER", "SAME_LOWER")
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 8, 3]"],
        auto_pad="SAME_UPPER",
        strides=[2],
        output_padding=[1],
        out=["f32[N, 8, 2*L]"],
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 8, 3]"],
        auto_pad="SAME_LOWER",
        strides=[4],
        out=["f32[N, 8, 4*L - 1]"],
        name="kernel below stride",
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, 8]", "f32[3, 8, 3]"],
        strides=[2],
        output_shape=[18],
        out=["f32[N, 8, 18]"],
    ),
    case(
        "ConvTranspose",
        ["f32[1, 3, 8]", "f32[3, 8, 3]"],
        strides=[2],
        output_shape=[1, 8, 10],
        error="attr-value",
    ),
    case(
        "ConvTranspose",
        ["f32[N, 3, L]", "f32[3, 8, 3]"],
        strides=[2],
        output_shape=[10],
        out=["f32[N, 8, 10]"],
        contract=["4 <= L"],
    ),
    case("ConvTranspose", ["f32", "f32[3, 2, 4]"], group=3, out=["f32[?, 6, ?]"]),
    case(
        "ConvTranspose",
        ["f32[1, 3, 8]", "f32[3, 8, 3]"],
        strides=[2],
        output_shape=[40],
        error="attr-value",
    ),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]"], output_shape=[0], error="attr-value"),
    case(
        "ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]"], output_shape=[10, 10], error="attr-value"
    ),
    case(
        "ConvTranspose",
        ["f32[1, 3, 8]", "f32[3, 8, 3]"],
        strides=[2],
        output_padding=[2],
        error="pads-invalid",
    ),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]"], pads=[5, 5], error="pads-invalid"),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[4, 8, 3]"], error="conv-channels"),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]"], group=2, error="conv-group"),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]", "f32[3]"], error="conv-bias"),
    case("ConvTranspose", ["f32[1, 3, 8]", "f32[3, 8, 3]"], strides=[2**62], error="dim-overflow"),
    # --- DeformConv: offsets and mask have the size of the output
    case(
        "DeformConv",
        ["f32[N, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[N, 18, 6, 6]"],
        out=["f32[N, 6, 6, 6]"],
        opset=19,
    ),
    case(
        "DeformConv",
        ["f32[N, 4, H, W]", "f32[6, 4, 3, 3]", "f32[N, 18, H, W]"],
        pads=[1] * 4,
        out=["f32[N, 6, H, W]"],
        opset=22,
    ),
    case(
        "DeformConv",
        ["f32[N, 4, H, W]", "f32[6, 2, 1, 1]", "f32[N, 4, H, W]", "f32[6]", "f32[N, 2, H, W]"],
        group=2,
        offset_group=2,
        out=["f32[N, 6, H, W]"],
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 17, 6, 6]"],
        error="shape-mismatch",
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 18, 5, 6]"],
        error="shape-mismatch",
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 18, 6, 6]", None, "f32[1, 8, 6, 6]"],
        error="shape-mismatch",
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 54, 6, 6]"],
        offset_group=3,
        error="conv-group",
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 18, 6, 6]"],
        offset_group=0,
        error="conv-group",
    ),
    case(
        "DeformConv",
        ["f32[1, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[1, 18, 36]"],
        error="rank-mismatch",
    ),
    # --- CausalConvWithState
    case(
        "CausalConvWithState",
        ["f32[B, C, L]", "f32[C, 1, 4]"],
        out=["f32[B, C, L]", "f32[B, C, 3]"],
        opset=27,
        skip_ort=LIMITED,
    ),
    case(
        "CausalConvWithState",
        ["f32[B, 8, L]", "f32[8, 1, k]", "f32[8]", "f32[B, 8, k - 1]"],
        activation="silu",
        out=["f32[B, 8, L]", "f32[B, 8, k - 1]"],
        opset=27,
        skip_ort=LIMITED,
    ),
    case("CausalConvWithState", ["f32[2, 8, 5]", "f32[6, 1, 4]"], error="conv-channels", opset=27),
    case("CausalConvWithState", ["f32[2, 8, 5]", "f32[8, 2, 4]"], error="conv-group", opset=27),
    case("CausalConvWithState", ["f32[2, 8, 5]", "f32[8, 1, 0]"], error="kernel-empty", opset=27),
    case(
        "CausalConvWithState",
        ["f32[2, 8, 5]", "f32[8, 1, 4]", "f32[4]"],
        error="conv-bias",
        opset=27,
    ),
    case(
        "CausalConvWithState",
        ["f32[2, 8, 5]", "f32[8, 1, 4]", None, "f32[2, 8, 4]"],
        error="shape-mismatch",
        opset=27,
    ),
    case(
        "CausalConvWithState",
        ["f32[2, 8, 5]", "f32[8, 1, 4]"],
        activation="relu",
        error="attr-value",
        opset=27,
    ),
]
