#include "memory/congruences.h"

#include "base/checked.h"

namespace shapewright {

namespace {

std::int64_t wide_mod(Wide value, std::int64_t modulus) {
  const Wide r = value % modulus;
  return static_cast<std::int64_t>(r < 0 ? r + modulus : r);
}

// The inverse of `a` modulo `m`; they must be coprime.
std::int64_t inverse(std::int64_t a, std::int64_t m) {
  Wide old_r = floor_mod(a, m), r = m, old_s = 1, s = 0;
  while (r != 0) {
    const Wide q = old_r / r;
    const Wide next_r = old_r - q * r, next_s = old_s - q * s;
    old_r = r, r = next_r;
    old_s = s, s = next_s;
  }
  return wide_mod(old_s, m);
}

bool is_member(std::int64_t x, Congruence c) {
  if (c.modulus == 0) return x == c.residue;
  return wide_mod(static_cast<Wide>(x) - c.residue, c.modulus) == 0;
}

}  // namespace

std::optional<Congruence> meet(Congruence a, Congruence b) {
  if (a.modulus == 0) return is_member(a.residue, b) ? std::optional(a) : std::nullopt;
  if (b.modulus == 0) return meet(b, a);
  // x = a.residue + a.modulus * t, so a.modulus * t == b.residue - a.residue (mod b.modulus).
  const Wide gap = static_cast<Wide>(b.residue) - a.residue;
  const auto t = solve_divides(b.modulus, a.modulus, -wide_mod(gap, b.modulus));
  if (!t) return std::nullopt;
  const Wide modulus = static_cast<Wide>(a.modulus) * t->modulus;
  const Wide residue = static_cast<Wide>(a.modulus) * t->residue + a.residue;
  if (!fits_int64(modulus)) return a;
  return Congruence{static_cast<std::int64_t>(modulus),
                    wide_mod(residue, static_cast<std::int64_t>(modulus))};
}

std::optional<Congruence> solve_divides(std::int64_t modulus, std::int64_t scale,
                                        std::int64_t offset) {
  const std::int64_t a = floor_mod(scale, modulus);
  const std::int64_t b = wide_mod(-static_cast<Wide>(offset), modulus);  // a * x == b
  const auto g = static_cast<std::int64_t>(gcd(a, modulus));
  if (b % g != 0) return std::nullopt;
  const std::int64_t m = modulus / g;
  if (m == 1) return Congruence{1, 0};
  return Congruence{m, wide_mod(static_cast<Wide>(b / g) * inverse(a / g, m), m)};
}

}  // namespace shapewright
