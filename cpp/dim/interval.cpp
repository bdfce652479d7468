#include "dim/interval.h"

#include <algorithm>
#include <initializer_list>

#include "base/checked.h"

namespace shapewright::algebra {
namespace {

// Products of two int64 stay below kHuge in magnitude only after clamping; infinities are kHuge
// itself.
constexpr Wide kHuge = static_cast<Wide>(1) << 100;

Wide lower_end(std::int64_t lo) { return lo == kMinusInf ? -kHuge : Wide{lo}; }
Wide upper_end(std::int64_t hi) { return hi == kPlusInf ? kHuge : Wide{hi}; }
std::int64_t clamp64(Wide v) {
  if (v <= Wide{kMinusInf}) return kMinusInf;
  if (v >= Wide{kPlusInf}) return kPlusInf;
  return static_cast<std::int64_t>(v);
}
bool infinite(Wide v) { return v == kHuge || v == -kHuge; }

Wide corner(Wide x, Wide y) {
  if (x == 0 || y == 0) return 0;
  if (infinite(x) || infinite(y)) return (x < 0) == (y < 0) ? kHuge : -kHuge;
  return std::clamp(x * y, 1 - kHuge, kHuge - 1);
}

Congruence normal(Wide modulus, Wide residue) {
  if (modulus > 0 && fits_int64(modulus) &&
      fits_int64(residue)) {  // 64-bit division is far cheaper
    const auto m = static_cast<std::int64_t>(modulus);
    return {m, floor_mod(static_cast<std::int64_t>(residue), m)};
  }
  if (modulus < 0) modulus = -modulus;
  if (modulus == 0)
    return fits_int64(residue) ? Congruence{0, static_cast<std::int64_t>(residue)} : Congruence{};
  if (!fits_int64(modulus)) return {};
  Wide r = residue % modulus;
  if (r < 0) r += modulus;
  return {static_cast<std::int64_t>(modulus), static_cast<std::int64_t>(r)};
}

Wide wide_gcd(Wide a, Wide b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b != 0) {
    const Wide t = a % b;
    a = b;
    b = t;
  }
  return a;
}

}  // namespace

Bounds interval_add(Bounds a, Bounds b) {
  return {clamp64(lower_end(a.lo) + lower_end(b.lo)), clamp64(upper_end(a.hi) + upper_end(b.hi))};
}

Bounds interval_neg(Bounds a) { return {clamp64(-upper_end(a.hi)), clamp64(-lower_end(a.lo))}; }

Bounds interval_mul(Bounds a, Bounds b) {
  const Wide al = lower_end(a.lo), ah = upper_end(a.hi), bl = lower_end(b.lo), bh = upper_end(b.hi);
  const auto [lo, hi] =
      std::minmax({corner(al, bl), corner(al, bh), corner(ah, bl), corner(ah, bh)});
  return {clamp64(lo), clamp64(hi)};
}

Bounds interval_pow(Bounds a, std::uint32_t power) {
  if (power == 1) return a;
  if (a.lo >= 0) {
    Bounds out{1, 1};
    for (std::uint32_t i = 0; i < std::min(power, 64u); ++i) out = interval_mul(out, a);
    if (power > 64) out.hi = a.hi <= 1 ? a.hi : kPlusInf;
    return out;
  }
  const Bounds positive = interval_pow({0, a.hi < 0 ? 0 : a.hi}, power);
  const Bounds flipped = interval_neg(a);
  const Bounds negative = interval_pow({std::max<std::int64_t>(flipped.lo, 0), flipped.hi}, power);
  if (power % 2 == 0) {
    return a.hi <= 0 ? negative : Bounds{0, std::max(positive.hi, negative.hi)};
  }
  const Bounds low = interval_neg(negative);
  return {low.lo, a.hi <= 0 ? low.hi : positive.hi};
}

