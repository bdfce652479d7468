"""Faults of the operators of unary."""

from ops.defect import GONE, broken, twin
from shapewright.testing import const

DEFECTS = [
    *twin(
        "Abs",
        ["i64[2]"],
        broken(
            0,
            "bool[2]",
            "dtype-unsupported",
            "X of bool at opset 20: one of f64 f32 f16 bf16 i64 i32 i16 i8 u64 u32",
        ),
    ),
    *twin(
        "Acos",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Acosh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Asin",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Asinh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Atan",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Atanh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Bernoulli",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 15: one of f64 f32 f16"),
        opset=15,
    ),
    *twin(
        "Bernoulli",
        ["f32[2, 4]"],
        broken("dtype", 0, "dtype-unknown", "dtype is 0, which is no element type"),
        broken("dtype", [7], "attr-kind", "dtype is of kind ints, not int"),
        opset=15,
        dtype=7,
    ),
    *twin(
        "BitwiseNot",
        ["u8[2, 2]"],
        broken(
            0,
            "f32[2, 2]",
            "dtype-unsupported",
            "X of f32 at opset 18: one of i64 i32 i16 i8 u64 u32 u16 u8",
        ),
        opset=18,
    ),
    *twin(
        "Ceil",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"),
        opset=13,
    ),
    *twin(
        "Celu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 12: one of f32"),
        opset=12,
    ),
    *twin(
        "Clip",
        ["f32[2, 4]", "f32[1]"],
        broken(1, "f32[2]", "shape-mismatch", "2 != 1"),
        broken(0, "u8[2, 4]", "dtype-mismatch", "u8 != f32"),
        broken(
            0,
            "bool[2, 4]",
            "dtype-unsupported",
            "input of bool at opset 20: one of f64 f32 f16 bf16 i64 i32 i16 i8 u64",
        ),
        broken(1, "f32[1, 2]", "rank-mismatch", "min of rank 0 or 1, not rank 2"),
    ),
    *twin(
        "Clip",
        ["f32[2, 4]"],
        broken("min", 1, "attr-kind", "min is of kind int, not float"),
        opset=7,
        min=0.0,
        max=6.0,
    ),
    *twin(
        "Cos",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Cosh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "CumProd",
        ["f32[2, 4]", const(0)],
        broken(
            1,
            const(100),
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken(
            0,
            "u8[2, 4]",
            "dtype-unsupported",
            "x of u8 at opset 26: one of f64 f32 f16 bf16 i64 i32 u64 u32",
        ),
        broken(1, const([0, 0]), "shape-mismatch", "2 != 1"),
        opset=26,
    ),
    *twin(
        "CumSum",
        [const([1, 2, 3]), const(0)],
        broken(
            1,
            const(1),
            "axis-out-of-range",
            "axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        broken(1, const([0, 0]), "shape-mismatch", "2 != 1"),
    ),
    *twin(
        "CumSum",
        ["f32[2, 4]", "i64[]"],
        broken(
            0,
            "u8[2, 4]",
            "dtype-unsupported",
            "x of u8 at opset 14: one of f64 f32 f16 bf16 i64 i32 u64 u32",
        ),
        opset=14,
    ),
    *twin(
        "CumSum",
        ["f32[2, 4]", const([1])],
        broken(1, const([[1]]), "rank-mismatch", "axis of rank 0 or 1, not rank 2"),
        opset=14,
    ),
    *twin(
        "CumSum",
        [const([1, 2, 3]), const(0)],
        broken("reverse", [1], "attr-kind", "reverse is of kind ints, not int"),
        reverse=1,
    ),
    *twin(
        "Dropout",
        ["f32[2, 4]"],
        broken(
            0,
            "u8[2, 4]",
            "dtype-unsupported",
            "data of u8 at opset 22: one of f64 f32 f16 bf16 f8e4m3 f8e5m2",
        ),
        opset=22,
    ),
    *twin(
        "Dropout",
        ["f32[2, 4]", "f32[]", "bool[]"],
        broken(1, "f32[2]", "rank-mismatch", "ratio of rank 0, not rank 1"),
        opset=13,
        outputs=2,
    ),
    *twin(
        "Dropout",
        ["f32[2, 4]"],
        broken("ratio", 1, "attr-kind", "ratio is of kind int, not float"),
        opset=7,
        ratio=0.5,
    ),
    *twin(
        "Elu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "Erf",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "Exp",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "Floor",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"),
        opset=13,
    ),
    *twin(
        "Gelu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16 bf16"),
    ),
    *twin(
        "Gelu",
        ["f32[2, 4]"],
        broken(
            "approximate",
            "bogus",
            "attr-value",
            "approximate is 'bogus': 'none' or 'tanh' are allowed",
        ),
        approximate="tanh",
    ),
    *twin(
        "HardSigmoid",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "HardSwish",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "Hardmax",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "Hardmax",
        ["f32[2, 4]"],
        broken(
            0,
            "f32[4]",
            "axis-out-of-range",
            "axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        opset=7,
    ),
    *twin(
        "IsInf",
        ["f16[2, 4]"],
        broken(
            0,
            "u8[2, 4]",
            "dtype-unsupported",
            "X of u8 at opset 20: one of f64 f32 f16 bf16 f8e4m3 f8e5m2 f8e4m3fnuz",
        ),
    ),
    *twin(
        "IsNaN",
        ["f16[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 9: one of f64 f32 f16"),
        opset=9,
    ),
    *twin(
        "LRN",
        ["f32[2, 3, 3, 5]"],
        broken(
            0, "u8[2, 3, 3, 5]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        broken("size", 0, "attr-value", "size is 0, which is no positive number"),
        broken(0, "f32[]", "rank-mismatch", "X of rank 4, not rank 0"),
        broken("size", GONE, "attr-missing", "the attribute size"),
        broken("size", [5], "attr-kind", "size is of kind ints, not int"),
        opset=13,
        size=5,
    ),
    *twin(
        "LeakyRelu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 16: one of f64 f32 f16 bf16"),
        opset=16,
    ),
    *twin(
        "Log",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "LogSoftmax",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "LogSoftmax",
        ["f32[2, 4]"],
        broken(
            0,
            "f32[4]",
            "axis-out-of-range",
            "axis 1 is out of range for rank 1: -1 to 0 are allowed",
        ),
        opset=7,
    ),
    *twin(
        "LpNormalization",
        ["f32[2, 3]"],
        broken(0, "u8[2, 3]", "dtype-unsupported", "input of u8 at opset 20: one of f64 f32 f16"),
        broken("p", 0, "attr-value", "p is 0: 1 or 2 are allowed"),
        broken(
            "axis",
            100,
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken("p", [1], "attr-kind", "p is of kind ints, not int"),
        p=1,
        axis=0,
    ),
    *twin(
        "MeanVarianceNormalization",
        ["f32[2, 3, 5, 4]"],
        broken(
            0, "u8[2, 3, 5, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "Mish",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 18: one of f64 f32 f16"),
        opset=18,
    ),
    *twin(
        "Neg",
        ["i32[2]"],
        broken(
            0,
            "u8[2]",
            "dtype-unsupported",
            "X of u8 at opset 20: one of f64 f32 f16 bf16 i64 i32 i16 i8",
        ),
    ),
    *twin(
        "Not",
        ["bool[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 20: one of bool"),
    ),
    *twin(
        "Reciprocal",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"),
        opset=13,
    ),
    *twin(
        "Relu",
        ["f32[]"],
        broken(
            0,
            "u8[]",
            "dtype-unsupported",
            "X of u8 at opset 20: one of f64 f32 f16 bf16 i64 i32 i16 i8",
        ),
    ),
    *twin(
        "Round",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "Selu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "Shrink",
        ["f32[2, 4]"],
        broken(
            0,
            "bool[2, 4]",
            "dtype-unsupported",
            "input of bool at opset 9: one of f64 f32 f16 i64 i32 i16 i8 u64 u32",
        ),
        opset=9,
    ),
    *twin(
        "Sigmoid",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"),
        opset=13,
    ),
    *twin(
        "Sign",
        ["f32[2, 4]"],
        broken(
            0,
            "bool[2, 4]",
            "dtype-unsupported",
            "input of bool at opset 13: one of f64 f32 f16 bf16 i64 i32 i16 i8 u64",
        ),
        opset=13,
    ),
    *twin(
        "Sin",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Sinh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Softmax",
        ["f32[2, 10]"],
        broken(
            0, "u8[2, 10]", "dtype-unsupported", "input of u8 at opset 20: one of f64 f32 f16 bf16"
        ),
        broken(
            "axis",
            100,
            "axis-out-of-range",
            "axis 100 is out of range for rank 2: -2 to 1 are allowed",
        ),
        broken("axis", [-1], "attr-kind", "axis is of kind ints, not int"),
        axis=-1,
    ),
    *twin(
        "Softplus",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
    *twin(
        "Softsign",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Sqrt",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 13: one of f64 f32 f16 bf16"),
        opset=13,
    ),
    *twin(
        "Swish",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 24: one of f64 f32 f16 bf16"),
        opset=24,
    ),
    *twin(
        "Tan",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 22: one of f64 f32 f16 bf16"
        ),
        opset=22,
    ),
    *twin(
        "Tanh",
        ["f32[2, 4]"],
        broken(
            0, "u8[2, 4]", "dtype-unsupported", "input of u8 at opset 13: one of f64 f32 f16 bf16"
        ),
        opset=13,
    ),
    *twin(
        "ThresholdedRelu",
        ["f32[2, 4]"],
        broken(0, "u8[2, 4]", "dtype-unsupported", "X of u8 at opset 22: one of f64 f32 f16 bf16"),
        opset=22,
    ),
]
