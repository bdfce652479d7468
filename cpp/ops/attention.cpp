// Attention over heads: Attention, LinearAttention, RotaryEmbedding; SwiGLU gates what follows
// them.
#include <optional>
#include <string>

#include "ops/families.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

// Fails unless the attribute, a number of heads, is positive.
Dim head_count(const Context& op, std::string_view name) {
  const Attr* attr = op.attr(name);
  if (attr == nullptr) {
    op.fail("attr-missing", std::string(op.op_type()) + " needs the attribute " +
                                std::string(name) + " where heads are packed in the last axis");
  }
  if (attr->i < 1) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute " + std::string(name) + " is " +
                              std::to_string(attr->i) + ": at least 1 is needed");
  }
  return attr->i;
}

// Size of one head of an axis that packs `heads` of them.
Dim head_size(Context& op, Dim packed, Dim heads, std::string_view operand) {
  op.require_divides("attention-heads", heads, packed,
                     [&] { return std::string(operand) + " axis 2 into heads"; });
  return exactdiv(packed, heads);
}

void same_size(Context& op, Dim& a, Dim b, const char* what) {
  a = op.unify("attention-sizes", a, b, what);
}

// --- Attention
// ------------------------------------------------------------------------------------

// [batch, heads, length, size], also of an operand that packs heads: [batch, length, heads * size].
struct Heads {
  Dim batch, heads, length, size;
};

Heads read_heads(Context& op, std::size_t input, int rank, std::string_view heads_attr) {
  if (!op.has_rank(input)) {
    const Dim heads = rank == 3 ? head_count(op, heads_attr) : op.unknown_dim();
    return {op.unknown_dim(), heads, op.unknown_dim(), op.unknown_dim()};
  }
  const Shape& s = op.shape(input);
  if (rank == 4) return {s[0], s[1], s[2], s[3]};
  const Dim heads = head_count(op, heads_attr);
  return {s[0], heads, s[1], head_size(op, s[2], heads, operand_name(op, input))};
}

// The common rank of Q, K and V; -1 if unknown.
int heads_rank(const Context& op) {
  int rank = -1;
  for (std::size_t i = 0; i < 3; ++i) {
    require_rank(op, i, 3, 4);
    if (!op.has_rank(i)) continue;
    if (rank >= 0 && op.rank(i) != rank) {
      op.fail("rank-mismatch", "Attention needs Q, K and V of one rank: " + std::to_string(rank) +
                                   " != " + std::to_string(op.rank(i)));
    }
    rank = op.rank(i);
  }
  return rank;
}

// past is [batch, heads, length, size] of what K or V continues; returns its length.
Dim past_length(Context& op, std::size_t input, const Heads& kv) {
  require_rank(op, input, 4, 4);
  if (!op.has_rank(input)) return op.unknown_dim();
  const Shape& past = op.shape(input);
  const Dim need[] = {kv.batch, kv.heads, past[2], kv.size};
  for (int axis = 0; axis < 4; ++axis) {
    op.require_equal("attention-sizes", past[axis], need[axis], [&] {
      return axis_text(operand_name(op, input), axis) + " with what it continues";
    });
  }
  return past[2];
}

// The mask broadcasts to [batch, heads, length, total]; since opset 24 its last axis may be
// shorter.
void require_mask(Context& op, std::size_t input, const Shape& scores) {
  if (!op.has_rank(input)) return;
  Shape mask = op.shape(input), target = scores;
  if (op.version() >= 24 && mask.rank() >= 1 && mask[mask.rank() - 1] != Dim(1)) {
    const Dim last = mask[mask.rank() - 1];
    op.require_at_most("attention-mask", last, scores[3], [&] {
      return axis_text("attn_mask", mask.rank() - 1) + " into the keys and the past";
    });
    target[3] = last;
  }
  require_broadcast_onto(op, "attention-mask", target, mask, "the scores", "attn_mask");
}

