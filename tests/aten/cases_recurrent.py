"""Recurrent layers, which are loops over cells on the CPU."""

from .one_call import call

X, H = "f32[2, 5, 3]", "f32[1, 2, 4]"
LSTM = ["f32[16, 3]!", "f32[16, 4]!", "f32[16]!", "f32[16]!"]
GRU = ["f32[12, 3]!", "f32[12, 4]!", "f32[12]!", "f32[12]!"]
RNN = ["f32[4, 3]!", "f32[4, 4]!", "f32[4]!", "f32[4]!"]


def plain(weights: list[str]) -> list[str]:
    return [text.rstrip("!") for text in weights]


ONE = (True, 1, 0.0, True, False, True)  # biases, layers, dropout, train, both ways, batch first

CASES = [
    call("lstm.input", X + "!", [H, H], LSTM, *ONE),
    call("lstm.input", X, [H, H], LSTM, *ONE),
    call("lstm.input", X, [H, H], LSTM[:2], False, *ONE[1:]),
    call("lstm.input", "f32[5, 2, 3]!", [H, H], LSTM, *ONE[:-1], False),
    call("gru.input", X + "!", H, GRU, *ONE),
    call("rnn_tanh.input", X + "!", H, RNN, *ONE),
    call("rnn_relu.input", X + "!", H, RNN, *ONE),
    call("lstm_cell.default", "f32[2, 3]!", ["f32[2, 4]!", "f32[2, 4]!"], *LSTM),
    call("lstm_cell.default", "f32[2, 3]", ["f32[2, 4]", "f32[2, 4]"], *LSTM),
    call("lstm_cell.default", "f32[2, 3]!", ["f32[2, 4]!", "f32[2, 4]!"], *LSTM[:2]),
    call("lstm_cell.default", "f32[2, 3]", ["f32[2, 4]", "f32[2, 4]"], *plain(LSTM)),
    call("gru_cell.default", "f32[2, 3]!", "f32[2, 4]!", *GRU),
    call("gru_cell.default", "f32[2, 3]", "f32[2, 4]", *GRU[:2]),
    call("gru_cell.default", "f32[2, 3]", "f32[2, 4]", *plain(GRU)),
    call("rnn_tanh_cell.default", "f32[2, 3]!", "f32[2, 4]!", *RNN),
    call("rnn_relu_cell.default", "f32[2, 3]!", "f32[2, 4]!", *RNN),
    call("rnn_relu_cell.default", "f32[2, 3]", "f32[2, 4]", *plain(RNN)),
]
