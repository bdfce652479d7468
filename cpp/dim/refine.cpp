// The refinement behind bounds.cpp, where terms share symbols.
//
// Term-by-term intervals are exact while no two terms share a symbol. Where they do, the lower end
// is raised by
//   shifting      s = lo + t, t >= 0: N*N - N with N >= 1 is t*t + t
//   elimination   k * (E // k) = E - m, 0 <= m < k; max, min and broadcast are one of their arms
// and the upper end is the lower end of the negative. Work is bounded; running out only loses
// precision.
#include <algorithm>

#include "base/checked.h"
#include "dim/interval.h"
#include "dim/poly.h"

namespace shapewright::algebra {
namespace {

constexpr int kRefineWork = 24;
constexpr std::size_t kMaxExpanded = 48;
constexpr std::uint32_t kMaxExpandedDegree = 8;

bool nonlinear(const State& s, PolyView p) {
  return std::ranges::any_of(p.terms,
                             [&](const Term& t) { return s.monomials[t.mono].degree > 1; });
}

// `big` >= `small` at all nonnegative integers: same support, no smaller exponent.
bool dominates(const State& s, MonoId big, MonoId small) {
  return std::ranges::equal(
      s.monomials[big].factors, s.monomials[small].factors,
      [](const Factor& x, const Factor& y) { return x.atom == y.atom && x.power >= y.power; });
}

class LowerBound {
 public:
  explicit LowerBound(State& s) : s_(s) {}

  std::int64_t of(const Poly& p) {
    std::int64_t best = interval_of(s_, p).lo;
    const std::uint64_t shared = shared_symbols(s_, p);
    if (shared == 0 || is_spent(s_) || work_-- <= 0) return best;
    const std::uint64_t size = num_factors(s_, p);
    charge(s_, size);
    if (nonlinear(s_, p)) best = std::max(best, by_shifting(p));
    for (const AtomId atom : operations_over(p, shared)) {
      if (work_ <= 0 || is_spent(s_)) break;
      charge(s_, size);
      best = std::max(best, by_elimination(p, atom));
    }
    return best;
  }

 private:
  // Atoms to eliminate, outermost first.
  SmallBuffer<AtomId, 16> operations_over(const Poly& p, std::uint64_t shared) const {
    SmallBuffer<AtomId, 16> out;
    for (const Term& t : p.terms) {
      for (const Factor& f : s_.monomials[t.mono].factors) {
        const Atom& a = s_.atoms[f.atom];
        if (a.kind != AtomKind::kSymbol && (a.mask & shared) != 0) out.push_back(f.atom);
      }
    }
    std::sort(out.begin(), out.end(), [&](AtomId x, AtomId y) {
      return s_.atoms[x].depth != s_.atoms[y].depth ? s_.atoms[x].depth > s_.atoms[y].depth : x > y;
    });
    out.truncate(static_cast<std::size_t>(std::unique(out.begin(), out.end()) - out.begin()));
    return out;
  }

  std::int64_t by_elimination(const Poly& p, AtomId id) {
    const Atom& atom = s_.atoms[id];
    Poly cofactor, rest;
    if (!split_linear(s_, p, id, cofactor, rest)) return kMinusInf;
    const bool linear =
        std::none_of(cofactor.terms.begin(), cofactor.terms.end(),
                     [&](const Term& t) { return mono_power(s_, t.mono, id) != 0; });
    const Bounds sign = interval_of(s_, cofactor);
    if (atom.kind == AtomKind::kFloorDiv || atom.kind == AtomKind::kExactDiv) {
      return linear ? through_division(atom, cofactor, rest, sign) : kMinusInf;
    }
    // Any arm bounds the value if the atom is on that arm's good side; otherwise the worst arm
    // does.
    bool any_arm = linear && ((atom.kind == AtomKind::kMax && sign.lo >= 0) ||
                              (atom.kind == AtomKind::kMin && sign.hi <= 0));
    if (atom.kind == AtomKind::kBroadcast && linear && sign.lo >= 0) {
      any_arm = std::ranges::all_of(atom.args, [&](Dim d) { return bounds_of(s_, d).lo >= 1; });
    }
    std::int64_t best = any_arm ? kMinusInf : kPlusInf;
    for (const Dim arm : atom.args) {
      Poly q;
      const std::int64_t lo = replace_atom(s_, q, p, id, view(s_, arm)) ? of(q) : kMinusInf;
      best = any_arm ? std::max(best, lo) : std::min(best, lo);
    }
    return best;
  }

