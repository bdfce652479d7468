"""RandomNormal, RandomUniform, those like a tensor, Multinomial."""

from __future__ import annotations

from typing import Any

from shapewright.testing import case

NO_KERNEL = "ONNX Runtime has no kernel on CPU"

NONE: dict[str, Any] = {}

REFUSED: list[tuple[int, dict[str, Any], str]] = [
    (20, {"shape": (2, -3)}, "negative-dim"),
    (20, {"shape": (2, 3), "dtype": 7}, "dtype-unsupported"),
    (21, {"shape": (2, 3), "dtype": 16}, "dtype-unsupported"),
    (22, {"shape": (2, 3), "dtype": 99}, "dtype-unknown"),
    (22, {}, "attr-missing"),
]

CASES = [
    *(
        case(op, [], out=[out], shape=(2, 3), opset=opset, **dtype)
        for op in ("RandomNormal", "RandomUniform")
        for opset, dtype, out in [
            (7, NONE, "f32[2, 3]"),
            (20, {"dtype": 11}, "f64[2, 3]"),
            (22, {"dtype": 16}, "bf16[2, 3]"),
        ]
    ),
    *(
        case(op, [], error=code, opset=opset, **attrs)
        for op in ("RandomNormal", "RandomUniform")
        for opset, attrs, code in REFUSED
    ),
    *(
        case(op, [operand], out=[out], opset=opset, **dtype)
        for op in ("RandomNormalLike", "RandomUniformLike")
        for operand, opset, dtype, out in [
            ("i64[N, 3]", 20, {"dtype": 1}, "f32[N, 3]"),
            ("f32[N, 3]", 7, NONE, "f32[N, 3]"),
            ("bf16[3]", 22, {"dtype": 1}, "f32[3]"),
            ("bf16[3]", 22, {}, "bf16[3]"),
            ("f32[...]", 22, {}, "f32[...]"),
        ]
    ),
    *(
        case(op, [operand], error="dtype-unsupported", opset=opset, **dtype)
        for op in ("RandomNormalLike", "RandomUniformLike")
        for operand, opset, dtype in [
            ("i64[3]", 20, NONE),
            ("bf16[3]", 21, {"dtype": 1}),
            ("f32[3]", 22, {"dtype": 7}),
        ]
    ),
    case("Multinomial", ["f32[B, C]"], out=["i32[B, 5]"], sample_size=5),
    case("Multinomial", ["f32[B, C]"], out=["i64[B, 1]"], dtype=7, opset=7),
    case("Multinomial", ["bf16[B, C]"], out=["i32[B, 1]"], opset=22, skip_ort=NO_KERNEL),
    case("Multinomial", ["f32[...]"], out=["i32[?, 1]"]),
    case("Multinomial", ["f32[3]"], error="rank-mismatch"),
    case("Multinomial", ["f32[3, 0]"], error="size-too-small"),
    case("Multinomial", ["f32[2, 3]"], error="attr-value", sample_size=0),
    case("Multinomial", ["f32[2, 3]"], error="dtype-unsupported", dtype=1),
    case("Multinomial", ["i64[2, 3]"], error="dtype-unsupported"),
]
