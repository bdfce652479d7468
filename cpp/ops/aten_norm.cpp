// Normalisations: statistics are kept in the type of the accumulation.
#include "base/threads.h"
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

DType stats_type(const Tensor& t) {
  if (on_cuda() && info(t.dtype()).bits == 16) return DType::kF32;
  return t.dtype();
}

bool is_channels_last(const Tensor& t) {
  return t.dim() == 4 && !t.is_contiguous() &&
         t->strides == eager::channels_last_strides(t.shape());
}

Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
                  const Tensor& var, bool training) {
  const DType stats = weight.defined() ? weight.dtype() : stats_type(input);
  const Shape per_channel = {input.dim() > 1 ? input.size(1) : Dim(1)};
  Tensor out = eager::empty_like(input);
  const Tensor save_mean = eager::empty(training ? per_channel : Shape{0}, stats);
  const Tensor save_invstd = eager::empty(training ? per_channel : Shape{0}, stats);
  if (!on_cuda()) {  // scale and shift of each channel
    const Tensor alpha = eager::empty(per_channel, stats), beta = eager::empty(per_channel, stats);
    if (training && is_channels_last(input))  // sums of each thread
      const Tensor sums = eager::empty({operator_threads(), per_channel[0]}, stats);
  }
  eager::record("NativeBatchNorm", {input, weight, bias}, {out},
                {input, weight, mean, var, save_mean, save_invstd},
                [per_channel, stats](eager::Node& n, const Tensors& g) {
                  Tensors grads(3);
                  if (n.needs(0)) grads[0] = eager::empty_like(n.saved[0]);
                  if (n.needs(1)) grads[1] = eager::empty(per_channel, stats);
                  if (n.needs(2)) grads[2] = eager::empty(per_channel, stats);
                  const Tensor& x = n.saved[0];
                  const bool is_last = is_channels_last(g[0]) && is_channels_last(x);
                  const bool is_plain = g[0].is_contiguous() && x.is_contiguous();
                  if (on_cuda()) return grads;
                  if (!is_last && !is_plain) {  // channel by channel
                    const Tensor sums = eager::empty(per_channel, stats);
                    return grads;
                  }
                  if (n.needs(0)) const Tensor scratch = eager::empty_like(g[0]);
                  if (is_last)
                    const Tensor sums =
                        eager::empty({2, operator_threads(), per_channel[0]}, stats);
                  return grads;
                });
  return out;
}

// batch_norm(input, weight, bias, running_mean, running_var)
void batch_norm_row(EagerCall& c) {
  c.out(batch_norm(c.in(0), c.in(1), c.in(2), c.in(3), c.in(4), c.flag("training", false)));
}

// A batch norm over (1, N*C, ...) with weight and bias repeated.
void instance_norm_row(EagerCall& c) {
  const Tensor input = contiguous(c.in(0));
  const Dim channels = input.size(0) * input.size(1);
  const auto repeated = [&](const Tensor& t) {
    if (!t.defined()) return Tensor();
    Tensor out = eager::empty({channels}, t.dtype());
    eager::record("Repeat", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
      return Tensors{eager::empty(old, g[0].dtype())};
    });
    return out;
  };
  Shape shape = input.shape();
  shape[0] = 1;
  shape[1] = channels;
  const Tensor mean = repeated(c.in(3)), var = repeated(c.in(4));
  const Tensor out = batch_norm(view(input, shape), repeated(c.in(1)), repeated(c.in(2)), mean, var,
                                c.flag("use_input_stats", true));
  c.out(view(out, input.shape()));
}

}  // namespace

Tensor layer_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, int normalized) {
  const Tensor dense = input.is_contiguous() ? input : eager::empty(input.shape(), input.dtype());
  Shape rows = input.shape();
  for (int i = input.dim() - normalized; i < input.dim(); ++i) rows[i] = 1;
  Tensor out = eager::empty(input.shape(), input.dtype());
  // On the CPU of the type of the parameters, where those are wider.
  const DType stats = weight.defined() && !on_cuda() ? weight.dtype() : stats_type(input);
  const Tensor mean = eager::empty(rows, stats), rstd = eager::empty(rows, stats);
  eager::record("NativeLayerNorm", {input, weight, bias}, {out}, {input, mean, rstd, weight, bias},
                [normalized](eager::Node& n, const Tensors& g) {
                  Tensors grads(3);
                  const Tensor dy = contiguous(g[0]);
                  const Tensor& x = n.saved[0];
                  const Tensor copy = x.is_contiguous() ? x : eager::empty(x.shape(), x.dtype());
                  if (n.needs(0)) grads[0] = eager::empty_like(dy);
                  if (n.needs(1)) grads[1] = eager::empty_like(n.saved[3]);
                  if (n.needs(2)) grads[2] = eager::empty_like(n.saved[4]);
                  if (!on_cuda() && (n.needs(1) || n.needs(2))) {  // sums of each thread
                    Dim width = 1;
                    for (int i = 0; i < normalized; ++i) width *= x.size(-1 - i);
                    const Tensor sums = eager::empty({2, operator_threads(), width}, x.dtype());
                  }
                  return grads;
                });
  return out;
}

