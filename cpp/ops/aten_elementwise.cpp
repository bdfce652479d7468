// Elementwise operators of two operands.
#include "ops/aten.h"
#include "ops/aten_positions.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// What a tensor was before it is written over: a copy, where the gradient of the other asks for it.
Tensor copied_for(const Tensor& other, const Tensor& t) {
  const bool copies = eager::Machine::current().grad_enabled && other.requires_grad();
  return copies ? eager::empty_like(t) : Tensor();
}

Tensors mul_back(eager::Node& n, const Tensors& g) {
  Tensors out_grads(2);
  for (std::size_t i = 0; i < 2; ++i)
    if (n.needs(i)) {
      const Tensor conjugate =
          is_complex(n.saved[i].dtype()) ? eager::empty_like(n.saved[i]) : Tensor();
      out_grads[i] = elementwise_out({g[0], n.saved[i]});
    }
  return out_grads;
}

// self op number: the gradient is scaled, or passes as it is.
Tensor scaled_back(const Tensor& g) { return eager::empty_like(g); }

}  // namespace

Tensor neg(const Tensor& a) {
  Tensor out = eager::empty_like(a);
  eager::record("Neg", {a}, {out}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{scaled_back(g[0])}; });
  return out;
}

Tensor add(const Tensor& a, const Tensor& b) {
  Tensor out = elementwise_out({a, b});
  eager::record("Add", {b, a}, {out}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{g[0], g[0]}; });
  return out;
}

// a + alpha * b: the gradient of b is scaled; of a - alpha * b negated, then scaled.
namespace {

eager::Backward scaled_sum_back(bool negates, bool scales) {
  return [negates, scales](eager::Node& n, const Tensors& g) {
    Tensor of_b;
    if (n.needs(0)) {
      const Tensor negated = negates && scales ? eager::empty_like(g[0]) : Tensor();
      of_b = negates || scales ? eager::empty_like(g[0]) : g[0];
    }
    return Tensors{of_b, g[0]};
  };
}

}  // namespace

Tensor sub(const Tensor& a, const Tensor& b) {
  Tensor out = elementwise_out({a, b});
  eager::record("Sub", {b, a}, {out}, {}, scaled_sum_back(true, false));
  return out;
}

Tensor add_(const Tensor& a, const Tensor& b) {
  eager::record("Add", {b, a}, {a}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{g[0], g[0]}; });
  return a;
}

Tensor mul_(const Tensor& a, const Tensor& b) {
  eager::record("Mul", {b, a}, {a}, {copied_for(b, a), if_needed(a, b)}, mul_back);
  return a;
}

Tensor mul(const Tensor& a, const Tensor& b) {
  Tensor out = elementwise_out({a, b});
  eager::record("Mul", {b, a}, {out}, {if_needed(b, a), if_needed(a, b)}, mul_back);
  return out;
}

namespace {

Tensors div_back(eager::Node& n, const Tensors& g) {
  Tensors out_grads(2);
  if (n.needs(0)) {  // -grad * ((self / other) / other)
    const Tensor negated = eager::empty_like(g[0]);
    const Tensor quotient = elementwise_out({n.saved[0], n.saved[1]});
    const Tensor again = elementwise_out({quotient, n.saved[1]});
    out_grads[0] = elementwise_out({negated, again});
  }
  if (n.needs(1)) out_grads[1] = elementwise_out({g[0], n.saved[1]});
  return out_grads;
}

}  // namespace

Tensor div(const Tensor& a, const Tensor& b) {
  Tensor out = elementwise_out({a, b}, float_of(result_type({a, b})));
  eager::record("Div", {b, a}, {out}, {if_needed(b, a), b}, div_back);
  return out;
}

Tensor scale(const Tensor& a) {
  Tensor out = eager::empty_like(a);
  eager::record("Mul", {a}, {out}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{scaled_back(g[0])}; });
  return out;
}

