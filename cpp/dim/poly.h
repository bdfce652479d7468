// Polynomials over atoms before they are interned. Functions return false on int64 overflow, and
// then `out` is void.
#pragma once

#include "dim/arena_state.h"
#include "dim/small_buffer.h"

namespace shapewright::algebra {

struct Poly {
  std::int64_t constant = 0;
  SmallBuffer<Term, 16> terms;  // sorted by monomial id, no zero coefficients

  Poly() = default;
  explicit Poly(PolyView v) : constant(v.constant) { terms.assign(v.terms.data(), v.terms.size()); }
  operator PolyView() const { return {constant, terms}; }
  bool is_zero() const { return constant == 0 && terms.empty(); }
  std::size_t size() const { return terms.size() + (constant != 0); }
};

// out = a + scale * b; `out` shares no storage with a or b.
[[nodiscard]] bool add_scaled(Poly& out, PolyView a, PolyView b, std::int64_t scale);
// Factors of all terms: what a pass over p costs.
std::uint64_t num_factors(const State& s, PolyView p);
[[nodiscard]] bool multiply(State& s, Poly& out, PolyView a, PolyView b);
[[nodiscard]] bool scale(Poly& p, std::int64_t factor);
// p += coeff * mono; the empty monomial is the constant.
[[nodiscard]] bool accumulate(Poly& p, MonoId mono, std::int64_t coeff);
// a = quotient * b + remainder, the normal form under graded lexicographic order: no term of the
// remainder has a monomial divisible by b's leading one, except with a coefficient in (-k/2, k/2]
// where k is the leading coefficient.
[[nodiscard]] bool divide(State& s, PolyView a, PolyView b, Poly& quotient, Poly& remainder);
// Rewrites b * exactdiv(a, b) to a wherever it occurs. False, with p unchanged, on overflow.
bool rewrite_exact(State& s, Poly& p);

MonoId mono_multiply(State& s, MonoId a, MonoId b);
std::optional<MonoId> mono_divide(State& s, MonoId a, MonoId b);  // a / b if b divides a
std::uint32_t mono_power(const State& s, MonoId m, AtomId atom);
bool mono_less(const State& s, MonoId a, MonoId b);  // graded lexicographic by atom id

// Coefficients of the first power of `atom`: p = cofactor * atom + rest, higher powers left in
// both.
[[nodiscard]] bool split_linear(State& s, PolyView p, AtomId atom, Poly& cofactor, Poly& rest);
// p with every power of `atom` replaced.
[[nodiscard]] bool replace_atom(State& s, Poly& out, PolyView p, AtomId atom, PolyView by);

// Residue of c modulo k > 0 in (-k/2, k/2], and in [-k/2, k/2).
std::int64_t coeff_residue(std::int64_t c, std::int64_t k);
std::int64_t constant_residue(std::int64_t c, std::int64_t k);

}  // namespace shapewright::algebra
