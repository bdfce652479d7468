// The larger or the smaller of two tensors, and what lies between two: masks in backward.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

void extreme_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  Tensor out = elementwise_out({a, b});
  eager::record("Maximum", {b, a}, {out}, {a, b}, [](eager::Node& n, const Tensors& g) {
    Tensors grads(2);
    for (std::size_t i = 0; i < 2; ++i)
      if (n.needs(i)) {
        const Tensor half = eager::empty_like(g[0]);
        const Tensor mask = eager::empty_like(g[0], DType::kBool);
        grads[i] = eager::empty_like(g[0]);
        const Tensor other_mask = eager::empty_like(g[0], DType::kBool);
      }
    return grads;
  });
  c.out(out);
}

// where(mask, grad, 0): the mask is made of `compared`, two at most.
Tensor masked(const Tensor& g, const Tensors& compared, bool of_two) {
  const Tensor mask = elementwise_out(compared, DType::kBool);
  const Tensor other = of_two ? elementwise_out(compared, DType::kBool) : Tensor();
  return eager::empty_like(g);
}

// clamp(self, min, max), either bound a tensor or absent.
void clamp_tensor_row(EagerCall& c) {
  Tensors inputs = {c.in(1), c.in(0)}, operands = {c.in(0)};  // min, self
  const bool has_min = c.in(1).defined(), has_max = c.in(2).defined();
  if (has_max) inputs.insert(inputs.begin(), c.in(2));
  for (const Tensor& bound : {c.in(1), c.in(2)})
    if (bound.defined()) operands.push_back(bound);
  Tensor out = elementwise_out(operands);
  const bool both = has_min && has_max;
  eager::record("Clamp", inputs, {out}, operands, [both](eager::Node& n, const Tensors& g) {
    Tensors grads(n.next.size());
    for (std::size_t i = 0; i < grads.size(); ++i)
      if (n.needs(i)) grads[i] = masked(g[0], n.saved, both);
    return grads;
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("maximum.default", extreme_row),
    row("minimum.default", extreme_row),
    row("max.other", extreme_row),
    row("min.other", extreme_row),
    row("clamp.Tensor", clamp_tensor_row),
    row("clamp_min.Tensor", clamp_tensor_row),
    row("clamp_max.Tensor", clamp_tensor_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_extreme_ops() { return aten::kRows; }
}  // namespace shapewright::families
