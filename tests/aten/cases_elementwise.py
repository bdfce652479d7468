"""Functions of two and three tensors, with broadcasting; in place as well."""

from .one_call import call

X, Y = "f32[3, 5]", "f32[3, 5]"
ROW, ONE = "f32[5]", "f32[3, 1]"

CASES = [
    *(call(f"{op}.Tensor", X + "!", y) for op in ("add", "sub", "mul", "div")
      for y in (Y + "!", Y, ROW + "!", ONE + "!", "f32[]!", 2.0)),
    *(call(f"{op}.Tensor", X, Y + "!") for op in ("add", "sub", "mul", "div")),
    *(call(f"{op}_.Tensor", X + "*", y) for op in ("add", "sub", "mul", "div")
      for y in (Y + "!", Y, ROW + "!", 2.0)),
    call("add.Tensor", X + "!", Y + "!", alpha=2),
    call("sub.Tensor", X + "!", Y + "!", alpha=2),
    call("rsub.Scalar", X + "!", 1.0),
    call("add.Scalar", X + "!", 1.0),
    call("mul.Scalar", X + "!", 2.0),
    call("div.Scalar", X + "!", 2.0),
    call("add.Tensor", "f32[4, 1, 3]!", "f32[5, 3]!", note="both broadcast"),
    call("mul.Tensor", "f32[4, 1, 3]!", "f32[5, 3]!", note="both broadcast"),
    call("mul.Tensor", "f32[2, 4, 3]!/0,2,1", "f32[2, 3, 4]!", note="layouts differ"),
    call("add.Tensor", "f32[2, 4, 3]!/0,2,1", "f32[2, 3, 4]!", note="layouts differ"),
    call("mul.Tensor", "bf16[3, 5]!", "f32[3, 5]!", note="types differ"),
    call("add.Tensor", "bf16[3, 5]!", "f32[3, 5]!", note="types differ"),
    call("mul.Tensor", "f32[3, 5]!", "i64[3, 5]", note="types differ"),
    call("mul.Tensor", X + "!", "bool[3, 5]", note="types differ"),
    call("addcmul.default", X + "!", Y + "!", X + "!"),
    call("addcdiv.default", X + "!", Y + "!", X + "!"),
    call("lerp.Scalar", X + "!", Y + "!", 0.5),
    call("lerp.Tensor", X + "!", Y + "!", Y + "!"),
    call("where.self", "bool[3, 5]", X + "!", Y + "!"),
    call("where.self", "bool[3, 5]", X + "!", Y),
    call("where.self", "bool[3, 1]", X + "!", ROW + "!"),
    call("where.ScalarOther", "bool[3, 5]", X + "!", 0.0),
    call("where.ScalarSelf", "bool[3, 5]", 0.0, X + "!"),
    call("masked_fill.Scalar", X + "!", "bool[3, 5]", 0.0),
    call("masked_fill.Scalar", X + "!", "bool[5]", 0.0),
    call("masked_fill.Tensor", X + "!", "bool[3, 5]", "f32[]"),
    call("masked_fill_.Scalar", X + "*", "bool[3, 5]", 0.0),
    call("maximum.default", X + "!", Y + "!"),
    call("minimum.default", X + "!", Y + "!"),
    call("maximum.default", X + "!", Y),
    call("max.other", X + "!", Y + "!"),
    call("min.other", X + "!", Y),
    call("atan2.default", X + "!", Y + "!"),
    call("copy_.default", X + "*", Y + "!"),
    call("copy_.default", X + "*", Y),
    call("fill_.Scalar", X + "*", 0.0),
    call("zero_.default", X + "*"),
    call("addcmul_.default", X + "*", Y + "!", Y + "!"),
]  # fmt: skip
