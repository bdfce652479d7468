"""Sequences: types of elements that may differ, lengths, positions."""

from __future__ import annotations

from shapewright.testing import case, const

NO_TYPE = "ONNX Runtime checks this where it knows the sequence"
TWO = "seq(f32[N, 3], 2)"

CASES = [
    # SequenceConstruct
    case("SequenceConstruct", ["f32[N, 3]", "f32[N, 3]"], out=[TWO]),
    case("SequenceConstruct", ["f32[2, 3]", "f32[4, 3]"], out=["seq(f32[joined, 3], 2)"]),
    case("SequenceConstruct", ["i64[2, 3]", "i64[4]"], out=["seq(i64[...], 2)"], opset=11),
    case("SequenceConstruct", ["f32[2]", "i64[2]"], error="dtype-mismatch"),
    case("SequenceConstruct", ["bf16[2]", "bf16[2]"], error="dtype-unsupported"),
    # SequenceEmpty
    case("SequenceEmpty", [], out=["seq(f32[...], 0)"]),
    case("SequenceEmpty", [], out=["seq(i64[...], 0)"], dtype=7, opset=11),
    case("SequenceEmpty", [], error="dtype-unknown", dtype=99),
    case(
        "SequenceEmpty",
        [],
        error="dtype-unsupported",
        dtype=16,
        skip_ort="ONNX Runtime holds bfloat16 too",
    ),
    # SequenceAt
    case("SequenceAt", [TWO, const(1)], out=["f32[N, 3]"]),
    case("SequenceAt", [TWO, const(-2, "i32")], out=["f32[N, 3]"], opset=11),
    case("SequenceAt", ["seq(f32[N, 3])", "i64[]"], out=["f32[N, 3]"]),
    case("SequenceAt", ["seq(f32[?, 3])", "i64[]"], out=["f32[element, 3]"]),
    case("SequenceAt", ["seq(f32[...])", "i64[]"], out=["f32[...]"]),
    case("SequenceAt", ["seq(f32[3], L)", const(4)], out=["f32[3]"], contract=["5 <= L"]),
    case("SequenceAt", [TWO, const(2)], error="index-out-of-range"),
    case("SequenceAt", [TWO, const(-3)], error="index-out-of-range"),
    case("SequenceAt", [TWO, "f32[]"], error="dtype-unsupported"),
    case("SequenceAt", [TWO, "i64[1, 2]"], error="rank-mismatch", skip_ort="it reads the first"),
    case("SequenceAt", ["f32[2, 3]", const(0)], error="dtype-unsupported"),
    # SequenceInsert
    case("SequenceInsert", [TWO, "f32[N, 3]"], out=["seq(f32[N, 3], 3)"]),
    case("SequenceInsert", [TWO, "f32[4, 3]", const(2)], out=["seq(f32[joined, 3], 3)"], opset=11),
    case("SequenceInsert", ["seq(f32[...], 0)", "f32[N, 3]"], out=["seq(f32[N, 3], 1)"]),
    case("SequenceInsert", ["seq(f32[...])", "f32[N, 3]", "i64[]"], out=["seq(f32[...])"]),
    case("SequenceInsert", ["seq(f32[N, 3], L)", "f32[N, 3]"], out=["seq(f32[N, 3], L + 1)"]),
    case("SequenceInsert", [TWO, "f32[3]", const(3)], error="index-out-of-range"),
    case("SequenceInsert", [TWO, "f32[3]", const(-3)], error="index-out-of-range"),
    case("SequenceInsert", [TWO, "i64[3]"], error="dtype-mismatch"),
    case("SequenceInsert", ["f32[2]", "f32[2]"], error="dtype-unsupported"),
    # SequenceErase
    case("SequenceErase", [TWO], out=["seq(f32[N, 3], 1)"]),
    case("SequenceErase", [TWO, const(-2)], out=["seq(f32[N, 3], 1)"], opset=11),
    case("SequenceErase", ["seq(f32[3])", "i64[]"], out=["seq(f32[3])"]),
    case("SequenceErase", [TWO, const(2)], error="index-out-of-range"),
    case("SequenceErase", ["seq(f32[3], 0)"], error="index-out-of-range"),
    case("SequenceErase", ["f32[3]"], error="dtype-unsupported"),
    # SequenceLength
    case("SequenceLength", [TWO], out=["i64[]"], elements=[[2]]),
    case("SequenceLength", ["seq(i64[3], L)"], out=["i64[]"], elements=[["L"]], opset=11),
    case("SequenceLength", ["seq(i64[3])"], out=["i64[]"]),
    case("SequenceLength", ["i64[3]"], error="dtype-unsupported"),
    # SplitToSequence
    case("SplitToSequence", ["f32[N, 3]"], out=["seq(f32[1, 3], N)"]),
    case("SplitToSequence", ["f32[N, L, 3]"], out=["seq(f32[N, 3], L)"], axis=-2, keepdims=0),
    case("SplitToSequence", ["f32[6, 3]", const(2)], out=["seq(f32[2, 3], 3)"], opset=11),
    case("SplitToSequence", ["f32[5, 3]", const(2)], out=["seq(f32[part, 3], 3)"]),
    case("SplitToSequence", ["f32[N, 3]", const(2)], out=["seq(f32[part, 3], ceildiv(N, 2))"]),
    case("SplitToSequence", ["f32[N, 3]", "i64[]"], out=["seq(f32[part, 3])"]),
    case(
        "SplitToSequence",
        ["f32[N, 3]", "i64[2]"],
        out=["seq(f32[part, 3], 2)"],
        bind={"N": 2},
    ),
    case("SplitToSequence", ["f32[N, 6]", const([3, 3])], out=["seq(f32[N, 3], 2)"], axis=1),
    case("SplitToSequence", ["f32[6]", const([1, 5])], out=["seq(f32[part], 2)"], keepdims=0),
    case(
        "SplitToSequence",
        ["f32[N]", const([1, 5])],
        out=["seq(f32[part], 2)"],
        contract=["N == 6"],
    ),
    case("SplitToSequence", ["f32[6]", const(1)], out=["seq(f32[...], 6)"], keepdims=0),
    case("SplitToSequence", ["f32[...]"], out=["seq(f32[...])"]),
    case("SplitToSequence", ["bf16[3]"], out=["seq(bf16[1], 3)"], opset=24),
    case("SplitToSequence", ["bf16[3]"], error="dtype-unsupported", opset=23),
    case("SplitToSequence", ["f32[5, 3]", const([2, 2])], error="split-sizes"),
    case("SplitToSequence", ["f32[5, 3]", const([-2, 7])], error="split-sizes"),
    case("SplitToSequence", ["f32[5, 3]", const(0)], error="split-sizes"),
    case("SplitToSequence", ["f32[5, 3]"], error="axis-out-of-range", axis=2),
    case("SplitToSequence", ["f32[]"], error="rank-mismatch"),
    # ConcatFromSequence
    case("ConcatFromSequence", [TWO], out=["f32[2*N, 3]"], axis=0),
    case("ConcatFromSequence", ["seq(f32[N, 3], L)"], out=["f32[L*N, 3]"], axis=-2),
    case("ConcatFromSequence", [TWO], out=["f32[N, 3, 2]"], axis=-1, new_axis=1, opset=11),
    case("ConcatFromSequence", ["seq(f32[?, 3], 2)"], out=["f32[concat, 3]"], axis=0),
    case("ConcatFromSequence", ["seq(f32[...])"], out=["f32[...]"], axis=0),
    case("ConcatFromSequence", [TWO], error="axis-out-of-range", axis=2),
    case("ConcatFromSequence", [TWO], error="axis-out-of-range", axis=3, new_axis=1),
    case("ConcatFromSequence", ["seq(f32[3], 0)"], error="sequence-length", axis=0),
    case("ConcatFromSequence", [TWO], error="attr-missing"),
    case("ConcatFromSequence", ["f32[3]"], error="dtype-unsupported", axis=0),
    case(
        "ConcatFromSequence",
        [TWO],
        error="attr-value",
        axis=0,
        new_axis=2,
        skip_ort="it takes any number but 0 for 1",
    ),
]
