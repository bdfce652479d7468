// Comparisons with three answers, read off the bounds and the congruence of a difference.
#include "base/checked.h"
#include "dim/construct.h"
#include "dim/interval.h"

namespace shapewright {

using namespace algebra;

namespace {

Truth truth(bool yes) { return yes ? Truth::kYes : Truth::kNo; }

// Is b - a >= margin?
Truth difference_at_least(Dim a, Dim b, std::int64_t margin) {
  if (a == b) return truth(margin <= 0);
  if (a.is_inline_literal() && b.is_inline_literal()) {
    return truth(b.inline_literal() - a.inline_literal() >= margin);
  }
  State& s = current_state();
  if (is_literal(s, a) && is_literal(s, b)) {
    return truth(Wide{view(s, b).constant} - view(s, a).constant >= margin);
  }
  const Bounds x = bounds_of(s, a), y = bounds_of(s, b);
  if (y.lo != kMinusInf && x.hi != kPlusInf && Wide{y.lo} - x.hi >= margin) {
    mark_used(s, view(s, a));
    mark_used(s, view(s, b));
    return Truth::kYes;
  }
  if (is_literal(s, a) ||
      is_literal(s, b)) {  // the bounds of the other are those of the difference
    mark_used(s, view(s, a));
    mark_used(s, view(s, b));
    const bool is_less = y.hi != kPlusInf && x.lo != kMinusInf && Wide{y.hi} - x.lo < margin;
    return is_less ? Truth::kNo : Truth::kUnknown;
  }
  if (is_too_much(s, a, b)) return Truth::kUnknown;
  Poly p;
  if (!add_scaled(p, view(s, b), view(s, a), -1)) return Truth::kUnknown;
  rewrite_exact(s, p);
  const Bounds d = poly_bounds(s, p);
  if (d.lo >= margin) return Truth::kYes;
  if (d.hi < margin) return Truth::kNo;
  return Truth::kUnknown;
}

}  // namespace

Truth prove_le(Dim a, Dim b) { return difference_at_least(a, b, 0); }
Truth prove_lt(Dim a, Dim b) { return difference_at_least(a, b, 1); }

Truth prove_eq(Dim a, Dim b) {
  if (a == b) return Truth::kYes;
  if (a.is_inline_literal() && b.is_inline_literal()) return Truth::kNo;
  State& s = current_state();
  if (is_literal(s, a) && is_literal(s, b)) return Truth::kNo;
  if (is_too_much(s, a, b)) return Truth::kUnknown;
  Poly p;
  if (!add_scaled(p, view(s, a), view(s, b), -1)) return Truth::kUnknown;
  rewrite_exact(s, p);
  const Bounds d = poly_bounds(s, p);
  if (d.lo == 0 && d.hi == 0) return Truth::kYes;
  if (d.lo > 0 || d.hi < 0) return Truth::kNo;
  const Congruence c = poly_congruence(s, p);
  if (c.modulus == 0) return truth(c.residue == 0);
  return c.residue != 0 ? Truth::kNo : Truth::kUnknown;
}

Truth prove_divides(Dim divisor, Dim d) {
  const auto k = known(divisor), whole = known(d);
  if (whole && *whole == 0) return Truth::kYes;
  if (k && *k == 0) return prove_eq(d, 0);
  if (divisor == Dim(1) || divisor == Dim(-1)) return Truth::kYes;
  if (k && whole) return truth(*k == -1 || *whole % *k == 0);
  State& s = current_state();
  if (divisor == d) return Truth::kYes;
  if (k) {
    const Congruence c = congruence_of(s, d);
    mark_used(s, view(s, d));
    const std::uint64_t step = gcd(magnitude(c.modulus), magnitude(*k));
    if (step > 1 && magnitude(c.residue) % step != 0) return Truth::kNo;
    if (step == magnitude(*k)) return Truth::kYes;
  }
  if (is_too_much(s, divisor, d)) return Truth::kUnknown;
  Poly q, r;
  if (!divide(s, view(s, d), view(s, divisor), q, r)) return Truth::kUnknown;
  if (r.is_zero()) return Truth::kYes;
  // A remainder strictly between two multiples.
  const Bounds size = bounds_of(s, divisor);
  Poly above;
  if (size.lo >= 1 && poly_bounds(s, r).lo >= 1 && add_scaled(above, view(s, divisor), r, -1) &&
      poly_bounds(s, above).lo >= 1) {
    return Truth::kNo;
  }
  return Truth::kUnknown;
}

}  // namespace shapewright
