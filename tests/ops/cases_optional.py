"""Optional, OptionalGetElement, OptionalHasElement."""

from __future__ import annotations

from shapewright.testing import case

NO_FEED = "an optional is no input of a run from Python"

CASES = [
    case("Optional", ["f32[N, 3]"], out=["optional(f32[N, 3])"], opset=15),
    case("Optional", ["seq(f32[N, 3], 2)"], out=["optional(seq(f32[N, 3], 2))"], opset=18),
    case("Optional", ["f4e2m1[4]"], out=["optional(f4e2m1[4])"], opset=28),
    case("Optional", ["bf16[3]"], error="dtype-unsupported", opset=27),
    case("Optional", ["optional(f32[3])"], error="dtype-unsupported", skip_ort=NO_FEED),
    case("Optional", [], error="attr-missing", opset=18),
    case(
        "OptionalGetElement",
        ["optional(f32[N, 3])"],
        out=["f32[N, 3]"],
        opset=15,
        skip_ort=NO_FEED,
    ),
    case(
        "OptionalGetElement",
        ["optional(seq(f32[N, 3]))"],
        out=["seq(f32[N, 3])"],
        opset=18,
        skip_ort=NO_FEED,
    ),
    case("OptionalGetElement", ["f32[N, 3]"], out=["f32[N, 3]"], opset=18),
    case("OptionalGetElement", ["seq(i64[3], 2)"], out=["seq(i64[3], 2)"], opset=18),
    case("OptionalGetElement", ["f32[N, 3]"], error="dtype-unsupported", opset=15),
    case("OptionalHasElement", ["optional(f32[N])"], out=["bool[]"], opset=15, skip_ort=NO_FEED),
    case("OptionalHasElement", ["f32[N]"], out=["bool[]"], elements=[[1]], opset=18),
    case("OptionalHasElement", ["seq(f32[N], 2)"], out=["bool[]"], elements=[[1]]),
    case("OptionalHasElement", [], out=["bool[]"], elements=[[0]]),
    case("OptionalHasElement", ["f32[N, 3]"], error="dtype-unsupported", opset=15),
]
