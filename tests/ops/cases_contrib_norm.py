"""Domain com.microsoft: normalization of a sum or of embeddings; early LayerNormalization."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case

MS = "com.microsoft"
X, ROW = "f32[B, S, 8]", "f32[8]"
SKIPS = ("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")
IDS = "i32[B, S]"
TABLES = ["f32[20, 8]", "f32[16, 8]", "f32[2, 8]", ROW, ROW]


def embed(*rest: str | None, ids: str = "i32[2, 5]", **stated: Any) -> Case:
    inputs = [ids, ids, *TABLES, *rest]
    return case("EmbedLayerNormalization", inputs, domain=MS, **stated)


CASES = [
    *(case(op, [X, X, ROW], out=[X], domain=MS) for op in SKIPS),
    *(case(op, [X, X, ROW], out=[X, "f32[B, S, 1]", "f32[B, S, 1]", X], domain=MS) for op in SKIPS),
    *(case(op, [X, "f32[1, S, 8]", ROW, ROW], out=[X, None, None, X], domain=MS) for op in SKIPS),
    *(case(op, [X, "f32[S, 8]", ROW], out=[X], domain=MS) for op in SKIPS),
    *(case(op, ["f32[T, 8]", "f32[T, 8]", ROW], out=["f32[T, 8]"], domain=MS) for op in SKIPS),
    *(case(op, ["f32[...]", X, ROW], out=["f32[...]"], domain=MS) for op in SKIPS),
    *(case(op, [X, "f32[B, T, 8]", ROW], out=[X], domain=MS, contract=["T == S"]) for op in SKIPS),
    *(case(op, ["f32[2, 2, 5, 8]", X, ROW], error="rank-mismatch", domain=MS) for op in SKIPS),
    *(
        case(op, ["f32[2, 5, 8]", "f32[2, 4, 8]", ROW], error="norm-scale", domain=MS)
        for op in SKIPS
    ),
    *(case(op, [X, X, "f32[7]"], error="norm-scale", domain=MS) for op in SKIPS),
    *(case(op, [X, X, "f32[1, 8]"], error="norm-scale", domain=MS) for op in SKIPS),
    *(case(op, [X, X, ROW, "f32[7]"], error="norm-scale", domain=MS) for op in SKIPS),
    *(case(op, [X, X, "f16[8]"], error="dtype-mismatch", domain=MS) for op in SKIPS),
    *(case(op, ["i32[2, 5, 8]", X, ROW], error="dtype-unsupported", domain=MS) for op in SKIPS),
    # EmbedLayerNormalization
    embed(ids=IDS, out=[X, "i32[B]"], contract=["S <= 16"]),
    embed("i32[2, 5]", out=["f32[2, 5, 8]", "i32[2]", "f32[2, 5, 8]"], mask_index_type=1),
    embed(None, "i32[1, 5]", out=["f32[2, 5, 8]", "i32[2]"]),
    case(
        "EmbedLayerNormalization",
        ["i32[2, 5]", None, TABLES[0], TABLES[1], None, ROW, ROW],
        out=["f32[2, 5, 8]", "i32[2]"],
        domain=MS,
    ),
    embed("i32[2, 4]", error="shape-mismatch", ids="i32[2, 5]", skip_ort="it runs the mask alone"),
    embed(ids="i32[2, 20]", error="index-out-of-range"),
    case(
        "EmbedLayerNormalization",
        ["i32[2, 5]", "i32[2, 4]", *TABLES],
        error="shape-mismatch",
        domain=MS,
    ),
    case(
        "EmbedLayerNormalization",
        ["i32[2, 5]", "i32[2, 5]", TABLES[0], "f32[16, 7]", *TABLES[2:]],
        error="shape-mismatch",
        domain=MS,
    ),
    case(
        "EmbedLayerNormalization",
        ["i32[2, 5]", "i32[2, 5]", *TABLES[:3], "f32[7]", ROW],
        error="norm-scale",
        domain=MS,
    ),
    case(
        "EmbedLayerNormalization",
        ["i64[2, 5]", "i32[2, 5]", *TABLES],
        error="dtype-unsupported",
        domain=MS,
    ),
    # As ONNX Runtime had them before ONNX did
    case("LayerNormalization", [X, ROW, ROW], out=[X, "f32[B, S, 1]", "f32[B, S, 1]"], opset=15),
    case("LayerNormalization", [X, "f32[7]"], error="norm-scale", opset=15),
    case("SimplifiedLayerNormalization", [X, ROW], out=[X, "f32[B, S, 1]"]),
    case("SimplifiedLayerNormalization", [X, "f32[S, 8]"], out=[X, "f32[B, 1, 1]"], axis=1),
    case("SimplifiedLayerNormalization", [X, "f32[7]"], error="norm-scale"),
]
