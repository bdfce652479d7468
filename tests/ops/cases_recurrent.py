"""F7: LSTM, GRU and RNN. X [T, B, I], Y [T, D, B, H]; D directions, g gates of hidden size H."""

from __future__ import annotations

from typing import Any

from shapewright.testing import Case, case

BY_BATCH = "ONNX Runtime's CPU kernel takes layout 0 only"

X = "f32[T, B, 5]"
STATE = "f32[1, B, 7]"
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def weights(op: str, directions: int = 1) -> list[str]:
    """W and R of hidden size 7 for inputs of size 5."""
    gates = GATES[op] * 7
    return [f"f32[{directions}, {gates}, 5]", f"f32[{directions}, {gates}, 7]"]


def one_layer(op: str, opset: int) -> Case:
    """The fewest operands and all results."""
    y = ["f32[T, 1, B, 7]", "f32[1, B, 7]"] + (["f32[1, B, 7]"] if op == "LSTM" else [])
    return case(op, [X, *weights(op)], hidden_size=7, out=y, opset=opset)


def lstm(*more: str | None, hidden_size: int = 7, **rest: Any) -> Case:
    """A row of LSTM with the operands after R."""
    return case("LSTM", [X, *weights("LSTM"), *more], hidden_size=hidden_size, **rest)


Y = ["f32[T, 1, B, 7]", "f32[1, B, 7]", "f32[1, B, 7]"]
Y2 = ["f32[T, 2, B, 7]", "f32[2, B, 7]", "f32[2, B, 7]"]

CASES = [
    *(one_layer(op, opset) for op in GATES for opset in (7, 14, 22)),
    *(
        case(op, [X, *weights(op, 2)], hidden_size=7, direction="bidirectional", out=Y2[:2])
        for op in GATES
    ),
    # every operand
    lstm("f32[1, 56]", "i32[B]", STATE, STATE, "f32[1, 21]", out=Y),
    lstm("f32[1, 56]", None, STATE, out=[None, "f32[1, B, 7]", None]),
    case(
        "GRU",
        [X, *weights("GRU"), "f32[1, 42]", "i32[B]", STATE],
        hidden_size=7,
        direction="reverse",
        linear_before_reset=1,
        out=Y[:2],
    ),
    case(
        "RNN",
        [X, *weights("RNN"), "f32[1, 14]", "i32[B]", STATE],
        hidden_size=7,
        activations=["Relu"],
        out=Y[:2],
    ),
    case(
        "LSTM",
        [
            X,
            *weights("LSTM", 2),
            "f32[2, 56]",
            "i32[B]",
            "f32[2, B, 7]",
            "f32[2, B, 7]",
            "f32[2, 21]",
        ],
        hidden_size=7,
        direction="bidirectional",
        activations=["Sigmoid", "Tanh", "Tanh"] * 2,
        out=Y2,
    ),
    # the batch first
    case(
        "LSTM",
        ["f32[B, T, 5]", *weights("LSTM"), None, None, "f32[B, 1, 7]"],
        hidden_size=7,
        layout=1,
        out=["f32[B, T, 1, 7]", "f32[B, 1, 7]", "f32[B, 1, 7]"],
        skip_ort=BY_BATCH,
    ),
    # what is missing is told by the rest, but for hidden_size
    *(case(op, [X, *weights(op)], error="attr-missing") for op in GATES),
    case("LSTM", ["f32", *weights("LSTM")], hidden_size=7, out=["f32[?, 1, ?, 7]"]),
    case(
        "LSTM",
        ["f32[T, B, I]", *weights("LSTM")],
        hidden_size=7,
        out=Y,
        contract=["I == 5"],
        bind={"T": 2, "B": 3, "I": 5},
    ),
    # what does not fit
    lstm(hidden_size=8, error="rnn-sizes"),
    lstm(hidden_size=0, error="attr-value"),
    lstm(hidden_size=2**62, error="dim-overflow"),
    lstm(direction="bidirectional", error="rnn-sizes"),
    lstm(direction="both", error="attr-value"),
    lstm(layout=2, error="attr-value"),
    lstm(activations=["Tanh"], error="attr-value"),
    lstm("f32[1, 28]", error="rnn-sizes"),
    lstm("f32[56]", error="rank-mismatch"),
    case(
        "LSTM", ["f32[3, 2, 5]", *weights("LSTM"), None, "i32[3]"], hidden_size=7, error="rnn-sizes"
    ),
    case(
        "LSTM",
        ["f32[3, 2, 5]", *weights("LSTM"), None, None, "f32[1, 3, 7]"],
        hidden_size=7,
        error="rnn-sizes",
    ),
    lstm(None, None, "f32[1, B, 8]", error="rnn-sizes"),
    lstm(None, None, None, "f32[1, B, 8]", error="rnn-sizes"),
    lstm(None, None, None, None, "f32[1, 28]", error="rnn-sizes"),
    case("LSTM", ["f32[T, B, 6]", *weights("LSTM")], hidden_size=7, error="rnn-sizes"),
    case("LSTM", ["f32[T, 5]", *weights("LSTM")], hidden_size=7, error="rank-mismatch"),
    case("GRU", [X, *weights("LSTM")], hidden_size=7, error="rnn-sizes"),
    case("GRU", [X, weights("GRU")[0], "f32[1, 21, 8]"], hidden_size=7, error="rnn-sizes"),
    case("RNN", [X, *weights("RNN", 2)], hidden_size=7, error="rnn-sizes"),
    case("RNN", ["f64[T, B, 5]", *weights("RNN")], hidden_size=7, error="dtype-mismatch"),
    case(
        "RNN",
        ["i32[T, B, 5]", "i32[1, 7, 5]", "i32[1, 7, 7]"],
        hidden_size=7,
        error="dtype-unsupported",
    ),
    lstm(None, "i64[B]", error="dtype-unsupported"),
]
