"""Operators without a row of their own, which PyTorch composes of others as it runs."""

from .one_call import call

X, Y = "f32[4, 6]!", "f32[4, 6]"

CASES = [
    call("hstack.default", [X, Y]),
    call("vstack.default", [X, Y]),
    call("column_stack.default", ["f32[4]!", Y]),
    call("tensordot.default", X, "f32[6, 5]!", [1], [0]),
    call("inner.default", X, "f32[5, 6]!"),
    call("kron.default", X, "f32[2, 3]!"),
    call("movedim.int", "f32[2, 3, 4]!", 0, 2),
    call("fliplr.default", X),
    call("linalg_norm.default", X, None, [1]),
    call("linalg_matrix_norm.str_ord", X, "fro"),
    call("std_mean.dim", X, [1]),
    call("tensor_split.indices", X, [2, 3], 1),
]
