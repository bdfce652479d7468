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
  // On the CPU what is counted is widened first.
  if (counts && !on_cuda() && t.dtype() != DType::kI64)
    const Tensor wide = eager::empty_like(t, DType::kI64);
  eager::record("Sum", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{spread(g[0], old)};
  });
  return out;
}

Tensor mean(const Tensor& t, const Shape& shape) {
  Tensor out = eager::empty(shape, float_of(t.dtype()));
  if (!on_cuda() && info(t.dtype()).bits == 16 && is_float(t.dtype())) {  // summed as floats
    const Tensor sums = eager::empty(shape, DType::kF32);
    const Tensor copied = eager::empty_like(t, DType::kF32);
  }
  eager::record("Mean", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(old, g[0].dtype())};
  });
  return out;
}

namespace {

Tensor softmax_node(std::string_view name, const Tensor& t) {
  Tensor out = eager::empty_like(contiguous(t));
  eager::record(name, {t}, {out}, {out}, [](eager::Node&, const Tensors& g) {
    Tensor grad = eager::empty(g[0].shape(), g[0].dtype());
    const Tensor dense = contiguous(g[0]);
    return Tensors{grad};
  });
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

// The root of a sum of squares: grad * (self / result), zero where result is.
Tensor norm(const Tensor& t, const Shape& shape) {
  Tensor out = eager::empty(shape, t.dtype());
  eager::record("Norm", {t}, {out}, {t, out}, [](eager::Node& n, const Tensors&) {
    const Tensor quotient = eager::empty_like(n.saved[0]);
    const Tensor mask = eager::empty_like(n.saved[1], DType::kBool);
    return Tensors{eager::empty_like(n.saved[0])};
  });
  return out;
}

Tensor log_softmax(const Tensor& t, std::optional<DType> dtype) {
  return softmax_node("LogSoftmax", dtype ? to(t, *dtype) : t);
}

namespace {

void sum_row(EagerCall& c) { c.out(sum(cast_first(c), c.out_shape())); }
void mean_row(EagerCall& c) { c.out(mean(cast_first(c), c.out_shape())); }
void softmax_row(EagerCall& c) { c.out(softmax(c.in(0), c.dtype_of())); }
void log_softmax_row(EagerCall& c) { c.out(log_softmax(c.in(0), c.dtype_of())); }

// (2 / (n - 1)) * grad * (self - mean)
Tensor var_grad(const Tensor& g, const Tensor& self) {
  const Tensor mean = eager::empty_like(g), centred = eager::empty_like(self);
  const Tensor scaled = eager::empty_like(g);
  return eager::empty_like(self);
}

// First grad / (2 * result), zero where result is.
Tensor std_grad(const Tensor& g, const Tensor& self, const Tensor& result) {
  Tensor of_var;
  {
    const Tensor twice = eager::empty_like(result);
    of_var = eager::empty_like(g);
    const Tensor mask = eager::empty_like(result, DType::kBool);
  }
  return var_grad(of_var, self);
}

void var_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  if (c.op().starts_with("std")) {
    eager::record("Std", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors& g) {
      return Tensors{std_grad(g[0], n.saved[0], n.saved[1])};
    });
  } else {
    eager::record("Var", {self}, {out}, {self}, [](eager::Node& n, const Tensors& g) {
      return Tensors{var_grad(g[0], n.saved[0])};
    });
  }
  c.out(out);
}

// Of var_mean and std_mean.
void spread_and_mean_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool is_std = c.op().starts_with("std");
  Tensor spread = eager::empty(c.out_shape(0), self.dtype());
  Tensor mean = eager::empty(c.out_shape(1), self.dtype());
  eager::record("VarMean", {self}, {spread, mean}, {self, is_std ? spread : Tensor()},
                [is_std](eager::Node& n, const Tensors& g) {
                  const Tensor values = n.saved[0];
                  Tensor grad;
                  if (g[0].defined())
                    grad = is_std ? std_grad(g[0], values, n.saved[1]) : var_grad(g[0], values);
                  if (g[1].defined()) {
                    const Tensor spread_out = eager::empty_like(values);
                    if (grad.defined()) return Tensors{eager::empty_like(values)};
                    grad = spread_out;
                  }
                  return Tensors{grad};
                });
  c.out(spread);
  c.out(mean);
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

// How often a mask is true along the axes that were reduced.
Tensor count_of(const Tensor& mask, const Shape& shape) {
  Tensor count = eager::empty(shape, DType::kI64);
  if (!on_cuda()) const Tensor wide = eager::empty_like(mask, DType::kI64);
  return count;
}

// The shape of the result with the reduced axes left in.
Shape kept_shape(const EagerCall& c, const Shape& self) {
  Shape shape = self;
  const auto axes = c.ints_of("dim");
  for (int i = 0; i < shape.rank(); ++i) {
    bool is_reduced = axes.empty();
    for (const std::int64_t axis : axes) is_reduced |= i == (axis < 0 ? axis + shape.rank() : axis);
    if (is_reduced) shape[i] = 1;
  }
  return shape;
}

// (self == result) * (grad / how many are)
void amax_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Amax", {self}, {out}, {self, out},
                [rows = kept_shape(c, self.shape())](eager::Node& n, const Tensors& g) {
                  const Tensor mask = eager::empty_like(n.saved[0], DType::kBool);
                  const Tensor count = count_of(mask, rows);
                  const Tensor grad = eager::alias(g[0], rows, eager::contiguous_strides(rows));
                  const Tensor share = elementwise_out({grad, count});
                  return Tensors{elementwise_out({share, mask})};
                });
  c.out(out);
}

