// Reductions, softmax and what orders elements.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// The gradient seen in the shape of what was reduced: a view that repeats elements.
Tensor spread(const Tensor& g, const Shape& shape) {
  return eager::alias(g, shape, Shape::of_rank(shape.rank(), 0));
}

}  // namespace

Tensor sum(const Tensor& t, const Shape& shape) {
  const bool counts = info(t.dtype()).kind != DTypeClass::kFloat;
  Tensor out = eager::empty(shape, counts ? DType::kI64 : t.dtype());
  eager::record("Sum", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{spread(g[0], old)};
  });
  return out;
}

Tensor mean(const Tensor& t, const Shape& shape) {
  Tensor out = eager::empty(shape, float_of(t.dtype()));
  eager::record("Mean", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(old, g[0].dtype())};
  });
  return out;
}

namespace {

Tensor softmax_node(std::string_view name, const Tensor& t) {
  Tensor out = eager::empty_like(contiguous(t));
  eager::record(name, {t}, {out}, {out},
                [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
  return out;
}

}  // namespace

Tensor softmax(const Tensor& t, std::optional<DType> dtype) {
  if (!dtype || *dtype == t.dtype()) return softmax_node("Softmax", t);
  if (!on_cuda() || *dtype != DType::kF32 || t.dtype() != DType::kF16)
    return softmax_node("Softmax", to(t, *dtype));
  Tensor out = eager::empty_like(t, *dtype);  // one kernel reads halves and writes floats
  eager::record("Softmax", {t}, {out}, {out}, [from = t.dtype()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty_like(g[0], from)};
  });
  return out;
}

Tensor log_softmax(const Tensor& t, std::optional<DType> dtype) {
  return softmax_node("LogSoftmax", dtype ? to(t, *dtype) : t);
}

namespace {

Tensor cast_first(EagerCall& c) {
  const auto dtype = c.dtype_of();
  return dtype ? to(c.in(0), *dtype) : c.in(0);
}

void sum_row(EagerCall& c) { c.out(sum(cast_first(c), c.out_shape())); }
void mean_row(EagerCall& c) { c.out(mean(cast_first(c), c.out_shape())); }
void softmax_row(EagerCall& c) { c.out(softmax(c.in(0), c.dtype_of())); }
void log_softmax_row(EagerCall& c) { c.out(log_softmax(c.in(0), c.dtype_of())); }

void var_row(EagerCall& c) {  // (2 / (n - 1)) * grad * (self - mean)
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  const bool is_std = c.op().starts_with("std");
  eager::record(is_std ? "Std" : "Var", {self}, {out}, {self, is_std ? out : Tensor()},
                [](eager::Node& n, const Tensors& g) {
                  const Tensor scaled = eager::empty_like(g[0]);
                  const Tensor centred = eager::empty_like(n.saved[0]);
                  return Tensors{eager::empty_like(n.saved[0])};
                });
  c.out(out);
}

// max and min along an axis, sort, topk, kthvalue, mode: values with indices
void with_indices_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor values = eager::empty(c.out_shape(), self.dtype());
  Tensor indices = eager::empty(c.out_shape(), DType::kI64);
  eager::record("Max", {self}, {values}, {indices},
                [old = self.shape()](eager::Node&, const Tensors& g) {
                  return Tensors{eager::empty(old, g[0].dtype())};
                });
  c.out(values);
  if (c.num_outputs() > 1) c.out(indices);
}

void amax_row(EagerCall& c) {  // (self == result) mask, counted and scaled
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Amax", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors&) {
    const Tensor mask = eager::empty_like(n.saved[0], DType::kBool);
    const Tensor share = eager::empty_like(n.saved[1]);
    const Tensor scaled = eager::empty_like(n.saved[0]);
    return Tensors{eager::empty_like(n.saved[0])};
  });
  c.out(out);
}

void index_result_row(EagerCall& c) { c.out(eager::empty(c.out_shape(), c.out_dtype())); }

void cumsum_row(EagerCall& c) {  // backward flips, sums and flips again
  const Tensor self = cast_first(c);
  const DType dtype = info(self.dtype()).kind == DTypeClass::kFloat ? self.dtype() : DType::kI64;
  Tensor out = eager::empty_like(self, dtype);
  eager::record("Cumsum", {self}, {out}, {}, [](eager::Node&, const Tensors& g) {
    const Tensor flipped = eager::empty_like(g[0]), summed = eager::empty_like(g[0]);
    return Tensors{eager::empty_like(g[0])};
  });
  c.out(out);
}

void logsumexp_row(EagerCall& c) {  // grad * (self - result).exp()
  const Tensor self = c.in(0);
  Tensor out;
  {
    out = eager::empty(c.out_shape(), self.dtype());
    const Tensor maxima = eager::empty(c.out_shape(), self.dtype());
    const Tensor shifted = eager::empty_like(self);
  }
  eager::record("Logsumexp", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors&) {
    const Tensor shifted = eager::empty_like(n.saved[0]);
    const Tensor exponential = eager::empty_like(n.saved[0]);
    return Tensors{eager::empty_like(n.saved[0])};
  });
  c.out(out);
}

void norm_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Norm", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors&) {
    const Tensor scaled = eager::empty_like(n.saved[0]);
    return Tensors{eager::empty_like(n.saved[0])};
  });
  c.out(out);
}

void prod_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), c.out_dtype());
  eager::record("Prod", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors&) {
    const Tensor scaled = eager::empty_like(n.saved[0]);
    return Tensors{eager::empty_like(n.saved[0])};
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("sum.default", sum_row),
    row("sum.dim_IntList", sum_row),
    row("mean.default", mean_row),
    row("mean.dim", mean_row),
    row("softmax.int", softmax_row),
    row("log_softmax.int", log_softmax_row),
    row("_softmax.default", softmax_row),
    row("special_softmax.default", softmax_row),
    row("var.default", var_row),
    row("var.dim", var_row),
    row("var.correction", var_row),
    row("std.default", var_row),
    row("std.dim", var_row),
    row("std.correction", var_row),
    row("max.dim", with_indices_row),
    row("min.dim", with_indices_row),
    row("sort.default", with_indices_row),
    row("sort.stable", with_indices_row),
    row("topk.default", with_indices_row),
    row("kthvalue.default", with_indices_row),
    row("amax.default", amax_row),
    row("amin.default", amax_row),
    row("max.default", amax_row),
    row("min.default", amax_row),
    row("argmax.default", index_result_row),
    row("argmin.default", index_result_row),
    row("argsort.default", index_result_row),
    row("any.default", index_result_row),
    row("any.dim", index_result_row),
    row("all.default", index_result_row),
    row("all.dim", index_result_row),
    row("count_nonzero.default", index_result_row),
    row("bincount.default", index_result_row),
    row("histc.default", index_result_row),
    row("nonzero.default", index_result_row),
    row("searchsorted.Tensor", index_result_row),
    row("bucketize.Tensor", index_result_row),
    row("cumsum.default", cumsum_row),
    row("logsumexp.default", logsumexp_row),
    row("linalg_vector_norm.default", norm_row),
    row("norm.ScalarOpt_dim", norm_row),
    row("norm.Scalar", norm_row),
    row("prod.default", prod_row),
    row("prod.dim_int", prod_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_reduce_ops() { return aten::kRows; }
}  // namespace shapewright::families
