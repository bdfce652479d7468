// Functions of one tensor, elementwise: what backward keeps, and its temporaries.
#include "ops/aten.h"
#include "ops/aten_spectral.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

eager::Backward unary_back(int temporaries) {
  return [temporaries](eager::Node&, const Tensors& g) {
    Tensors held;
    for (int i = 0; i < temporaries; ++i) held.push_back(eager::empty_like(g[0]));
    return Tensors{eager::empty_like(g[0])};
  };
}

// What is kept of a tensor that is about to be written over: a copy.
Tensors before(const Tensor& self) {
  const bool is_kept = eager::Machine::current().grad_enabled && self.requires_grad();
  return is_kept ? Tensors{eager::empty_like(self)} : Tensors{};
}

}  // namespace

Tensor unary(std::string_view name, const Tensor& self, Keeps keeps, int temporaries) {
  Tensor out = eager::empty_like(self, float_of(self.dtype()));
  Tensors saved;
  if (keeps == Keeps::kSelf) saved = {self};
  if (keeps == Keeps::kResult) saved = {out};
  eager::record(name, {self}, {out}, std::move(saved), unary_back(temporaries));
  return out;
}

Tensor unary_(std::string_view name, const Tensor& self, Keeps keeps, int temporaries) {
  Tensors saved;
  if (keeps == Keeps::kSelf) saved = before(self);
  if (keeps == Keeps::kResult) saved = {self};
  eager::record(name, {self}, {self}, std::move(saved), unary_back(temporaries));
  return self;
}

namespace {

template <Keeps kKeeps, int kTemporaries = 0>
void unary_row(EagerCall& c) {
  c.out(unary(c.op(), c.in(0), kKeeps, kTemporaries));
}

template <Keeps kKeeps, int kTemporaries = 0>
void unary_in_place_row(EagerCall& c) {
  c.out(unary_(c.op(), c.in(0), kKeeps, kTemporaries));
}

// oneDNN's, on the CPU and without an approximation, reads and writes dense tensors only.
void gelu_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool by_onednn = !on_cuda() && c.text_of("approximate") != "tanh";
  Tensor out = eager::empty_like(self);
  eager::record("Gelu", {self}, {out}, {self}, [by_onednn](eager::Node& n, const Tensors& g) {
    Tensor grad = eager::empty_like(g[0]);
    if (by_onednn && n.saved[0].is_contiguous() && !g[0].is_contiguous()) {
      const Tensor dense = eager::empty(g[0].shape(), g[0].dtype());
      if (!grad.is_contiguous()) const Tensor made = eager::empty(g[0].shape(), g[0].dtype());
    }
    return Tensors{grad};
  });
  c.out(out);
}

void neg_row(EagerCall& c) { c.out(neg(c.in(0))); }

// Piecewise constant: the gradient is zeros.
void zero_gradient_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self);
  eager::record(c.op(), {self}, {out}, {}, unary_back(0));
  c.out(out);
}

void zero_gradient_in_place_row(EagerCall& c) {
  eager::record(c.op(), {c.in(0)}, {c.in(0)}, {}, unary_back(0));
  c.out(c.in(0));
}

// grad * isfinite(self)
void nan_to_num_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self);
  eager::record("NanToNum", {self}, {out}, {self}, [](eager::Node& n, const Tensors& g) {
    Tensor mask;
    {
      const Tensor magnitude = eager::empty_like(n.saved[0]);
      mask = eager::empty_like(g[0], DType::kBool);
    }
    return Tensors{elementwise_out({g[0], mask})};
  });
  c.out(out);
}

// clamp(min, max): masks of the comparisons
eager::Backward clamp_back(bool both) {
  return [both](eager::Node&, const Tensors& g) {
    const Tensor above = eager::empty_like(g[0], DType::kBool);
    Tensor below, joined;
    if (both) below = eager::empty_like(g[0], DType::kBool);
    return Tensors{eager::empty_like(g[0])};
  };
}

void clamp_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self);
  eager::record("Clamp", {self}, {out}, {self}, clamp_back(c.has("min") && c.has("max")));
  c.out(out);
}

void clamp_in_place_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensors saved = before(self);
  eager::record("Clamp", {self}, {self}, std::move(saved),
                clamp_back(c.has("min") && c.has("max")));
  c.out(self);
}

void glu_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Glu", {self}, {out}, {self},
                [shape = self.shape()](eager::Node&, const Tensors& g) {
                  return Tensors{eager::empty(shape, g[0].dtype())};
                });
  c.out(out);
}

void log_sigmoid_row(EagerCall& c) {  // keeps a buffer beside self on the CPU
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self);
  const Tensor buffer = on_cuda() ? Tensor() : eager::empty_like(self);
  eager::record("LogSigmoid", {self}, {out}, {self, buffer}, unary_back(0));
  c.out(out);
}

void prelu_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor weight = c.in(1);
  if (self.dim() > 1) {
    Shape shape = Shape::of_rank(self.dim(), 1);
    shape[1] = weight.numel();
    weight = view(weight, shape);
  }
  Tensor out = eager::empty_like(self);
  eager::record("PreluKernel", {self, weight}, {out}, {self, weight},
                [](eager::Node&, const Tensors& g) {
                  Tensors grads;
                  grads.push_back(eager::empty_like(g[0]));
                  grads.push_back(eager::empty_like(g[0]));
                  return grads;
                });
  c.out(out);
}