// Of all elements: zeros, with the gradient shared where the mask is.
void extreme_of_all_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty({}, self.dtype());
  eager::record("Max", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors&) {
    const Tensor mask = eager::empty_like(n.saved[0], DType::kBool);
    Tensor grad = eager::empty_like(n.saved[0]);
    const Tensor count = count_of(mask, {});
    return Tensors{grad};
  });
  c.out(out);
}

void median_row(EagerCall& c) {  // sorts in a copy
  with_indices_row(c);
  const Tensor sorted = eager::empty_like(c.in(0));
}

void trace_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty({}, self.dtype());
  eager::record("Trace", {self}, {out}, {}, [shape = self.shape()](eager::Node&, const Tensors& g) {
    Tensor grad = eager::empty(shape, g[0].dtype());
    const Tensor places = eager::empty({shape[0]}, DType::kI64);
    return Tensors{grad};
  });
  c.out(out);
}

void index_result_row(EagerCall& c) { c.out(eager::empty(c.out_shape(), c.out_dtype())); }

// where(condition): nonzero, and a view of it for each axis
void where_row(EagerCall& c) {
  const Dim count = c.out_shape()[0], axes = static_cast<std::int64_t>(c.num_outputs());
  const Tensor places = eager::empty({count, axes}, DType::kI64);
  for (std::size_t i = 0; i < c.num_outputs(); ++i)
    c.out(eager::alias(places, Shape{count}, eager::Strides{axes}));
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

void norm_row(EagerCall& c) { c.out(norm(c.in(0), c.out_shape())); }

// grad * (result / self), where no element is zero
void prod_of_axis_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Prod", {self}, {out}, {self, out},
                [rows = kept_shape(c, self.shape())](eager::Node& n, const Tensors&) {
                  const Tensor mask = eager::empty_like(n.saved[0], DType::kBool);
                  const Tensor count = count_of(mask, rows);
                  const Tensor quotient = eager::empty_like(n.saved[0]);
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
    row("var_mean.correction", spread_and_mean_row),
    row("std_mean.correction", spread_and_mean_row),
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
    row("max.default", extreme_of_all_row),
    row("min.default", extreme_of_all_row),
    row("median.default", extreme_of_all_row),
    row("median.dim", median_row),
    row("trace.default", trace_row),
    row("argmax.default", index_result_row),
    row("argmin.default", index_result_row),
    row("argsort.default", index_result_row),
    row("any.default", index_result_row),
    row("any.dim", index_result_row),
    row("all.default", index_result_row),
    row("all.dim", index_result_row),
    row("_is_all_true.default", index_result_row),
    row("_is_any_true.default", index_result_row),
    row("count_nonzero.default", index_result_row),
    row("bincount.default", index_result_row),
    row("histc.default", index_result_row),
    row("nonzero.default", index_result_row),
    row("nonzero_numpy.default", where_row),
    row("where.default", where_row),
    row("searchsorted.Tensor", index_result_row),
    row("bucketize.Tensor", index_result_row),
    row("logsumexp.default", logsumexp_row),
    row("linalg_vector_norm.default", norm_row),
    row("norm.ScalarOpt_dim", norm_row),
    row("norm.Scalar", norm_row),
    row("prod.default", prod_row),
    row("prod.dim_int", prod_of_axis_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_reduce_ops() { return aten::kRows; }
}  // namespace shapewright::families
