#include "dim/poly.h"

#include <algorithm>

#include "base/checked.h"

namespace shapewright::algebra {
namespace {

constexpr int kMaxDivisionSteps = 256;
constexpr int kMaxRewrites = 64;
constexpr std::size_t kMaxScratchTerms = 4096;

bool by_mono(const Term& a, const Term& b) { return a.mono < b.mono; }

// Sorts, merges equal monomials and drops zeros.
bool normalise(Poly& p) {
  std::sort(p.terms.begin(), p.terms.end(), by_mono);
  std::size_t out = 0;
  for (std::size_t i = 0; i < p.terms.size();) {
    Term sum = p.terms[i++];
    for (; i < p.terms.size() && p.terms[i].mono == sum.mono; ++i) {
      if (add_overflows(sum.coeff, p.terms[i].coeff, sum.coeff)) return false;
    }
    if (sum.coeff != 0) p.terms[out++] = sum;
  }
  p.terms.truncate(out);
  return true;
}

// Nearest quotient that leaves coeff_residue; k is any nonzero integer.
bool coeff_quotient(std::int64_t c, std::int64_t k, std::int64_t& q) {
  if (k == std::numeric_limits<std::int64_t>::min()) {
    q = c == k ? 1 : 0;
    return true;
  }
  const std::int64_t m = k < 0 ? -k : k;
  const Wide exact = (Wide{c} - coeff_residue(c, m)) / k;
  if (!fits_int64(exact)) return false;
  q = static_cast<std::int64_t>(exact);
  return true;
}

}  // namespace

std::int64_t coeff_residue(std::int64_t c, std::int64_t k) {
  const std::int64_t r = floor_mod(c, k);
  return r > k / 2 ? r - k : r;
}

std::int64_t constant_residue(std::int64_t c, std::int64_t k) {
  const std::int64_t r = floor_mod(c, k);
  return r >= k - k / 2 ? r - k : r;
}

bool add_scaled(Poly& out, PolyView a, PolyView b, std::int64_t factor) {
  std::int64_t c;
  if (mul_overflows(b.constant, factor, c) || add_overflows(a.constant, c, out.constant))
    return false;
  out.terms.reserve(a.terms.size() + b.terms.size());
  Term* to = out.terms.data();
  const Term *x = a.terms.data(), *y = b.terms.data();
  const Term *const x_end = x + a.terms.size(), *const y_end = y + b.terms.size();
  while (x != x_end && y != y_end) {
    if (x->mono < y->mono) {
      *to++ = *x++;
    } else {
      if (mul_overflows(y->coeff, factor, c)) return false;
      if (x->mono == y->mono && add_overflows((x++)->coeff, c, c)) return false;
      if (c != 0) *to++ = {c, y->mono};
      ++y;
    }
  }
  while (x != x_end) *to++ = *x++;
  for (; y != y_end; ++y) {
    if (mul_overflows(y->coeff, factor, c)) return false;
    if (c != 0) *to++ = {c, y->mono};
  }
  out.terms.truncate(static_cast<std::size_t>(to - out.terms.data()));
  return true;
}

bool scale(Poly& p, std::int64_t factor) {
  if (factor == 0) {
    p.constant = 0;
    p.terms.clear();
    return true;
  }
  if (mul_overflows(p.constant, factor, p.constant)) return false;
  for (Term& t : p.terms) {
    if (mul_overflows(t.coeff, factor, t.coeff)) return false;
  }
  return true;
}

std::uint64_t num_factors(const State& s, PolyView p) {
  std::uint64_t count = 0;
  for (const Term& t : p.terms) count += s.monomials[t.mono].factors.size();
  return count;
}

bool multiply(State& s, Poly& out, PolyView a, PolyView b) {
  if (a.terms.empty() || b.terms.empty()) {
    const PolyView& many = a.terms.empty() ? b : a;
    const std::int64_t factor = a.terms.empty() ? a.constant : b.constant;
    out.constant = many.constant;
    out.terms.assign(many.terms.data(), many.terms.size());
    return scale(out, factor);
  }
  charge(s, (num_factors(s, a) + 1) * (b.terms.size() + 1) +
                (a.terms.size() + 1) * (num_factors(s, b) + 1));
  if ((a.terms.size() + 1) * (b.terms.size() + 1) > 2 * kMaxScratchTerms) return false;
  if (mul_overflows(a.constant, b.constant, out.constant)) return false;
  out.terms.clear();
  std::int64_t c;
  const auto row = [&](std::int64_t coeff, MonoId mono) {
    for (const Term& y : b.terms) {
      if (mul_overflows(coeff, y.coeff, c)) return false;
      out.terms.push_back({c, mono_multiply(s, mono, y.mono)});
    }
    return true;
  };
  if (a.constant != 0 && !row(a.constant, 0)) return false;
  for (const Term& x : a.terms) {
    if (b.constant != 0) {
      if (mul_overflows(x.coeff, b.constant, c)) return false;
      out.terms.push_back({c, x.mono});
    }
    if (!row(x.coeff, x.mono)) return false;
  }
  return normalise(out);
}

bool accumulate(Poly& p, MonoId mono, std::int64_t coeff) {
  if (mono == 0) return !add_overflows(p.constant, coeff, p.constant);
  const Term* at = std::lower_bound(p.terms.begin(), p.terms.end(), Term{0, mono}, by_mono);
  const auto i = static_cast<std::size_t>(at - p.terms.begin());
  if (i == p.terms.size() || p.terms[i].mono != mono) {
    if (coeff != 0) p.terms.insert(i, {coeff, mono});
    return true;
  }
  if (add_overflows(p.terms[i].coeff, coeff, p.terms[i].coeff)) return false;
  if (p.terms[i].coeff == 0) p.terms.erase(i);
  return true;
}

MonoId mono_multiply(State& s, MonoId a, MonoId b) {
  if (a == 0) return b;
  if (b == 0) return a;
  const auto x = s.monomials[a].factors, y = s.monomials[b].factors;
  SmallBuffer<Factor, 16> out;
  std::size_t i = 0, j = 0;
  while (i < x.size() || j < y.size()) {
    if (j == y.size() || (i < x.size() && x[i].atom < y[j].atom)) {
      out.push_back(x[i++]);
    } else if (i == x.size() || y[j].atom < x[i].atom) {
      out.push_back(y[j++]);
    } else {
      out.push_back({x[i].atom, x[i].power + y[j].power});
      ++i, ++j;
    }
  }
  return intern_monomial(s, out);
}

std::optional<MonoId> mono_divide(State& s, MonoId a, MonoId b) {
  if (b == 0) return a;
  if (a == b) return MonoId{0};
  const auto x = s.monomials[a].factors, y = s.monomials[b].factors;
  SmallBuffer<Factor, 16> out;
  std::size_t j = 0;
  for (const Factor& f : x) {
    std::uint32_t power = f.power;
    if (j < y.size() && y[j].atom == f.atom) {
      if (y[j].power > power) return std::nullopt;
      power -= y[j++].power;
    }
    if (power != 0) out.push_back({f.atom, power});
  }
  if (j != y.size()) return std::nullopt;
  return intern_monomial(s, out);
}

std::uint32_t mono_power(const State& s, MonoId m, AtomId atom) {
  for (const Factor& f : s.monomials[m].factors) {
    if (f.atom == atom) return f.power;
  }
  return 0;
}

bool mono_less(const State& s, MonoId a, MonoId b) {
  const Monomial &x = s.monomials[a], &y = s.monomials[b];
  if (x.degree != y.degree) return x.degree < y.degree;
  for (std::size_t i = 0; i < std::min(x.factors.size(), y.factors.size()); ++i) {
    // The atom of smaller id is the greater variable, so the side that has more of it is greater.
    if (x.factors[i].atom != y.factors[i].atom) return x.factors[i].atom > y.factors[i].atom;
    if (x.factors[i].power != y.factors[i].power) return x.factors[i].power < y.factors[i].power;
  }
  return false;
}

bool divide(State& s, PolyView a, PolyView b, Poly& quotient, Poly& remainder) {
  quotient = Poly();
  if (b.terms.empty()) {
    const std::int64_t k = b.constant;
    if (k == std::numeric_limits<std::int64_t>::min()) return false;
    const std::int64_t m = k < 0 ? -k : k;
    remainder = Poly();
    remainder.constant = coeff_residue(a.constant, m);
    const Wide q = (Wide{a.constant} - remainder.constant) / k;
    if (!fits_int64(q)) return false;
    quotient.constant = static_cast<std::int64_t>(q);
    for (const Term& t : a.terms) {
      std::int64_t c;
      if (!coeff_quotient(t.coeff, k, c)) return false;
      if (c != 0) quotient.terms.push_back({c, t.mono});
      if (const std::int64_t r = coeff_residue(t.coeff, m); r != 0)
        remainder.terms.push_back({r, t.mono});
    }
    return true;
  }
  const Term* lead = b.terms.data();
  for (const Term& t : b.terms) {
    if (mono_less(s, lead->mono, t.mono)) lead = &t;
  }
  remainder = Poly(a);
  for (int step = 0; step < kMaxDivisionSteps; ++step) {
    charge(s, remainder.terms.size() + b.terms.size());
    MonoId best = 0, best_quotient = 0;
    std::int64_t best_coeff = 0;
    for (const Term& t : remainder.terms) {
      if (best_coeff != 0 && !mono_less(s, best, t.mono)) continue;
      std::int64_t c;
      const auto q = mono_divide(s, t.mono, lead->mono);
      if (!q) continue;
      if (!coeff_quotient(t.coeff, lead->coeff, c)) return false;
      if (c == 0) continue;
      best = t.mono;
      best_quotient = *q;
      best_coeff = c;
    }
    if (best_coeff == 0) return true;
    if (!accumulate(quotient, best_quotient, best_coeff)) return false;
    Wide constant = Wide{b.constant} * -Wide{best_coeff};
    if (!fits_int64(constant)) return false;
    if (!accumulate(remainder, best_quotient, static_cast<std::int64_t>(constant))) return false;
    for (const Term& t : b.terms) {
      const Wide c = Wide{t.coeff} * -Wide{best_coeff};
      if (!fits_int64(c)) return false;
      const MonoId m = mono_multiply(s, t.mono, best_quotient);
      if (!accumulate(remainder, m, static_cast<std::int64_t>(c))) return false;
    }
    if (remainder.terms.size() > kMaxScratchTerms) return false;
  }
  return false;
}

bool split_linear(State& s, PolyView p, AtomId atom, Poly& cofactor, Poly& rest) {
  cofactor = Poly();
  rest = Poly();
  rest.constant = p.constant;
  const MonoId single = s.atoms[atom].mono;
  for (const Term& t : p.terms) {
    if (mono_power(s, t.mono, atom) == 0) {
      rest.terms.push_back(t);
    } else if (!accumulate(cofactor, *mono_divide(s, t.mono, single), t.coeff)) {
      return false;
    }
  }
  return true;
}

bool replace_atom(State& s, Poly& out, PolyView p, AtomId atom, PolyView by) {
  Poly cofactor, rest, product;
  if (!split_linear(s, p, atom, cofactor, rest)) return false;
  while (!cofactor.is_zero()) {
    // cofactor * atom -> cofactor * by, whose remaining powers of the atom are split again.
    if (!multiply(s, product, cofactor, by)) return false;
    Poly sum, next_rest;
    if (!split_linear(s, product, atom, cofactor, next_rest)) return false;
    if (!add_scaled(sum, rest, next_rest, 1)) return false;
    rest = sum;
  }
  out = rest;
  return true;
}

bool rewrite_exact(State& s, Poly& p) {
  if (std::none_of(p.terms.begin(), p.terms.end(),
                   [&](const Term& t) { return s.monomials[t.mono].has_exact; })) {
    return true;
  }
  Poly work = p;
  for (int step = 0; step < kMaxRewrites; ++step) {
    // Later atoms first: an atom's operands are older than it, so a rewrite never brings a later
    // one back.
    SmallBuffer<AtomId, 16> atoms;
    for (const Term& t : work.terms) {
      if (!s.monomials[t.mono].has_exact) continue;
      for (const Factor& f : s.monomials[t.mono].factors) {
        if (s.atoms[f.atom].kind == AtomKind::kExactDiv) atoms.push_back(f.atom);
      }
    }
    std::sort(atoms.begin(), atoms.end(), std::greater<>());
    const auto unique_end = std::unique(atoms.begin(), atoms.end());
    bool changed = false;
    for (const AtomId* atom = atoms.begin(); atom != unique_end && !changed; ++atom) {
      const auto args = s.atoms[*atom].args;
      Poly cofactor, rest, quotient, remainder, from_quotient, from_remainder, sum;
      if (!split_linear(s, work, *atom, cofactor, rest)) return false;
      if (!divide(s, cofactor, view(s, args[1]), quotient, remainder)) return false;
      if (quotient.is_zero()) continue;
      Poly single;
      single.terms.push_back({1, s.atoms[*atom].mono});
      if (!multiply(s, from_quotient, quotient, view(s, args[0]))) return false;
      if (!multiply(s, from_remainder, remainder, single)) return false;
      if (!add_scaled(sum, rest, from_quotient, 1)) return false;
      work = Poly();
      if (!add_scaled(work, sum, from_remainder, 1)) return false;
      changed = true;
    }
    if (!changed) {
      p = work;
      return true;
    }
  }
  return false;
}

}  // namespace shapewright::algebra
