#include "dim/condition.h"

#include "base/checked.h"
#include "dim/interval.h"
#include "dim/poly.h"

namespace shapewright {

namespace {

using namespace algebra;

// numerator // divisor, of an atom that is one by a literal.
struct Floor {
  Dim numerator;
  std::int64_t divisor;
};

std::optional<Floor> floor_of(const State& s, AtomId id) {
  const Atom& atom = s.atoms[id];
  if (atom.kind != AtomKind::kFloorDiv || !is_literal(s, atom.args[1])) return std::nullopt;
  const std::int64_t divisor = view(s, atom.args[1]).constant;
  if (divisor < 2) return std::nullopt;
  return Floor{atom.args[0], divisor};
}

std::optional<Floor> floor_of(const State& s, const Term& t) {
  const Monomial& mono = s.monomials[t.mono];
  if (mono.degree != 1) return std::nullopt;
  return floor_of(s, mono.factors[0].atom);
}

// bound * divisor + rest, if it fits.
std::optional<std::int64_t> edge_of(std::int64_t bound, std::int64_t divisor, std::int64_t rest) {
  std::int64_t product, sum;
  if (mul_overflows(bound, divisor, product) || add_overflows(product, rest, sum))
    return std::nullopt;
  return sum;
}

// d % k == r as a divisibility.
std::optional<std::pair<std::int64_t, Dim>> remainder_is(State& s, std::int64_t k, Dim d,
                                                         std::int64_t r) {
  if (r < 0 || r >= k) return std::nullopt;
  Poly p(view(s, d));
  std::int64_t constant;
  if (sub_overflows(p.constant, r, constant)) return std::nullopt;
  p.constant = floor_mod(constant, k);
  const auto size = intern(s, p);
  if (!size) return std::nullopt;
  return std::pair{k, *size};
}

}  // namespace

std::optional<std::pair<std::uint32_t, std::int64_t>> least_of_symbol(Dim lhs, Dim rhs) {
  if (!lhs.is_inline_literal()) return std::nullopt;
  const State& s = current_state();
  const auto affine = as_affine_atom(s, rhs);
  if (!affine || affine->coeff < 1) return std::nullopt;
  const Atom& atom = s.atoms[affine->atom];
  const bool is_symbol = atom.kind == AtomKind::kSymbol;
  std::int64_t rest;
  if (!is_symbol || s.definitions[atom.symbol].op != Op::kNone ||
      sub_overflows(lhs.inline_literal(), affine->constant, rest))
    return std::nullopt;
  return std::pair{atom.symbol, affine->coeff == 1 ? rest : ceil_div(rest, affine->coeff)};
}

std::optional<std::pair<Dim, Dim>> bound_of_symbol(Dim lhs, Dim rhs) {
  State& s = current_state();
  Poly p;  // the condition is 0 <= p, of one atom
  if (!add_scaled(p, view(s, rhs), view(s, lhs), -1)) return std::nullopt;
  while (p.terms.size() == 1) {
    const Term term = p.terms[0];
    const Monomial& mono = s.monomials[term.mono];
    if (mono.degree != 1 || p.constant == kMinusInf) return std::nullopt;
    const AtomId atom = mono.factors[0].atom;
    // coeff > 0: atom >= bound; else atom <= bound.
    const bool is_lower = term.coeff > 0;
    if (term.coeff == kMinusInf) return std::nullopt;
    const std::int64_t bound =
        is_lower ? ceil_div(-p.constant, term.coeff) : floor_div(p.constant, -term.coeff);
    if (s.atoms[atom].kind == AtomKind::kSymbol) {
      const Dim symbol = atom_dim(s, atom);
      return is_lower ? std::pair{Dim(bound), symbol} : std::pair{symbol, Dim(bound)};
    }
    const auto floor = floor_of(s, atom);
    if (!floor) return std::nullopt;
    const auto edge = edge_of(bound, floor->divisor, is_lower ? 0 : floor->divisor - 1);
    if (!edge) return std::nullopt;
    Poly next;
    const PolyView numerator = view(s, floor->numerator);
    const PolyView limit{*edge, {}};
    if (!(is_lower ? add_scaled(next, numerator, limit, -1)
                   : add_scaled(next, limit, numerator, -1)))
      return std::nullopt;
    p = next;
  }
  return std::nullopt;
}

std::optional<std::pair<std::int64_t, Dim>> divisibility_of(Dim lhs, Dim rhs) {
  State& s = current_state();
  Poly p;  // the condition is p == 0
  if (!add_scaled(p, view(s, lhs), view(s, rhs), -1)) return std::nullopt;
  // +-(k * (d // k) - d + r): d leaves the remainder r.
  for (const Term& t : p.terms) {
    const auto floor = floor_of(s, t);
    if (!floor || (t.coeff != floor->divisor && t.coeff != -floor->divisor)) continue;
    const std::int64_t sign = t.coeff > 0 ? 1 : -1;
    Poly without, rest;
    if (!add_scaled(without, p, {0, {&t, 1}}, -1)) continue;
    if (!add_scaled(rest, without, view(s, floor->numerator), sign) || !rest.terms.empty())
      continue;
    return remainder_is(s, floor->divisor, floor->numerator, sign * rest.constant);
  }
  // +-(k * ((g + k*m*j) // (k*m)) - g // m + c), in which g + k*m*j is m * (g//m + j) and what
  // m cuts off.
  if (p.terms.size() != 2) return std::nullopt;
  for (const std::size_t i : {0, 1}) {
    const Term &whole = p.terms[i], &part = p.terms[1 - i];
    const auto outer = floor_of(s, whole), inner = floor_of(s, part);
    if (!outer || !inner || (part.coeff != 1 && part.coeff != -1)) continue;
    std::int64_t k, product;
    if (mul_overflows(whole.coeff, -part.coeff, k) || k < 2) continue;
    if (mul_overflows(k, inner->divisor, product) || product != outer->divisor) continue;
    Poly apart;
    if (!add_scaled(apart, view(s, outer->numerator), view(s, inner->numerator), -1)) continue;
    if (!apart.terms.empty() || apart.constant % inner->divisor != 0) continue;
    const std::int64_t j = apart.constant / inner->divisor;
    const Dim quotient = atom_dim(s, s.monomials[part.mono].factors[0].atom);
    return remainder_is(s, k, quotient + j, checked_add(j, -part.coeff * p.constant));
  }
  return std::nullopt;
}

}  // namespace shapewright
