// Domain com.microsoft, attention: projections in the node (Attention, QAttention,
// PackedAttention), or before it (MultiHeadAttention, GroupQueryAttention); RotaryEmbedding.
#include <optional>
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kHalfOrSingle = dtypes(DType::kF32, DType::kF16, DType::kBF16);

Dim heads_attr(const Context& op, std::string_view name) {
  const std::int64_t heads = op.attr_int(name, 0);
  if (heads < 1) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute " + std::string(name) + " is " +
                              std::to_string(heads) + ": at least 1 is needed");
  }
  return heads;
}

Dim per_head(Context& op, Dim packed, Dim heads, const std::string& what) {
  op.require_divides("attention-heads", heads, packed, [&] { return what + " into heads"; });
  return exactdiv(packed, heads);
}

Dim same(Context& op, Dim a, Dim b, const char* what) {
  return op.unify("attention-sizes", a, b, what);
}

// `shape` with the sizes of input i, which has the same rank, unified axis by axis.
void unify_into(Context& op, Shape& shape, std::size_t i, const char* of) {
  require_rank(op, i, shape.rank(), shape.rank());
  if (!op.has_rank(i)) return;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    shape[axis] = op.unify("attention-sizes", op.shape(i)[axis], shape[axis],
                           [&] { return axis_text(operand_name(op, i), axis) + " with " + of; });
  }
}

// --- projections in the node: input [..., D], weights [D, Q + K + V], bias [Q + K + V]

struct Projected {
  Dim q, v;  // sizes of all heads together; those of keys are of q
};

Projected project(Context& op, std::size_t weights, std::size_t bias, Dim heads) {
  const std::string name = operand_name(op, weights);
  require_rank(op, weights, 2, 2);
  require_rank(op, bias, 1, 1);
  Dim all = op.unknown_dim();
  if (op.has_rank(weights)) {
    all = op.shape(weights)[1];
    if (op.has_rank(0)) {
      const int last = op.rank(0) - 1;
      op.require_equal("matmul-contract", op.shape(0)[last], op.shape(weights)[0],
                       [&] { return axis_text("input", last) + " with " + axis_text(name, 0); });
    }
  }
  if (op.has_rank(bias)) {
    all = op.unify("attention-sizes", op.shape(bias)[0], all,
                   [&] { return "bias axis 0 with " + axis_text(name, 1); });
  }
  Projected out;
  if (const auto sizes = op.attr_ints("qkv_hidden_sizes"); sizes && !sizes->empty()) {
    if (sizes->size() != 3 || (*sizes)[0] != (*sizes)[1] || (*sizes)[0] < 1 || (*sizes)[2] < 1) {
      op.fail("attr-value", std::string(op.op_type()) +
                                " qkv_hidden_sizes are three positive sizes, of which the first "
                                "two are equal");
    }
    op.require_equal("attention-sizes", all, Dim((*sizes)[0]) * 2 + Dim((*sizes)[2]),
                     [&] { return axis_text(name, 1) + " with the sum of qkv_hidden_sizes"; });
    out = {(*sizes)[0], (*sizes)[2]};
  } else {
    op.require_divides("attention-sizes", 3, all,
                       [&] { return axis_text(name, 1) + " into Q, K and V"; });
    out.q = out.v = exactdiv(all, 3);
  }
  per_head(op, out.q, heads, "the size of Q");
  return out;
}

// Padding: [batch] lengths, [batch, total], [batch, length, total], or other forms of runtimes.
void require_mask(Context& op, std::size_t i, const Shape& in, Dim total) {
  require_rank(op, i, 1, 4);
  if (!op.has_rank(i) || op.rank(i) == 1 || op.rank(i) == 4) return;
  Shape target{in[0], total};
  if (op.rank(i) == 3) target.insert(1, in[1]);
  unify_into(op, target, i, "batch, length and keys");
}

struct AttentionOperands {
  std::size_t weights, bias, mask, past, scores_bias;
};

