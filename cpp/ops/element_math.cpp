#include "ops/element_math.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace shapewright::elem {

namespace {

// Runs `f`; an overflow of its arithmetic makes the element unknown (a runtime would wrap around).
template <typename F>
Elem guarded(F f) {
  try {
    return f();
  } catch (const Error& e) {
    if (e.kind != ErrorKind::kDimOverflow) throw;
    return Elem::unknown();
  }
}

Elem of_truth(Truth t) {
  return t == Truth::kUnknown ? Elem::unknown() : Elem::of(t == Truth::kYes);
}

Truth truth_of(const Elem& e) {
  if (!e.is_int()) return Truth::kUnknown;
  if (e.num == Dim(0)) return Truth::kNo;
  return bounds(e.num).lo >= 1 ? Truth::kYes : Truth::kUnknown;
}

Truth negate(Truth t) {
  return t == Truth::kUnknown ? t : t == Truth::kYes ? Truth::kNo : Truth::kYes;
}

// An integer result of type `out`; unknown where it could wrap around. Expressions of unbounded
// size are taken to fit 32 and 64 bits: sizes do.
Elem fit(Dim value, DType out) {
  if (!is_integer(out) && out != DType::kBool) return Elem::of(value);
  const DTypeInfo& type = info(out);
  const Bounds b = bounds(value);
  const bool is_signed = type.kind == DTypeClass::kSigned;
  if (!is_signed && b.lo < 0) return Elem::unknown();
  const int value_bits = is_signed ? type.bits - 1 : type.bits;
  if (value_bits >= 63) return Elem::of(value);
  const std::int64_t limit = std::int64_t{1} << value_bits;
  if (type.bits < 32 || known(value)) {
    if (b.hi >= limit || (is_signed && b.lo < -limit)) return Elem::unknown();
  }
  return Elem::of(value);
}

// --- floating point
// ---------------------------------------------------------------------------------

bool is_narrow(DType d) { return is_float(d) && d != DType::kF32 && d != DType::kF64; }

// `v` as type `out` holds it. +, -, *, / and sqrt of two f32 done in double and rounded once more
// to f32 are the correctly rounded f32 results.
Elem of_number(double v, DType out) {
  if (out == DType::kF32) v = static_cast<double>(static_cast<float>(v));
  const bool whole = std::isfinite(v) && v == std::trunc(v) && std::abs(v) < 9007199254740992.0;
  if (is_narrow(out) && !(whole && std::abs(v) <= 256)) return Elem::unknown();
  return whole ? Elem::of(static_cast<std::int64_t>(v)) : Elem::of_real(v);
}

using Fraction = Elem::Fraction;

// A real counts as a fraction only where its product with a size needs no rounding: 0.5, 1.75, not
// 0.1.
std::optional<Fraction> fraction(const Elem& e) {
  auto f = e.fraction();
  if (f && e.kind == Elem::Kind::kReal && (f->den > 1024 || std::abs(e.real) > 1048576.0)) {
    return std::nullopt;
  }
  return f;
}

bool power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

// n / den with den of either sign; unknown for 0 and where den does not fit.
Elem quotient(Dim num, std::int64_t den, DType out) {
  if (den == 0 || den == kMinusInf || is_narrow(out)) return Elem::unknown();
  return den < 0 ? Elem::ratio(-num, -den) : Elem::ratio(num, den);
}

Elem add_fractions(const Elem& a, const Elem& b, int sign_of_b, DType out) {
  const auto x = fraction(a), y = fraction(b);
  std::int64_t den = 0;
  if (!x || !y || __builtin_mul_overflow(x->den, y->den, &den)) return Elem::unknown();
  // H/3 is rounded unless it is whole. A whole number added keeps that so; H/3 + W/3 may be whole
  // with neither part whole, and then the rounding shows.
  const bool exact = power_of_two(x->den) && power_of_two(y->den);
  if (!exact && x->den != 1 && y->den != 1) return Elem::unknown();
  return quotient(x->num * y->den + Dim(sign_of_b) * y->num * x->den, den, out);
}

Elem mul_fractions(const Elem& a, const Elem& b, DType out) {
  const auto x = fraction(a), y = fraction(b);
  std::int64_t den = 0;
  if (!x || !y || __builtin_mul_overflow(x->den, y->den, &den)) return Elem::unknown();
  // (H/6)*3 can be whole where H/6 is not; (H/3)*2 cannot.
  const auto keeps = [](const Fraction& f, const Fraction& by) {
    if (power_of_two(f.den)) return true;
    const auto m = known(by.num);
    return m && by.den == 1 && std::gcd(*m, f.den) == 1;
  };
  if (!keeps(*x, *y) || !keeps(*y, *x)) return Elem::unknown();
  return quotient(x->num * y->num, den, out);
}

Elem div_fractions(const Elem& a, const Elem& b, DType out) {
  const auto x = fraction(a), y = fraction(b);
  if (!x || !y) return Elem::unknown();
  if (const auto divisor = known(y->num)) {
    std::int64_t den = 0;
    if (__builtin_mul_overflow(x->den, *divisor, &den)) return Elem::unknown();
    if (y->den != 1 && !power_of_two(x->den)) return Elem::unknown();
    return quotient(x->num * y->den, den, out);
  }
  const bool whole = x->den == 1 && y->den == 1 && bounds(y->num).lo >= 1;
  if (whole && !is_narrow(out) && prove_divides(y->num, x->num) == Truth::kYes) {
    return Elem::of(exactdiv(x->num, y->num));
  }
  return Elem::unknown();
}

// The same elementary operation on numbers, on integers, and on fractions of expressions.
template <typename OnNumbers, typename OnInts, typename OnFractions>
Elem arithmetic(const Elem& a, const Elem& b, DType out, OnNumbers on_numbers, OnInts on_ints,
                OnFractions on_fractions) {
  if (!a.is_known() || !b.is_known()) return Elem::unknown();
  return guarded([&]() -> Elem {
    if (!is_float(out)) {
      return a.is_int() && b.is_int() ? on_ints(a.num, b.num) : Elem::unknown();
    }
    const auto x = a.number(), y = b.number();
    if (x && y) return of_number(on_numbers(*x, *y), out);
    return on_fractions(a, b);
  });
}

bool never_zero(Dim d) {
  const Bounds b = bounds(d);
  return b.lo > 0 || b.hi < 0;
}

Truth compare(const Elem& a, const Elem& b, Truth (*on_dims)(Dim, Dim),
              bool (*on_numbers)(double, double)) {
  const auto x = a.number(), y = b.number();
  const bool ints = a.is_int() && b.is_int();
  if (x && y && !ints) return on_numbers(*x, *y) ? Truth::kYes : Truth::kNo;
  const auto p = fraction(a), q = fraction(b);
  if (!p || !q) return Truth::kUnknown;
  return on_dims(p->num * q->den, q->num * p->den);
}

Elem compared(const Elem& a, const Elem& b, Truth (*on_dims)(Dim, Dim),
              bool (*on_numbers)(double, double)) {
  if (!a.is_known() || !b.is_known()) return Elem::unknown();
  return guarded([&] { return of_truth(compare(a, b, on_dims, on_numbers)); });
}

constexpr auto number_less = [](double x, double y) { return x < y; };
constexpr auto number_less_or_equal = [](double x, double y) { return x <= y; };
constexpr auto number_equal = [](double x, double y) { return x == y; };

// min and max: by proof if the order is known, else as an expression.
Elem extreme(const Elem& a, const Elem& b, bool want_max, DType out) {
  if (!a.is_known() || !b.is_known()) return Elem::unknown();
  if (a == b) return a;
  return guarded([&]() -> Elem {
    const auto is_number_nan = [](const Elem& e) {
      return e.kind == Elem::Kind::kReal && std::isnan(e.real);
    };
    if (is_number_nan(a) || is_number_nan(b)) return Elem::of_real(std::nan(""));
    const Truth t = compare(a, b, prove_le, number_less_or_equal);
    if (t != Truth::kUnknown) return (t == Truth::kYes) == want_max ? b : a;
    const auto x = fraction(a), y = fraction(b);
    std::int64_t den = 0;
    if (!x || !y || __builtin_mul_overflow(x->den, y->den, &den)) return Elem::unknown();
    const Dim p = x->num * y->den, q = y->num * x->den;
    const Dim num = want_max ? shapewright::max(p, q) : shapewright::min(p, q);
    return den == 1 ? fit(num, out) : Elem::ratio(num, den);
  });
}

}  // namespace