void attention_infer(Context& op) {
  enum : std::size_t { kQ, kK, kV, kMask, kPastKey, kPastValue, kNonpad };
  for (const std::size_t i : {kQ, kK, kV}) require_dtype(op, i, kAllFloats);
  require_dtype(op, kMask, kAllNumeric | kBools);
  require_dtype(op, kNonpad, dtypes(DType::kI64));
  unify_dtypes(op, kK, kPastKey);
  const DType key_dtype = unify_dtypes(op, kQ, kK), value_dtype = unify_dtypes(op, kV, kPastValue);
  const bool has_past = op.has_input(kPastKey);
  if (has_past != op.has_input(kPastValue))
    op.fail("input-missing", "Attention needs past_key and past_value together");
  if (has_past && op.has_input(kNonpad)) {
    op.fail("attention-sizes", "Attention takes nonpad_kv_seqlen or a past, not both");
  }
  const int rank = heads_rank(op);
  if (rank < 0) {
    op.output(0, key_dtype, Shape::unknown_rank());
    op.output(1, key_dtype, unknown_dims(op, 4));
    op.output(2, value_dtype, unknown_dims(op, 4));
    return op.output(3, key_dtype, unknown_dims(op, 4));
  }
  Heads q = read_heads(op, kQ, rank, "q_num_heads");
  Heads k = read_heads(op, kK, rank, "kv_num_heads");
  Heads v = read_heads(op, kV, rank, "kv_num_heads");
  same_size(op, q.batch, k.batch, "Q axis 0 with K axis 0");
  same_size(op, q.batch, v.batch, "Q axis 0 with V axis 0");
  same_size(op, k.heads, v.heads, "K axis 1 with V axis 1");
  same_size(op, k.length, v.length,
            rank == 4 ? "K axis 2 with V axis 2" : "K axis 1 with V axis 1");
  same_size(op, q.size, k.size, "the head size of Q with that of K");
  k.batch = v.batch = q.batch;
  k.size = q.size;
  v.heads = k.heads;
  op.require_divides("attention-heads", k.heads, q.heads,
                     [] { return std::string("the heads of Q by those of K"); });

  Dim total = k.length;
  if (has_past) {
    Dim past = past_length(op, kPastKey, k);
    same_size(op, past, past_length(op, kPastValue, v), "past_key axis 2 with past_value axis 2");
    total += past;
  }
  require_rank(op, kNonpad, 1, 1);
  if (op.has_rank(kNonpad)) {
    op.require_equal("attention-sizes", op.shape(kNonpad)[0], q.batch,
                     [] { return std::string("nonpad_kv_seqlen axis 0 with Q axis 0"); });
  }
  const Shape scores = {q.batch, q.heads, q.length, total};
  require_mask(op, kMask, scores);

  op.output(0, key_dtype,
            rank == 4 ? Shape{q.batch, q.heads, q.length, v.size}
                      : Shape{q.batch, q.length, q.heads * v.size});
  op.output(1, key_dtype, {q.batch, k.heads, total, k.size});
  op.output(2, value_dtype, {q.batch, k.heads, total, v.size});
  op.output(3, key_dtype, scores);
}

// Q K^T and its product with V: 2 * batch * heads * length * total * (size + value size).
Dim attention_flops(const Context& op) {
  for (const std::size_t i : {0, 1, 2})
    if (!op.has_rank(i)) return 0;
  const Shape &q = op.shape(0), &k = op.shape(1), &v = op.shape(2);
  const bool packed = q.rank() == 3;
  Dim total = k[packed ? 1 : 2];
  if (op.has_rank(4)) total += op.shape(4)[2];
  // Heads times a size: of Q as it is, of V spread over the heads of Q.
  Dim sizes;
  if (packed) {
    const Dim q_heads = op.attr_int("q_num_heads", 1), kv_heads = op.attr_int("kv_num_heads", 1);
    sizes = q[2] + exactdiv(v[2], kv_heads) * q_heads;
  } else {
    sizes = q[1] * (q[3] + v[3]);
  }
  return Dim(2) * q[0] * q[packed ? 1 : 2] * total * sizes;
}

// --- LinearAttention
// ------------------------------------------------------------------------------

