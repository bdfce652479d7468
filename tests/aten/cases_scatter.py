"""Written where indices or a mask say, with the other operand's gradient gathered."""

from .one_call import call

X, Y = "f32[6, 4]!", "f32[6, 4]*"
SRC, INDEX = "f32[2, 4]!", "i64[2, 4]"

CASES = [
    *(call("scatter_reduce.two", X, 0, INDEX, SRC, how) for how in ("sum", "mean", "amax", "amin")),
    call("scatter_reduce.two", X, 0, INDEX, SRC, "amax", include_self=False),
    call("scatter_reduce.two", X, 0, INDEX, SRC, "sum", include_self=False),
    call("scatter_reduce.two", "f32[6, 4]", 0, INDEX, SRC, "amax"),
    call("scatter_reduce.two", X, 0, INDEX, "f32[2, 4]", "mean"),
    call("scatter_reduce_.two", Y, 0, INDEX, SRC, "sum"),
    call("scatter_reduce_.two", Y, 0, INDEX, SRC, "amax"),
    call("index_copy_.default", Y, 0, "i64[2]", SRC),
    *(
        call("index_reduce.default", X, 0, "i64[2]", SRC, how)
        for how in ("prod", "mean", "amax", "amin")
    ),
    *(
        call("index_reduce.default", X, 0, "i64[2]", SRC, how, include_self=False)
        for how in ("prod", "mean", "amax")
    ),
    *(call("index_reduce_.default", Y, 0, "i64[2]", SRC, how) for how in ("prod", "mean", "amax")),
    call("index_reduce.default", X, 1, "i64[3]", "f32[6, 3]!", "amin"),
    call("index_reduce.default", "f32[6, 4]", 0, "i64[2]", SRC, "amax"),
    call("index_reduce.default", X, 0, "i64[2]", "f32[2, 4]", "mean"),
    call("index_fill.int_Scalar", X, 0, "i64[2]", 0.0),
    call("index_fill_.int_Scalar", Y, 0, "i64[2]", 0.0),
    call("masked_scatter.default", X, "bool[6, 4]", "f32[24]!"),
    call("masked_scatter.default", X, "bool[6, 4]", "f32[24]"),
    call("masked_scatter.default", X, "bool[6, 1]", "f32[6, 4]!", note="the mask is expanded"),
    call("masked_scatter_.default", Y, "bool[6, 4]", "f32[24]!"),
    call("repeat_interleave.self_Tensor", X, "i64[6]", 0, output_size=3),
]