void projected_attention(Context& op, DType dtype, const AttentionOperands& at) {
  require_rank(op, 0, 3, 3);
  require_rank(op, at.past, 5, 5);
  const Dim heads = heads_attr(op, "num_heads");
  const Projected sizes = project(op, at.weights, at.bias, heads);
  const Shape in = op.has_rank(0) ? op.shape(0) : unknown_dims(op, 3);
  const Dim head = per_head(op, sizes.v, heads, "the size of V");
  Dim total = in[1];
  if (op.has_rank(at.past)) {
    Shape past{2, in[0], heads, op.shape(at.past)[3], head};
    unify_into(op, past, at.past, "what it continues");
    total = past[3] + in[1];
  } else if (op.has_input(at.past)) {
    total = op.unknown_dim();
  }
  const bool shares = op.attr_int("past_present_share_buffer", 0) != 0 && op.has_rank(at.past);
  if (!shares) require_mask(op, at.mask, in, total);
  if (op.has_rank(at.scores_bias)) {
    require_broadcast_onto(op, "attention-mask", {in[0], heads, in[1], total},
                           op.shape(at.scores_bias), "the scores", "attention_bias");
  }
  op.output(0, dtype, {in[0], in[1], sizes.v});
  op.output(1, dtype, shares ? op.shape(at.past) : Shape{2, in[0], heads, total, head});
}

void attention_infer(Context& op) {
  for (const std::size_t i : {0, 1, 2, 4, 5}) require_dtype(op, i, kHalfOrSingle);
  require_dtype(op, 3, dtypes(DType::kI32));
  require_dtype(op, 6, dtypes(DType::kI32));
  for (const std::size_t i : {1, 2, 4, 5}) unify_dtypes(op, 0, i);
  projected_attention(op, op.dtype(0), {1, 2, 3, 4, 5});
}

void qattention_infer(Context& op) {
  enum : std::size_t { kIn, kW, kBias, kInScale, kWScale, kMask, kInZero, kWZero, kPast };
  constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);
  for (const std::size_t i : {kIn, kW}) require_dtype(op, i, kBytes);
  for (const std::size_t i : {kBias, kInScale, kWScale, kPast})
    require_dtype(op, i, dtypes(DType::kF32, DType::kF16));
  require_dtype(op, kMask, dtypes(DType::kI32));
  unify_dtypes(op, kIn, kInZero);
  unify_dtypes(op, kW, kWZero);
  require_one_value(op, kInScale, "quant-scale");
  require_one_value(op, kInZero, "quant-scale");
  constexpr std::size_t kNone = 99;
  projected_attention(op, op.dtype(kBias), {kW, kBias, kMask, kPast, kNone});
}

// input [tokens, D]
void packed_attention_infer(Context& op) {
  for (const std::size_t i : {0, 1, 2, 5}) require_dtype(op, i, dtypes(DType::kF32, DType::kF16));
  for (const std::size_t i : {3, 4}) require_dtype(op, i, dtypes(DType::kI32));
  const DType dtype = unify_all_dtypes(op, 0, 3);
  require_rank(op, 0, 2, 2);
  require_rank(op, 3, 2, 2);
  require_rank(op, 4, 1, 1);
  const Projected sizes = project(op, 1, 2, heads_attr(op, "num_heads"));
  op.output(0, dtype, {op.has_rank(0) ? op.shape(0)[0] : op.unknown_dim(), sizes.v});
}

// --- MultiHeadAttention

