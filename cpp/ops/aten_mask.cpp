// Elements that a mask chooses.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

constexpr std::int64_t kCountedInSeries = 32768;  // elements that threads do not share

Tensor chosen(const Tensor& t, const Tensor& mask, const Shape& shape) {
  const Shape places = eager::broadcast_shape(t.shape(), mask.shape());
  if (on_cuda()) {  // by their indices
    const Tensor indices =
        eager::empty({num_elements(shape), Dim(std::int64_t{places.rank()})}, DType::kI64);
    return eager::empty(shape, t.dtype());
  }
  {
    const Tensor widened = eager::empty(places, DType::kI64);  // to count what is true
  }
  Tensor out = eager::empty(shape, t.dtype());
  const bool goes_along =
      t.shape() == places && t.is_contiguous() && mask.shape() == places && mask.is_contiguous();
  const Dim count = num_elements(places);
  const Dim is_shared = goes_along ? min(Dim(1), floordiv(count, kCountedInSeries)) : Dim(1);
  const Dim numbered = count * is_shared * min(Dim(1), num_elements(shape));
  if (known(numbered) == 0) return out;
  const Tensor numbers = eager::empty({numbered}, DType::kI64);
  const Tensor sums = eager::empty({numbered}, DType::kI64);
  return out;
}

namespace {

void where_row(EagerCall& c) {
  const Tensor condition = c.in(0);
  if (!c.in(1).defined() || !c.in(2).defined()) {
    // A number on one or both sides: a tensor of no dims, made and dropped.
    const Tensor a = c.in(1).defined() ? c.in(1) : c.in(2);
    Tensor out = eager::empty(c.out_shape(), a.defined() ? a.dtype() : c.out_dtype());
    if (a.defined())
      eager::record("Where", {a}, {out}, {condition}, [](eager::Node&, const Tensors& g) {
        return Tensors{eager::empty_like(g[0])};
      });
    return c.out(out);
  }
  const Tensor a = c.in(1), b = c.in(2);
  Tensor out = elementwise_out({condition, a, b}, result_type({a, b}));
  eager::record("Where", {b, a}, {out}, {condition}, [](eager::Node& n, const Tensors& g) {
    Tensors grads(2);
    for (std::size_t i = 0; i < 2; ++i)
      if (n.needs(i)) grads[i] = eager::empty_like(g[0]);
    return grads;
  });
  c.out(out);
}

void record_fill(const Tensor& self, const Tensor& mask, const Tensor& out) {
  eager::record("MaskedFill", {self}, {out}, {mask},
                [](eager::Node&, const Tensors& g) { return Tensors{eager::empty_like(g[0])}; });
}

void masked_fill_row(EagerCall& c) {
  const Tensor self = c.in(0), mask = c.in(1);
  Tensor out = eager::empty(eager::broadcast_shape(self.shape(), mask.shape()), self.dtype());
  if (out.shape() == self.shape()) out->strides = eager::dense_like(self.shape(), self->strides);
  record_fill(self, mask, out);
  c.out(out);
}

void masked_fill_in_place_row(EagerCall& c) {
  record_fill(c.in(0), c.in(1), c.in(0));
  c.out(c.in(0));
}

// How many there are, only a run can tell. Backward puts them into zeros.
void masked_select_row(EagerCall& c) {
  const Tensor self = c.in(0), mask = c.in(1);
  Tensor out = chosen(self, mask, c.out_shape());
  eager::record("MaskedSelect", {self}, {out}, {self, mask}, [](eager::Node& n, const Tensors& g) {
    const Shape places = eager::broadcast_shape(n.saved[0].shape(), n.saved[1].shape());
    Tensor grad = eager::empty(places, g[0].dtype());
    if (on_cuda()) const Tensor numbers = eager::empty(places, DType::kI64);
    return Tensors{grad};
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("where.self", where_row),
    row("where.ScalarSelf", where_row),
    row("where.ScalarOther", where_row),
    row("where.Scalar", where_row),
    row("masked_fill.Scalar", masked_fill_row),
    row("masked_fill.Tensor", masked_fill_row),
    row("masked_fill_.Scalar", masked_fill_in_place_row),
    row("masked_fill_.Tensor", masked_fill_in_place_row),
    row("masked_select.default", masked_select_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_mask_ops() { return aten::kRows; }
}  // namespace shapewright::families
