// Normal form of E // k for a literal k > 0, with floor semantics:
//   (k q + r) // k         = q + r // k               terms and constant reduced modulo k
//   (g m + c) // (g k)     = (m + c // g) // k        common factors leave
//   (x // a + y) // k      = (x + a y) // (a k)       nested divisions merge; so do negated
//                                                     ones: -(x // a) = (-x + a - 1) // a
//   E // k                 = -1 - (-E - 1) // k       sign: most coefficients are positive
// A symbolic divisor gets the same treatment with polynomial division. Where E is known to divide,
// the atom is ExactDiv, which also collapses under multiplication.
#include <algorithm>

#include "base/checked.h"
#include "dim/interval.h"
#include "dim/quotient.h"

namespace shapewright::algebra {
namespace {

constexpr int kMaxRounds = 64;
constexpr int kMaxMerges = 16;

std::uint64_t content(PolyView p) {
  std::uint64_t g = magnitude(p.constant);
  for (const Term& t : p.terms) g = gcd(g, magnitude(t.coeff));
  return g;
}

bool divide_literal(Poly& p, std::int64_t by) {  // by > 0 divides every coefficient
  p.constant = floor_div(p.constant, by);
  for (Term& t : p.terms) t.coeff /= by;
  return true;
}

// Divides p by a monomial that divides every term; the constant is zero.
Poly divide_monomial(State& s, const Poly& p, MonoId by) {
  Poly out;
  for (const Term& t : p.terms) (void)accumulate(out, *mono_divide(s, t.mono, by), t.coeff);
  return out;
}

// The largest monomial that divides every term of both; none if either has a constant.
MonoId common_monomial(State& s, const Poly& a, const Poly& b) {
  if (a.constant != 0 || b.constant != 0 || a.terms.empty() || b.terms.empty()) return 0;
  SmallBuffer<Factor, 16> common;
  for (const Factor& f : s.monomials[a.terms[0].mono].factors) {
    std::uint32_t power = f.power;
    for (const Poly* p : {&a, &b}) {
      for (const Term& t : p->terms) power = std::min(power, mono_power(s, t.mono, f.atom));
    }
    if (power != 0) common.push_back({f.atom, power});
  }
  return intern_monomial(s, common);
}

// More negative than positive coefficients, ties broken by the first. Those equal to `half` count
// for neither: modulo 2 * half they are their own negatives.
bool mostly_negative(std::span<const Term> terms, std::int64_t constant, std::int64_t half) {
  if (terms.empty()) return constant < 0;
  int balance = 0, first = 0;
  for (const Term& t : terms) {
    if (t.coeff == half) continue;
    const int sign = t.coeff < 0 ? -1 : 1;
    if (first == 0) first = sign;
    balance += sign;
  }
  return balance < 0 || (balance == 0 && first < 0);
}

// One division in progress: value = quotient + sign * (dividend / divisor).
struct Division {
  State& s;
  Rounding rounding;
  Poly dividend, divisor;
  Poly quotient = {};
  std::int64_t sign = 1;
  int merges = 0;

  [[nodiscard]] bool add_to_quotient(PolyView q) {
    if (q.terms.empty()) {
      std::int64_t c;
      return !mul_overflows(q.constant, sign, c) &&
             !add_overflows(quotient.constant, c, quotient.constant);
    }
    Poly sum;
    if (!add_scaled(sum, quotient, q, sign)) return false;
    quotient = sum;
    return true;
  }

  // Moves multiples of the literal divisor k >= 2 from the dividend to the quotient.
  [[nodiscard]] bool reduce_modulo(std::int64_t k) {
    const auto split = [k](std::int64_t& c, std::int64_t residue) {
      const std::int64_t q = floor_div(c, k) + (residue < 0);
      c = residue;
      return q;
    };
    Poly q;
    const std::int64_t c = dividend.constant;
    q.constant = split(dividend.constant,
                       rounding == Rounding::kFloor ? constant_residue(c, k) : coeff_residue(c, k));
    std::size_t kept = 0;
    for (Term t : dividend.terms) {
      if (const std::int64_t multiple = split(t.coeff, coeff_residue(t.coeff, k)); multiple != 0) {
        q.terms.push_back({multiple, t.mono});
      }
      if (t.coeff != 0) dividend.terms[kept++] = t;
    }
    dividend.terms.truncate(kept);
    return add_to_quotient(q);
  }

