"""Fake quantization: what was not cut off is kept as a mask."""

from .one_call import call

X, LIMITS = "f32[30, 50]", (-128, 127)

CASES = [
    call("fake_quantize_per_tensor_affine.default", X + "!", 0.1, 0, *LIMITS),
    call("fake_quantize_per_tensor_affine.default", X, 0.1, 0, *LIMITS),
    call("fake_quantize_per_tensor_affine.tensor_qparams", X + "!", "f32[1]", "i32[1]", *LIMITS),
    call("fake_quantize_per_channel_affine.default", X + "!", "f32[50]", "i32[50]", 1, *LIMITS),
]