Elem add(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out, [](double x, double y) { return x + y; },
      [&](Dim x, Dim y) { return fit(x + y, out); },
      [&](const Elem& x, const Elem& y) { return add_fractions(x, y, 1, out); });
}

Elem sub(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out, [](double x, double y) { return x - y; },
      [&](Dim x, Dim y) { return fit(x - y, out); },
      [&](const Elem& x, const Elem& y) { return add_fractions(x, y, -1, out); });
}

Elem mul(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out, [](double x, double y) { return x * y; },
      [&](Dim x, Dim y) { return fit(x * y, out); },
      [&](const Elem& x, const Elem& y) { return mul_fractions(x, y, out); });
}

Elem div(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out, [](double x, double y) { return x / y; },
      [&](Dim x, Dim y) -> Elem {
        if (!never_zero(y)) return Elem::unknown();
        const auto q = truncdiv(x, y);
        return q ? fit(*q, out) : Elem::unknown();
      },
      [&](const Elem& x, const Elem& y) { return div_fractions(x, y, out); });
}

Elem floor_mod(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out,
      [](double x, double y) {
        const double rest = std::fmod(x, y);
        return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
      },
      [&](Dim x, Dim y) { return never_zero(y) ? fit(mod(x, y), out) : Elem::unknown(); },
      [](const Elem&, const Elem&) { return Elem::unknown(); });
}

Elem trunc_mod(const Elem& a, const Elem& b, DType out) {
  return arithmetic(
      a, b, out, [](double x, double y) { return std::fmod(x, y); },
      [&](Dim x, Dim y) -> Elem {
        if (!never_zero(y)) return Elem::unknown();
        const auto q = truncdiv(x, y);
        return q ? fit(x - y * *q, out) : Elem::unknown();
      },
      [](const Elem&, const Elem&) { return Elem::unknown(); });
}