  // E -> -E - 1 (floor) or -E (exact). Requires divisor > 0 for floor.
  [[nodiscard]] bool flip() {
    if (rounding == Rounding::kFloor) {
      Poly minus_one;
      minus_one.constant = -1;
      if (!add_to_quotient(minus_one)) return false;
    }
    if (!scale(dividend, -1)) return false;
    sign = -sign;
    return rounding == Rounding::kExact || !sub_overflows(dividend.constant, 1, dividend.constant);
  }

  // Merges `c * (x / a) + y` over divisor > 0 where c is 1 or -1. Sets `merged` if there was one.
  [[nodiscard]] bool merge_nested(bool& merged) {
    merged = false;
    for (const Term& t : dividend.terms) {
      const Monomial& m = s.monomials[t.mono];
      if ((t.coeff != 1 && t.coeff != -1) || m.degree != 1) continue;
      const Atom& atom = s.atoms[m.factors[0].atom];
      const bool exact = atom.kind == AtomKind::kExactDiv;
      if (!exact && (atom.kind != AtomKind::kFloorDiv || rounding == Rounding::kExact)) continue;
      const PolyView x = view(s, atom.args[0]), a = view(s, atom.args[1]);
      if (t.coeff == -1 && !exact && (!a.terms.empty() || a.constant < 0)) continue;
      Poly rest(dividend), numerator, scaled, next_divisor;
      if (!accumulate(rest, t.mono, -t.coeff)) continue;
      if (!multiply(s, scaled, rest, a) || !multiply(s, next_divisor, divisor, a)) continue;
      if (!add_scaled(numerator, scaled, x, t.coeff)) continue;
      if (t.coeff == -1 && !exact &&
          add_overflows(numerator.constant, a.constant - 1, numerator.constant))
        continue;
      // Exact divisions in the rest may bring x / a back: merging would go round in circles.
      if (!rewrite_exact(s, numerator)) continue;
      if (std::ranges::any_of(numerator.terms, [&](const Term& u) {
            return u.mono == t.mono && u.coeff == t.coeff;
          })) {
        continue;
      }
      dividend = numerator;
      divisor = next_divisor;
      merged = true;
      return ++merges <= kMaxMerges;
    }
    return true;
  }

  bool flip_if_mostly_negative(std::int64_t half) {
    if (!mostly_negative(dividend.terms, dividend.constant, half)) return true;
    return flip();
  }