// query [B, S, D], key [B, L, D] or [B, heads, L, size], value likewise; or query alone [B, S,
// heads, 3, size], or key and value in one [B, L, heads, 2, size].
void multi_head_attention_infer(Context& op) {
  enum : std::size_t { kQuery, kKey, kValue, kBias, kMask, kScoresBias, kPastKey, kPastValue };
  for (const std::size_t i : {kQuery, kKey, kValue, kBias, kScoresBias, kPastKey, kPastValue}) {
    require_dtype(op, i, kHalfOrSingle);
    unify_dtypes(op, kQuery, i);
  }
  require_dtype(op, kMask, dtypes(DType::kI32));
  const Dim heads = heads_attr(op, "num_heads");
  const DType dtype = op.dtype(kQuery);
  require_rank(op, kQuery, 3, 5);
  require_rank(op, kKey, 3, 5);
  require_rank(op, kValue, 3, 4);
  const bool is_open = !op.has_rank(kQuery) || (op.has_input(kKey) && !op.has_rank(kKey)) ||
                       (op.has_input(kValue) && !op.has_rank(kValue));
  if (is_open) {
    op.output(0, dtype, unknown_dims(op, 3));
    op.output(1, dtype, unknown_dims(op, 4));
    op.output(2, dtype, unknown_dims(op, 4));
    return op.output(3, DType::kUnknown, unknown_dims(op, 4));
  }
  const Shape& query = op.shape(kQuery);
  if (query.rank() == 4 || (query.rank() == 3 && !op.has_input(kKey))) {
    op.fail("rank-mismatch",
            "MultiHeadAttention needs query of rank 3 with a key, or of rank 5 alone");
  }
  Dim batch = query[0], size, value_size, length = query[1];
  if (query.rank() == 5) {
    same(op, query[2], heads, "query axis 2 with num_heads");
    same(op, query[3], 3, "query axis 3 with Q, K and V");
    size = value_size = query[4];
  } else {
    size = per_head(op, query[2], heads, "query axis 2");
    const Shape& key = op.shape(kKey);
    batch = same(op, batch, key[0], "query axis 0 with key axis 0");
    length = key.rank() == 4 ? key[2] : key[1];
    if (key.rank() == 3) {
      same(op, query[2], key[2], "query axis 2 with key axis 2");
    } else if (key.rank() == 4) {
      same(op, key[1], heads, "key axis 1 with num_heads");
      size = same(op, size, key[3], "the head size of query with key axis 3");
    } else {
      same(op, key[2], heads, "key axis 2 with num_heads");
      same(op, key[3], 2, "key axis 3 with K and V");
      size = same(op, size, key[4], "the head size of query with key axis 4");
    }
    value_size = size;
    if (key.rank() != 5) {
      if (!op.has_input(kValue))
        op.fail("input-missing", "MultiHeadAttention needs its input value");
      const Shape& value = op.shape(kValue);
      batch = same(op, batch, value[0], "query axis 0 with value axis 0");
      length = same(op, length, value[value.rank() == 4 ? 2 : 1],
                    "the length of key with that of value");
      value_size = value.rank() == 4 ? value[3] : per_head(op, value[2], heads, "value axis 2");
    }
  }
  Dim total = length;
  if (op.has_rank(kPastKey)) {
    require_rank(op, kPastKey, 4, 4);
    Shape past{batch, heads, op.shape(kPastKey)[2], size};
    unify_into(op, past, kPastKey, "what it continues");
    Shape past_value{batch, heads, past[2], value_size};
    if (op.has_input(kPastValue)) unify_into(op, past_value, kPastValue, "what it continues");
    total = past[2] + length;
  } else if (op.has_input(kPastKey)) {
    total = op.unknown_dim();
  }
  if (op.has_rank(kBias)) {
    require_rank(op, kBias, 1, 1);
    op.require_equal("attention-sizes", op.shape(kBias)[0], heads * (Dim(2) * size + value_size),
                     "bias axis 0 with the sizes of Q, K and V");
  }
  const Shape scores{batch, heads, query[1], total};
  if (op.has_rank(kScoresBias)) {
    require_broadcast_onto(op, "attention-mask", scores, op.shape(kScoresBias), "the scores",
                           "attention_bias");
  }
  op.output(0, dtype, {batch, query[1], heads * value_size});
  op.output(1, dtype, {batch, heads, total, size});
  op.output(2, dtype, {batch, heads, total, value_size});
  op.output(3, DType::kUnknown, scores);  // of a dtype that only the file tells
}

// --- GroupQueryAttention