Elem pow(const Elem& a, const Elem& b, DType out) {
  if (!a.is_known() || !b.is_known()) return Elem::unknown();
  const auto x = a.number(), y = b.number();
  if (y && *y >= 0 && *y <= 8 && *y == std::trunc(*y)) {
    Elem power = Elem::of(1);
    for (int i = 0; i < static_cast<int>(*y); ++i) power = mul(power, a, out);
    return power;
  }
  if (!x || !y || !is_float(out)) return Elem::unknown();
  // The last digits of pow differ between runtimes: only results that are whole are the same in
  // all. In long double, as an older libm has it (bindings/old_runtime.cpp).
  const long double power = std::pow(static_cast<long double>(*x), static_cast<long double>(*y));
  const Elem result = of_number(static_cast<double>(power), out);
  return result.is_int() ? result : Elem::unknown();
}

Elem min(const Elem& a, const Elem& b, DType out) { return extreme(a, b, false, out); }
Elem max(const Elem& a, const Elem& b, DType out) { return extreme(a, b, true, out); }

Elem neg(const Elem& a, DType out) { return sub(Elem::of(0), a, out); }

Elem abs(const Elem& a, DType out) {
  if (a.is_int() && bounds(a.num).lo >= 0) return a;
  return max(a, neg(a, out), out);
}

Elem sign(const Elem& a, DType) {
  if (const auto x = a.number()) return Elem::of(*x > 0 ? 1 : *x < 0 ? -1 : 0);
  if (!a.is_known()) return a;
  const Bounds b = bounds(a.num);  // the denominator of a ratio is positive
  if (b.lo > 0) return Elem::of(1);
  if (b.hi < 0) return Elem::of(-1);
  return Elem::unknown();
}

Elem relu(const Elem& a, DType out) { return max(a, Elem::of(0), out); }

Elem floor(const Elem& a, DType) {
  return guarded([&] { return rounded(a, Rounding::kFloor); });
}

Elem ceil(const Elem& a, DType) {
  return guarded([&] { return rounded(a, Rounding::kCeil); });
}

Elem round(const Elem& a, DType out) {
  if (a.is_int()) return a;
  if (const auto x = a.number()) return of_number(std::nearbyint(*x), out);
  // An odd denominator has no halves.
  if (!a.is_known() || a.den % 2 == 0) return Elem::unknown();
  return guarded([&] { return Elem::of(floordiv(a.num * 2 + a.den, Dim(a.den) * 2)); });
}

Elem sqrt(const Elem& a, DType out) {
  const auto x = a.number();
  return x ? of_number(std::sqrt(*x), out) : Elem::unknown();
}

Elem reciprocal(const Elem& a, DType out) { return div(Elem::of(1), a, out); }

Elem is_nan(const Elem& a, DType) {
  if (!a.is_known()) return a;
  return Elem::of(a.kind == Elem::Kind::kReal && std::isnan(a.real));
}

Elem equal(const Elem& a, const Elem& b, DType) {
  if (a.kind == Elem::Kind::kText && b.kind == Elem::Kind::kText) return Elem::of(a.text == b.text);
  return compared(a, b, prove_eq, number_equal);
}
Elem less(const Elem& a, const Elem& b, DType) { return compared(a, b, prove_lt, number_less); }
Elem less_or_equal(const Elem& a, const Elem& b, DType) {
  return compared(a, b, prove_le, number_less_or_equal);
}
Elem greater(const Elem& a, const Elem& b, DType out) { return less(b, a, out); }
Elem greater_or_equal(const Elem& a, const Elem& b, DType out) { return less_or_equal(b, a, out); }

Elem logical_and(const Elem& a, const Elem& b, DType) {
  const Truth x = truth_of(a), y = truth_of(b);
  if (x == Truth::kNo || y == Truth::kNo) return Elem::of(0);
  return of_truth(x == Truth::kYes ? y : x);
}

Elem logical_or(const Elem& a, const Elem& b, DType) {
  const Truth x = truth_of(a), y = truth_of(b);
  if (x == Truth::kYes || y == Truth::kYes) return Elem::of(1);
  return of_truth(x == Truth::kNo ? y : x);
}

Elem logical_xor(const Elem& a, const Elem& b, DType) {
  const Truth x = truth_of(a), y = truth_of(b);
  if (x == Truth::kUnknown || y == Truth::kUnknown) return Elem::unknown();
  return Elem::of(x != y);
}

Elem logical_not(const Elem& a, DType) { return of_truth(negate(truth_of(a))); }

Elem select(const Elem& condition, const Elem& a, const Elem& b) {
  switch (truth_of(condition)) {
    case Truth::kYes: return a;
    case Truth::kNo: return b;
    case Truth::kUnknown: break;
  }
  if (!a.is_known()) return Elem::unknown();
  if (a == b) return a;
  return a.is_int() && b.is_int() && prove_eq(a.num, b.num) == Truth::kYes ? a : Elem::unknown();
}

}  // namespace shapewright::elem
