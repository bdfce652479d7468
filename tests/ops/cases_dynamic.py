"""NonZero, Compress, Unique, NonMaxSuppression, ImageDecoder: sizes that only a run can tell."""

from __future__ import annotations

from shapewright.testing import case, const

NO_KERNEL = "ONNX Runtime has no kernel on CPU"

BOXES, SCORES = "f32[B, 6, 4]", "f32[B, C, 6]"
MOST = [const([2])]

CASES = [
    # NonZero
    case("NonZero", ["f32[3, 4]"], out=["i64[2, nonzero]"]),
    case("NonZero", ["f32[N]"], out=["i64[1, nonzero]"], opset=9),
    case("NonZero", ["f32[0, 4]"], out=["i64[2, 0]"]),
    case("NonZero", ["bool[...]"], out=["i64[?, nonzero]"]),
    case("NonZero", ["i64[]"], out=["i64[nonzero_axes, nonzero]"], name="scalar"),
    case("NonZero", [const([0, 3, 0, 5])], out=["i64[1, 2]"], elements=[[1, 3]]),
    case(
        "NonZero",
        [const([[1, 0], [1, 1]])],
        out=["i64[2, 3]"],
        elements=[[0, 1, 1, 0, 0, 1]],
        name="matrix",
    ),
    case("NonZero", ["f8e4m3[3]"], error="dtype-unsupported"),
    case("NonZero", ["bf16[3]"], error="dtype-unsupported", opset=12),
    # Compress
    case("Compress", ["f32[N, 4]", "bool[N]"], out=["f32[compressed, 4]"], axis=0),
    case("Compress", ["f32[3, 4]", "bool[12]"], out=["f32[compressed]"], opset=9),
    case("Compress", ["bf16[3, 4]", "bool[12]"], out=["bf16[compressed]"], opset=28),
    case("Compress", ["bf16[3, 4]", "bool[12]"], error="dtype-unsupported", opset=27),
    case(
        "Compress",
        ["f32[N, 4]", const([1, 0, 1], "bool")],
        out=["f32[N, 2]"],
        axis=1,
        name="known condition",
    ),
    case(
        "Compress",
        ["f32[2, 4]", const([1, 0, 1], "bool")],
        out=["f32[1, 4]"],
        axis=0,
        name="conditions past the end",
    ),
    case(
        "Compress",
        ["f32[N, 4]", const([1, 0, 1], "bool")],
        out=["f32[compressed, 4]"],
        axis=0,
        name="the axis may be shorter than the condition",
    ),
    case("Compress", ["f32[3, 4]", "bool[2]"], out=["f32[3, compressed]"], axis=-1),
    case("Compress", ["f32[...]", "bool[2]"], out=["f32[...]"], axis=1),
    case("Compress", ["f32[...]", "bool[2]"], out=["f32[compressed]"]),
    case("Compress", ["f32[3, 4]", "bool[2]"], error="axis-out-of-range", axis=2),
    case("Compress", ["f32[]", "bool[1]"], error="rank-mismatch"),
    case("Compress", ["f32[3]", "i64[3]"], error="dtype-unsupported"),
    # Unique
    case("Unique", ["f32[3, 4]"], out=["f32[unique]", "i64[unique]", "i64[12]", "i64[unique]"]),
    case(
        "Unique",
        ["f32[N, M]"],
        out=["f32[N, unique]", "i64[unique]", "i64[M]", "i64[unique]"],
        axis=-1,
        sorted=0,
    ),
    case("Unique", ["f32[N, 4]"], out=["f32[unique]", None, "i64[4*N]"]),
    case("Unique", ["f32[0]"], out=["f32[0]", "i64[0]", "i64[0]", "i64[0]"]),
    case("Unique", ["i64[]"], out=["i64[unique]"], name="scalar"),
    case("Unique", ["f32[...]"], out=["f32[...]", "i64[?]"], axis=0),
    case("Unique", ["f32[...]"], out=["f32[unique]"]),
    case("Unique", ["f32[3]"], error="axis-out-of-range", axis=1),
    case("Unique", ["bf16[3]"], error="dtype-unsupported", opset=20),
    case("Unique", ["bf16[3]"], out=["bf16[unique]"], opset=28),
    # NonMaxSuppression
    case("NonMaxSuppression", [BOXES, SCORES, *MOST], out=["i64[boxes, 3]"]),
    case("NonMaxSuppression", ["f32[B, N, 4]", "f32[B, C, N]", *MOST], out=["i64[boxes, 3]"]),
    case("NonMaxSuppression", [BOXES, SCORES], out=["i64[0, 3]"], name="none by default"),
    case("NonMaxSuppression", [BOXES, SCORES, const([-1])], out=["i64[0, 3]"]),
    case(
        "NonMaxSuppression",
        [BOXES, SCORES, "i64[1]", const([0.5], "f32"), const([0.1], "f32")],
        out=["i64[boxes, 3]"],
        center_point_box=1,
        opset=10,
    ),
    case("NonMaxSuppression", ["f32[...]", "f32[...]", *MOST], out=["i64[boxes, 3]"]),
    case(
        "NonMaxSuppression",
        ["f32[2, N, 4]", "f32[2, 80, N]", const([2**63 - 1])],
        out=["i64[boxes, 3]"],
        name="as many as there are",
    ),
    case(
        "NonMaxSuppression",
        ["f32[B, N, 4]", "f32[B, C, M]", *MOST],
        out=["i64[boxes, 3]"],
        contract=["N == M"],
    ),
    case("NonMaxSuppression", ["f32[2, 5, 4]", "f32[2, 3, 6]", *MOST], error="shape-mismatch"),
    case("NonMaxSuppression", ["f32[1, 6, 4]", "f32[2, 3, 6]", *MOST], error="shape-mismatch"),
    case("NonMaxSuppression", ["f32[2, 6, 5]", "f32[2, 3, 6]", *MOST], error="shape-mismatch"),
    case("NonMaxSuppression", ["f32[6, 4]", "f32[2, 3, 6]", *MOST], error="rank-mismatch"),
    case("NonMaxSuppression", [BOXES, "f32[3, 6]", *MOST], error="rank-mismatch"),
    case("NonMaxSuppression", ["f64[2, 6, 4]", SCORES, *MOST], error="dtype-unsupported"),
    case(
        "NonMaxSuppression",
        [BOXES, SCORES, *MOST, const([1.5], "f32")],
        error="attr-value",
        name="iou",
    ),
    case("NonMaxSuppression", [BOXES, SCORES, *MOST], error="attr-value", center_point_box=2),
    # ImageDecoder
    case("ImageDecoder", ["u8[N]"], out=["u8[height, width, 3]"], skip_ort=NO_KERNEL),
    case(
        "ImageDecoder",
        ["u8[N]"],
        out=["u8[height, width, 1]"],
        pixel_format="Grayscale",
        skip_ort=NO_KERNEL,
    ),
    case("ImageDecoder", ["u8[N]"], error="attr-value", pixel_format="CMYK", skip_ort=NO_KERNEL),
    case("ImageDecoder", ["u8[N, 2]"], error="rank-mismatch"),
    case("ImageDecoder", ["i8[N]"], error="dtype-unsupported"),
]
