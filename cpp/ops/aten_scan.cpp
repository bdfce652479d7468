// What runs along an axis and is as long: cumulative sums, products, extremes.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

void cumsum_row(EagerCall& c) {  // backward flips, sums and flips again
  const Tensor self = cast_first(c);
  const bool is_float = info(self.dtype()).kind == DTypeClass::kFloat;
  const DType dtype = is_float ? self.dtype() : c.dtype_of().value_or(DType::kI64);
  Tensor out = eager::empty_like(self, dtype);
  eager::record("Cumsum", {self}, {out}, {}, [](eager::Node&, const Tensors& g) {
    const Tensor flipped = eager::empty_like(g[0]), summed = eager::empty_like(g[0]);
    return Tensors{eager::empty_like(g[0])};
  });
  c.out(out);
}

// grad * result, summed from behind, over self
void cumprod_row(EagerCall& c) {
  const Tensor self = cast_first(c);
  Tensor out = eager::empty_like(self);
  eager::record("Cumprod", {self}, {out}, {self, out}, [](eager::Node& n, const Tensors& g) {
    const Tensor product = eager::empty_like(g[0]);
    const Tensor mask = eager::empty_like(n.saved[0], DType::kBool);
    Tensor turned;
    {
      const Tensor flipped = eager::empty_like(g[0]), summed = eager::empty_like(g[0]);
      turned = eager::empty_like(g[0]);
    }
    return Tensors{eager::empty_like(g[0])};
  });
  c.out(out);
}

// Backward does it again, flipped, on the logarithms of the positive and of the negative gradients.
void logcumsumexp_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(self.shape(), self.dtype());
  eager::record("Logcumsumexp", {self}, {out}, {self, out}, [](eager::Node&, const Tensors& g) {
    const auto made = [&] { return eager::empty_like(g[0]); };
    Tensor logs;
    {
      const Tensor magnitudes = made();
      logs = made();
    }
    Tensors sides, halves;
    for (int i = 0; i < 2; ++i) {
      const Tensor mask = eager::empty_like(g[0], DType::kBool);
      sides.push_back(made());
    }
    for (int i = 0; i < 2; ++i) {
      const Tensor apart = made();
      Tensor summed;
      {
        const Tensor flipped = made(), in_order = made();
        summed = made();
      }
      const Tensor whole = made();
      halves.push_back(made());
    }
    return Tensors{made()};
  });
  c.out(out);
}

// Values, and where along the axis each stands: gradients are added up there.
void cummax_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor values = eager::empty(self.shape(), self.dtype());
  Tensor indices = eager::empty(self.shape(), DType::kI64);
  eager::record("Cummax", {self}, {values}, {self, indices},
                [shape = self.shape()](eager::Node&, const Tensors& g) {
                  return Tensors{eager::empty(shape, g[0].dtype())};
                });
  c.out(values);
  c.out(indices);
}

constexpr Op kRows[] = {
    row("cumprod.default", cumprod_row),
    row("cumsum.default", cumsum_row),
    row("logcumsumexp.default", logcumsumexp_row),
    row("cummax.default", cummax_row),
    row("cummin.default", cummax_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_scan_ops() { return aten::kRows; }
}  // namespace shapewright::families
