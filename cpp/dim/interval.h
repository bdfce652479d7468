// Arithmetic of closed intervals and of congruences. Intervals saturate: a lower end of kMinusInf
// or an upper end of kPlusInf is "no bound", a lower end of INT64_MAX is the number (no int64 lies
// above it).
#pragma once

#include "dim/dim.h"

namespace shapewright::algebra {

Bounds interval_add(Bounds a, Bounds b);
Bounds interval_neg(Bounds a);
Bounds interval_mul(Bounds a, Bounds b);
Bounds interval_pow(Bounds a, std::uint32_t power);
Bounds interval_floordiv(Bounds a, Bounds b);  // zero divisors left out
Bounds interval_exactdiv(Bounds a, Bounds b);  // over the pairs where b divides a
Bounds interval_max(Bounds a, Bounds b);
Bounds interval_min(Bounds a, Bounds b);
Bounds hull(Bounds a, Bounds b);
Bounds intersect(Bounds a, Bounds b);

// Adds `coeff * [lo, hi]` products without rounding until the end.
class IntervalSum {
 public:
  explicit IntervalSum(std::int64_t constant) : lo_(constant), hi_(constant) {}
  void add(std::int64_t coeff, Bounds b);
  Bounds result() const;

 private:
  __extension__ typedef __int128 Wide128;
  Wide128 lo_, hi_;
  bool lo_open_ = false, hi_open_ = false;
};

Congruence congruence_literal(std::int64_t value);
Congruence congruence_add(Congruence a, Congruence b);
Congruence congruence_scale(Congruence a, std::int64_t factor);
Congruence congruence_mul(Congruence a, Congruence b);
Congruence congruence_join(Congruence a, Congruence b);  // of a value that is one of two
Congruence congruence_floordiv(Congruence a, std::int64_t divisor);  // divisor > 0

}  // namespace shapewright::algebra
