"""Attention on the CPU: the flash kernel without dropout, the sum of its parts with it."""

from .one_call import call

Q = "f32[2, 4, 6, 8]"
HEADS = "f32[2, 6, 4, 8]!/0,2,1,3"
SDPA = "scaled_dot_product_attention.default"

CASES = [
    call(SDPA, Q + "!", Q + "!", Q + "!"),
    call(SDPA, Q + "!", Q, Q, note="only queries trained"),
    call(SDPA, Q, Q, Q, note="no gradient"),
    call(SDPA, Q + "!", Q + "!", Q + "!", None, 0.0, True, note="causal"),
    call(SDPA, HEADS, HEADS, HEADS, None, 0.0, True, note="heads as views"),
    call(SDPA, HEADS, HEADS, HEADS, note="heads as views"),
    call(SDPA, Q + "!", "f32[2, 4, 9, 8]!", "f32[2, 4, 9, 8]!", note="cross"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "f32[2, 1, 6, 6]", note="float mask"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "bool[2, 1, 6, 6]", note="bool mask"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "bool[6, 6]", note="bool mask of two axes"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "f32[2, 4, 6, 6]!", note="trained mask"),
    call(SDPA, Q + "!", Q + "!", Q + "!", None, 0.1, note="dropout"),
    call(SDPA, Q + "!", Q + "!", Q + "!", None, 0.1, True, note="dropout, causal"),
    call(SDPA, HEADS, HEADS, HEADS, None, 0.1, note="dropout, heads as views"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "f32[2, 1, 6, 6]", 0.1, note="dropout, float mask"),
    call(SDPA, Q + "!", Q + "!", Q + "!", "bool[2, 1, 6, 6]", 0.1, note="dropout, bool mask"),
    call(SDPA, Q + "!", Q + "!", Q + "!", scale=0.5, note="scale"),
    call(SDPA, Q + "!", "f32[2, 2, 6, 8]!", "f32[2, 2, 6, 8]!", None, 0.0, True, enable_gqa=True,
         note="grouped"),
    call(SDPA, Q + "!", "f32[2, 2, 6, 8]!", "f32[2, 2, 6, 8]!", None, 0.1, False, enable_gqa=True,
         note="grouped, dropout"),
    call(SDPA, "f32[2, 6, 8]!", "f32[2, 6, 8]!", "f32[2, 6, 8]!", note="three axes"),
    call(SDPA, "bf16[2, 4, 6, 8]!", "bf16[2, 4, 6, 8]!", "bf16[2, 4, 6, 8]!"),
    call(SDPA, "bf16[2, 4, 6, 8]!", "bf16[2, 4, 6, 8]!", "bf16[2, 4, 6, 8]!", None, 0.1,
         note="dropout"),
    call(SDPA, "f32[2, 4, 6, 8]!", "f32[2, 4, 6, 8]!", "f32[2, 4, 6, 16]!",
         note="values of another width"),
    call(SDPA, "f32[1, 2, 200, 8]!", "f32[1, 2, 200, 8]!", "f32[1, 2, 200, 8]!", None, 0.0, True,
         note="longer than a tile"),
    call(SDPA, "f32[1, 2, 800, 8]!", "f32[1, 2, 800, 8]!", "f32[1, 2, 800, 8]!", None, 0.0, True,
         note="longer than the largest tile"),
]  # fmt: skip
