"""Normalisations: in training they keep the input and the statistics, in evaluation less."""

from .one_call import call

X, C = "f32[2, 4, 6, 6]", "f32[4]"
TRAIN = (True, 0.1, 1e-5, True)
EVAL = (False, 0.1, 1e-5, True)

CASES = [
    call("batch_norm.default", X + "!", C + "!", C + "!", C, C, *TRAIN),
    call("batch_norm.default", X, C + "!", C + "!", C, C, *TRAIN),
    call("batch_norm.default", X + "!", C, C, C, C, *TRAIN, note="frozen affine"),
    call("batch_norm.default", X + "!", C + "!", C + "!", C, C, *EVAL, note="evaluation"),
    call("batch_norm.default", X + "!", C, C, C, C, *EVAL, note="evaluation, frozen"),
    call("batch_norm.default", X + "!", None, None, C, C, *TRAIN, note="no affine"),
    call("batch_norm.default", X + "!", C + "!", C + "!", None, None, *TRAIN, note="no statistics"),
    call("batch_norm.default", "f32[8, 4]!", C + "!", C + "!", C, C, *TRAIN),
    call("batch_norm.default", "f32[2, 4, 9]!", C + "!", C + "!", C, C, *TRAIN),
    call("batch_norm.default", "f32[2, 4, 3, 3, 3]!", C + "!", C + "!", C, C, *TRAIN),
    call("batch_norm.default", "f32[2, 6, 6, 4]!/0,3,1,2", C + "!", C + "!", C, C, *TRAIN,
         note="channels last"),
    call("batch_norm.default", "bf16[2, 4, 6, 6]!", "bf16[4]!", "bf16[4]!", "bf16[4]", "bf16[4]",
         *TRAIN),
    call("batch_norm.default", "bf16[2, 4, 6, 6]!", C + "!", C + "!", C, C, *TRAIN,
         note="mixed types"),
    call("layer_norm.default", "f32[2, 3, 8]!", [8], "f32[8]!", "f32[8]!"),
    call("layer_norm.default", "f32[2, 3, 8]", [8], "f32[8]!", "f32[8]!"),
    call("layer_norm.default", "f32[2, 3, 8]!", [8], "f32[8]", "f32[8]", note="frozen affine"),
    call("layer_norm.default", "f32[2, 3, 8]!", [8], "f32[8]!", None),
    call("layer_norm.default", "f32[2, 3, 8]!", [8], None, None),
    call("layer_norm.default", "f32[2, 3, 4, 4]!", [3, 4, 4], "f32[3, 4, 4]!", "f32[3, 4, 4]!"),
    call("layer_norm.default", "f32[2, 8, 3, 3]!/0,2,3,1", [8], "f32[8]!", "f32[8]!",
         note="input not contiguous"),
    call("layer_norm.default", "bf16[2, 3, 8]!", [8], "bf16[8]!", "bf16[8]!"),
    call("layer_norm.default", "bf16[2, 3, 8]!", [8], "f32[8]!", "f32[8]!", note="mixed types"),
    call("group_norm.default", X + "!", 2, C + "!", C + "!"),
    call("group_norm.default", X, 2, C + "!", C + "!"),
    call("group_norm.default", X + "!", 2, None, None),
    call("group_norm.default", "f32[2, 6, 6, 4]!/0,3,1,2", 2, C + "!", C + "!",
         note="channels last"),
    call("instance_norm.default", X + "!", C + "!", C + "!", None, None, True, 0.1, 1e-5, True),
    call("instance_norm.default", X + "!", None, None, None, None, True, 0.1, 1e-5, True),
    call("rms_norm.default", "f32[2, 3, 8]!", [8], "f32[8]!"),
    call("rms_norm.default", "f32[2, 3, 8]", [8], "f32[8]!"),
    call("rms_norm.default", "f32[2, 3, 8]!", [8]),
    call("rms_norm.default", "bf16[2, 3, 8]!", [8], "bf16[8]!"),
    call("linalg_vector_norm.default", "f32[4, 6]!", 2.0, [1], True),
    call("linalg_vector_norm.default", "f32[4, 6]!", 2.0),
    call("_weight_norm.default", "f32[6, 4, 3]!", "f32[6, 1, 1]!", 0),
    call("_weight_norm.default", "f32[6, 4, 3]!", "f32[1, 1, 3]!", 2),
]  # fmt: skip
