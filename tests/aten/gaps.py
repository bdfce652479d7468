"""Calls whose answer is known to differ from what PyTorch does, each with the reason."""

SCRATCHPAD = "oneDNN's scratchpad: kilobytes, by threads and shape, estimated"
WORKSPACE = "oneDNN's workspace of a recurrent layer, estimated, up to 15% low"
STEPS = "a loop over steps is one piece of memory, its number of steps being a symbol"
PROCESSOR = {SCRATCHPAD, WORKSPACE}  # by the processor and its threads
LEFT_OUT = "Python leaves out an index that takes all, for which a trace has the same call"

SAVED_GAPS: dict[str, str] = {
    (
        "lstm.input(f32[2, 5, 3], ['f32[1, 2, 4]', 'f32[1, 2, 4]'], ['f32[16, 3]!', 'f32["
        "16, 4]!'], False, 1, 0.0, True, False, True)"
    ): WORKSPACE,
}

PEAK_GAPS: dict[str, str] = {
    (
        "conv2d.default(f32[2, 8, 8, 4]!/0,3,1,2, f32[6, 4, 3, 3]!, f32[6]!, [1, 1], [1, "
        "1]) [channels last]"
    ): SCRATCHPAD,
    (
        "conv2d.default(f32[2, 4, 8, 8]!, f32[6, 3, 3, 4]!/0,3,1,2, f32[6]!, [1, 1], [1, "
        "1]) [channels-last weight]"
    ): SCRATCHPAD,
    (
        "lstm.input(f32[2, 5, 3], ['f32[1, 2, 4]', 'f32[1, 2, 4]'], ['f32[16, 3]!', 'f32["
        "16, 4]!'], False, 1, 0.0, True, False, True)"
    ): WORKSPACE,
    (
        "gru.input(f32[2, 5, 3]!, f32[1, 2, 4], ['f32[12, 3]!', 'f32[12, 4]!', 'f32[12]!'"
        ", 'f32[12]!'], True, 1, 0.0, True, False, True)"
    ): STEPS,
    (
        "rnn_tanh.input(f32[2, 5, 3]!, f32[1, 2, 4], ['f32[4, 3]!', 'f32[4, 4]!', 'f32[4]"
        "!', 'f32[4]!'], True, 1, 0.0, True, False, True)"
    ): STEPS,
    (
        "rnn_relu.input(f32[2, 5, 3]!, f32[1, 2, 4], ['f32[4, 3]!', 'f32[4, 4]!', 'f32[4]"
        "!', 'f32[4]!'], True, 1, 0.0, True, False, True)"
    ): STEPS,
    "slice.Tensor(f32[3, 4, 6]!, 1, 0, 9223372036854775807)": LEFT_OUT,
}