  // If every quotient over the interval is the same.
  std::optional<std::int64_t> single_value(Bounds b, std::int64_t k) const {
    if (b.lo == kMinusInf || b.hi == kPlusInf) return std::nullopt;
    const std::int64_t low = rounding == Rounding::kFloor ? floor_div(b.lo, k) : ceil_div(b.lo, k);
    if (low != floor_div(b.hi, k)) return std::nullopt;
    return low;
  }
};

// False if a step overflowed: the caller falls back to the plain atom.
bool run_literal(Division& d, bool& done) {
  State& s = d.s;
  done = false;
  const std::int64_t k = d.divisor.constant;
  if (k == 1) {
    done = true;
    const bool ok = d.add_to_quotient(d.dividend);
    d.dividend = Poly();
    return ok;
  }
  if (!d.reduce_modulo(k)) return false;
  const Poly& r = d.dividend;
  if (r.terms.empty()) {
    done = true;
    Poly last;
    last.constant = floor_div(r.constant, k);
    d.dividend = Poly();
    return d.add_to_quotient(last);
  }
  // Common factors.
  const bool floor = d.rounding == Rounding::kFloor;
  std::uint64_t g = static_cast<std::uint64_t>(k);
  for (const Term& t : r.terms) g = gcd(g, magnitude(t.coeff));
  if (!floor) g = gcd(g, magnitude(r.constant));
  if (g > 1) {
    divide_literal(d.dividend, static_cast<std::int64_t>(g));
    d.divisor.constant = k / static_cast<std::int64_t>(g);
    return true;
  }
  bool merged = false;
  if (!d.merge_nested(merged)) return false;
  if (merged) return true;
  const std::int64_t sign = d.sign;
  if (!d.flip_if_mostly_negative(k % 2 == 0 ? k / 2 : 0)) return false;
  if (d.sign != sign) return true;  // a coefficient of k/2 changed sign and is reduced again
  // What the dividend's interval and class decide; interned, they are known once and for all.
  const auto dividend = intern(s, d.dividend);
  if (!dividend) return false;
  if (const auto value = d.single_value(bounds_of(s, *dividend), k)) {
    done = true;
    mark_used(s, d.dividend);
    Poly last;
    last.constant = *value;
    d.dividend = Poly();
    return d.add_to_quotient(last);
  }
  if (floor) {
    // Where the dividend is r0 modulo a factor of k, only multiples of that factor matter in the
    // constant.
    const Congruence c = congruence_of(s, *dividend);
    const auto step = static_cast<std::int64_t>(gcd(magnitude(c.modulus), magnitude(k)));
    const std::int64_t excess = step > 1 ? floor_mod(c.residue, step) : 0;
    if (excess != 0) return !sub_overflows(d.dividend.constant, excess, d.dividend.constant);
    if (step == k) {
      d.rounding = Rounding::kExact;
      return true;
    }
  }
  done = true;
  return true;
}

bool run_symbolic(Division& d, bool& done) {
  State& s = d.s;
  done = false;
  // Common factors.
  const std::uint64_t g = gcd(content(d.dividend), content(d.divisor));
  if (g > 1 && g <= static_cast<std::uint64_t>(kPlusInf)) {
    divide_literal(d.dividend, static_cast<std::int64_t>(g));
    divide_literal(d.divisor, static_cast<std::int64_t>(g));
    return true;
  }
  if (const MonoId m = common_monomial(s, d.dividend, d.divisor); m != 0) {
    d.dividend = divide_monomial(s, d.dividend, m);
    d.divisor = divide_monomial(s, d.divisor, m);
    return true;
  }
  const Bounds b = poly_bounds(s, d.divisor);
  if (b.hi <= 0 || (b.lo < 0 && mostly_negative(d.divisor.terms, 0, 0))) {
    return scale(d.dividend, -1) && scale(d.divisor, -1);
  }
  const bool positive = b.lo >= 0;  // a divisor of zero has no value to preserve
  Poly q, r;
  if (divide(s, d.dividend, d.divisor, q, r) && !q.is_zero() &&
      (r.is_zero() || r.size() < d.dividend.size())) {
    if (!d.add_to_quotient(q)) return false;
    d.dividend = r;
    if (r.is_zero()) {
      done = true;
      return true;
    }
    return true;
  }
  const Bounds range = poly_bounds(s, d.dividend);
  if (d.rounding == Rounding::kFloor && positive) {
    Poly above, below;
    std::optional<std::int64_t> value;
    if (range.lo >= 0 && add_scaled(below, d.divisor, d.dividend, -1) &&
        poly_bounds(s, below).lo >= 1)
      value = 0;
    if (range.hi < 0 && add_scaled(above, d.divisor, d.dividend, 1) &&
        poly_bounds(s, above).lo >= 0)
      value = -1;
    if (value) {
      done = true;
      Poly last;
      last.constant = *value;
      d.dividend = Poly();
      return d.add_to_quotient(last);
    }
  }
  if (positive || d.rounding == Rounding::kExact) {
    bool merged = false;
    if (!d.merge_nested(merged)) return false;
    if (merged) return true;
    const std::int64_t sign = d.sign;
    if (!d.flip_if_mostly_negative(0)) return false;
    if (d.sign != sign) return true;
  }
  done = true;
  return true;
}

}  // namespace

std::optional<Dim> single_atom(State& s, AtomKind kind, Dim a, Dim b, PolyView quotient,
                               std::int64_t sign) {
  const Dim args[] = {a, b};
  const AtomId atom = intern_atom(s, kind, args);
  Poly p(quotient);
  if (!accumulate(p, s.atoms[atom].mono, sign)) return std::nullopt;
  rewrite_exact(s, p);
  return intern(s, p);
}

std::optional<Dim> normal_quotient(State& s, Rounding rounding, Dim a, Dim b) {
  Division d{s, rounding, Poly(view(s, a)), Poly(view(s, b)), {}};
  bool done = false;
  for (int round = 0; !done; ++round) {
    if (round == kMaxRounds) return std::nullopt;
    rewrite_exact(s, d.dividend);
    rewrite_exact(s, d.divisor);
    if (d.dividend.is_zero()) break;
    if (d.divisor.terms.empty() && d.divisor.constant < 0 &&
        (!scale(d.dividend, -1) || !scale(d.divisor, -1))) {
      return std::nullopt;
    }
    if (!(d.divisor.terms.empty() ? run_literal(d, done) : run_symbolic(d, done)))
      return std::nullopt;
  }
  if (d.dividend.is_zero()) {
    rewrite_exact(s, d.quotient);
    return intern(s, d.quotient);
  }
  const auto x = intern(s, d.dividend), y = intern(s, d.divisor);
  if (!x || !y) return std::nullopt;
  const AtomKind kind = d.rounding == Rounding::kFloor ? AtomKind::kFloorDiv : AtomKind::kExactDiv;
  return single_atom(s, kind, *x, *y, d.quotient, d.sign);
}

}  // namespace shapewright::algebra
