"""F4: reductions over axes, and selections along one."""

from shapewright.testing import case, const

PLAIN = ("ReduceL1", "ReduceL2", "ReduceMean", "ReduceProd", "ReduceSumSquare")
LOGS = ("ReduceLogSum", "ReduceLogSumExp")
EXTREMES = ("ReduceMax", "ReduceMin")

CASES = [
    # --- axes as an attribute, then (opset 18, ReduceSum 13) as an input
    *(
        case(op, ["f32[N, 3, 4]"], axes=[1], out=["f32[N, 1, 4]"], opset=opset)
        for op in (*PLAIN, *LOGS, *EXTREMES)
        for opset in (7, 13)
    ),
    *(
        case(op, ["f32[N, 3, 4]", const([1])], out=["f32[N, 1, 4]"], opset=18)
        for op in (*PLAIN, *LOGS, *EXTREMES)
    ),
    *(case(op, ["f32[N, 3, 4]", const([1])], out=["f32[N, 1, 4]"], opset=28) for op in LOGS),
    *(case(op, ["i8[N, 3]"], axes=[-1], out=["i8[N, 1]"], opset=12) for op in EXTREMES),
    *(case(op, ["i8[N, 3]"], axes=[-1], error="dtype-unsupported", opset=11) for op in EXTREMES),
    *(case(op, ["bool[N, 3]", const([-1])], out=["bool[N, 1]"], opset=20) for op in EXTREMES),
    *(
        case(op, ["bool[N, 3]", const([-1])], error="dtype-unsupported", opset=18)
        for op in EXTREMES
    ),
    *(case(op, ["i32[N, 3]", const([-1])], out=["i32[N, 1]"], opset=18) for op in LOGS),
    *(case(op, ["i32[N, 3]", const([-1])], error="dtype-unsupported", opset=28) for op in LOGS),
    case("ReduceSum", ["f32[N, 3, 4]"], axes=[1], out=["f32[N, 1, 4]"], opset=7),
    case("ReduceSum", ["f32[N, 3, 4]", const([1])], out=["f32[N, 1, 4]"], opset=13),
    case("ReduceMean", ["f32[N, C, H, W]"], axes=[2, 3], keepdims=0, out=["f32[N, C]"], opset=13),
    case("ReduceMean", ["f32[N, C, H, W]"], axes=[-1, -2], out=["f32[N, C, 1, 1]"], opset=13),
    case("ReduceMean", ["f32[N, C]"], out=["f32[1, 1]"], opset=13),
    case("ReduceMean", ["f32[N, C]"], keepdims=0, out=["f32[]"], opset=13),
    case("ReduceMean", ["f32[]"], out=["f32[]"], opset=13),
    case("ReduceSum", ["f32[N, C]", const([0, -2])], keepdims=0, out=["f32[C]"]),
    case("ReduceSum", ["f32[0, C]", const([0])], keepdims=0, out=["f32[C]"]),
    # --- no axes: all of them, or none
    case("ReduceSum", ["f32[N, C]"], keepdims=0, out=["f32[]"]),
    case("ReduceSum", ["f32[N, C]", const([])], out=["f32[1, 1]"]),
    case("ReduceSum", ["f32[N, C]", const([])], noop_with_empty_axes=1, out=["f32[N, C]"]),
    case("ReduceSum", ["f32[N, C]"], noop_with_empty_axes=1, keepdims=0, out=["f32[N, C]"]),
    case("ReduceMax", ["f32[N, C]"], noop_with_empty_axes=1, out=["f32[N, C]"], opset=18),
    # --- axes that are not known
    case("ReduceSum", ["f32[N, 1, 4]", "i64[1]"], keepdims=0, out=["f32[?, ?]"]),
    case("ReduceSum", ["f32[N, 1, 4]", "i64[?]"], keepdims=0, out=["f32[...]"]),
    case("ReduceSum", ["f32[N, 4]", "i64[3]"], keepdims=0, out=["f32[...]"], name="may repeat"),
    case("ReduceSum", ["f32[...]", const([1])], out=["f32[...]"]),
    case("ReduceSum", ["f32[...]"], keepdims=0, out=["f32[]"]),
    # --- refused
    case("ReduceSum", ["f32[N, 4]", const([2])], error="axis-out-of-range"),
    case("ReduceMean", ["f32[N, 4]"], axes=[-3], error="axis-out-of-range", opset=13),
    case("ReduceMean", ["f32[]"], axes=[0], error="axis-out-of-range", opset=13),
    case("ReduceSum", ["f32[N, 4]", const([[0]])], error="rank-mismatch"),
    case("ReduceSum", ["f32[N, 4]", const([0], "i32")], error="dtype-unsupported"),
    case("ReduceSum", ["bool[N, 4]"], error="dtype-unsupported"),
    # --- elements
    case("ReduceProd", [const([2, 3, 4])], keepdims=0, out=["i64[]"], elements=[[24]], opset=13),
    case("ReduceProd", [const([2, 3, 4]), const([0])], out=["i64[1]"], elements=[[24]], opset=18),
    case("ReduceSum", [const([[1, 2], [3, 4]]), const([0])], out=["i64[1, 2]"], elements=[[4, 6]]),
    case(
        "ReduceSum",
        [const([[1, 2], [3, 4]]), const([1])],
        keepdims=0,
        out=["i64[2]"],
        elements=[[3, 7]],
    ),
    case("ReduceMax", [const([2, 9, 4])], keepdims=0, out=["i64[]"], elements=[[9]]),
    case("ReduceMin", [const([2, 9, 4])], out=["i64[1]"], elements=[[2]]),
    case("ReduceMean", [const([2.0, 3.0], "f32")], out=["f32[1]"], elements=[[2.5]]),
    # --- one index along an axis
    *(
        case(op, ["f32[N, 3, 4]"], axis=1, out=["i64[N, 1, 4]"], opset=opset)
        for op in ("ArgMax", "ArgMin")
        for opset in (7, 13)
    ),
    *(
        case(op, ["f32[N, 4]"], select_last_index=1, keepdims=0, out=["i64[4]"], opset=12)
        for op in ("ArgMax", "ArgMin")
    ),
    case("ArgMax", ["f32[N, 4]"], axis=-1, keepdims=0, out=["i64[N]"]),
    case("ArgMax", ["f32[...]"], out=["i64[...]"]),
    case("ArgMax", ["f32[N, 4]"], axis=2, error="axis-out-of-range"),
    case("ArgMax", ["f32[]"], error="axis-out-of-range"),
    case("ArgMin", ["bool[N, 4]"], error="dtype-unsupported"),
    # --- TopK: k is an attribute, then (opset 10) an input
    case("TopK", ["f32[N, 9]"], k=3, out=["f32[N, 3]", "i64[N, 3]"], opset=7),
    case("TopK", ["f32[N, 9]", const([3])], out=["f32[N, 3]", "i64[N, 3]"], opset=10),
    case("TopK", ["i32[N, 9]", const([3])], largest=0, out=["i32[N, 3]", "i64[N, 3]"], opset=11),
    case(
        "TopK",
        ["f32[N, 9]", const([3])],
        axis=0,
        out=["f32[3, 9]"] * 1 + ["i64[3, 9]"],
        opset=24,
        contract=["3 <= N"],
    ),
    case("TopK", ["f32[N, 9]", const([0])], out=["f32[N, 0]", "i64[N, 0]"]),
    case("TopK", ["f32[...]", const([3])], out=["f32[...]", "i64[...]"]),
    case("TopK", ["f32[N, 9]", const([10])], error="topk-size"),
    case("TopK", ["f32[N, 9]", const([-1])], error="topk-size"),
    case("TopK", ["f32[N, 9]", const([1, 2])], error="topk-size"),
    case("TopK", ["f32[N, 9]", const(3)], error="rank-mismatch"),
    case("TopK", ["f32[N, 9]", const([3])], axis=2, error="axis-out-of-range"),
    case("TopK", ["f32[N, 9]"], k=10, error="topk-size", opset=7),
    case("TopK", ["i32[N, 9]", const([3])], error="dtype-unsupported", opset=10),
]
