"""F3: operators of several operands whose shapes broadcast to that of the result."""

from shapewright.testing import case, const

FLOATS = ["f32[N, 4]", "f32[4]"]
BOOLS = ["bool[N, 4]", "bool[4]"]
BYTES = ["u8[N, 4]", "u8[4]"]

CASES = [
    *(
        case(op, FLOATS, out=["f32[N, 4]"], opset=opset)
        for op in ("Add", "Sub", "Mul", "Div")
        for opset in (7, 13, 14)
    ),
    *(case(op, BOOLS, out=["bool[N, 4]"]) for op in ("And", "Or", "Xor")),
    *(
        case(op, BYTES, out=["u8[N, 4]"], opset=18)
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
    ),
    *(
        case(op, FLOATS, out=["bool[N, 4]"], opset=v)
        for op in ("Greater", "Less")
        for v in (7, 9, 13)
    ),
    *(
        case(op, FLOATS, out=["bool[N, 4]"], opset=opset)
        for op in ("GreaterOrEqual", "LessOrEqual")
        for opset in (12, 16)
    ),
    *(case(op, FLOATS, out=["f32[N, 4]"], opset=v) for op in ("Max", "Min") for v in (8, 12, 13)),
    *(case(op, FLOATS, out=["f32[N, 4]"], opset=v) for op in ("Mean", "Sum") for v in (8, 13)),
    *(case("Pow", FLOATS, out=["f32[N, 4]"], opset=opset) for opset in (7, 12, 13, 15)),
    *(case("PRelu", FLOATS, out=["f32[N, 4]"], opset=opset) for opset in (7, 9, 16)),
    case("Equal", ["i64[N, 4]", "i64[4]"], out=["bool[N, 4]"], opset=7),
    case("Equal", FLOATS, out=["bool[N, 4]"], opset=11),
    case("Equal", FLOATS, out=["bool[N, 4]"], opset=13),
    case("Equal", FLOATS, out=["bool[N, 4]"], opset=19),
    # --- shapes: sizes that are open stay open, and what they must meet is the contract
    case("Add", ["f32[N, 1, 4]", "f32[3, 1]"], out=["f32[N, 3, 4]"]),
    case("Add", ["f32[N, 4]", "f32[]"], out=["f32[N, 4]"]),
    case("Add", ["f32[N, 4]", "f32[N, 4]"], out=["f32[N, 4]"]),
    case(
        "Add",
        ["f32[N, 4]", "f32[M, 4]"],
        out=["f32[broadcast(M, N), 4]"],
        contract=["N == M or N == 1 or M == 1"],
        bind={"N": 3, "M": 1},
    ),
    case("Add", ["f32[N, 4]", "f32[5, 4]"], out=["f32[5, 4]"], contract=["N in {1, 5}"]),
    case(
        "Add",
        ["f32[N + 1]", "f32[M + 1]"],
        out=["f32[N + 1]"],
        contract=["N + 1 == M + 1"],
        bind={"N": 3, "M": 3},
    ),
    case("Add", ["f32[2*N]", "f32[2*N + 1]"], error="broadcast-mismatch", bind={"N": 3}),
    case("Add", ["f32[N, 4]", "f32[5]"], error="broadcast-mismatch"),
    case("Add", ["f32[3, 4]", "f32[3, 5]"], error="broadcast-mismatch"),
    case("Add", ["f32[0, 4]", "f32[1, 4]"], out=["f32[0, 4]"]),
    case("Add", ["f32[0]", "f32[3]"], error="broadcast-mismatch"),
    case("Add", ["f32[...]", "f32[3]"], out=["f32[...]"]),
    case("Equal", ["i64[N]", "i64[4]"], out=["bool[4]"], contract=["N in {1, 4}"]),
    # --- element types
    case("Add", ["f32[N]", "f64[N]"], error="dtype-mismatch"),
    case("Add", ["i8[N]", "i8[N]"], error="dtype-unsupported", opset=13),
    case("Add", ["i8[N]", "i8[N]"], out=["i8[N]"], opset=14),
    case("Add", ["bool[N]", "bool[N]"], error="dtype-unsupported"),
    case("And", ["i32[N]", "i32[N]"], error="dtype-unsupported"),
    case("Equal", ["f32[N]", "f32[N]"], error="dtype-unsupported", opset=7),
    case("Equal", ["string[N]", "string[N]"], error="dtype-unsupported", opset=13),
    case("Equal", ["string[N]", "string[N]"], out=["bool[N]"], opset=19),
    case("Less", ["i64[N]", "i64[N]"], error="dtype-unsupported", opset=7),
    case("Less", ["i64[N]", "i64[N]"], out=["bool[N]"], opset=9),
    case("Less", ["i64[N]", "i32[N]"], error="dtype-mismatch"),
    case("BitwiseAnd", ["f32[N]", "f32[N]"], error="dtype-unsupported", opset=18),
    # --- variadic; no broadcasting until opset 8
    *(
        case(op, ["f32[N, 4]", "f32[N, 4]"], out=["f32[N, 4]"], opset=7)
        for op in ("Max", "Mean", "Min", "Sum")
    ),
    case("Max", ["f32[N, 4]", "f32[1, 4]"], out=["f32[1, 4]"], contract=["N == 1"], opset=7),
    case("Max", ["f32[3, 4]", "f32[1, 4]"], error="shape-mismatch", opset=7),
    case("Sum", ["f32[3, 4]", "f32[4]"], error="rank-mismatch", opset=7),
    case("Sum", ["f32[N, 1]", "f32[4]", "f32[]"], out=["f32[N, 4]"]),
    case("Sum", ["f32[N]"], out=["f32[N]"]),
    case("Min", ["i64[N]", "i64[]"], out=["i64[N]"], opset=12),
    case("Min", ["i64[N]", "i64[]"], error="dtype-unsupported", opset=8),
    case("Max", ["f32[3, 4]", "f32[4]", "f32[2, 1, 5]"], error="broadcast-mismatch"),
    # --- operators with more rules
    case("BitShift", BYTES, direction="LEFT", out=["u8[N, 4]"], opset=11),
    case("BitShift", ["i8[N]", "i8[N]"], direction="RIGHT", out=["i8[N]"], opset=28),
    case("BitShift", ["i8[N]", "i8[N]"], direction="RIGHT", error="dtype-unsupported", opset=18),
    case("BitShift", BYTES, direction="UP", error="attr-value", opset=11),
    case("BitShift", BYTES, error="attr-missing", opset=11),
    case("Mod", ["i64[N]", "i64[]"], out=["i64[N]"], opset=10),
    case("Mod", ["f32[N]", "f32[]"], fmod=1, out=["f32[N]"], opset=10),
    case("Mod", ["f32[N]", "f32[]"], error="attr-value", opset=13),
    case("Mod", ["f32[N]", "f32[]"], out=["f32[N]"], opset=28),
    case("Mod", ["i64[N]", "i64[]"], fmod=1, out=["i64[N]"], opset=13),
    case("Mod", ["i64[N]", "i64[]"], fmod=2, error="attr-value", opset=13),
    case("Pow", ["f32[N]", "i64[]"], out=["f32[N]"], opset=12),
    case("Pow", ["i64[N]", "f32[]"], out=["i64[N]"], opset=13),
    case("Pow", ["f32[N]", "f64[]"], error="dtype-mismatch", opset=7),
    case("Pow", ["u8[N]", "u8[]"], error="dtype-unsupported", opset=15),
    case("PRelu", ["f32[N, C, H, W]", "f32[C, 1, 1]"], out=["f32[N, C, H, W]"]),
    case(
        "PRelu",
        ["f32[1, 4]", "f32[3, 4]"],
        error="broadcast-mismatch",
        skip_ort="it broadcasts both ways",
    ),
    case(
        "PRelu",
        ["f32[4]", "f32[1, 4]"],
        error="broadcast-mismatch",
        skip_ort="it broadcasts both ways",
    ),
    case("PRelu", ["f32[N, 4]", "f32[3]"], error="broadcast-mismatch"),
    case(
        "PRelu",
        ["f32[N, 4]", "f32[M, 4]"],
        out=["f32[N, 4]"],
        contract=["M == N or M == 1 or N == 1", "M <= N"],
        bind={"N": 3, "M": 1},
    ),
    case("PRelu", ["f32[5, 4]", "f32[M, 4]"], out=["f32[5, 4]"], contract=["M in {1, 5}"]),
    case("Where", ["bool[N, 1]", "f32[4]", "f32[]"], out=["f32[N, 4]"], opset=9),
    case("Where", ["bool[N, 1]", "bf16[4]", "bf16[]"], out=["bf16[N, 4]"], opset=16),
    case("Where", ["i64[N]", "f32[N]", "f32[N]"], error="dtype-unsupported"),
    case("Where", ["bool[N]", "f32[N]", "f64[N]"], error="dtype-mismatch"),
    case("Where", ["bool[3]", "f32[4]", "f32[4]"], error="broadcast-mismatch"),
    case("Where", ["bool[4]", "f32[3]", "f32[4]"], error="broadcast-mismatch"),
    # --- elements
    case("Add", [const([1, 2]), const(3)], out=["i64[2]"], elements=[[4, 5]]),
    case(
        "Add", [const([[1], [2]]), const([10, 20])], out=["i64[2, 2]"], elements=[[11, 21, 12, 22]]
    ),
    case("Sub", [const([1, 2]), const(3)], out=["i64[2]"], elements=[[-2, -1]]),
    case("Mul", [const([3]), const([-4])], out=["i64[1]"], elements=[[-12]]),
    case("Mul", [const([3.0], "f32"), const([0.5], "f32")], out=["f32[1]"], elements=[[1.5]]),
    case("Div", [const([7, -7]), const(2)], out=["i64[2]"], elements=[[3, -3]]),
    case("Div", [const([7, 8]), const(0)], out=["i64[2]"], skip_ort="division by zero"),
    case("Div", [const(7.0, "f32"), const(2.0, "f32")], out=["f32[]"], elements=[[3.5]]),
    case("Mod", [const([7, -7]), const(3)], out=["i64[2]"], elements=[[1, 2]]),
    case("Mod", [const([7, -7]), const(3)], fmod=1, out=["i64[2]"], elements=[[1, -1]]),
    case("Pow", [const([3, -2]), const(2)], out=["i64[2]"], elements=[[9, 4]]),
    case("Min", [const([3, 8]), const(5)], out=["i64[2]"], elements=[[3, 5]]),
    case("Max", [const([3, 8]), const(5), const(7)], out=["i64[2]"], elements=[[7, 8]]),
    case("Sum", [const([1.5], "f32"), const([2.0], "f32")], out=["f32[1]"], elements=[[3.5]]),
    case("Mean", [const([1.0], "f32"), const([2.0], "f32")], out=["f32[1]"], elements=[[1.5]]),
    case("Equal", [const([4, -1]), const(-1)], out=["bool[2]"], elements=[[0, 1]]),
    case("Less", [const([4, -1]), const(2)], out=["bool[2]"], elements=[[0, 1]]),
    case("LessOrEqual", [const([4, 2]), const(2)], out=["bool[2]"], elements=[[0, 1]]),
    case("Greater", [const([4, 2]), const(2)], out=["bool[2]"], elements=[[1, 0]]),
    case("GreaterOrEqual", [const([4, 2]), const(2)], out=["bool[2]"], elements=[[1, 1]]),
    case(
        "Greater", [const([1.5, 2.5], "f32"), const(2.0, "f32")], out=["bool[2]"], elements=[[0, 1]]
    ),
    case(
        "And",
        [const([True, False], "bool"), const([True, True], "bool")],
        out=["bool[2]"],
        elements=[[1, 0]],
    ),
    case(
        "Or",
        [const([True, False], "bool"), const(False, "bool")],
        out=["bool[2]"],
        elements=[[1, 0]],
    ),
    case(
        "Xor",
        [const([True, False], "bool"), const(True, "bool")],
        out=["bool[2]"],
        elements=[[0, 1]],
    ),
    case(
        "Where",
        [const([True, False], "bool"), const([1, 2]), const(9)],
        out=["i64[2]"],
        elements=[[1, 9]],
    ),
    # A runtime would wrap around: nothing is claimed.
    case("Add", [const([2**63 - 1]), const([1])], out=["i64[1]"], name="past 64 bits"),
    case("Mul", [const([200], "u8"), const([2], "u8")], out=["u8[1]"], name="past 8 bits"),
]
