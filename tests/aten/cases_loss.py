"""Losses."""

from .one_call import call

X, Y = "f32[6, 10]!", "f32[6, 10]"
LABELS = "i64[6]"
CE = "cross_entropy_loss.default"

CASES = [
    call(CE, X, LABELS),
    call(CE, X, LABELS, None, 0, note="no reduction"),
    call(CE, X, LABELS, None, 2, note="sum"),
    call(CE, X, LABELS, "f32[10]", note="weighted"),
    call(CE, X, LABELS, None, 1, -100, 0.1, note="smoothed"),
    call(CE, "f32[2, 5, 4, 4]!", "i64[2, 4, 4]", note="images"),
    call(CE, X, Y, note="probabilities"),
    call(CE, "bf16[6, 10]!", LABELS),
    call("nll_loss.default", X, LABELS),
    call("nll_loss_nd.default", X, LABELS),
    call("mse_loss.default", X, Y),
    call("mse_loss.default", X, Y + "!"),
    call("mse_loss.default", X, Y, 0, note="no reduction"),
    call("l1_loss.default", X, Y),
    call("smooth_l1_loss.default", X, Y),
    call("huber_loss.default", X, Y),
    call("binary_cross_entropy.default", X, Y),
    call("binary_cross_entropy.default", X, Y, None, 2),
    call("binary_cross_entropy_with_logits.default", X, Y),
    call("binary_cross_entropy_with_logits.default", X, Y, "f32[10]", "f32[10]"),
    call("kl_div.default", X, Y),
    call("cosine_embedding_loss.default", X, Y + "!", LABELS),
    call("triplet_margin_loss.default", X, X, X),
    call("cosine_similarity.default", X, X),
    call("pairwise_distance.default", X, X),
]
