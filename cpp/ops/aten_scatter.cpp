#include "ops/aten_scatter.h"

namespace shapewright::aten {

namespace {

// A copy of what is about to be written over, where backward reads it.
Tensor before(const Tensor& self, const Tensor& other) {
  const bool records = eager::Machine::current().grad_enabled &&
                       (self.requires_grad() || (other.defined() && other.requires_grad()));
  return records ? eager::empty_like(self) : Tensor();
}

Tensor mask_like(const Tensor& t) { return eager::empty_like(t, DType::kBool); }

// All of these make both gradients, whichever is wanted.

// The gradient is shared by the elements that are the extreme, and how many there are is counted.
Tensors extreme_back(eager::Node& n, const Tensors& g) {
  const Tensor self = n.saved[0];
  const Shape& each = n.saved[1].shape();
  const DType dtype = g[0].dtype();
  const Tensor value = eager::empty(each, dtype);
  const Tensor is_self = mask_like(self), is_source = eager::empty(each, DType::kBool);
  Tensor share;
  const Tensor ones = eager::empty_like(self), source_ones = eager::empty(each, dtype);
  const Tensor count = eager::empty_like(self);
  share = eager::empty_like(g[0]);
  Tensor of_self = elementwise_out({is_self, share});
  const Tensor taken = eager::empty(each, dtype);
  return {of_self, elementwise_out({is_source, taken})};
}

Tensors mean_back(eager::Node& n, const Tensors& g) {
  const Shape& each = n.saved[1].shape();
  const auto of_each = [&] { return eager::empty(each, g[0].dtype()); };
  Tensor count;
  {
    const Tensor start = eager::empty_like(g[0]), ones = of_each();
    count = eager::empty_like(g[0]);
  }
  {
    const Tensor mask = mask_like(count);
  }
  Tensor of_self = eager::empty_like(g[0]);
  const Tensor counts = of_each(), taken = of_each();
  return {of_self, of_each()};
}

Tensors sum_back(eager::Node& n, const Tensors& g) {
  return {g[0], eager::empty(n.saved[1].shape(), g[0].dtype())};
}

void scatter_reduce(EagerCall& c, bool in_place) {
  const Tensor self = c.in(0), index = c.in(1), src = c.in(2);
  const std::string_view reduce = c.text_of("reduce");
  const bool is_sum = reduce == "sum", is_mean = reduce == "mean";
  const bool includes_self = c.flag("include_self", true);
  const Tensor old = in_place ? before(self, src) : self;
  Tensor out = in_place ? self : eager::empty_like(self);
  if (is_mean) {
    const Tensor counts = eager::empty_like(self);
    const Tensor ones = eager::empty_like(src);
  }
  eager::Backward back = is_sum ? sum_back : is_mean ? mean_back : extreme_back;
  if (reduce == "prod") c.count_in_part();
  eager::record("ScatterReduce", {self, src}, {out}, {old, index, src, out},
                [back, includes_self](eager::Node& n, const Tensors& g) {
                  Tensors grads = back(n, g);
                  if (!includes_self && n.needs(0)) grads[0] = eager::empty_like(g[0]);
                  return grads;
                });
  c.out(out);
}

void masked_scatter(EagerCall& c, bool in_place) {
  const Tensor self = c.in(0), mask = c.in(1), source = c.in(2);
  Tensor out = in_place ? self : eager::empty(c.out_shape(), self.dtype());
  if (on_cuda()) const Tensor places = eager::empty(out.shape(), DType::kI64);
  eager::record("MaskedScatter", {self, source}, {out}, {mask},
                [shape = source.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = eager::empty_like(g[0]);
                  if (n.needs(1)) grads[1] = chosen(g[0], n.saved[0], shape);
                  return grads;
                });
  c.out(out);
}

// index_reduce: `each` is what of a tensor like self is selected for the elements of the source.

Tensors index_extreme_back(eager::Node& n, const Tensors& g) {
  const Tensor self = n.saved[0], source = n.saved[1];
  const auto selected = [&] { return eager::empty(source.shape(), g[0].dtype()); };
  const Tensor value = selected();
  Tensor is_self, is_source;
  {
    const Tensor mask = mask_like(self);
    is_self = eager::empty_like(self);
  }
  {
    const Tensor mask = mask_like(source);
    is_source = eager::empty_like(source);
  }
  const Tensor count = eager::empty_like(self), share = eager::empty_like(g[0]);
  Tensor of_self = elementwise_out({is_self, share});
  const Tensor taken = selected();
  return {of_self, elementwise_out({is_source, taken})};
}

// Each gradient times the product of all the others.
Tensors index_product_back(eager::Node& n, const Tensors& g) {
  const Tensor self = n.saved[0], source = n.saved[1];
  const auto selected = [&] { return eager::empty(source.shape(), g[0].dtype()); };
  const auto whole = [&] { return eager::empty_like(self); };
  Tensor masked_self;
  {
    const Tensor is_zero = mask_like(self);
    masked_self = whole();
  }
  const Tensor of_others = whole();
  Tensor of_self;
  {
    const Tensor product = whole();
    of_self = whole();
  }
  const Tensor is_zero = mask_like(source);
  Tensor num_zeros;
  {
    const Tensor zeros = whole(), ones = selected(), counts = whole();
    num_zeros = selected();
  }
  const Tensor is_only = mask_like(source);
  const Tensor masked = selected(), product = whole();
  const Tensor without_zeros = selected(), scaled = whole(), taken = selected();
  const Tensor quotient = selected(), whole_product = whole(), product_taken = selected();
  return {of_self, selected()};
}

void index_reduce(EagerCall& c, bool in_place) {
  const Tensor self = c.in(0), index = c.in(1), source = c.in(2);
  const std::string_view reduce = c.text_of("reduce");
  const bool includes_self = c.flag("include_self", true), is_mean = reduce == "mean";
  const Tensor old = in_place ? before(self, source) : self;
  Tensor out = in_place ? self : eager::empty_like(self);
  if (is_mean) {
    const Tensor counts = eager::empty_like(self);
    {
      const Tensor ones = eager::empty_like(source);
    }
    const Tensor is_zero = mask_like(self);
  }
  const eager::Backward back = is_mean            ? mean_back
                               : reduce == "prod" ? index_product_back
                                                  : index_extreme_back;
  eager::record("IndexReduce", {self, source}, {out}, {old, source, index, out},
                [back, includes_self](eager::Node& n, const Tensors& g) {
                  Tensors grads = back(n, g);
                  if (!includes_self && n.needs(0)) grads[0] = eager::empty_like(g[0]);
                  return grads;
                });
  c.out(out);
}

void index_fill(EagerCall& c, bool in_place) {
  const Tensor self = c.in(0);
  Tensor out = in_place ? self : eager::empty_like(self);
  eager::record("IndexFill", {self}, {out}, {c.in(1)},
                [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
  c.out(out);
}

}  // namespace

void scatter_reduce_row(EagerCall& c) { scatter_reduce(c, false); }
void scatter_reduce_in_place_row(EagerCall& c) { scatter_reduce(c, true); }
void masked_scatter_row(EagerCall& c) { masked_scatter(c, false); }
void masked_scatter_in_place_row(EagerCall& c) { masked_scatter(c, true); }
void index_reduce_row(EagerCall& c) { index_reduce(c, false); }
void index_reduce_in_place_row(EagerCall& c) { index_reduce(c, true); }
void index_fill_row(EagerCall& c) { index_fill(c, false); }
void index_fill_in_place_row(EagerCall& c) { index_fill(c, true); }

void repeat_by_tensor_row(EagerCall& c) {
  const Tensor self = c.in(0), repeats = c.in(1);
  const bool has_axis = c.has("dim");
  const int axis = has_axis ? c.axis_of("dim", 0, self.dim()) : 0;
  Tensor index;
  {
    const Tensor ends = eager::empty(repeats.shape(), DType::kI64);
    index = eager::empty({c.out_shape()[axis]}, repeats.dtype());
  }
  const Tensor rows = has_axis ? self : reshape(self, {self.numel()});
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("IndexSelect", {rows}, {out}, {index},
                [old = rows.shape()](eager::Node&, const Tensors& g) {
                  return Tensors{eager::empty(old, g[0].dtype())};
                });
  c.out(out);
}

}  // namespace shapewright::aten
