"""Convolutions keep input and weight whoever is trained."""

from .one_call import call

X, W, B = "f32[2, 4, 8, 8]", "f32[6, 4, 3, 3]", "f32[6]"
SAME = ([1, 1], [1, 1])

CASES = [
    call("conv2d.default", X + "!", W + "!", B + "!", *SAME),
    call("conv2d.default", X + "!", W + "!", None, *SAME),
    call("conv2d.default", X, W + "!", B + "!", *SAME),
    call("conv2d.default", X + "!", W, B, *SAME, note="frozen weight"),
    call("conv2d.default", X + "!", W, B + "!", *SAME, note="frozen weight, trained bias"),
    call("conv2d.default", X + "!", W + "!", None, [2, 2], [1, 1]),
    call("conv2d.default", X + "!", W + "!", None, [1, 1], [2, 2], [2, 2], note="dilated"),
    call("conv2d.default", X + "!", "f32[6, 4, 1, 1]!", None),
    call("conv2d.default", X + "!", "f32[4, 1, 3, 3]!", None, *SAME, [1, 1], 4, note="depthwise"),
    call("conv2d.default", X + "!", "f32[8, 2, 3, 3]!", "f32[8]!", *SAME, [1, 1], 2,
         note="groups"),
    call("conv2d.default", "f32[1, 4, 8, 8]!", W + "!", B + "!", *SAME, note="batch of one"),
    call("conv2d.default", "f32[4, 8, 8]!", W + "!", B + "!", *SAME, note="no batch"),
    call("conv2d.default", "f32[2, 3, 32, 32]", "f32[8, 3, 8, 8]!", "f32[8]!", [8, 8],
         note="patches"),
    call("conv2d.default", "f32[2, 8, 8, 4]!/0,3,1,2", W + "!", B + "!", *SAME,
         note="channels last"),
    call("conv2d.default", X + "!", "f32[6, 3, 3, 4]!/0,3,1,2", B + "!", *SAME,
         note="channels-last weight"),
    call("conv2d.default", "f32[2, 4, 16, 8]!/0,1,3,2", W + "!", B + "!", *SAME,
         note="axes swapped"),
    call("conv2d.default", "bf16[2, 4, 8, 8]!", "bf16[6, 4, 3, 3]!", "bf16[6]!", *SAME),
    call("conv2d.padding", X + "!", W + "!", B + "!", [1, 1], "same"),
    call("conv2d.padding", X + "!", "f32[6, 4, 2, 2]!", None, [1, 1], "same", note="even kernel"),
    call("conv2d.padding", X + "!", W + "!", B + "!", [2, 2], "valid"),
    call("conv1d.default", "f32[2, 4, 20]!", "f32[6, 4, 3]!", "f32[6]!"),
    call("conv1d.default", "f32[2, 4, 20]", "f32[6, 4, 3]!", None, [2], [1]),
    call("conv1d.default", "f32[2, 20, 4]!/0,2,1", "f32[6, 4, 3]!", "f32[6]!", note="transposed"),
    call("conv1d.default", "f32[2, 4, 20]!", "f32[4, 1, 3]!", "f32[4]!", [1], [1], [1], 4,
         note="depthwise"),
    call("conv1d.default", "f32[2, 4, 20]!", "f32[6, 4, 1]!", "f32[6]!"),
    call("conv3d.default", "f32[2, 2, 4, 6, 6]!", "f32[3, 2, 3, 3, 3]!", "f32[3]!", [1, 1, 1],
         [1, 1, 1]),
    call("conv_transpose2d.input", X + "!", "f32[4, 6, 2, 2]!", "f32[6]!", [2, 2]),
    call("conv_transpose2d.input", X + "!", "f32[4, 6, 4, 4]!", None, [2, 2], [1, 1]),
    call("conv_transpose2d.input", X, "f32[4, 6, 3, 3]!", "f32[6]!", [2, 2], [1, 1], [1, 1]),
    call("conv_transpose2d.input", "f32[2, 4, 1, 1]!", "f32[4, 6, 4, 4]!", None),
    call("conv_transpose1d.default", "f32[2, 4, 10]!", "f32[4, 6, 4]!", "f32[6]!", [2], [1]),
]  # fmt: skip
