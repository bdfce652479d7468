"""Operators that make a tensor out of attributes or of a few numbers."""

from shapewright.testing import case, const

NO_KERNEL = "ONNX Runtime has no kernel for this type"

CASES = [
    # Constant: one form of value
    case("Constant", [], value_int=3, out=["i64[]"], elements=[[3]]),
    case("Constant", [], value_ints=[4, -1], out=["i64[2]"], elements=[[4, -1]]),
    case("Constant", [], value_float=0.5, out=["f32[]"], elements=[[0.5]]),
    case("Constant", [], value_floats=[0.5, 2.0], out=["f32[2]"], elements=[[0.5, 2.0]], opset=12),
    case("Constant", [], value_string="a", out=["string[]"]),
    case("Constant", [], value_strings=["a", "b", "c"], out=["string[3]"]),
    case(
        "Constant",
        [],
        value_int=3,
        value_float=0.5,
        error="attr-value",
        skip_ort="it takes the last",
    ),
    case("Constant", [], error="attr-missing"),
    case("Constant", [], error="attr-missing", opset=9),
    case("Constant", [], error="attr-missing", opset=11),
    # ConstantOfShape
    case("ConstantOfShape", [const([2, 3])], out=["f32[2, 3]"], elements=[[0.0] * 6]),
    case("ConstantOfShape", [const([2, 0])], out=["f32[2, 0]"], elements=[[]]),
    case("ConstantOfShape", [const([])], out=["f32[]"], elements=[[0.0]], opset=9),
    case("ConstantOfShape", ["i64[2]"], out=["f32[?, ?]"]),
    case("ConstantOfShape", ["i64[...]"], out=["f32[...]"]),
    case("ConstantOfShape", [const([2, -1])], error="negative-dim"),
    case("ConstantOfShape", [const(2)], error="rank-mismatch"),
    case("ConstantOfShape", ["f32[2]"], error="dtype-unsupported"),
    # Range: max(0, ceil((limit - start) / delta))
    case("Range", [const(0), const(5), const(2)], out=["i64[3]"], elements=[[0, 2, 4]]),
    case("Range", [const(5), const(0), const(-2)], out=["i64[3]"], elements=[[5, 3, 1]]),
    case("Range", [const(5), const(0), const(1)], out=["i64[0]"], elements=[[]], opset=11),
    case(
        "Range",
        [const(0.0, "f32"), const(1.0, "f32"), const(0.25, "f32")],
        out=["f32[4]"],
        elements=[[0.0, 0.25, 0.5, 0.75]],
    ),
    case(
        "Range",
        [const(0.0, "f32"), const(1.0, "f32"), const(0.1, "f32")],
        out=["f32[10]"],
        opset=13,
    ),
    case("Range", ["i64[]", "i64[]", "i64[]"], out=["i64[?]"]),
    case("Range", [const(0), "i64[]", const(1)], out=["i64[?]"], opset=27, stash_type=1),
    case("Range", [const(0), const(5), const(0)], error="range-step"),
    case("Range", [const(0), const(5), const(1, "i32")], error="dtype-mismatch"),
    case("Range", ["u8[]", "u8[]", "u8[]"], error="dtype-unsupported"),
    case("Range", ["f16[]", "f16[]", "f16[]"], error="dtype-unsupported", opset=26),
    case("Range", ["i64[1]", "i64[]", "i64[]"], out=["i64[?]"]),
    case("Range", ["i64[2]", "i64[]", "i64[]"], error="rank-mismatch"),
    case("Range", ["i64[1, 1]", "i64[]", "i64[]"], error="rank-mismatch"),
    # EyeLike
    case("EyeLike", ["f32[N, 4]"], out=["f32[N, 4]"]),
    case("EyeLike", ["f32[N, 4]"], dtype=7, k=1, out=["i64[N, 4]"], opset=9),
    case("EyeLike", ["bf16[N, 4]"], out=["bf16[N, 4]"], opset=22, skip_ort=NO_KERNEL),
    case("EyeLike", ["f32[...]"], out=["f32[?, ?]"]),
    case("EyeLike", ["f32[N, 4, 4]"], error="rank-mismatch"),
    case("EyeLike", ["string[4, 4]"], error="dtype-unsupported"),
    case("EyeLike", ["f32[4, 4]"], dtype=8, error="dtype-unsupported"),
    case("EyeLike", ["f32[4, 4]"], dtype=99, error="dtype-unknown"),
]
