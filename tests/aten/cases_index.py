"""Tables and indices."""

from .one_call import call

X = "f32[6, 4]!"

CASES = [
    call("embedding.default", "f32[10, 4]!", "i64[2, 3]", below=10),
    call("embedding.default", "f32[10, 4]!", "i64[2, 3]", 0, below=10),
    call("embedding.default", "f32[10, 4]", "i64[2, 3]", below=10, note="frozen"),
    call("index.Tensor", X, ["i64[3]"]),
    call("index.Tensor", X, [None, "i64[3]"]),
    call("index.Tensor", X, ["i64[3]", "i64[3]"]),
    call("index.Tensor", X, ["i64[3, 1]", "i64[2]"]),
    call("index_select.default", X, 0, "i64[3]"),
    call("index_select.default", X, 1, "i64[3]"),
    call("gather.default", X, 0, "i64[2, 4]"),
    call("gather.default", X, 1, "i64[6, 2]"),
    call("take_along_dim.default", X, "i64[6, 2]", 1),
    call("scatter.src", X, 0, "i64[2, 4]", "f32[2, 4]!"),
    call("scatter.value", X, 0, "i64[2, 4]", 0.0),
    call("scatter_add.default", X, 0, "i64[2, 4]", "f32[2, 4]!"),
    call("index_add.default", X, 0, "i64[2]", "f32[2, 4]!"),
    call("index_put.default", X, ["i64[2]"], "f32[2, 4]!"),
    call("index_put_.default", "f32[6, 4]*", ["i64[2]"], "f32[2, 4]!"),
    call("index_copy.default", X, 0, "i64[2]", "f32[2, 4]!"),
    call("masked_select.default", X, "bool[6, 4]"),
    call("masked_select.default", X, "bool[6, 1]", note="the mask is expanded"),
    call("masked_select.default", "f32[4]!", "bool[6, 4]", note="so is self"),
    call("masked_select.default", "f32[200, 300]!", "bool[200, 300]", note="threads share it"),
    call("masked_select.default", "f32[6, 4]", "bool[6, 4]", note="no gradient"),
    call("embedding_bag.padding_idx", "f32[10, 4]!", "i64[6]", "i64[3]", False, 1, False, None,
         False, None, below=3),
    call("embedding_bag.padding_idx", "f32[10, 4]!", "i64[6]", "i64[3]", False, 0, False, None,
         False, None, below=3),
]  # fmt: skip