// query [B, S, Nq*H], or with the keys and values behind it [B, S, (Nq + 2*Nkv)*H].
void group_query_attention_infer(Context& op) {
  enum : std::size_t { kQuery, kKey, kValue, kPastKey, kPastValue, kSeqlens, kTotal };
  for (const std::size_t i : {kQuery, kKey, kValue}) require_dtype(op, i, kHalfOrSingle);
  const DType dtype = unify_all_dtypes(op, kQuery, kPastKey);
  for (const std::size_t i : {kSeqlens, kTotal}) require_dtype(op, i, dtypes(DType::kI32));
  const DType cache = op.has_input(kPastKey) ? unify_dtypes(op, kPastKey, kPastValue) : dtype;
  const Dim heads = heads_attr(op, "num_heads"), kv_heads = heads_attr(op, "kv_num_heads");
  op.require_divides("attention-heads", kv_heads, heads, "num_heads by kv_num_heads");
  for (const std::size_t i : {kQuery, kKey, kValue}) require_rank(op, i, 3, 3);
  require_one_value(op, kTotal);
  const Shape query = op.has_rank(kQuery) ? op.shape(kQuery) : unknown_dims(op, 3);
  Dim batch = query[0], length = query[1];
  const bool is_packed = !op.has_input(kKey);
  const Dim size =
      per_head(op, query[2], is_packed ? heads + Dim(2) * kv_heads : heads, "query axis 2");
  op.require_divides("attention-heads", 8, size, "the head size into runs of 8");
  for (const std::size_t i : {kKey, kValue}) {
    if (!op.has_rank(i)) continue;
    Shape kv{batch, length, kv_heads * size};
    unify_into(op, kv, i, "batch, length and kv_num_heads heads");
    batch = kv[0];
    length = kv[1];
  }
  if (op.has_rank(kSeqlens)) {
    op.require_equal("attention-sizes", num_elements(op.shape(kSeqlens)), batch,
                     "the elements of seqlens_k with query axis 0");
  }
  // A cache keeps its room; it grows where all that there is to see does not fit into it.
  const Elem asked = scalar_of(op, kTotal);
  Dim present = length, total = length;
  if (op.has_input(kPastKey)) {
    Dim past = op.unknown_dim();
    if (op.has_rank(kPastKey)) {
      require_rank(op, kPastKey, 4, 4);
      past = op.shape(kPastKey)[2];
      Shape room{batch, kv_heads, past, op.shape(kPastKey)[3]};
      if (op.attr_int("kv_cache_bit_width", 0) == 0) room[3] = size;
      unify_into(op, room, kPastKey, "what it continues");
      if (op.has_input(kPastValue)) unify_into(op, room, kPastValue, "past_key");
    }
    const std::int64_t most = bounds(past + length).hi;
    total = asked.is_int() ? asked.num : op.fresh("total", SymbolKind::kDataDependent, {1, most});
    present = asked.is_int()
                  ? max(past, total)
                  : op.fresh("present", SymbolKind::kDataDependent, {bounds(past).lo, most});
  }
  const Dim kept = op.attr_int("kv_cache_bit_width", 0) == 0 ? size
                   : op.has_rank(kPastKey)                   ? op.shape(kPastKey)[3]
                                                             : op.unknown_dim();
  op.output(0, dtype, {batch, length, heads * size});
  op.output(1, cache, {batch, kv_heads, present, kept});
  op.output(2, cache, {batch, kv_heads, present, kept});
  op.output(3, dtype, {batch, heads, length, total});
}

// --- RotaryEmbedding: [B, S, N*H] or [B, N, S, H]; caches [positions, H/2]

void rotary_embedding_infer(Context& op) {
  enum : std::size_t { kX, kPositions, kCos, kSin };
  for (const std::size_t i : {kX, kCos, kSin}) require_dtype(op, i, kHalfOrSingle);
  require_dtype(op, kPositions, dtypes(DType::kI64));
  unify_dtypes(op, kX, kCos);
  unify_dtypes(op, kX, kSin);
  require_rank(op, kX, 3, 4);
  require_rank(op, kPositions, 1, 2);
  require_rank(op, kCos, 2, 2);
  require_rank(op, kSin, 2, 2);
  const Shape caches = unify_except(op, kCos, kSin + 1, -1);
  if (op.has_rank(kX)) {
    const Shape& x = op.shape(kX);
    const Dim length = x[x.rank() == 4 ? 2 : 1];
    const std::int64_t rotated = op.attr_int("rotary_embedding_dim", 0);
    const std::int64_t heads = op.attr_int("num_heads", 0);
    std::optional<Dim> size;
    if (rotated > 0) {
      size = rotated;
    } else if (x.rank() == 4) {
      size = x[3];
    } else if (heads > 0) {
      size = per_head(op, x[2], heads, "input axis 2");
    }
    if (size && caches.has_rank()) {
      op.require_equal("attention-sizes", Dim(2) * caches[1], *size,
                       "twice cos_cache axis 1 with what is rotated of a head");
    }
    if (op.has_rank(kPositions) && op.rank(kPositions) == 1) {
      require_one_value(op, kPositions, "attention-sizes");
    } else if (op.has_rank(kPositions)) {
      Shape places{x[0], length};
      unify_into(op, places, kPositions, "batch and length of input");
    }
  }
  op.output(0, op.dtype(kX), op.shape(kX));
}