  // B * (C * (E / B) + R) = C * E - C * m + B * R, where 0 <= m < B (m = 0 if the division is
  // exact).
  std::int64_t through_division(const Atom& atom, const Poly& cofactor, const Poly& rest,
                                Bounds sign) {
    const bool exact = atom.kind == AtomKind::kExactDiv;
    const Bounds divisor = bounds_of(s_, atom.args[1]);
    if (divisor.lo < 1 || (!exact && sign.lo < 0 && sign.hi > 0)) return kMinusInf;
    Poly from_rest, from_dividend, sum;
    if (!multiply(s_, from_rest, rest, view(s_, atom.args[1]))) return kMinusInf;
    if (!multiply(s_, from_dividend, cofactor, view(s_, atom.args[0]))) return kMinusInf;
    if (!add_scaled(sum, from_rest, from_dividend, 1)) return kMinusInf;
    if (!exact && sign.hi > 0) {
      Poly largest(view(s_, atom.args[1])), loss, less;
      if (!accumulate(largest, 0, -1) || !multiply(s_, loss, cofactor, largest)) return kMinusInf;
      if (!add_scaled(less, sum, loss, -1)) return kMinusInf;
      sum = less;
    }
    const std::int64_t lo = of(sum);
    if (lo == kMinusInf) return lo;
    if (lo > 0) return divisor.hi == kPlusInf ? 1 : ceil_div(lo, divisor.hi);
    return ceil_div(lo, divisor.lo);
  }

  // Writes each atom as its lower end plus t (or upper end minus t) and bounds the monomials of the
  // t's.
  std::int64_t by_shifting(const Poly& p) {
    Poly total;
    total.constant = p.constant;
    for (const Term& t : p.terms) {
      const Monomial& m = s_.monomials[t.mono];
      if (m.degree > kMaxExpandedDegree) return kMinusInf;
      Poly product, next;
      product.constant = t.coeff;
      for (const Factor& f : m.factors) {
        for (std::uint32_t i = 0; i < f.power; ++i) {
          if (!multiply(s_, next, product, shifted(f.atom))) return kMinusInf;
          product = next;
        }
      }
      if (!add_scaled(next, total, product, 1) || next.terms.size() > kMaxExpanded)
        return kMinusInf;
      total = next;
    }
    // Positive terms pay for the negative ones they dominate.
    for (Term& debt : total.terms) {
      if (debt.coeff >= 0 || !nonnegative(debt.mono)) continue;
      for (Term& fund : total.terms) {
        if (fund.coeff <= 0 || debt.coeff == 0 || !dominates(s_, fund.mono, debt.mono)) continue;
        const std::int64_t paid =
            std::min(fund.coeff, debt.coeff == kMinusInf ? kPlusInf : -debt.coeff);
        fund.coeff -= paid;
        debt.coeff += paid;
      }
    }
    IntervalSum sum(total.constant);
    for (const Term& t : total.terms) sum.add(t.coeff, shifted_interval(t.mono));
    return sum.result().lo;
  }

  Poly shifted(AtomId id) const {
    const Atom& a = s_.atoms[id];
    Poly out;
    out.terms.push_back({1, a.mono});
    if (a.bounds.lo != kMinusInf) {
      out.constant = a.bounds.lo;
    } else if (a.bounds.hi != kPlusInf) {
      out.constant = a.bounds.hi;
      out.terms[0].coeff = -1;
    }
    return out;
  }
  static Bounds width(const Atom& a) {
    if (a.bounds == Bounds{}) return {};
    if (a.bounds.lo == kMinusInf || a.bounds.hi == kPlusInf) return {0, kPlusInf};
    return {0, interval_add(a.bounds, {-a.bounds.lo, -a.bounds.lo}).hi};
  }
  bool nonnegative(MonoId m) const {
    return std::ranges::none_of(s_.monomials[m].factors, [&](const Factor& f) {
      return s_.atoms[f.atom].bounds == Bounds{};
    });
  }
  Bounds shifted_interval(MonoId m) const {
    Bounds out{1, 1};
    for (const Factor& f : s_.monomials[m].factors) {
      out = interval_mul(out, interval_pow(width(s_.atoms[f.atom]), f.power));
    }
    return out;
  }

  State& s_;
  int work_ = kRefineWork;
};

}  // namespace

std::uint64_t shared_symbols(const State& s, PolyView p) {
  std::uint64_t seen = 0, twice = 0;
  for (const Term& t : p.terms) {
    for (const Factor& f : s.monomials[t.mono].factors) {
      twice |= seen & s.atoms[f.atom].mask;
      seen |= s.atoms[f.atom].mask;
    }
  }
  return twice;
}

Bounds refined_bounds(State& s, PolyView p) {
  Poly q(p);
  Bounds out;
  out.lo = LowerBound(s).of(q);
  if (scale(q, -1)) {
    const std::int64_t lo = LowerBound(s).of(q);
    if (lo != kMinusInf) out.hi = -lo;
  }
  return out;
}

}  // namespace shapewright::algebra
