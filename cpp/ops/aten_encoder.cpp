// The fast paths of nn.MultiheadAttention and nn.TransformerEncoderLayer: attention and a whole
// layer as one operator each.
//
//   qkv [B, T, 3D] -> q_k_v [3, B, H, T, D/H] -> scores [B, H, T, T] -> softmax, in place unless
//   masked -> times v, into the storage of q -> [B, T, D] -> projected
#include "ops/aten_attention.h"

namespace shapewright::aten {

namespace {

// Their places among the arguments are those of PyTorch's declarations.
struct Projections {
  Tensor qkv_weight, qkv_bias, weight, bias;
};

struct Attended {
  Tensor out, weights;
};

struct Wanted {
  bool weights = false, averages = true;
};

// Of one tensor in a single product; else of each, joined.
Tensor projections(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& weight) {
  if (q.is(k) && k.is(v)) return projected(q, weight);
  const Dim width = weight.size(1);
  const Tensors parts =
      k.is(v) ? split(weight, 0, {width, 2 * width}) : split(weight, 0, {width, width, width});
  Tensors each = {projected(q, parts[0]), projected(k, parts[1])};
  if (!k.is(v)) each.push_back(projected(v, parts[2]));
  return cat(each, 2, {q.size(0), q.size(1), 3 * width});
}

// A mask that is not of booleans becomes one, and the result a tensor of its own.
Tensor masked_softmax(Tensor scores, const Tensor& mask) {
  if (!mask.defined()) return scores;
  const Tensor bools = to(mask, DType::kBool);
  return eager::empty_like(scores);
}

// The scores against v, written where q lies.
void weigh(const Tensor& scores, const Tensor& v) {
  const Shape& s = scores.shape();
  product_work(view(scores, {s[0] * s[1], s[2], s[3]}), view(v, {s[0] * s[1], s[3], v.size(3)}));
}

Attended explicit_attention(const Tensor& q, const Tensor& k, const Tensor& v, Dim heads,
                            const Projections& p, const Tensor& mask, const Wanted& wanted) {
  Tensor qkv = projections(q, k, v, p.qkv_weight);
  const Dim batch = q.size(0), length = q.size(1), width = q.size(2);
  const Dim head = floordiv(width, heads);
  const Tensor q_k_v = eager::empty({3, batch, heads, length, head}, qkv.dtype());
  qkv = {};
  const Tensor one = select(q_k_v, 0);
  const Tensor flat = view(one, {batch * heads, length, head});
  Tensor scores = view(bmm(flat, transpose(flat, 1, 2)), {batch, heads, length, length});
  scores = masked_softmax(scores, mask);
  weigh(scores, one);
  if (!wanted.weights) scores = {};
  Tensor out;
  {
    const Tensor turned = contiguous(transpose(one, 1, 2));
    out = view(linear(view(turned, {batch * length, width}), p.weight, p.bias),
               {batch, length, width});
  }
  if (wanted.weights && wanted.averages)
    scores = eager::empty({batch, length, length}, scores.dtype());
  return {out, scores};
}

// On a GPU a fused kernel, if one takes the call; undefined if not.
Tensor fused_attention(EagerCall& c, const Tensor& x, Dim heads, const Projections& p) {
  const Dim batch = x.size(0), length = x.size(1), width = x.size(2);
  const Dim head = floordiv(width, heads);
  if (!known(head) || *known(head) % 8 != 0) return {};
  const Shape shape = {batch, length, heads, head};
  const auto by_head = [&](const Tensor& t) { return transpose(reshape(t, shape), 1, 2); };
  const sdpa::Kernel kernel = sdpa::choose({by_head(x), by_head(x), by_head(x), {}});
  if (kernel == sdpa::Kernel::kMath) return {};
  if (kernel == sdpa::Kernel::kCudnn) c.count_in_part();  // PyTorch may go on without it
  const Tensor qkv = linear(x, p.qkv_weight, p.qkv_bias);
  const Tensors each = split(qkv, 2, {width, width, width});
  const Tensor y = attention({by_head(each[0]), by_head(each[1]), by_head(each[2]), {}});
  return linear(reshape(transpose(y, 1, 2), x.shape()), p.weight, p.bias);
}

Attended self_attention(EagerCall& c, const Tensor& x, Dim heads, const Projections& p,
                        const Tensor& mask, const Wanted& wanted) {
  if (on_cuda() && !wanted.weights && !mask.defined())
    if (Tensor out = fused_attention(c, x, heads, p)) return {out, {}};
  return explicit_attention(x, x, x, heads, p, mask, wanted);
}

// Feed-forward: the activation is written over its operand.
Tensor feed_forward(const Tensor& x, const Tensor& w1, const Tensor& b1, const Tensor& w2,
                    const Tensor& b2) {
  const Tensor flat = view(x, {x.size(0) * x.size(1), x.size(2)});
  const Tensor hidden = linear(flat, w1, b1);
  return view(linear(hidden, w2, b2), x.shape());
}

}  // namespace

void multi_head_attention_row(EagerCall& c) {
  const Tensor q = c.in(0), k = c.in(1), v = c.in(2), mask = c.in(7);
  const Projections p = {c.in(3), c.in(4), c.in(5), c.in(6)};
  const Dim heads = c.int_of("num_head", 1);
  const Wanted wanted = {c.flag("need_weights", true), c.flag("average_attn_weights", true)};
  Attended made = q.is(k) && k.is(v) ? self_attention(c, q, heads, p, mask, wanted)
                                     : explicit_attention(q, k, v, heads, p, mask, wanted);
  c.out(std::move(made.out));
  c.out(std::move(made.weights));
}

void encoder_layer_row(EagerCall& c) {
  const Tensor src = c.in(0);
  const bool norm_first = c.flag("norm_first", false);
  const auto norm = [&](const Tensor& t, std::size_t at) {
    return layer_norm(t, c.in(at), c.in(at + 1), 1);
  };
  Tensor x = src;
  if (norm_first) x = norm(x, 5);
  x = self_attention(c, x, c.int_of("num_heads", 1), {c.in(1), c.in(2), c.in(3), c.in(4)}, c.in(13),
                     {})
          .out;
  if (!norm_first) x = norm(x, 5);
  const Tensor kept = x;
  if (norm_first) x = norm(x, 7);
  x = feed_forward(x, c.in(9), c.in(10), c.in(11), c.in(12));
  if (!norm_first) x = norm(x, 7);
  c.out(std::move(x));
}

}  // namespace shapewright::aten
