"""Pooling: maxima keep indices of eight bytes an output."""

from .one_call import call

X = "f32[2, 3, 8, 8]!"
LAST = "f32[2, 8, 8, 3]!/0,3,1,2"

CASES = [
    call("max_pool2d.default", X, [2, 2]),
    call("max_pool2d.default", X, [3, 3], [2, 2], [1, 1]),
    call("max_pool2d.default", X, [3, 3], [2, 2], [0, 0], [1, 1], True),
    call("max_pool2d.default", LAST, [2, 2], note="channels last"),
    call("max_pool2d.default", "f32[2, 3, 8, 8]", [2, 2], note="no gradient"),
    call("max_pool2d.default", "bf16[2, 3, 8, 8]!", [2, 2]),
    call("max_pool1d.default", "f32[2, 3, 8]!", [2]),
    call("max_pool3d.default", "f32[2, 3, 4, 4, 4]!", [2, 2, 2]),
    call("avg_pool2d.default", X, [2, 2]),
    call("avg_pool2d.default", X, [3, 3], [1, 1], [1, 1]),
    call("avg_pool2d.default", LAST, [2, 2], note="channels last"),
    call("avg_pool1d.default", "f32[2, 3, 8]!", [2]),
    call("avg_pool3d.default", "f32[2, 3, 4, 4, 4]!", [2, 2, 2]),
    call("adaptive_avg_pool2d.default", X, [1, 1]),
    call("adaptive_avg_pool2d.default", X, [4, 4]),
    call("adaptive_avg_pool2d.default", X, [3, 3]),
    call("adaptive_avg_pool2d.default", LAST, [1, 1], note="channels last"),
    call("adaptive_avg_pool1d.default", "f32[2, 3, 8]!", [1]),
    call("adaptive_avg_pool1d.default", "f32[2, 3, 8]!", [4]),
    call("adaptive_avg_pool3d.default", "f32[2, 3, 4, 4, 4]!", [1, 1, 1]),
    call("adaptive_avg_pool3d.default", "f32[2, 3, 4, 4, 4]!", [2, 2, 2]),
    call("adaptive_max_pool2d.default", X, [2, 2]),
    call("affine_grid_generator.default", "f32[2, 2, 3]!", [2, 3, 5, 4], False),
    call("affine_grid_generator.default", "f32[2, 2, 3]!", [2, 3, 5, 4], True),
    call("affine_grid_generator.default", "f32[2, 3, 4]!", [2, 3, 5, 4, 6], False),
]
