// Elementwise operators of three operands.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

void addcmul_row(EagerCall& c) {
  const Tensor self = c.in(0), a = c.in(1), b = c.in(2);
  Tensor out = elementwise_out({self, a, b});
  eager::record("Addcmul", {self, a, b}, {out}, {if_needed(b, a), if_needed(a, b)},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads = {g[0], {}, {}};
                  for (std::size_t i = 1; i < 3; ++i)
                    if (n.needs(i)) {
                      const Tensor scaled = eager::empty_like(g[0]);
                      grads[i] = eager::empty_like(g[0]);
                    }
                  return grads;
                });
  c.out(out);
}

void addcdiv_row(EagerCall& c) {
  const Tensor self = c.in(0), a = c.in(1), b = c.in(2);
  Tensor out = elementwise_out({self, a, b});
  eager::record("Addcdiv", {self, a, b}, {out}, {if_needed(b, a), b},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads = {g[0], {}, {}};
                  if (n.needs(1)) {  // grad * (value / b)
                    const Tensor inverse = eager::empty_like(n.saved[1]);
                    grads[1] = elementwise_out({g[0], inverse});
                  }
                  if (n.needs(2)) {  // -grad * (value * a / (b * b))
                    const Tensor square = eager::empty_like(n.saved[1]);
                    const Tensor scaled = eager::empty_like(n.saved[0]);
                    const Tensor quotient = elementwise_out({scaled, square});
                    const Tensor negated = eager::empty_like(g[0]);
                    grads[2] = elementwise_out({negated, quotient});
                  }
                  return grads;
                });
  c.out(out);
}

void lerp_row(EagerCall& c) {
  Tensor out = elementwise_out({c.in(0), c.in(1)});
  eager::record("Lerp", {c.in(1), c.in(0)}, {out}, {}, [](eager::Node& n, const Tensors& g) {
    Tensors grads(2);
    for (std::size_t i = 0; i < 2; ++i)
      if (n.needs(i)) grads[i] = eager::empty_like(g[0]);
    return grads;
  });
  c.out(out);
}

// self + weight * (end - self)
void lerp_tensor_row(EagerCall& c) {
  const Tensor self = c.in(0), end = c.in(1), weight = c.in(2);
  Tensor out = elementwise_out({self, end, weight});
  eager::record("Lerp", {end, self, weight}, {out},
                {weight, if_needed(weight, self), if_needed(weight, end)},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads(3);
                  if (n.needs(0)) grads[0] = elementwise_out({g[0], n.saved[0]});
                  if (n.needs(1)) {
                    const Tensor rest = eager::empty_like(n.saved[0]);
                    grads[1] = elementwise_out({g[0], rest});
                  }
                  if (n.needs(2)) {
                    const Tensor way = elementwise_out({n.saved[1], n.saved[2]});
                    grads[2] = elementwise_out({g[0], way});
                  }
                  return grads;
                });
  c.out(out);
}

void lerp_in_place_row(EagerCall& c) {
  const Tensor self = c.in(0);
  eager::record("Lerp", {c.in(1), self}, {self}, {}, [](eager::Node& n, const Tensors& g) {
    Tensors grads(2);
    for (std::size_t i = 0; i < 2; ++i)
      if (n.needs(i)) grads[i] = eager::empty_like(g[0]);
    return grads;
  });
  c.out(self);
}

constexpr Op kRows[] = {
    row("addcmul.default", addcmul_row),    row("addcdiv.default", addcdiv_row),
    row("lerp.Scalar", lerp_row),           row("lerp.Tensor", lerp_tensor_row),
    row("lerp_.Scalar", lerp_in_place_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_ternary_ops() { return aten::kRows; }
}  // namespace shapewright::families