namespace {

void layer_norm_row(EagerCall& c) {
  const Attr* shape = c.context().attr("normalized_shape");
  const bool is_several = shape != nullptr && shape->kind == AttrKind::kInts;
  const int normalized = is_several ? static_cast<int>(shape->ints.size()) : 1;
  c.out(layer_norm(c.in(0), c.in(1), c.in(2), normalized));
}

void group_norm_row(EagerCall& c) {
  const bool is_last = !on_cuda() && is_channels_last(c.in(0));
  const Tensor input = is_last ? c.in(0) : contiguous(c.in(0)), weight = c.in(1), bias = c.in(2);
  const Shape groups = {input.size(0), c.int_of("num_groups", 1)};
  const Shape channels = {input.size(0), input.size(1)};
  Tensor out = eager::empty_like(input);
  const Tensor mean = eager::empty(groups, stats_type(input));
  const Tensor rstd = eager::empty(groups, stats_type(input));
  if (is_last) const Tensor moments = eager::empty({2, channels[0], channels[1]}, DType::kF32);
  eager::record("NativeGroupNorm", {input, weight, bias}, {out}, {input, mean, rstd, weight},
                [channels, is_last](eager::Node& n, const Tensors& g) {
                  Tensors grads(3);
                  const bool lies_so = g[0]->strides == n.saved[0]->strides;
                  const Tensor dy = !is_last  ? contiguous(g[0])
                                    : lies_so ? g[0]
                                              : eager::empty_like(n.saved[0], g[0].dtype());
                  if (n.needs(0)) grads[0] = eager::empty_like(dy);
                  const Shape per_channel = {channels[1]};
                  for (std::size_t i = 1; i < 3; ++i)
                    if (n.needs(i)) grads[i] = eager::empty(per_channel, n.saved[3].dtype());
                  const Tensor ds = eager::empty(channels, DType::kF32);
                  const Tensor db = eager::empty(channels, DType::kF32);
                  return grads;
                });
  c.out(out);
}

void rms_norm_row(EagerCall& c) {
  const Tensor input = c.in(0), weight = c.in(1);
  Shape rows = input.shape();
  const int normalized =
      static_cast<int>(std::max<std::size_t>(1, c.ints_of("normalized_shape").size()));
  for (int i = input.dim() - normalized; i < input.dim(); ++i) rows[i] = 1;
  if (on_cuda()) {  // one kernel: keeps input, weight and rstd
    Tensor out = eager::empty_like(input);
    const Tensor rstd = eager::empty(rows, DType::kF32);
    eager::record("FusedRmsNorm", {input, weight}, {out}, {input, weight, rstd},
                  [](eager::Node& n, const Tensors& g) {
                    Tensors grads(2);
                    if (n.needs(0)) grads[0] = eager::empty_like(g[0]);
                    if (n.needs(1)) grads[1] = eager::empty_like(n.saved[1]);
                    return grads;
                  });
    return c.out(out);
  }
  // input * rsqrt(mean(input ** 2) + eps) * weight
  const bool upcasts = info(input.dtype()).bits == 16;
  const Tensor x = upcasts ? to(input, DType::kF32) : input;
  const Tensor rstd =
      unary("Rsqrt", mean(unary("Pow", x, Keeps::kSelf, 2), rows), Keeps::kResult, 2);
  Tensor out = mul(x, rstd);
  if (weight.defined()) out = mul(out, weight);
  c.out(to(out, input.dtype()));
}

// v * (g / norm(v)): v, g
void weight_norm_row(EagerCall& c) {
  const Tensor v = c.in(0), g = c.in(1);
  Tensor out = eager::empty_like(v);
  const DType accumulated = info(g.dtype()).bits == 16 ? DType::kF32 : g.dtype();
  const Tensor norms = eager::empty(g.shape(), accumulated);
  // Norms over the first axes are summed by each thread, and at the end over all of them.
  const bool is_last = !on_cuda() && c.int_of("dim", 0) + 1 == v.dim() && v.dim() > 1;
  if (is_last) const Tensor sums = eager::empty({operator_threads(), g.numel()}, accumulated);
  eager::record("WeightNormInterface", {v, g}, {out}, {v, g, norms},
                [is_last, accumulated](eager::Node& n, const Tensors&) {
                  Tensors grads(2);
                  const Tensor of_g = n.saved[1];
                  if (n.needs(0)) grads[0] = eager::empty_like(n.saved[0]);
                  if (n.needs(1)) grads[1] = eager::empty_like(of_g);
                  if (is_last)
                    const Tensor sums =
                        eager::empty({operator_threads() + 1, of_g.numel()}, accumulated);
                  return grads;
                });
  c.out(out);
}

constexpr Op kRows[] = {
    row("_weight_norm.default", weight_norm_row),    row("batch_norm.default", batch_norm_row),
    row("instance_norm.default", instance_norm_row), row("layer_norm.default", layer_norm_row),
    row("group_norm.default", group_norm_row),       row("rms_norm.default", rms_norm_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_norm_ops() { return aten::kRows; }
}  // namespace shapewright::families