Bounds interval_floordiv(Bounds a, Bounds b) {
  if (b.lo == 0) b.lo = 1;
  if (b.hi == 0) b.hi = -1;
  if (b.lo > b.hi) return {};
  if (b.hi < 0) return interval_floordiv(interval_neg(a), interval_neg(b));
  if (b.lo < 0) {  // |a // b| <= |a| for integers a and b != 0
    const Bounds widest = hull(a, interval_neg(a));
    return hull(widest, {0, 0});
  }
  Bounds out;
  if (a.lo >= 0) {
    out.lo = b.hi == kPlusInf ? 0 : a.lo / b.hi;
  } else if (a.lo != kMinusInf) {
    out.lo = floor_div(a.lo, b.lo);
  }
  if (a.hi < 0) {
    out.hi = b.hi == kPlusInf ? -1 : floor_div(a.hi, b.hi);
  } else if (a.hi != kPlusInf) {
    out.hi = a.hi / b.lo;
  }
  return out;
}

Bounds interval_exactdiv(Bounds a, Bounds b) {
  if (b.lo == 0) b.lo = 1;
  if (b.hi == 0) b.hi = -1;
  if (b.lo > b.hi) return {};
  if (b.hi < 0) return interval_exactdiv(interval_neg(a), interval_neg(b));
  Bounds out = interval_floordiv(a, b);
  if (b.lo < 0) return out;
  if (a.lo > 0) {
    out.lo = b.hi == kPlusInf ? 1 : ceil_div(a.lo, b.hi);
  } else if (a.lo != kMinusInf) {
    out.lo = ceil_div(a.lo, b.lo);
  }
  return out;
}

Bounds interval_max(Bounds a, Bounds b) { return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)}; }
Bounds interval_min(Bounds a, Bounds b) { return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)}; }
Bounds hull(Bounds a, Bounds b) { return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)}; }
Bounds intersect(Bounds a, Bounds b) { return {std::max(a.lo, b.lo), std::min(a.hi, b.hi)}; }

// A product past kHuge opens the end it would weaken; on the other side it is clamped, which is
// still a bound.
void IntervalSum::add(std::int64_t coeff, Bounds b) {
  const Wide x = corner(coeff, lower_end(b.lo)), y = corner(coeff, upper_end(b.hi));
  const Wide low = coeff < 0 ? y : x, high = coeff < 0 ? x : y;
  if (low <= 1 - kHuge) {
    lo_open_ = true;
  } else {
    lo_ += low;
  }
  if (high >= kHuge - 1) {
    hi_open_ = true;
  } else {
    hi_ += high;
  }
}

Bounds IntervalSum::result() const {
  return {lo_open_ ? kMinusInf : clamp64(lo_), hi_open_ ? kPlusInf : clamp64(hi_)};
}

Congruence congruence_literal(std::int64_t value) { return {0, value}; }

Congruence congruence_add(Congruence a, Congruence b) {
  return normal(static_cast<Wide>(gcd(a.modulus, b.modulus)), Wide{a.residue} + b.residue);
}

Congruence congruence_scale(Congruence a, std::int64_t factor) {
  if (factor == 1) return a;
  const Congruence out = normal(Wide{a.modulus} * factor, Wide{a.residue} * factor);
  if (out.modulus == 1 && a.modulus != 0 && factor != 0) return normal(factor, 0);
  return out;
}

Congruence congruence_mul(Congruence a, Congruence b) {
  if (a.modulus == 0) return congruence_scale(b, a.residue);
  if (b.modulus == 0) return congruence_scale(a, b.residue);
  // (m a + r)(n b + s) = mn ab + ms a + nr b + rs
  const Wide m = wide_gcd(wide_gcd(Wide{a.modulus} * b.modulus, Wide{a.modulus} * b.residue),
                          Wide{b.modulus} * a.residue);
  return normal(m, Wide{a.residue} * b.residue);
}

Congruence congruence_join(Congruence a, Congruence b) {
  const Wide step =
      wide_gcd(static_cast<Wide>(gcd(a.modulus, b.modulus)), Wide{a.residue} - b.residue);
  return normal(step, a.residue);
}

Congruence congruence_floordiv(Congruence a, std::int64_t divisor) {
  if (a.modulus % divisor != 0) return {};
  return normal(a.modulus / divisor, floor_div(a.residue, divisor));
}

}  // namespace shapewright::algebra
