"""F8: quantisation: one scale a tensor, then one an index of an axis (13), or a block (21)."""

from shapewright.testing import case

# dtype codes of ONNX
UINT8, INT8, INT64, FLOAT16, INT4 = 2, 3, 7, 10, 22
EARLY = "it takes a scale along an axis at every opset"

CASES = [
    # --- QuantizeLinear: the zero point decides the dtype
    *(
        case("QuantizeLinear", ["f32[N, 4]", "f32[]", "u8[]"], out=["u8[N, 4]"], opset=opset)
        for opset in (10, 13, 19, 21, 23, 24, 25, 28)
    ),
    case("QuantizeLinear", ["f32[N, 4]", "f32[]"], out=["u8[N, 4]"], opset=10),
    case("QuantizeLinear", ["f32[N, 4]", "f32[]", "i8[]"], out=["i8[N, 4]"], opset=13),
    case("QuantizeLinear", ["f32[N, 4]", "f32[1]", "i8[]"], out=["i8[N, 4]"], opset=13),
    case("QuantizeLinear", ["f32[N, 4]", "f32[4]", "u8[4]"], out=["u8[N, 4]"], opset=13),
    case("QuantizeLinear", ["f32[N, 4]", "f32[4]"], axis=-1, out=["u8[N, 4]"], opset=13),
    case("QuantizeLinear", ["f32[N, 4]", "f32[N]"], axis=0, out=["u8[N, 4]"], opset=13),
    case("QuantizeLinear", ["f32[N]", "f32[1]"], out=["u8[N]"], opset=13, name="axis is ignored"),
    case("QuantizeLinear", ["f16[N, 4]", "f16[]", "f8e4m3[]"], out=["f8e4m3[N, 4]"], opset=19),
    case("QuantizeLinear", ["f32[N, 4]", "f32[]", "i4[]"], out=["i4[N, 4]"], opset=21),
    case("QuantizeLinear", ["f32[N, 4]", "f32[]", "f6e3m2[]"], out=["f6e3m2[N, 4]"], opset=28),
    case(
        "QuantizeLinear",
        ["f32[N, 4]", "f32[]"],
        output_dtype=INT4,
        out=["i4[N, 4]"],
        opset=21,
        skip_ort="numpy has no i4",
    ),
    case(
        "QuantizeLinear",
        ["f16[N, 4]", "f32[]"],
        out=["u8[N, 4]"],
        opset=23,
        skip_ort="its kernel wants one dtype",
    ),
    case("QuantizeLinear", ["f32[N, 4]", "f32[]", "i2[]"], out=["i2[N, 4]"], opset=25),
    case("QuantizeLinear", ["f32[N, 9]", "f32[N, 3]"], block_size=3, out=["u8[N, 9]"], opset=21),
    case("QuantizeLinear", ["f32[N, 8]", "f32[N, 3]"], block_size=3, out=["u8[N, 8]"], opset=21),
    case(
        "QuantizeLinear",
        ["f32[N, K]", "f32[N, (K + 31)//32]"],
        block_size=32,
        axis=1,
        out=["u8[N, K]"],
        opset=21,
    ),
    case("QuantizeLinear", ["f32[...]", "f32[4]"], out=["u8[...]"], opset=21),
    # refused
    case("QuantizeLinear", ["f32[2, 4]", "f32[4]"], error="quant-scale", opset=10, skip_ort=EARLY),
    case("QuantizeLinear", ["f32[2, 4]", "f32[3]"], error="quant-scale", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f32[2, 4]"], error="quant-scale", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f32[4]"], axis=2, error="axis-out-of-range", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f32[4]", "u8[2]"], error="quant-scale", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f32[4]", "u8[]"], error="quant-scale", opset=13),
    case("QuantizeLinear", ["f32[2, 9]", "f32[2, 4]"], block_size=3, error="quant-scale", opset=21),
    case("QuantizeLinear", ["f32[2, 9]", "f32[1, 3]"], block_size=3, error="quant-scale", opset=21),
    case("QuantizeLinear", ["f32[2, 9]", "f32[3]"], block_size=3, error="quant-scale", opset=21),
    case("QuantizeLinear", ["f32[2, 9]", "f32[9]"], block_size=-1, error="attr-value", opset=21),
    case("QuantizeLinear", ["f64[2, 4]", "f32[]"], error="dtype-unsupported", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f16[]"], error="dtype-unsupported", opset=13),
    case("QuantizeLinear", ["f32[2, 4]", "f16[]"], error="dtype-mismatch", opset=19),
    case("QuantizeLinear", ["f32[2, 4]", "f32[]", "i16[]"], error="dtype-unsupported", opset=19),
    case(
        "QuantizeLinear",
        ["f32[2, 4]", "f32[]", "i8[]"],
        output_dtype=UINT8,
        error="dtype-mismatch",
        opset=21,
    ),
    case(
        "QuantizeLinear",
        ["f32[2, 4]", "f32[]"],
        output_dtype=INT64,
        error="dtype-unsupported",
        opset=21,
    ),
    # --- DequantizeLinear: f32, then the dtype of the scale, or the one asked for
    *(
        case("DequantizeLinear", ["u8[N, 4]", "f32[]", "u8[]"], out=["f32[N, 4]"], opset=opset)
        for opset in (10, 13, 19, 21, 23, 24, 25, 28)
    ),
    case("DequantizeLinear", ["f6e2m3[N, 4]", "f16[]"], out=["f16[N, 4]"], opset=28),
    case("DequantizeLinear", ["f6e2m3[2, 4]", "f16[]"], error="dtype-unsupported", opset=25),
    case("DequantizeLinear", ["i32[N, 4]", "f32[]"], out=["f32[N, 4]"], opset=10),
    case("DequantizeLinear", ["i8[4, N]", "f32[4]", "i8[4]"], axis=0, out=["f32[4, N]"], opset=13),
    case("DequantizeLinear", ["u8[N, 4]", "f16[]"], out=["f16[N, 4]"], opset=19),
    case(
        "DequantizeLinear", ["i4[N, 64]", "f16[N, 2]"], block_size=32, out=["f16[N, 64]"], opset=21
    ),
    case(
        "DequantizeLinear", ["u8[N, 4]", "f32[]"], output_dtype=FLOAT16, out=["f16[N, 4]"], opset=23
    ),
    case(
        "DequantizeLinear",
        ["f4e2m1[N, 4]", "f8e8m0[]"],
        output_dtype=FLOAT16,
        out=["f16[N, 4]"],
        opset=24,
    ),
    # refused
    case("DequantizeLinear", ["u8[2, 4]", "f32[4]"], error="quant-scale", opset=10, skip_ort=EARLY),
    case("DequantizeLinear", ["u8[2, 4]", "f32[3]"], error="quant-scale", opset=13),
    case("DequantizeLinear", ["u8[2, 4]", "f32[]", "i8[]"], error="dtype-mismatch", opset=13),
    case("DequantizeLinear", ["u16[2, 4]", "f32[]"], error="dtype-unsupported", opset=19),
    case("DequantizeLinear", ["u8[2, 4]", "f16[]"], error="dtype-unsupported", opset=13),
    case(
        "DequantizeLinear",
        ["u8[2, 4]", "f32[]"],
        output_dtype=INT8,
        error="dtype-unsupported",
        opset=23,
    ),
    case("DequantizeLinear", ["u8[2, 4]", "f8e8m0[]"], error="dtype-unsupported", opset=24),
    case(
        "DequantizeLinear", ["i4[2, 64]", "f32[2, 3]"], block_size=32, error="quant-scale", opset=21
    ),
    # --- DynamicQuantizeLinear
    case("DynamicQuantizeLinear", ["f32[N, 4]"], out=["u8[N, 4]", "f32[]", "u8[]"], opset=11),
    case("DynamicQuantizeLinear", ["f16[N, 4]"], error="dtype-unsupported", opset=11),
]
