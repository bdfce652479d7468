"""NonZero, Compress, Unique, NonMaxSuppression, ImageDecoder: sizes that only a run can tell."""

from __future__ import annotations

import struct
from typing import Any

from shapewright.testing import Case, case, const

NO_KERNEL = "ONNX Runtime has no kernel on CPU"

BOXES, SCORES = "f32[B, 6, 4]", "f32[B, C, 6]"
MOST = [const([2])]


def image(stream: bytes, out: str, **options: Any) -> Case:
    """A row whose stream is a constant: its header alone, or what stands before the sizes."""
    return case(
        "ImageDecoder", [const(list(stream), "u8")], out=[out], skip_ort=NO_KERNEL, **options
    )


OPEN = "u8[height, width, 3]"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
BMP = b"BM" + bytes(12) + struct.pack("<Iii", 40, 3, -2)
OS2 = b"BM" + bytes(12) + struct.pack("<IHH", 12, 3, 2) + bytes(8)
CANVAS = b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + struct.pack("<I", 639)[:3] + b"\xdf\x01\0"
LOSSY = b"RIFF\0\0\0\0WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L" + bytes(4) + b"\x2f" + struct.pack("<I", 639 | 479 << 14)
FRAME = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 480, 640)
JFIF = b"\xff\xd8\xff\xe0\0\x06JFIF"
TURNED = b"\xff\xd8\xff\xe1\0\x08Exif\0\0"

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
        out=["f32[min(1, max(0, N - 2)) + 1, 4]"],
        axis=0,
        name="the axis may be shorter than the condition",
    ),
    case(
        "Compress",
        [const([5, 6, 7]), const([1, 0, 1], "bool")],
        out=["i64[2]"],
        elements=[[5, 7]],
        name="known elements",
    ),
    case(
        "Compress",
        [const([[1, 2, 3], [4, 5, 6]]), const([0, 1, 1], "bool")],
        out=["i64[2, 2]"],
        elements=[[2, 3, 5, 6]],
        axis=-1,
        name="known elements along an axis",
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
    case(
        "Unique",
        [const([2, 1, 1, 3, 4, 3])],
        out=["i64[4]", "i64[4]", "i64[6]", "i64[4]"],
        elements=[[1, 2, 3, 4], [1, 0, 3, 4], [1, 0, 0, 2, 3, 2], [2, 1, 2, 1]],
        name="known",
    ),
    case(
        "Unique",
        [const([2, 1, 1, 3, 4, 3])],
        out=["i64[4]", "i64[4]", "i64[6]", "i64[4]"],
        elements=[[2, 1, 3, 4], [0, 1, 3, 4], [0, 1, 1, 2, 3, 2], [1, 2, 2, 1]],
        sorted=0,
        name="known, in order of occurrence",
    ),
    case(
        "Unique",
        [const([[2, 0, 2], [1, 5, 1], [2, 0, 2]], "f32")],
        out=["f32[2, 3]", "i64[2]", "i64[3]", "i64[2]"],
        elements=[[1, 5, 1, 2, 0, 2], [1, 0], [1, 0, 1], [1, 2]],
        axis=0,
        name="known rows",
    ),
    case(
        "Unique",
        [const([[2, 0, 2], [1, 5, 1]])],
        out=["i64[2, 2]", "i64[2]", "i64[3]", "i64[2]"],
        elements=[[0, 2, 5, 1], [1, 0], [1, 0, 1], [1, 2]],
        axis=-1,
        name="known columns",
    ),
    case(
        "Unique",
        [const(["b", "a", "b"], "string")],
        out=["string[2]", "i64[2]", "i64[3]", "i64[2]"],
        elements=[["a", "b"], [1, 0], [1, 0, 1], [1, 2]],
        name="known texts",
    ),
    case("Unique", [const([0.5, float("nan")], "f32")], out=["f32[unique]"], name="not a number"),
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
    case(
        "NonMaxSuppression",
        [
            const([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3]]], "f32"),
            const([[[0.9, 0.75, 0.6]]], "f32"),
            const([3]),
            const([0.5], "f32"),
        ],
        out=["i64[2, 3]"],
        elements=[[0, 0, 0, 0, 0, 2]],
        name="known boxes",
    ),
    case(
        "NonMaxSuppression",
        [
            const([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3]]], "f32"),
            const([[[0.9, 0.75, 0.6]]], "f32"),
            const([3]),
            const([0.818181], "f32"),
        ],
        out=["i64[boxes, 3]"],
        name="rounding decides",
    ),
    # ImageDecoder
    case("ImageDecoder", ["u8[N]"], out=["u8[height, width, 3]"], skip_ort=NO_KERNEL),
    case(
        "ImageDecoder",
        ["u8[N]"],
        out=["u8[height, width, 1]"],
        pixel_format="Grayscale",
        skip_ort=NO_KERNEL,
    ),
    image(PNG, "u8[480, 640, 3]", name="PNG"),
    image(PNG, "u8[480, 640, 1]", name="PNG in grey", pixel_format="Grayscale"),
    image(PNG[:-1], OPEN, name="PNG cut off"),
    image(BMP, "u8[2, 3, 3]", name="BMP from top to bottom"),
    image(OS2, "u8[2, 3, 3]", name="BMP of OS/2"),
    image(CANVAS, "u8[480, 640, 3]", name="WebP canvas"),
    image(LOSSY, "u8[480, 640, 3]", name="WebP lossy"),
    image(LOSSLESS + bytes(5), "u8[480, 640, 3]", name="WebP lossless"),
    image(JFIF + FRAME, "u8[480, 640, 3]", name="JPEG"),
    image(TURNED + FRAME, OPEN, name="JPEG that may be turned"),
    image(JFIF, OPEN, name="JPEG cut off"),
    image(b"P5\n# 9 9\n 640\t480\n255\n", "u8[480, 640, 3]", name="PNM"),
    image(b"P6 640 48", OPEN, name="PNM cut off"),
    image(b"II*\0", OPEN, name="TIFF"),
    case("ImageDecoder", ["u8[N]"], error="attr-value", pixel_format="CMYK", skip_ort=NO_KERNEL),
    case("ImageDecoder", ["u8[N, 2]"], error="rank-mismatch"),
    case("ImageDecoder", ["i8[N]"], error="dtype-unsupported"),
]
