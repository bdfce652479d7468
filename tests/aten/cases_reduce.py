"""Reductions: sums keep nothing, what picks an element keeps where it was."""

from .one_call import call

X = "f32[3, 4, 5]!"

CASES = [
    call("sum.default", X),
    call("sum.dim_IntList", X, [1]),
    call("sum.dim_IntList", X, [0, 2], True),
    call("sum.dim_IntList", X, [-1]),
    call("mean.default", X),
    call("mean.dim", X, [1]),
    call("mean.dim", X, [-1], True),
    call("mean.dim", X, [1, 2]),
    call("mean.dim", "bf16[3, 4, 5]!", [-1], True),
    call("max.dim", X, 1),
    call("min.dim", X, 1, True),
    call("max.default", X),
    call("amax.default", X, [1]),
    call("amax.default", X, [1], True),
    call("var.correction", X, [1], correction=1),
    call("var.correction", X, [1], correction=0, keepdim=True),
    call("std.correction", X, [1], correction=1),
    call("var_mean.correction", X, [1], correction=0),
    call("logsumexp.default", X, [1]),
    call("prod.default", X),
    call("prod.dim_int", X, 1),
    call("cumsum.default", X, 1),
    call("cumprod.default", X, 1),
    call("norm.ScalarOpt_dim", X, 2, [1]),
    call("norm.Scalar", X, 2),
    call("topk.default", X, 2),
    call("sort.default", X, 1),
    call("median.dim", X, 1),
    call("logcumsumexp.default", X, 1),
    call("cummax.default", X, 1),
    call("cummin.default", X, -1),
    call("cummax.default", "f32[3, 4, 5]", 1, note="no gradient"),
    call("trace.default", "f32[4, 4]!"),
]
