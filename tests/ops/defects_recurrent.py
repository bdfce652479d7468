"""Faults of the operators of recurrent."""

from ops.defect import broken, twin

DEFECTS = [
    *twin(
        "GRU",
        ["f32[2, 3, 5]", "f32[2, 21, 5]", "f32[2, 21, 7]"],
        broken(1, "f32[2, 1, 5]", "rnn-sizes", "1 != 21"),
        broken(
            "direction",
            "bogus",
            "attr-value",
            "direction is 'bogus': one of forward, reverse, bidirectional",
        ),
        broken(1, "f32[2, 5]", "rank-mismatch", "W of rank 3, not rank 2"),
        broken(0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[2, 21, 5]", "dtype-mismatch", "f32 != u8"),
        broken(1, None, "input-missing", "its input W"),
        broken("hidden_size", [7], "attr-kind", "hidden_size is of kind ints, not int"),
        outputs=2,
        hidden_size=7,
        direction="bidirectional",
    ),
    *twin(
        "LSTM",
        ["f32[2, 3, 5]", "f32[1, 28, 5]", "f32[1, 28, 7]"],
        broken(1, "f32[1, 1, 5]", "rnn-sizes", "1 != 28"),
        broken(1, "f32[1, 5]", "rank-mismatch", "W of rank 3, not rank 2"),
        broken(0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[1, 28, 5]", "dtype-mismatch", "f32 != u8"),
        broken("hidden_size", 0, "attr-value", "hidden_size is 0: at least 1 is needed"),
        broken(1, None, "input-missing", "its input W"),
        broken("hidden_size", [7], "attr-kind", "hidden_size is of kind ints, not int"),
        outputs=3,
        hidden_size=7,
    ),
    *twin(
        "RNN",
        ["f32[2, 3, 5]", "f32[2, 7, 5]", "f32[2, 7, 7]"],
        broken(0, "f32[2, 3, 1]", "rnn-sizes", "5 != 1"),
        broken(
            "direction",
            "bogus",
            "attr-value",
            "direction is 'bogus': one of forward, reverse, bidirectional",
        ),
        broken(0, "f32[3, 5]", "rank-mismatch", "X of rank 3, not rank 2"),
        broken(0, "u8[2, 3, 5]", "dtype-unsupported", "X of u8 at opset 20: one of f64 f32 f16"),
        broken(1, "u8[2, 7, 5]", "dtype-mismatch", "f32 != u8"),
        broken(0, None, "input-missing", "its input X"),
        broken("hidden_size", [7], "attr-kind", "hidden_size is of kind ints, not int"),
        outputs=2,
        hidden_size=7,
        direction="bidirectional",
    ),
]
