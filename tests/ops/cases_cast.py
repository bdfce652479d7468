"""Changes of element type.

ONNX's codes: 1 f32, 3 i8, 6 i32, 7 i64, 8 string, 9 bool, 10 f16, 12 u32, 14 c64, 16 bf16,
17 f8e4m3, 24 f8e8m0.
"""

from shapewright.testing import case, const

NO_KERNEL = "ONNX Runtime has no kernel for this type"
NO_NAME = "NumPy has no name for this type"

CASES = [
    case("Cast", ["f32[N, 3]"], to=7, out=["i64[N, 3]"], opset=7),
    case("Cast", ["f32[...]"], to=10, out=["f16[...]"]),
    case("Cast", ["f32[N]"], to=17, saturate=0, out=["f8e4m3[N]"], opset=19, skip_ort=NO_NAME),
    case(
        "Cast",
        ["f32[N]"],
        to=24,
        saturate=1,
        round_mode="down",
        out=["f8e8m0[N]"],
        opset=24,
        skip_ort=NO_KERNEL,
    ),
    # elements: integers survive, reals are cut toward zero
    case("Cast", [const([3, -4])], to=1, out=["f32[2]"], elements=[[3, -4]]),
    case("Cast", [const([2.75, -2.75], "f32")], to=7, out=["i64[2]"], elements=[[2, -2]]),
    case("Cast", [const([300, -1, 127])], to=3, out=["i8[3]"], elements=[[44, -1, 127]]),
    case("Cast", [const([-1])], to=12, out=["u32[1]"], elements=[[4294967295]]),
    case("Cast", [const([0, 5, -1])], to=9, out=["bool[3]"], elements=[[0, 1, 1]]),
    case("Cast", [const([0.0, 0.25], "f32")], to=9, out=["bool[2]"], elements=[[0, 1]]),
    case("Cast", [const([True, False], "bool")], to=7, out=["i64[2]"], elements=[[1, 0]]),
    case("Cast", [const([16777217])], to=1, out=["f32[1]"], elements=[[16777216.0]]),
    case("Cast", [const([0.1], "f32")], to=10, out=["f16[1]"], elements=[[0.0999755859375]]),
    case("Cast", [const([1e6], "f32")], to=10, out=["f16[1]"]),
    case("Cast", [const([1e30], "f32")], to=7, out=["i64[1]"]),
    case("Cast", ["f6e2m3[N]"], to=28, out=["f6e3m2[N]"], opset=28),
    case("Cast", ["f6e2m3[3]"], to=1, error="dtype-unsupported", opset=25),
    case("Cast", ["f32[3]"], to=0, error="dtype-unknown"),
    case("Cast", ["f32[3]"], to=99, error="dtype-unknown"),
    case("Cast", ["f32[3]"], error="attr-missing"),
    case("Cast", ["c64[3]"], to=1, error="dtype-unsupported"),
    case("Cast", ["f32[3]"], to=14, error="dtype-unsupported"),
    case("Cast", ["bf16[3]"], to=1, error="dtype-unsupported", opset=12),
    case("Cast", ["f8e4m3[3]"], to=1, error="dtype-unsupported", opset=18),
    case("Cast", ["f32[3]"], to=17, round_mode="away", error="attr-value", opset=24),
    # CastLike
    case("CastLike", ["f32[N, 3]", "i64[]"], out=["i64[N, 3]"], opset=15),
    case(
        "CastLike",
        ["f32[N, 3]", "f8e5m2[]"],
        saturate=0,
        out=["f8e5m2[N, 3]"],
        opset=19,
        skip_ort=NO_NAME,
    ),
    case("CastLike", ["f32[N]", "f16[2]"], round_mode="nearest", out=["f16[N]"], opset=24),
    case("CastLike", [const([2.5], "f32"), "i64[]"], out=["i64[1]"], elements=[[2]]),
    case("CastLike", ["f32[N]", "c64[]"], error="dtype-unsupported"),
    # BitCast
    case("BitCast", ["f32[N, 3]"], to=6, out=["i32[N, 3]"], opset=26),
    case("BitCast", ["f16[N]"], to=16, out=["bf16[N]"], opset=26, skip_ort=NO_NAME),
    case("BitCast", ["f32[N]"], to=7, error="bitcast-width", opset=26),
    case("BitCast", ["f32[N]"], to=8, error="dtype-unsupported", opset=26),
    case("BitCast", ["string[N]"], to=7, error="dtype-unsupported", opset=26),
]
