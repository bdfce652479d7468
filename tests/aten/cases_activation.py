"""Functions of one tensor: which keep their input, which their result, which nothing."""

from .one_call import call

X = "f32[3, 5]!"
Y = "f32[3, 5]*"

CASES = [
    *(call(f"{name}.default", X) for name in (
        "relu", "relu6", "sigmoid", "tanh", "silu", "mish", "gelu", "hardswish", "hardsigmoid",
        "hardtanh", "leaky_relu", "elu", "selu", "celu", "softplus", "log_sigmoid", "hardshrink",
        "softshrink", "exp", "log", "log1p", "expm1", "sqrt", "rsqrt", "sin", "cos",
        "abs", "neg", "square", "reciprocal", "erf", "clone", "alias", "log2", "tan", "atan",
        "sinh", "cosh", "erfc", "erfinv", "exp2", "asin", "acos", "asinh", "acosh", "atanh",
        "lgamma", "digamma", "nan_to_num", "trunc",
    )),
    *(call(f"{name}.default", Y) for name in (
        "relu_", "sigmoid_", "tanh_", "silu_", "hardswish_", "hardtanh_", "leaky_relu_", "elu_",
        "exp_", "sqrt_", "neg_", "mish_", "floor_", "ceil_", "trunc_", "round_", "sign_",
    )),
    call("relu6_.default", Y),
    call("gelu.default", X, approximate="tanh"),
    call("hardtanh.default", X, 0.0, 6.0),
    call("leaky_relu.default", X, 0.2),
    call("clamp.default", X, 0.0, 1.0),
    call("clamp.default", X, None, 1.0),
    call("clamp_min.default", X, 0.5),
    call("clamp_max.default", X, 0.5),
    call("logit.default", X, 0.1),
    call("threshold.default", X, 0.1, 0.0),
    call("round.decimals", X, decimals=2),
    call("glu.default", "f32[3, 6]!", -1),
    call("prelu.default", "f32[2, 4, 3]!", "f32[4]!"),
    call("prelu.default", "f32[2, 4, 3]!", "f32[1]!"),
    call("softmax.int", X, -1),
    call("softmax.int", X, 0),
    call("log_softmax.int", X, -1),
    call("_softmax.default", X, -1, False),
    call("relu.default", "f32[2, 8, 8, 4]!/0,3,1,2", note="channels last"),
    call("sigmoid.default", "bf16[3, 5]!"),
    call("gelu.default", "bf16[3, 5]!"),
    call("silu.default", "bf16[3, 5]!"),
    call("gelu.default", "f32[3, 5]", note="no gradient"),
    call("pow.Tensor_Scalar", X, 2),
    call("pow.Tensor_Scalar", X, 3),
    call("pow.Tensor_Scalar", X, 0.5),
    call("pow.Tensor_Scalar", X, 1),
    call("pow.Tensor_Tensor", X, X),
    call("pow.Tensor_Tensor", X, "f32[3, 5]"),
    call("pow.Scalar", 2.0, X),
    call("clamp_.default", "f32[3, 5]*", -1.0, 2.0),
    call("clamp_min_.default", "f32[3, 5]*", 0.0),
    call("clamp_max_.default", "f32[3, 5]*", 0.0),
]  # fmt: skip