// query [B, T, Hq*dk], key [B, T, H*dk], value [B, T, H*dv], past_state [B, H, dk, dv],
// decay [B, T, H*dk or H], beta [B, T, H or 1] -> [B, T, Hq*dv] and the state
void linear_attention_infer(Context& op) {
  enum : std::size_t { kQuery, kKey, kValue, kPast, kDecay, kBeta };
  const DTypeSet floats = dtypes(DType::kF32, DType::kF16, DType::kBF16);
  require_dtype(op, kQuery, floats);
  require_dtype(op, kPast, floats);
  DType dtype = unify_all_dtypes(op, kQuery, kPast);
  unify_dtypes(op, kQuery, kDecay);
  unify_dtypes(op, kQuery, kBeta);
  const std::string_view rule =
      word_attr(op, "update_rule", "gated_delta", {"linear", "gated", "delta", "gated_delta"});
  if (rule.starts_with("gated") && !op.has_input(kDecay))
    op.fail("input-missing", "LinearAttention needs decay for update_rule " + std::string(rule));
  if (rule.ends_with("delta") && !op.has_input(kBeta))
    op.fail("input-missing", "LinearAttention needs beta for update_rule " + std::string(rule));
  for (const std::size_t i : {kQuery, kKey, kValue, kDecay, kBeta}) require_rank(op, i, 3, 3);
  require_rank(op, kPast, 4, 4);
  const Dim q_heads = head_count(op, "q_num_heads"), heads = head_count(op, "kv_num_heads");
  op.require_divides("attention-heads", heads, q_heads,
                     [] { return std::string("q_num_heads by kv_num_heads"); });

  const auto packed = [&](std::size_t i) {
    return op.has_rank(i) ? op.shape(i) : unknown_dims(op, 3);
  };
  const Shape query = packed(kQuery), key = packed(kKey), value = packed(kValue);
  Dim batch = query[0], length = query[1];
  same_size(op, batch, key[0], "query axis 0 with key axis 0");
  same_size(op, batch, value[0], "query axis 0 with value axis 0");
  same_size(op, length, key[1], "query axis 1 with key axis 1");
  same_size(op, length, value[1], "query axis 1 with value axis 1");
  Dim key_size = head_size(op, query[2], q_heads, "query");
  same_size(op, key_size, head_size(op, key[2], heads, "key"),
            "the head size of query with that of key");
  Dim value_size = head_size(op, value[2], heads, "value");

  for (const std::size_t i : {kDecay, kBeta}) {
    if (!op.has_rank(i)) continue;
    const Shape& gate = op.shape(i);
    const std::string_view name = i == kDecay ? "decay" : "beta";
    op.require_equal("attention-sizes", gate[0], batch,
                     [&] { return axis_text(name, 0) + " with query axis 0"; });
    op.require_equal("attention-sizes", gate[1], length,
                     [&] { return axis_text(name, 1) + " with query axis 1"; });
    const Dim other = i == kDecay ? heads * key_size : Dim(1);
    if (surely_eq(gate[2], heads) || prove_eq(gate[2], other) != Truth::kNo) continue;
    op.require_equal("attention-sizes", gate[2], heads,
                     [&] { return axis_text(name, 2) + " with kv_num_heads"; });
  }
  Shape state = {batch, heads, key_size, value_size};
  if (op.has_rank(kPast)) {
    for (int axis = 0; axis < 4; ++axis) {
      state[axis] = op.unify("attention-sizes", op.shape(kPast)[axis], state[axis], [&] {
        return axis_text("past_state", axis) + " with what it continues";
      });
    }
  }
  op.output(0, dtype, {batch, length, q_heads * value_size});
  op.output(1, op.has_input(kPast) ? op.dtype(kPast) : dtype, std::move(state));
}

// The outer product into the state and its product with the query, for every position.
Dim linear_attention_flops(const Context& op) {
  const Shape& out = op.output_type(0).shape;
  const Shape& state = op.output_type(1).shape;
  if (!out.has_rank() || !state.has_rank()) return 0;
  const Dim updates = out[0] * out[1] * state[1] * state[2] * state[3];
  return Dim(2) * (updates + num_elements(out) * state[2]);
}

// --- RotaryEmbedding
// ------------------------------------------------------------------------------

// X [B, H, S, D] or [B, S, H*D]; caches [positions, r/2] with position_ids [B, S], else [B, S,
// r/2].
void rotary_embedding_infer(Context& op) {
  enum : std::size_t { kX, kCos, kSin, kPositions };
  require_dtype(op, kX, dtypes(DType::kF32, DType::kF16, DType::kBF16));
  require_dtype(op, kPositions, dtypes(DType::kI64));
  const DType dtype = unify_all_dtypes(op, kX, kPositions);
  require_rank(op, kX, 3, 4);
  const bool by_position = op.has_input(kPositions);
  for (const std::size_t i : {kCos, kSin})
    require_rank(op, i, by_position ? 2 : 3, by_position ? 2 : 3);
  require_rank(op, kPositions, 2, 2);
  const Shape caches = unify_except(op, kCos, kPositions, -1);

  const std::int64_t rotated = op.attr_int("rotary_embedding_dim", 0);
  if (rotated < 0 || rotated % 2 != 0) {
    op.fail("attr-value", "RotaryEmbedding attribute rotary_embedding_dim is " +
                              std::to_string(rotated) + ": an even number is needed");
  }
  if (op.has_rank(kX)) {
    const Shape& x = op.shape(kX);
    const bool packed = x.rank() == 3;
    Dim size = x[x.rank() - 1];
    if (packed) size = head_size(op, size, head_count(op, "num_heads"), "X");
    if (rotated > 0) {
      op.require_at_most("attention-heads", rotated, size,
                         [] { return std::string("rotary_embedding_dim into the head size"); });
      size = rotated;
    } else {
      op.require_divides("attention-heads", 2, size,
                         [] { return std::string("the head size into halves"); });
    }
    if (caches.has_rank()) {
      op.require_equal("attention-sizes", Dim(2) * caches[caches.rank() - 1], size,
                       [] { return std::string("twice the last axis of cos_cache with X"); });
    }
    // Batch and length of X, of position_ids and of caches without positions are the same.
    const Dim need[] = {x[0], x[packed ? 1 : 2]};
    for (int axis = 0; axis < 2; ++axis) {
      if (by_position && !op.has_rank(kPositions)) break;
      if (!by_position && !caches.has_rank()) break;
      const Dim have = by_position ? op.shape(kPositions)[axis] : caches[axis];
      op.require_equal("attention-sizes", have, need[axis], [&] {
        return axis_text(by_position ? "position_ids" : "cos_cache", axis) + " with X";
      });
    }
  }
  op.output(0, dtype, op.shape(kX));
}