constexpr AttrSpec kAttention[] = {
    {"do_rotary", AttrKind::kInt},         {"mask_filter_value", AttrKind::kFloat},
    {"num_heads", AttrKind::kInt, true},   {"past_present_share_buffer", AttrKind::kInt},
    {"qkv_hidden_sizes", AttrKind::kInts}, {"rotary_embedding_dim", AttrKind::kInt},
    {"scale", AttrKind::kFloat},           {"unidirectional", AttrKind::kInt},
};
constexpr AttrSpec kQAttention[] = {
    {"do_rotary", AttrKind::kInt},       {"mask_filter_value", AttrKind::kFloat},
    {"num_heads", AttrKind::kInt, true}, {"past_present_share_buffer", AttrKind::kInt},
    {"scale", AttrKind::kFloat},         {"unidirectional", AttrKind::kInt},
};
constexpr AttrSpec kPacked[] = {{"num_heads", AttrKind::kInt, true},
                                {"qkv_hidden_sizes", AttrKind::kInts},
                                {"scale", AttrKind::kFloat}};
constexpr AttrSpec kMultiHead[] = {{"mask_filter_value", AttrKind::kFloat},
                                   {"num_heads", AttrKind::kInt, true},
                                   {"scale", AttrKind::kFloat},
                                   {"unidirectional", AttrKind::kInt}};
constexpr AttrSpec kGroupQuery[] = {
    {"causal", AttrKind::kInt},
    {"do_rotary", AttrKind::kInt},
    {"k_norm_epsilon", AttrKind::kFloat},
    {"k_quant_type", AttrKind::kString},
    {"kv_cache_bit_width", AttrKind::kInt},
    {"kv_num_heads", AttrKind::kInt, true},
    {"local_window_size", AttrKind::kInt},
    {"num_heads", AttrKind::kInt, true},
    {"q_norm_epsilon", AttrKind::kFloat},
    {"qk_norm_epsilon", AttrKind::kFloat},
    {"qk_output", AttrKind::kInt},
    {"rotary_interleaved", AttrKind::kInt},
    {"scale", AttrKind::kFloat},
    {"sliding_window_cache", AttrKind::kInt},
    {"smooth_softmax", AttrKind::kInt},
    {"softcap", AttrKind::kFloat},
    {"v_quant_type", AttrKind::kString},
};
constexpr AttrSpec kRotary[] = {{"interleaved", AttrKind::kInt},
                                {"is_packed_batching", AttrKind::kInt},
                                {"num_heads", AttrKind::kInt},
                                {"rotary_embedding_dim", AttrKind::kInt},
                                {"scale", AttrKind::kFloat}};

constexpr Op kOps[] = {
    {.name = "Attention",
     .domain = "com.microsoft",
     .inputs = {2, 7},
     .outputs = {1, 2},
     .operands = "input weights bias mask_index past attention_bias past_sequence_length",
     .attrs = kAttention,
     .infer = attention_infer},
    {.name = "QAttention",
     .domain = "com.microsoft",
     .inputs = {5, 9},
     .outputs = {1, 2},
     .operands = "input weight bias input_scale weight_scale mask_index input_zero_point "
                 "weight_zero_point past",
     .attrs = kQAttention,
     .infer = qattention_infer},
    {.name = "PackedAttention",
     .domain = "com.microsoft",
     .inputs = {5, 6},
     .operands = "input weights bias token_offset cumulative_sequence_length attention_bias",
     .attrs = kPacked,
     .infer = packed_attention_infer},
    {.name = "MultiHeadAttention",
     .domain = "com.microsoft",
     .inputs = {1, 10},
     .outputs = {1, 4},
     .operands = "query key value bias key_padding_mask attention_bias past_key past_value "
                 "past_sequence_length cache_indirection",
     .attrs = kMultiHead,
     .infer = multi_head_attention_infer},
    {.name = "GroupQueryAttention",
     .domain = "com.microsoft",
     .inputs = {7, 17},
     .outputs = {1, 4},
     .operands = "query key value past_key past_value seqlens_k total_sequence_length cos_cache "
                 "sin_cache position_ids attention_bias head_sink k_scale v_scale q_norm_weight "
                 "k_norm_weight query_seqlens",
     .optional = 0b11110,
     .attrs = kGroupQuery,
     .infer = group_query_attention_infer},
    {.name = "RotaryEmbedding",
     .domain = "com.microsoft",
     .inputs = {4, 4},
     .operands = "input position_ids cos_cache sin_cache",
     .attrs = kRotary,
     .infer = rotary_embedding_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contrib_attention_ops() { return kOps; }

}  // namespace shapewright::families
