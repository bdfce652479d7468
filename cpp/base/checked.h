// Overflow-checked int64 arithmetic, and integer division with floor semantics.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <string>

#include "base/error.h"

namespace shapewright {

// Sums and products of int64 that cannot overflow before they are compared or clamped.
__extension__ typedef __int128 Wide;

// Throws Error{kDimOverflow, "dim-overflow"} that names both operands.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_overflow(const std::string& lhs,
                                                                  const std::string& op,
                                                                  const std::string& rhs) {
  throw Error(ErrorKind::kDimOverflow, "dim-overflow",
              "(" + lhs + ") " + op + " (" + rhs + ") does not fit in 64 bits",
              {{"lhs", lhs}, {"op", op}, {"rhs", rhs}});
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_overflow(std::int64_t lhs, const char* op,
                                                                  std::int64_t rhs) {
  throw_overflow(std::to_string(lhs), op, std::to_string(rhs));
}

// True if the result does not fit; `out` then holds the wrapped value.
[[nodiscard]] inline bool add_overflows(std::int64_t a, std::int64_t b, std::int64_t& out) {
  return __builtin_add_overflow(a, b, &out);
}
[[nodiscard]] inline bool sub_overflows(std::int64_t a, std::int64_t b, std::int64_t& out) {
  return __builtin_sub_overflow(a, b, &out);
}
[[nodiscard]] inline bool mul_overflows(std::int64_t a, std::int64_t b, std::int64_t& out) {
  return __builtin_mul_overflow(a, b, &out);
}

inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t out;
  if (add_overflows(a, b, out)) throw_overflow(a, "+", b);
  return out;
}
inline std::int64_t checked_sub(std::int64_t a, std::int64_t b) {
  std::int64_t out;
  if (sub_overflows(a, b, out)) throw_overflow(a, "-", b);
  return out;
}
inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t out;
  if (mul_overflows(a, b, out)) throw_overflow(a, "*", b);
  return out;
}
inline std::int64_t checked_neg(std::int64_t a) { return checked_sub(0, a); }

inline bool fits_int64(Wide value) {
  return value >= std::numeric_limits<std::int64_t>::min() &&
         value <= std::numeric_limits<std::int64_t>::max();
}

// Quotient rounded toward minus infinity. Requires b != 0 and not (INT64_MIN, -1).
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - static_cast<std::int64_t>((a % b != 0) && ((a < 0) != (b < 0)));
}
// a - b * floor_div(a, b): has the sign of b. Requires b != 0.
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) {
  if (b == -1) return 0;
  const std::int64_t r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}
// Quotient rounded toward plus infinity. Requires b != 0 and not (INT64_MIN, -1).
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q + static_cast<std::int64_t>((a % b != 0) && ((a < 0) == (b < 0)));
}
inline std::int64_t checked_floor_div(std::int64_t a, std::int64_t b) {
  if (b == 0) {
    throw Error(ErrorKind::kDim, "division-by-zero", std::to_string(a) + " // 0 is undefined",
                {{"lhs", std::to_string(a)}, {"op", "//"}, {"rhs", "0"}});
  }
  if (b == -1) return checked_neg(a);
  return floor_div(a, b);
}

constexpr std::uint64_t magnitude(std::int64_t a) {
  return a < 0 ? 0 - static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a);
}
// Greatest common divisor of the magnitudes; gcd(0, 0) is 0. Unsigned because |INT64_MIN| is 2^63.
constexpr std::uint64_t gcd(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return a | b;
  const int shift = std::countr_zero(a | b);
  a >>= std::countr_zero(a);
  do {
    b >>= std::countr_zero(b);
    if (a > b) {
      const std::uint64_t t = a;
      a = b;
      b = t;
    }
    b -= a;
  } while (b != 0);
  return a << shift;
}
constexpr std::uint64_t gcd(std::int64_t a, std::int64_t b) {
  return gcd(magnitude(a), magnitude(b));
}

}  // namespace shapewright