namespace {

// One operand is a Python number: it may make an integer a float, and backward keeps nothing of it.
bool has_number(const EagerCall& c) { return !c.in(0).defined() || !c.in(1).defined(); }
Tensor tensor_of(const EagerCall& c) { return c.in(0).defined() ? c.in(0) : c.in(1); }

Tensor with_number(EagerCall& c, bool divides, bool keeps_gradient) {
  const Tensor a = tensor_of(c);
  const Attr* number = c.context().attr(c.in(0).defined() ? "other" : "self");
  const bool is_real = number != nullptr && number->kind == AttrKind::kFloat;
  Tensor out = eager::empty_like(a, divides || is_real ? float_of(a.dtype()) : a.dtype());
  eager::record(divides ? "Div" : "Mul", {a}, {out}, {},
                [keeps_gradient](eager::Node&, const Tensors& g) {
                  return Tensors{keeps_gradient ? g[0] : scaled_back(g[0])};
                });
  return out;
}

void add_row(EagerCall& c) {
  if (has_number(c)) return c.out(with_number(c, false, true));
  if (c.real_of("alpha", 1) == 1) return c.out(add(c.in(0), c.in(1)));
  Tensor out = elementwise_out({c.in(0), c.in(1)});
  eager::record("Add", {c.in(1), c.in(0)}, {out}, {}, scaled_sum_back(false, true));
  c.out(out);
}

void sub_row(EagerCall& c) {
  if (has_number(c)) return c.out(with_number(c, false, c.in(0).defined()));
  Tensor out = elementwise_out({c.in(0), c.in(1)});
  eager::record("Sub", {c.in(1), c.in(0)}, {out}, {},
                scaled_sum_back(true, c.real_of("alpha", 1) != 1));
  c.out(out);
}

void rsub_row(EagerCall& c) {
  c.out(has_number(c) ? with_number(c, false, false) : sub(c.in(1), c.in(0)));
}

void outer_row(EagerCall& c) { c.out(mul(view(c.in(0), {c.in(0).numel(), 1}), c.in(1))); }

void mul_row(EagerCall& c) {
  c.out(has_number(c) ? with_number(c, false, false) : mul(c.in(0), c.in(1)));
}

void div_row(EagerCall& c) {
  if (c.has("rounding_mode")) return c.out(elementwise_out(c.inputs()));
  if (!has_number(c)) return c.out(div(c.in(0), c.in(1)));
  if (c.in(0).defined()) return c.out(with_number(c, true, false));
  c.out(scale(unary("Reciprocal", c.in(1), Keeps::kResult, 2)));  // number / tensor
}

// An overload "out", which autograd refuses: it writes into its last operand.
void out_row(EagerCall& c) { c.out(c.in(c.num_inputs() - 1)); }

// In place on the first operand; the other's gradient is summed by the engine.
void add_in_place_row(EagerCall& c) {
  const Tensor a = c.in(0);
  if (!c.in(1).defined()) return c.out(a);
  if (c.real_of("alpha", 1) == 1) return c.out(add_(a, c.in(1)));
  eager::record("Add", {c.in(1), a}, {a}, {}, scaled_sum_back(false, true));
  c.out(a);
}

void sub_in_place_row(EagerCall& c) {
  const Tensor a = c.in(0);
  if (c.in(1).defined())
    eager::record("Sub", {c.in(1), a}, {a}, {}, scaled_sum_back(true, c.real_of("alpha", 1) != 1));
  c.out(a);
}

template <bool kDivides>
void mul_in_place_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  if (!b.defined()) {
    eager::record("Mul", {a}, {a}, {},
                  [](eager::Node&, const Tensors& g) { return Tensors{scaled_back(g[0])}; });
    return c.out(a);
  }
  if (kDivides)
    eager::record("Div", {b, a}, {a}, {copied_for(b, a), b}, div_back);
  else
    mul_(a, b);
  c.out(a);
}

void neg_in_place_row(EagerCall& c) {
  const Tensor a = c.in(0);
  eager::record("Neg", {a}, {a}, {},
                [](eager::Node&, const Tensors& g) { return Tensors{scaled_back(g[0])}; });
  c.out(a);
}

// Of the types of the operands.
void promoted_row(EagerCall& c) { c.out(elementwise_out(c.inputs())); }

// The gradient passes to self; of other it is -grad * self.div(other), rounded.
void remainder_row(EagerCall& c) {
  const Tensor a = tensor_of(c);
  Tensor out = elementwise_out(c.inputs());
  if (has_number(c)) {
    eager::record("Remainder", {a}, {out}, {}, [](eager::Node&, Tensors g) { return g; });
    return c.out(out);
  }
  const Tensor b = c.in(1);
  eager::record("Remainder", {b, a}, {out}, {if_needed(b, a), if_needed(b, b)},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads = {Tensor(), g[0]};
                  if (n.needs(0)) {
                    const Tensor negated = eager::empty_like(g[0]);
                    const Tensor quotient = elementwise_out({n.saved[0], n.saved[1]});
                    grads[0] = elementwise_out({negated, quotient});
                  }
                  return grads;
                });
  c.out(out);
}

// grad * self / result, and so of other
void hypot_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  Tensor out = elementwise_out({a, b});
  eager::record("Hypot", {b, a}, {out}, {if_needed(b, b), if_needed(a, a), out},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  for (std::size_t i = 0; i < 2; ++i)
                    if (n.needs(i)) {
                      const Tensor product = elementwise_out({g[0], n.saved[i]});
                      grads[i] = elementwise_out({product, n.saved[2]});
                    }
                  return grads;
                });
  c.out(out);
}

