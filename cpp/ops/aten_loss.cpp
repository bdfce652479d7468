// Losses, and dropout.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

Tensor dropout(const Tensor& t, double p, bool train) {
  if (p == 0 || !train) return t;
  if (p == 1) return mul(t, eager::empty({}, t.dtype()));
  if (on_cuda()) {  // one kernel: a mask of a byte an element
    Tensor out = eager::empty_like(t);
    const Tensor mask = eager::empty_like(t, DType::kBool);
    eager::record("NativeDropout", {t}, {out}, {mask},
                  [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
    return out;
  }
  const Tensor noise = eager::empty_like(t);
  return mul(t, noise);
}

namespace {

// The gradient passes as it is.
Tensor plus_number(const Tensor& t) {
  Tensor out = eager::empty_like(t);
  eager::record("Add", {t}, {out}, {}, [](eager::Node&, Tensors g) { return g; });
  return out;
}

constexpr std::int64_t kNone_ = 0;  // reduction: at::Reduction

Shape reduced(const EagerCall& c, const Tensor& t) {
  return c.int_of("reduction", 1) == kNone_ ? t.shape() : Shape{};
}

Tensor nll(const Tensor& log_probabilities, const Tensor& target, const Tensor& weight,
           const Shape& shape) {
  Tensor out = eager::empty(shape, log_probabilities.dtype());
  const Tensor total_weight = eager::empty({}, log_probabilities.dtype());
  eager::record(
      "NllLoss", {log_probabilities}, {out}, {log_probabilities, target, weight, total_weight},
      [](eager::Node& n, const Tensors&) { return Tensors{eager::empty_like(n.saved[0])}; });
  return out;
}

void cross_entropy_row(EagerCall& c) {
  const Tensor input = c.in(0), target = c.in(1);
  if (target.dtype() == input.dtype() && target.dim() == input.dim()) {  // probabilities
    const Tensor logs = log_softmax(input, {});
    return c.out(neg(sum(mul(logs, target), c.out_shape())));
  }
  const Tensor logs = log_softmax(input, {});
  Tensor loss = nll(logs, target, c.in(2), c.out_shape());
  if (c.real_of("label_smoothing", 0) > 0) {
    Tensor smooth = neg(sum(logs, target.shape()));
    const Tensor ignored = eager::empty(target.shape(), DType::kBool);
    eager::record("MaskedFill", {smooth}, {smooth}, {ignored},
                  [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
    constexpr std::int64_t kMean = 1;
    if (c.int_of("reduction", kMean) == kMean) {
      const Tensor counted = eager::empty(target.shape(), DType::kBool);
      const Tensor total = sum(smooth, {});
      smooth = div(total, sum(counted, {}));
    } else if (c.out_shape().rank() == 0) {
      smooth = sum(smooth, {});
    }
    loss = add(scale(loss), scale(smooth));
  }
  c.out(loss);
}

void nll_row(EagerCall& c) { c.out(nll(c.in(0), c.in(1), c.in(2), c.out_shape())); }

// mse, smooth_l1, huber: keep both; a temporary of the elementwise loss before it is reduced. On
// the CPU the scalar of the first two lies in a storage of that size.
void pairwise_row(EagerCall& c) {
  const Tensor input = c.in(0), target = c.in(1);
  Tensor out;
  if (c.out_shape().rank() == 0) {
    const bool is_wide = !on_cuda() && !c.op().starts_with("huber");
    if (is_wide) out = eager::detach(eager::alias(eager::empty_like(input), {}, {}));
    const Tensor each = eager::empty_like(input);
    if (!is_wide) out = eager::empty({}, input.dtype());
  } else {
    out = eager::empty_like(input);
  }
  eager::record("MseLoss", {input, target}, {out}, {input, target},
                [](eager::Node& n, const Tensors&) {
                  Tensors grads(2);
                  for (std::size_t i = 0; i < 2; ++i)
                    if (n.needs(i)) grads[i] = eager::empty_like(n.saved[i]);
                  return grads;
                });
  c.out(out);
}

void l1_row(EagerCall& c) {
  const Tensor each = unary("Abs", sub(c.in(0), c.in(1)), Keeps::kSelf, 1);
  c.out(reduced(c, each).rank() == 0 ? mean(each, {}) : each);
}

// Of (steps, batch, classes), or one of a batch. The longest target is taken to fill the row that
// it is padded to; of targets one behind the other no length is known, and one has them all.
void ctc_row(EagerCall& c) {
  const bool is_batch = c.in(0).dim() == 3;
  const Tensor logs = is_batch ? c.in(0) : unsqueeze(c.in(0), 1);
  const Tensor targets = c.in(1);
  const bool is_padded = is_batch && targets.dim() == 2;
  const Dim longest = is_padded ? targets.size(1) : targets.numel();
  const Dim batch = logs.size(1);
  const Tensor alpha = eager::empty({batch, logs.size(0), 2 * longest + 1}, logs.dtype());
  Tensor loss = eager::empty({batch}, logs.dtype());
  Tensors saved{logs, loss, alpha, targets};
  for (std::size_t i = 2; i < c.inputs().size(); ++i) saved.push_back(c.in(i));
  eager::record("CtcLoss", {logs}, {loss}, saved, [](eager::Node& n, const Tensors&) {
    Tensor grad = eager::empty_like(n.saved[0]);
    const Tensor beta = eager::empty_like(n.saved[2]);
    return Tensors{grad};
  });
  if (c.flag("zero_infinity", false)) {
    const Tensor is_infinite = eager::empty({batch}, DType::kBool);
    const Tensor finite = eager::empty({batch}, logs.dtype());
    eager::record("Where", {loss}, {finite}, {is_infinite},
                  [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
    loss = finite;
  }
  switch (c.int_of("reduction", 1)) {
    case 0: return c.out(is_batch ? loss : squeeze(loss, 0));
    case 1: {
      Tensor lengths = eager::empty({batch}, logs.dtype());
      lengths = eager::empty({batch}, logs.dtype());  // none below 1
      return c.out(mean(div(loss, lengths), {}));
    }
    default: return c.out(sum(loss, {}));
  }
}

// Gradients of what was kept first: the input, the target.
Tensors of_both(const eager::Node& n) {
  Tensors grads(2);
  for (std::size_t i = 0; i < 2; ++i)
    if (n.needs(i)) grads[i] = eager::empty_like(n.saved[i]);
  return grads;
}

void bce_row(EagerCall& c) {
  const Tensor input = c.in(0), target = c.in(1), weight = c.in(2);
  Tensor out;
  if (c.out_shape().rank() == 0) {
    const Tensor each = eager::empty_like(input);
    out = eager::empty({}, input.dtype());
  } else {
    out = eager::empty_like(input);
  }
  eager::record("BinaryCrossEntropy", {input, target}, {out}, {input, target, weight},
                [](eager::Node& n, const Tensors&) { return of_both(n); });
  c.out(out);
}

void bce_logits_row(EagerCall& c) {
  const Tensor input = c.in(0), target = c.in(1), weight = c.in(2), pos_weight = c.in(3);
  Tensor out;
  {
    const Tensor log_sigmoid = eager::empty_like(input);
    if (pos_weight.defined()) {  // (pos_weight - 1) * target + 1
      const Tensor less = eager::empty_like(pos_weight);
      const Tensor log_weight = elementwise_out({less, target});
    }
    const Tensor loss = eager::empty_like(input);
    out = eager::empty(c.out_shape(), input.dtype());
  }
  eager::record("BinaryCrossEntropyWithLogits", {input, target}, {out},
                {input, target, weight, pos_weight}, [](eager::Node& n, const Tensors&) {
                  Tensors held;  // pos_weight * target, and that + 1 - target
                  if (n.saved[3].defined())
                    for (int i = 0; i < 2; ++i) held.push_back(eager::empty_like(n.saved[0]));
                  return of_both(n);
                });
  c.out(out);
}

void kl_row(EagerCall& c) {  // xlogy(target, target) - target * input
  const Tensor input = c.in(0), target = c.in(1);
  const Tensor logs = eager::empty_like(target);
  const Tensor each = sub(logs, mul(target, input));
  c.out(c.out_shape().rank() == 0 ? mean(each, {}) : each);
}

// The norm of a - b + eps along the last axis.
Tensor distance(const Tensor& a, const Tensor& b, const Shape& shape) {
  return norm(plus_number(sub(a, b)), shape);
}

void distance_row(EagerCall& c) { c.out(distance(c.in(0), c.in(1), c.out_shape())); }

void triplet_row(EagerCall& c) {
  Shape rows = c.in(0).shape();
  rows.erase(rows.rank() - 1);
  const Tensor near = distance(c.in(0), c.in(1), rows), far = distance(c.in(0), c.in(2), rows);
  const Tensor gap = sub(plus_number(near), far);
  Tensor loss = eager::empty_like(gap);
  eager::record("ClampMin", {gap}, {loss}, {gap}, [](eager::Node&, const Tensors& g) {
    const Tensor mask = eager::empty_like(g[0], DType::kBool);
    return Tensors{eager::empty_like(g[0])};
  });
  c.out(c.out_shape().rank() == 0 ? mean(loss, {}) : loss);
}

// (a / |a|) . (b / |b|) along one axis; the norms are copied before they are clamped
void cosine_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  Shape rows = eager::broadcast_shape(a.shape(), b.shape());
  rows[c.axis_of("dim", 1, rows.rank())] = 1;
  const Tensor of_a = clone(norm(a, rows)), of_b = clone(norm(b, rows));
  const Tensor x = div(a, of_a), y = div(b, of_b);
  c.out(sum(mul(x, y), c.out_shape()));
}

// Numbers where a condition holds, else zeros.
Tensor where(const Tensor& t) {
  const Tensor condition = eager::empty(t.shape(), DType::kBool);
  Tensor out = eager::empty_like(t);
  eager::record("Where", {t}, {out}, {condition},
                [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
  return out;
}

void cosine_embedding_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1), target = c.in(2);
  const Shape& rows = target.shape();
  const Tensor product = sum(mul(a, b), rows);
  const Tensor square_a = plus_number(sum(mul(a, a), rows));
  const Tensor square_b = plus_number(sum(mul(b, b), rows));
  const Tensor lengths = unary_("Sqrt", mul(square_a, square_b), Keeps::kResult, 1);
  const Tensor cosine = div(product, lengths);
  const Tensor zeros = eager::empty_like(cosine);
  const Tensor unlike = neg(cosine);
  const Tensor over = unary_("ClampMin", plus_number(cosine), Keeps::kSelf, 1);
  const Tensor of_like = where(unlike), of_unlike = where(over);
  const Tensor loss = add(of_like, of_unlike);
  constexpr std::int64_t kMean = 1;
  const std::int64_t reduction = c.int_of("reduction", kMean);
  c.out(reduction == kNone_ ? loss : reduction == kMean ? mean(loss, {}) : sum(loss, {}));
}

void native_dropout_row(EagerCall& c) {
  const Tensor t = c.in(0);
  const Tensor mask = eager::empty_like(t, DType::kBool);
  Tensor out = on_cuda() ? eager::empty_like(t) : elementwise_out({t, mask});
  eager::record("NativeDropout", {t}, {out}, {mask}, [](eager::Node& n, const Tensors& g) {
    return Tensors{on_cuda() ? eager::empty_like(g[0]) : elementwise_out({g[0], n.saved[0]})};
  });
  c.out(out);
  c.out(mask);
}

// t * noise + shift
void alpha_dropout_row(EagerCall& c) {
  const Tensor t = c.in(0);
  if (c.real_of("p", 0.5) == 0 || !c.flag("train", true)) return c.out(t);
  const Tensor noise = eager::empty_like(t), shift = eager::empty_like(t);
  c.out(add_(mul(t, noise), shift));
}

void rrelu_row(EagerCall& c) {
  const Tensor t = c.in(0);
  const Tensor noise = eager::empty_like(t);
  Tensor out = eager::empty_like(t);
  eager::record("RreluWithNoise", {t}, {out}, {t, noise},
                [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
  c.out(out);
}

void dropout_row(EagerCall& c) {
  c.out(dropout(c.in(0), c.real_of("p", 0.5), c.flag("train", c.flag("training", true))));
}

void dropout_in_place_row(EagerCall& c) {
  const Tensor t = c.in(0);
  if (c.real_of("p", 0.5) > 0 && c.flag("train", true)) {
    const Tensor noise = eager::empty_like(t);
    eager::record("Mul", {t}, {t}, {noise},
                  [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
  }
  c.out(t);
}

void feature_dropout_row(EagerCall& c) {  // a factor for each channel
  const Tensor t = c.in(0);
  if (c.real_of("p", 0.5) == 0 || !c.flag("train", true)) return c.out(t);
  Shape shape = t.shape();
  for (int i = 2; i < shape.rank(); ++i) shape[i] = 1;
  c.out(mul(t, eager::empty(shape, t.dtype())));
}

constexpr Op kRows[] = {
    row("cross_entropy_loss.default", cross_entropy_row),
    row("nll_loss.default", nll_row),
    row("nll_loss_nd.default", nll_row),
    row("nll_loss2d.default", nll_row),
    row("ctc_loss.Tensor", ctc_row),
    row("ctc_loss.IntList", ctc_row),
    row("mse_loss.default", pairwise_row),
    row("smooth_l1_loss.default", pairwise_row),
    row("huber_loss.default", pairwise_row),
    row("l1_loss.default", l1_row),
    row("binary_cross_entropy.default", bce_row),
    row("binary_cross_entropy_with_logits.default", bce_logits_row),
    row("kl_div.default", kl_row),
    row("dropout.default", dropout_row),
    row("native_dropout.default", native_dropout_row),
    row("alpha_dropout.default", alpha_dropout_row),
    row("rrelu.default", rrelu_row),
    row("pairwise_distance.default", distance_row),
    row("triplet_margin_loss.default", triplet_row),
    row("cosine_similarity.default", cosine_row),
    row("cosine_embedding_loss.default", cosine_embedding_row),
    row("dropout_.default", dropout_in_place_row),
    row("feature_dropout.default", feature_dropout_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_loss_ops() { return aten::kRows; }
}  // namespace shapewright::families
