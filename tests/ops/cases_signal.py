"""Windows, MelWeightMatrix, DFT, STFT."""

from __future__ import annotations

from shapewright.testing import case, const

IGNORED = "ONNX Runtime does not look at it"
WINDOWS = ("BlackmanWindow", "HammingWindow", "HannWindow")
RATE, LOW, HIGH = const(8192), const(0.0, "f32"), const(4096.0, "f32")
REST = [RATE, LOW, HIGH]

CASES = [
    *(case(op, [const(8)], out=["f32[8]"]) for op in WINDOWS),
    *(case(op, [const(8)], out=["f64[8]"], output_datatype=11) for op in WINDOWS),
    *(case(op, ["i32[]"], out=["f32[size]"], periodic=0, opset=17) for op in WINDOWS),
    *(case(op, [const(-1)], error="size-too-small") for op in WINDOWS),
    *(case(op, ["i64[2]"], error="rank-mismatch") for op in WINDOWS),
    *(case(op, ["f32[]"], error="dtype-unsupported") for op in WINDOWS),
    *(case(op, [const(8)], error="dtype-unsupported", output_datatype=9) for op in WINDOWS),
    # MelWeightMatrix
    case("MelWeightMatrix", [const(8), const(16), *REST], out=["f32[9, 8]"]),
    case("MelWeightMatrix", [const(8), const(16), *REST], out=["f64[9, 8]"], output_datatype=11),
    case(
        "MelWeightMatrix",
        [const(8), "i64[]", *REST],
        out=["f32[dft_length//2 + 1, 8]"],
        skip_ort="of any size",
    ),
    case("MelWeightMatrix", [const(-8), const(16), *REST], error="size-too-small"),
    case(
        "MelWeightMatrix",
        [const(8), const(16, "i32"), *REST],
        error="dtype-mismatch",
    ),
    case("MelWeightMatrix", ["i64[2]", const(16), *REST], error="rank-mismatch"),
    # DFT
    case("DFT", ["f32[B, L, 1]"], out=["f32[B, L, 2]"], opset=17),
    case("DFT", ["f32[B, L, 1]"], out=["f32[B, L, 2]"]),
    case("DFT", ["f32[B, L, 2]"], out=["f32[B, L, 2]"], inverse=1),
    case("DFT", ["f32[B, L, 1]"], out=["f32[B, L//2 + 1, 2]"], onesided=1),
    case(
        "DFT",
        ["f32[B, L, 2]"],
        out=["f32[B, 2*L - 2, 1]"],
        onesided=1,
        inverse=1,
    ),
    case("DFT", ["f32[B, L, 2]", const(7)], out=["f32[B, 7, 1]"], onesided=1, inverse=1),
    case("DFT", ["f32[B, L, 1]", const(7)], out=["f32[B, 7, 2]"]),
    case("DFT", ["f32[B, L, 1]", "i64[]"], out=["f32[B, dft_length, 2]"]),
    case("DFT", ["f32[B, H, W, 1]"], out=["f32[B, H, W//2 + 1, 2]"], onesided=1),
    case("DFT", ["f32[B, H, W, 1]", None, const(1)], out=["f32[B, H//2 + 1, W, 2]"], onesided=1),
    case("DFT", ["f32[B, H, W, 1]"], out=["f32[B, H//2 + 1, W, 2]"], onesided=1, opset=17),
    case("DFT", ["f32[B, H, 1]", None, "i64[]"], out=["f32[?, ?, 2]"], skip_ort="of any axis"),
    case("DFT", ["f32[...]"], out=["f32[...]"]),
    case("DFT", ["f32[10]"], error="rank-mismatch"),
    case("DFT", ["f32[2, 10, 3]"], error="signal-parts"),
    case("DFT", ["f32[2, 10, 2]"], error="signal-parts", onesided=1),
    case("DFT", ["f32[2, 10, 1]"], error="signal-parts", onesided=1, inverse=1),
    case("DFT", ["f32[2, 10, P]"], out=["f32[2, 10, 2]"], contract=["P <= 2"]),
    case("DFT", ["f32[2, 1, 2]"], out=["f32[2, 0, 1]"], onesided=1, inverse=1),
    case("DFT", ["f32[2, 0, 2]"], error="size-too-small", onesided=1, inverse=1),
    case("DFT", ["f32[2, 10, 1]", const(0)], error="size-too-small"),
    case("DFT", ["f32[2, 10, 1]"], error="axis-out-of-range", axis=2, opset=17),
    case("DFT", ["f32[2, 10, 1]"], error="axis-out-of-range", axis=3, opset=17),
    case("DFT", ["f32[2, 10, 1]", None, const(-1)], error="axis-out-of-range"),
    case("DFT", ["i64[2, 10, 1]"], error="dtype-unsupported"),
    # STFT
    case("STFT", ["f32[B, 32, 1]", const(4), "f32[8]"], out=["f32[B, 7, 5, 2]"]),
    case(
        "STFT",
        ["f32[B, L, 1]", const(4), "f32[8]"],
        out=["f32[B, (L - 8)//4 + 1, 8, 2]"],
        onesided=0,
        contract=["8 <= L"],
    ),
    case("STFT", ["f32[B, 32, 1]", const(4), None, const(8)], out=["f32[B, 7, 5, 2]"]),
    case("STFT", ["f32[B, 32, 1]", const(4), "f32[8]", const(8)], out=["f32[B, 7, 5, 2]"]),
    case(
        "STFT",
        ["f32[B, 32, 1]", const(4), "f32[W]", const(8)],
        out=["f32[B, 7, 5, 2]"],
        contract=["W == 8"],
    ),
    case("STFT", ["f32[2, 32]", const(4), "f32[8]"], out=["f32[2, 7, 5, 2]"]),
    case("STFT", ["f32[B, 32, 1]", "i64[]", "f32[8]"], out=["f32[B, 24//frame_step + 1, 5, 2]"]),
    case("STFT", ["f32[2, 32, 1]", const(4), "f32[8]", const(9)], error="signal-frame"),
    case("STFT", ["f32[2, 6, 1]", const(4), "f32[8]"], error="signal-frame"),
    case("STFT", ["f32[2, 32, 1]", const(0), "f32[8]"], error="size-too-small"),
    case("STFT", ["f32[2, 32, 3]", const(4), "f32[8]"], error="signal-parts", onesided=0),
    case("STFT", ["f32[2, 32, 1]", const(4), "f64[8]"], error="dtype-mismatch"),
    case("STFT", ["f32[32]", const(4), "f32[8]"], error="rank-mismatch"),
    case("STFT", ["f32[2, 32, 1]", const(4), "f32[1, 8]"], error="rank-mismatch", skip_ort=IGNORED),
]
