"""Random operators. On the CPU dropout keeps a mask of the input's own type."""

from .one_call import call

X = "f32[3, 5]"

CASES = [
    call("dropout.default", X + "!", 0.1, True),
    call("dropout.default", X + "!", 0.1, False, note="evaluation"),
    call("dropout.default", X + "!", 0.0, True, note="p = 0"),
    call("dropout.default", X + "!", 1.0, True, note="p = 1"),
    call("dropout.default", X, 0.1, True, note="no gradient"),
    call("dropout.default", "bf16[3, 5]!", 0.1, True),
    call("dropout_.default", X + "*", 0.1, True),
    call("feature_dropout.default", "f32[2, 3, 4, 4]!", 0.1, True),
    call("alpha_dropout.default", X + "!", 0.1, True),
    call("native_dropout.default", X + "!", 0.1, True),
    call("bernoulli_.float", X + "*", 0.5),
    call("normal_.default", X + "*"),
    call("rrelu.default", X + "!", 0.1, 0.3, True),
]
