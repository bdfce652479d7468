// Complex numbers: tensors of pairs seen as one, and back.
#include "ops/aten_complex.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

Tensor retyped(const Tensor& t, DType dtype, const Shape& shape, const Strides& strides) {
  Tensor out = eager::alias(t, shape, strides);
  out->dtype = dtype;
  return out;
}

}  // namespace

DType complex_of(DType d) {
  if (is_complex(d)) return d;
  return d == DType::kF64 ? DType::kC128 : DType::kC64;
}

DType real_of(DType d) {
  return d == DType::kC128 ? DType::kF64 : d == DType::kC64 ? DType::kF32 : d;
}

Tensor part_of(const Tensor& t) {
  Strides strides = t->strides;
  for (int i = 0; i < t.dim(); ++i) strides[i] = strides[i] * Dim(2);
  return retyped(t, real_of(t.dtype()), t.shape(), strides);
}

namespace {

Tensor pairs_of(const Tensor& t) {  // view_as_real
  Shape shape = t.shape();
  shape.push_back(2);
  Strides strides = t->strides;
  for (int i = 0; i < t.dim(); ++i) strides[i] = strides[i] * Dim(2);
  strides.push_back(1);
  return retyped(t, real_of(t.dtype()), shape, strides);
}

Tensor of_pairs(const Tensor& t) {  // view_as_complex
  Shape shape = t.shape();
  shape.erase(t.dim() - 1);
  Strides strides = t->strides;
  strides.erase(t.dim() - 1);
  for (int i = 0; i < shape.rank(); ++i) strides[i] = floordiv(strides[i], 2);
  return retyped(t, complex_of(t.dtype()), shape, strides);
}

// The other view of the same numbers; its gradient is seen back.
template <Tensor (*kView)(const Tensor&), Tensor (*kBack)(const Tensor&)>
void seen_row(EagerCall& c) {
  const Tensor t = c.in(0);
  Tensor out = kView(t);
  eager::record(c.op(), {t}, {out}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{kBack(contiguous(g[0]))}; });
  c.out(out);
}

void complex_row(EagerCall& c) {  // of a real and an imaginary part
  Tensor out = elementwise_out({c.in(0), c.in(1)}, complex_of(c.in(0).dtype()));
  eager::record("Complex", {c.in(1), c.in(0)}, {out}, {}, [](eager::Node&, const Tensors& g) {
    return Tensors{part_of(g[0]), part_of(g[0])};
  });
  c.out(out);
}

void polar_row(EagerCall& c) {
  Tensor out = elementwise_out({c.in(0), c.in(1)}, complex_of(c.in(0).dtype()));
  eager::record("Polar", {c.in(0), c.in(1)}, {out}, {out}, [](eager::Node& n, const Tensors& g) {
    // real(conj(grad) * sgn(result)), real(conj(grad) * (result * 1j)): both made, asked or not
    Tensors grads;
    for (int i = 0; i < 2; ++i) {
      const Tensor factor = eager::empty_like(n.saved[0]), conjugate = eager::empty_like(g[0]);
      grads.push_back(part_of(elementwise_out({factor, conjugate})));
    }
    return grads;
  });
  c.out(out);
}

void part_row(EagerCall& c) {
  const Tensor t = c.in(0);
  if (!is_complex(t.dtype())) return c.out(t);
  Tensor out = part_of(t);
  eager::record("Select", {t}, {out}, {}, [](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(g[0].shape(), complex_of(g[0].dtype()))};
  });
  c.out(out);
}

void abs_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self, real_of(self.dtype()));
  if (is_complex(self.dtype())) eager::empty_like(self);  // computed as a complex number
  eager::record("Abs", {self}, {out}, {self}, [](eager::Node& n, const Tensors& g) {
    const Tensor sign = eager::empty_like(n.saved[0]);
    return Tensors{elementwise_out({g[0], sign})};
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("view_as_real.default", seen_row<pairs_of, of_pairs>),
    row("view_as_complex.default", seen_row<of_pairs, pairs_of>),
    row("complex.default", complex_row),
    row("polar.default", polar_row),
    row("real.default", part_row),
    row("imag.default", part_row),
    row("abs.default", abs_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_complex_ops() { return aten::kRows; }
}  // namespace shapewright::families