void pow_row(EagerCall& c) {
  const Tensor base = c.in(0);
  if (c.op() == "pow.Scalar") {  // number ** tensor: grad * (result * log(number))
    Tensor out = eager::empty_like(base, float_of(base.dtype()));
    eager::record("Pow", {base}, {out}, {base, out}, [](eager::Node& n, const Tensors& g) {
      const Tensor product = eager::empty_like(n.saved[1]);
      return Tensors{eager::empty_like(g[0])};
    });
    return c.out(out);
  }
  if (!c.in(1).defined()) {
    // grad * (exponent * self ** (exponent - 1))
    return c.out(unary("Pow", base, Keeps::kSelf, 2));
  }
  const Tensor exponent = c.in(1);
  Tensor out = elementwise_out({base, exponent});
  eager::record("Pow", {exponent, base}, {out}, {base, exponent, out},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  // where(self == 0 & exponent >= 0, 0, grad * (result * log(self)))
                  if (n.needs(0)) {
                    const Tensor mask = eager::empty_like(g[0], DType::kBool);
                    const Tensor logs = eager::empty_like(n.saved[0]);
                    const Tensor product = eager::empty_like(g[0]), whole = eager::empty_like(g[0]);
                    grads[0] = eager::empty_like(g[0]);
                  }
                  // where(exponent == 0, 0, grad * (exponent * self ** (exponent - 1)))
                  if (n.needs(1)) {
                    const Tensor less = eager::empty_like(n.saved[1]);
                    const Tensor power = eager::empty_like(g[0]), scaled = eager::empty_like(g[0]);
                    const Tensor whole = eager::empty_like(g[0]);
                    const Tensor mask = eager::empty_like(n.saved[1], DType::kBool);
                    grads[1] = eager::empty_like(g[0]);
                  }
                  return grads;
                });
  c.out(out);
}

// self * log(other), zero where self is
void xlogy_row(EagerCall& c) {
  const Tensor self = c.in(0), other = c.in(1);
  if (!self.defined() || !other.defined()) {
    c.count_in_part();
    return c.out(eager::empty(c.out_shape(), c.out_dtype()));
  }
  Tensor out = elementwise_out({self, other}, float_of(result_type({self, other})));
  eager::record("Xlogy", {other, self}, {out}, {self, other}, [](eager::Node& n, const Tensors& g) {
    Tensors grads(2);
    if (n.needs(0)) {
      const Tensor scaled = eager::empty_like(g[0]);
      grads[0] = eager::empty_like(g[0]);
    }
    if (n.needs(1)) {
      const Tensor logs = eager::empty_like(g[0]);
      const Tensor is_zero = eager::empty_like(n.saved[0], DType::kBool);
      const Tensor is_least = eager::empty_like(n.saved[1], DType::kBool);
      const Tensor mask = eager::empty_like(g[0], DType::kBool);
      grads[1] = eager::empty_like(g[0]);
    }
    return grads;
  });
  c.out(out);
}

void atan2_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  Tensor out = elementwise_out({a, b}, float_of(result_type({a, b})));
  eager::record("Atan2", {a, b}, {out}, {a, b}, [](eager::Node& n, const Tensors& g) {
    Tensor squares;
    {
      const Tensor x = eager::empty_like(n.saved[0]), y = eager::empty_like(n.saved[1]);
      squares = elementwise_out({x, y});
    }
    const Tensor inverse = eager::empty_like(squares);
    Tensors grads(2);
    Tensors held;
    if (n.needs(0)) {
      held.push_back(elementwise_out({g[0], n.saved[1]}));
      grads[0] = elementwise_out({held.back(), inverse});
    }
    if (n.needs(1)) {
      held.push_back(eager::empty_like(n.saved[0]));
      held.push_back(elementwise_out({g[0], held.back()}));
      grads[1] = elementwise_out({held.back(), inverse});
    }
    return grads;
  });
  c.out(out);
}

constexpr Op kRows[] = {
    with_values(row("add.Tensor", add_row), add_values),
    with_values(row("add.Scalar", add_row), add_values),
    row("add_.Tensor", add_in_place_row),
    row("add_.Scalar", add_in_place_row),
    with_values(row("sub.Tensor", sub_row), sub_values),
    row("sub.Scalar", sub_row),
    row("sub_.Tensor", sub_in_place_row),
    row("rsub.Scalar", rsub_row),
    row("rsub.Tensor", rsub_row),
    row("mul.Tensor", mul_row),
    row("mul.Scalar", mul_row),
    row("mul_.Tensor", mul_in_place_row<false>),
    row("mul_.Scalar", mul_in_place_row<false>),
    row("multiply.Tensor", mul_row),
    row("outer.default", outer_row),
    row("div.Tensor", div_row),
    row("div.Scalar", div_row),
    row("div.out", out_row),
    row("mul.out", out_row),
    row("add.out", out_row),
    row("sub.out", out_row),
    row("div.Tensor_mode", div_row),
    row("true_divide.Tensor", div_row),
    row("div_.Tensor", mul_in_place_row<true>),
    row("div_.Scalar", mul_in_place_row<true>),
    row("neg_.default", neg_in_place_row),
    row("floor_divide.default", promoted_row),
    row("remainder.Scalar", remainder_row),
    row("remainder.Tensor", remainder_row),
    row("fmod.Scalar", remainder_row),
    row("fmod.Tensor", remainder_row),
    row("hypot.default", hypot_row),
    row("pow.Tensor_Scalar", pow_row),
    row("pow.Tensor_Tensor", pow_row),
    row("pow.Scalar", pow_row),
    row("xlogy.Tensor", xlogy_row),
    row("special_xlogy.default", xlogy_row),
    row("atan2.default", atan2_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_elementwise_ops() { return aten::kRows; }
}  // namespace shapewright::families
