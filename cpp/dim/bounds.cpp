// What is known of a value: its interval and its class modulo something.
#include <algorithm>

#include "base/checked.h"
#include "dim/interval.h"
#include "dim/poly.h"

namespace shapewright::algebra {

Bounds tighten(Bounds b, Congruence c) {
  if (c.modulus == 0) return {c.residue, c.residue};
  if (c.modulus == 1) return b;
  if (b.lo != kMinusInf &&
      add_overflows(b.lo, floor_mod(c.residue - floor_mod(b.lo, c.modulus), c.modulus), b.lo)) {
    b.lo = kPlusInf;
  }
  if (b.hi != kPlusInf &&
      sub_overflows(b.hi, floor_mod(floor_mod(b.hi, c.modulus) - c.residue, c.modulus), b.hi)) {
    b.hi = kMinusInf;
  }
  return b;
}

Bounds interval_of(const State& s, PolyView p) {
  IntervalSum sum(p.constant);
  for (const Term& t : p.terms) sum.add(t.coeff, s.monomials[t.mono].bounds);
  return sum.result();
}

Congruence poly_congruence(const State& s, PolyView p) {
  Congruence out = congruence_literal(p.constant);
  for (const Term& t : p.terms)
    out = congruence_add(out, congruence_scale(s.monomials[t.mono].congruence, t.coeff));
  return out;
}

Bounds poly_bounds(State& s, PolyView p) {
  mark_used(s, p);
  Bounds out = interval_of(s, p);
  if (shared_symbols(s, p) != 0) {
    // Rounding makes the result depend on the constant, so it is left out: what is provable of x +
    // 1 then follows from what is provable of x, on which normal forms rely.
    out = intersect(out, interval_add(refined_bounds(s, {0, p.terms}), {p.constant, p.constant}));
  }
  return tighten(out, poly_congruence(s, p));
}

Bounds bounds_of(State& s, Dim d) {
  if (d.is_inline_literal()) return {d.inline_literal(), d.inline_literal()};
  Expr& e = s.exprs[d.expr_id()];
  if (!e.refined) {
    e.bounds = intersect(e.bounds, poly_bounds(s, {e.constant, e.terms}));
    e.refined = true;
  }
  return e.bounds;
}

Congruence congruence_of(const State& s, Dim d) {
  if (d.is_inline_literal()) return congruence_literal(d.inline_literal());
  return s.exprs[d.expr_id()].congruence;
}

Bounds op_bounds(State& s, Op op, std::span<const Dim> args) {
  Bounds out = bounds_of(s, args[0]);
  bool positive = out.lo >= 1;
  std::int64_t largest_lo = out.lo;
  for (const Dim d : args.subspan(1)) {
    const Bounds b = bounds_of(s, d);
    positive = positive && b.lo >= 1;
    largest_lo = std::max(largest_lo, b.lo);
    switch (op) {
      case Op::kAdd: out = interval_add(out, b); break;
      case Op::kSub: out = interval_add(out, interval_neg(b)); break;
      case Op::kMul: out = interval_mul(out, b); break;
      case Op::kFloorDiv: out = interval_floordiv(out, b); break;
      case Op::kExactDiv: out = interval_exactdiv(out, b); break;
      case Op::kMax: out = interval_max(out, b); break;
      case Op::kMin: out = interval_min(out, b); break;
      default: out = hull(out, b);
    }
  }
  if (op == Op::kBroadcast && positive) out.lo = largest_lo;
  return tighten(out, op_congruence(s, op, args));
}

Congruence op_congruence(const State& s, Op op, std::span<const Dim> args) {
  Congruence out = congruence_of(s, args[0]);
  for (const Dim d : args.subspan(1)) {
    const Congruence c = congruence_of(s, d);
    switch (op) {
      case Op::kAdd: out = congruence_add(out, c); break;
      case Op::kSub: out = congruence_add(out, congruence_scale(c, -1)); break;
      case Op::kMul: out = congruence_mul(out, c); break;
      case Op::kFloorDiv:
      case Op::kExactDiv: {
        const bool literal = c.modulus == 0 && c.residue > 0;
        out = literal ? congruence_floordiv(out, c.residue) : Congruence{};
        break;
      }
      default: out = congruence_join(out, c);
    }
  }
  return out;
}

}  // namespace shapewright::algebra

namespace shapewright {

Bounds bounds(Dim d) {
  if (d.is_inline_literal()) return {d.inline_literal(), d.inline_literal()};
  return algebra::bounds_of(algebra::current_state(), d);
}

Congruence congruence(Dim d) {
  if (d.is_inline_literal()) return {0, d.inline_literal()};
  return algebra::congruence_of(algebra::current_state(), d);
}

std::optional<std::int64_t> known(Dim d) {
  if (d.is_inline_literal()) return d.inline_literal();
  const auto p = algebra::view(algebra::current_state(), d);
  if (!p.terms.empty()) return std::nullopt;
  return p.constant;
}

}  // namespace shapewright
