"""Faults of the operators of quant."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "DequantizeLinear",
        ["i8[4, 2]", "f32[4]", "i8[4]"],
        broken(0, "i8[1, 2]", "quant-scale", "4 != 1"),
        broken(
            "axis",
            100,
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        opset=13,
        axis=0,
    ),
    *twin(
        "DequantizeLinear",
        ["u8[2, 4]", "f16[]"],
        broken(1, "u8[]", "dtype-unsupported", "x_scale of u8 at opset 19: one of f32 f16 bf16"),
        broken(0, None, "input-missing", "its input x"),
        opset=19,
    ),
    *twin(
        "DequantizeLinear",
        ["u8[2, 4]", "f32[]", "u8[]"],
        broken(0, "i8[2, 4]", "dtype-mismatch", "i8 != u8"),
        opset=19,
    ),
    *twin(
        "DequantizeLinear",
        ["u8[2, 4]", "f32[]"],
        broken("output_dtype", -1, "dtype-unknown", "output_dtype is -1, which is no element type"),
        broken("output_dtype", [10], "attr-kind", "output_dtype is of kind ints, not int"),
        opset=23,
        output_dtype=10,
    ),
    *twin(
        "DynamicQuantizeLinear",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "x of u8 at opset 11: one of f32"),
        broken(0, None, "input-missing", "its input x"),
        opset=11,
        outputs=3,
    ),
    *twin(
        "QuantizeLinear",
        ["f32[2, 9]", "f32[2, 3]"],
        broken(0, "f32[1, 9]", "quant-scale", "2 != 1"),
        broken(0, "u8[2, 9]", "dtype-unsupported", "x of u8 at opset 21: one of f32 f16 bf16 i32"),
        broken(0, "f16[2, 9]", "dtype-mismatch", "f16 != f32"),
        broken("block_size", -1, "attr-value", "block_size is -1, which is negative"),
        broken(0, None, "input-missing", "its input x"),
        broken("block_size", [3], "attr-kind", "block_size is of kind ints, not int"),
        opset=21,
        block_size=3,
    ),
    *twin(
        "QuantizeLinear",
        ["f32[2]", "f32[1]"],
        broken(
            1,
            "f32[2]",
            "axis-out-of-range",
            "axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        opset=13,
    ),
]