// Two products and a sum for each rotated element.
Dim rotary_embedding_flops(const Context& op) { return Dim(3) * elements_or_zero(op.shape(0)); }

// --- SwiGLU
// ---------------------------------------------------------------------------------------

void swiglu_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  const DType dtype = unify_dtypes(op, 0, 1);
  op.output(0, dtype, unify_except(op, 0, 2, -1));
}

// alpha * a, sigmoid, and two products.
Dim swiglu_flops(const Context& op) { return Dim(4) * elements_or_zero(op.output_type(0).shape); }

// --- the table
// ------------------------------------------------------------------------------------

constexpr AttrSpec kAttention[] = {
    {"is_causal", AttrKind::kInt},         {"kv_num_heads", AttrKind::kInt},
    {"q_num_heads", AttrKind::kInt},       {"qk_matmul_output_mode", AttrKind::kInt},
    {"scale", AttrKind::kFloat},           {"softcap", AttrKind::kFloat},
    {"softmax_precision", AttrKind::kInt},
};
constexpr AttrSpec kAttention25[] = {
    {"is_causal", AttrKind::kInt},
    {"kv_num_heads", AttrKind::kInt},
    {"left_window_size", AttrKind::kInt},
    {"q_num_heads", AttrKind::kInt},
    {"qk_matmul_output_mode", AttrKind::kInt},
    {"right_window_size", AttrKind::kInt},
    {"scale", AttrKind::kFloat},
    {"softcap", AttrKind::kFloat},
    {"softmax_precision", AttrKind::kInt},
};
constexpr AttrSpec kLinearAttention[] = {
    {"chunk_size", AttrKind::kInt},        {"kv_num_heads", AttrKind::kInt, true},
    {"q_num_heads", AttrKind::kInt, true}, {"scale", AttrKind::kFloat},
    {"update_rule", AttrKind::kString},
};
constexpr AttrSpec kRotaryEmbedding[] = {
    {"interleaved", AttrKind::kInt},
    {"num_heads", AttrKind::kInt},
    {"rotary_embedding_dim", AttrKind::kInt},
};
constexpr AttrSpec kSwiglu[] = {{"alpha", AttrKind::kFloat}};

constexpr Op attention_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "Attention",
          .since = since,
          .inputs = {3, since >= 24 ? 7 : 6},
          .outputs = {1, 4},
          .operands = since >= 24 ? "Q K V attn_mask past_key past_value nonpad_kv_seqlen"
                                  : "Q K V attn_mask past_key past_value",
          .attrs = attrs,
          .infer = attention_infer,
          .flops = attention_flops};
}

constexpr Op kOps[] = {
    attention_row(23, kAttention),
    attention_row(24, kAttention),
    attention_row(25, kAttention25),
    {.name = "LinearAttention",
     .since = 27,
     .inputs = {3, 6},
     .outputs = {2, 2},
     .operands = "query key value past_state decay beta",
     .attrs = kLinearAttention,
     .infer = linear_attention_infer,
     .flops = linear_attention_flops},
    {.name = "RotaryEmbedding",
     .since = 23,
     .inputs = {3, 4},
     .operands = "X cos_cache sin_cache position_ids",
     .attrs = kRotaryEmbedding,
     .infer = rotary_embedding_infer,
     .flops = rotary_embedding_flops},
    {.name = "SwiGLU",
     .since = 28,
     .inputs = {2, 2},
     .operands = "A B",
     .attrs = kSwiglu,
     .infer = swiglu_infer,
     .flops = swiglu_flops},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> attention_ops() { return kOps; }

}  // namespace shapewright::families