constexpr auto kSelf = Keeps::kSelf;
constexpr auto kResult = Keeps::kResult;

constexpr Op kRows[] = {
    row("relu.default", unary_row<kResult>),
    row("relu_.default", unary_in_place_row<kResult>),
    row("sigmoid.default", unary_row<kResult>),
    row("sigmoid_.default", unary_in_place_row<kResult>),
    row("tanh.default", unary_row<kResult>),
    row("tanh_.default", unary_in_place_row<kResult>),
    row("exp.default", unary_row<kResult>),
    row("exp_.default", unary_in_place_row<kResult>),
    row("expm1.default", unary_row<kResult, 1>),
    row("sqrt.default", unary_row<kResult, 1>),
    row("sqrt_.default", unary_in_place_row<kResult, 1>),
    row("rsqrt.default", unary_row<kResult, 2>),
    row("reciprocal.default", unary_row<kResult, 2>),
    row("gelu.default", gelu_row),
    row("silu.default", unary_row<kSelf>),
    row("silu_.default", unary_in_place_row<kSelf>),
    row("mish.default", unary_row<kSelf>),
    row("mish_.default", unary_in_place_row<kSelf>),
    row("hardswish.default", unary_row<kSelf>),
    row("hardswish_.default", unary_in_place_row<kSelf>),
    row("hardsigmoid.default", unary_row<kSelf>),
    row("hardsigmoid_.default", unary_in_place_row<kSelf>),
    row("hardtanh.default", unary_row<kSelf>),
    row("hardtanh_.default", unary_in_place_row<kSelf>),
    row("relu6.default", unary_row<kSelf>),
    row("relu6_.default", unary_in_place_row<kSelf>),
    row("leaky_relu.default", unary_row<kSelf>),
    row("leaky_relu_.default", unary_in_place_row<kResult>),
    row("elu.default", unary_row<kSelf>),
    row("elu_.default", unary_in_place_row<kResult>),
    row("selu.default", unary_row<kSelf>),
    row("celu.default", unary_row<kSelf>),
    row("hardshrink.default", unary_row<kSelf>),
    row("softshrink.default", unary_row<kSelf>),
    row("softplus.default", unary_row<kSelf>),
    row("log_sigmoid.default", log_sigmoid_row),
    row("glu.default", glu_row),
    row("prelu.default", prelu_row),
    row("log.default", unary_row<kSelf>),
    row("log2.default", unary_row<kSelf, 1>),
    row("log10.default", unary_row<kSelf, 1>),
    row("log1p.default", unary_row<kSelf, 1>),
    row("sin.default", unary_row<kSelf, 1>),
    row("cos.default", unary_row<kSelf, 2>),
    row("tan.default", unary_row<kResult, 2>),
    row("atan.default", unary_row<kSelf, 2>),
    row("sinh.default", unary_row<kSelf, 1>),
    row("cosh.default", unary_row<kSelf, 1>),
    row("erf.default", unary_row<kSelf, 4>),
    row("square.default", unary_row<kSelf, 2>),
    row("erfc.default", unary_row<kSelf, 4>),
    row("erfinv.default", unary_row<kSelf, 4>),
    row("exp2.default", unary_row<kResult, 1>),
    row("asin.default", unary_row<kSelf, 4>),
    row("acos.default", unary_row<kSelf, 5>),
    row("asinh.default", unary_row<kSelf, 3>),
    row("acosh.default", unary_row<kSelf, 3>),
    row("atanh.default", unary_row<kSelf, 3>),
    row("lgamma.default", unary_row<kSelf, 1>),
    row("digamma.default", unary_row<kSelf, 1>),
    row("logit.default", unary_row<kSelf>),
    row("threshold.default", unary_row<kSelf>),
    row("nan_to_num.default", nan_to_num_row),
    row("neg.default", neg_row),
    row("clamp.default", clamp_row),
    row("clamp_min.default", clamp_row),
    row("clamp_max.default", clamp_row),
    row("clamp_.default", clamp_in_place_row),
    row("clamp_min_.default", clamp_in_place_row),
    row("clamp_max_.default", clamp_in_place_row),
    row("floor.default", zero_gradient_row),
    row("ceil.default", zero_gradient_row),
    row("round.default", zero_gradient_row),
    row("sign.default", zero_gradient_row),
    row("sgn.default", zero_gradient_row),
    row("trunc.default", zero_gradient_row),
    row("round.decimals", zero_gradient_row),
    row("floor_.default", zero_gradient_in_place_row),
    row("ceil_.default", zero_gradient_in_place_row),
    row("round_.default", zero_gradient_in_place_row),
    row("trunc_.default", zero_gradient_in_place_row),
    row("sign_.default", zero_gradient_in_place_row),
    row("fft_fft.default", fft_row),
    row("fft_ifft.default", fft_row),
    row("fft_fft2.default", fft_row),
    row("fft_ifft2.default", fft_row),
    row("fft_fftn.default", fft_row),
    row("fft_ifftn.default", fft_row),
    row("fft_rfft.default", rfft_row),
    row("fft_rfft2.default", rfft_row),
    row("fft_rfftn.default", rfft_row),
    row("fft_irfft.default", irfft_row),
    row("fft_irfft2.default", irfft_row),
    row("fft_irfftn.default", irfft_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_unary_ops() { return aten::kRows; }
}  // namespace shapewright::families
