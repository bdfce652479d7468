#include "ops/elements.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace shapewright {
namespace {

constexpr double kInt64Limit = 9223372036854775808.0;  // 2^63

// Reals with a larger denominator are not sizes: 0.1f would become a 27-bit fraction.
constexpr std::int64_t kMaxDenominator = 1 << 16;

// Significant bits of a float type; 0 for one whose rounding is not modelled.
int precision_of(DType d) {
  switch (d) {
    case DType::kF64: return 53;
    case DType::kF32: return 24;
    case DType::kF16: return 11;
    case DType::kBF16: return 8;
    default: return 0;
  }
}

double largest_of(DType d) {
  switch (d) {
    case DType::kF16: return 65504.0;
    case DType::kF32:
    case DType::kBF16: return static_cast<double>(std::numeric_limits<float>::max());
    default: return std::numeric_limits<double>::max();
  }
}

// Nearest value with `bits` significant bits, ties to even.
double round_to(double value, int bits) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
}

Elem cast_to_float(const Elem& e, DType to) {
  const int bits = precision_of(to);
  if (bits == 0) return Elem::unknown();
  if (e.kind == Elem::Kind::kReal) {
    const double r = round_to(e.real, bits);
    return std::fabs(r) <= largest_of(to) || !std::isfinite(e.real) ? Elem::of_real(r)
                                                                    : Elem::unknown();
  }
  if (const auto literal = e.literal()) {
    const double exact = static_cast<double>(*literal);
    const double r = round_to(exact, bits);
    if (std::fabs(r) > largest_of(to)) return Elem::unknown();
    // Kept as an int where nothing is lost, so that literal and symbolic sizes take one path.
    if (r < kInt64Limit && r > -kInt64Limit && static_cast<std::int64_t>(r) == *literal) return e;
    return Elem::of_real(r);
  }
  if (bits >= 24) return e;
  const Bounds b = bounds(e.num);
  const std::int64_t exact_up_to = std::int64_t{1} << bits;
  return e.is_int() && b.lo >= -exact_up_to && b.hi <= exact_up_to ? e : Elem::unknown();
}

// `value` with all but the low bits of `to` discarded, read as two's complement where `to` is
// signed.
std::int64_t wrap(std::int64_t value, DType to) {
  const int bits = info(to).bits;
  if (bits >= 64) return value;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  const std::uint64_t low = static_cast<std::uint64_t>(value) & mask;
  const bool negative = info(to).kind == DTypeClass::kSigned && ((low >> (bits - 1)) & 1) != 0;
  return static_cast<std::int64_t>(negative ? low | ~mask : low);
}

Elem cast_to_integer(const Elem& e, DType to) {
  const Elem whole = rounded(e, Rounding::kTowardZero);
  if (!whole.is_int()) return Elem::unknown();
  const bool is_signed = info(to).kind == DTypeClass::kSigned;
  if (const auto literal = whole.literal()) {
    if (e.is_int()) {
      if (to == DType::kU64 && *literal < 0) return Elem::unknown();  // past int64
      return Elem::of(wrap(*literal, to));
    }
    return wrap(*literal, to) == *literal && (is_signed || *literal >= 0) ? whole : Elem::unknown();
  }
  const Bounds b = bounds(whole.num);
  if (!is_signed && b.lo < 0) return Elem::unknown();
  const int bits = info(to).bits;
  if (bits >= 32) return whole;
  const std::int64_t top = std::int64_t{1} << (is_signed ? bits - 1 : bits);
  return b.hi < top && (!is_signed || b.lo >= -top) ? whole : Elem::unknown();
}

Elem cast_to_bool(const Elem& e) {
  if (e.kind == Elem::Kind::kReal) return Elem::of(e.real != 0 ? 1 : 0);  // NaN is true
  switch (prove_eq(e.num, 0)) {
    case Truth::kYes: return Elem::of(0);
    case Truth::kNo: return Elem::of(1);
    default: return Elem::unknown();
  }
}

}  // namespace

Elem Elem::ratio(Dim num, std::int64_t den) {
  if (den == 0 || den == std::numeric_limits<std::int64_t>::min()) return unknown();
  if (den < 0) {
    num = -num;
    den = -den;
  }
  // A common divisor: num == residue (mod modulus), so what divides both divides num.
  const Congruence c = congruence(num);
  if (c.residue != std::numeric_limits<std::int64_t>::min()) {
    const std::int64_t g = std::gcd(std::gcd(c.modulus, c.residue), den);
    if (g > 1) {
      num = exactdiv(num, Dim(g));
      den /= g;
    }
  }
  if (known(num) == std::int64_t{0}) den = 1;
  return den == 1 ? of(num) : Elem{Kind::kRatio, num, den, 0};
}

std::optional<double> Elem::number() const {
  if (kind == Kind::kReal) return real;
  if (kind == Kind::kUnknown || kind == Kind::kText) return std::nullopt;
  const auto value = known(num);
  if (!value) return std::nullopt;
  return static_cast<double>(*value) / static_cast<double>(den);
}

std::optional<Elem::Fraction> Elem::fraction() const {
  switch (kind) {
    case Kind::kInt: return Fraction{num, 1};
    case Kind::kRatio: return Fraction{num, den};
    case Kind::kReal: {
      if (!std::isfinite(real)) return std::nullopt;
      double scaled = real;
      std::int64_t scale = 1;
      while (scaled != std::floor(scaled) && scale < kMaxDenominator) {
        scaled *= 2;
        scale *= 2;
      }
      // Past 2^53 neighbouring doubles are more than 1 apart: no longer a size.
      if (scaled != std::floor(scaled) || std::fabs(scaled) > 9007199254740992.0)
        return std::nullopt;
      return Fraction{Dim(static_cast<std::int64_t>(scaled)), scale};
    }
    default: return std::nullopt;
  }
}

bool Elements::any_known() const {
  return std::any_of(elems.begin(), elems.end(), [](const Elem& e) { return e.is_known(); });
}

std::optional<std::vector<Dim>> Elements::ints() const {
  std::vector<Dim> result;
  result.reserve(elems.size());
  for (const Elem& e : elems) {
    if (!e.is_int()) return std::nullopt;
    result.push_back(e.num);
  }
  return result;
}

std::optional<std::vector<std::int64_t>> Elements::literals() const {
  std::vector<std::int64_t> result;
  result.reserve(elems.size());
  for (const Elem& e : elems) {
    const auto value = e.literal();
    if (!value) return std::nullopt;
    result.push_back(*value);
  }
  return result;
}

std::optional<std::vector<std::string_view>> Elements::texts() const {
  std::vector<std::string_view> result;
  result.reserve(elems.size());
  for (const Elem& e : elems) {
    if (e.kind != Elem::Kind::kText) return std::nullopt;
    result.push_back(e.text);
  }
  return result;
}

std::optional<Elements> elements_of(const TensorData& data) {
  if (!data.has_data) return std::nullopt;
  std::size_t count = 1;
  for (std::int64_t d : data.dims) {
    if (d < 0 || static_cast<std::uint64_t>(d) > Elements::kMax) return std::nullopt;
    count *= static_cast<std::size_t>(d);
    if (count > Elements::kMax) return std::nullopt;
  }
  Elements result;
  result.dims = data.dims;
  result.elems.reserve(count);
  if (is_float(data.dtype)) {
    for (double r : data.reals()) result.elems.push_back(Elem::of_real(r));
  } else if (is_integer(data.dtype) || data.dtype == DType::kBool) {
    for (std::int64_t i : data.ints()) {
      const bool past_int64 = data.dtype == DType::kU64 && i < 0;
      result.elems.push_back(past_int64 ? Elem::unknown() : Elem::of(i));
    }
  } else if (data.dtype == DType::kString) {
    for (const std::string_view text : data.texts()) result.elems.push_back(Elem::of_text(text));
  } else {
    return std::nullopt;
  }
  if (result.elems.size() != count) return std::nullopt;
  return result;
}

std::size_t hash_of(const Elements& e) {
  std::uint64_t h = 0x9E3779B97F4A7C15ull + e.dims.size();
  const auto mix = [&h](std::uint64_t x) {
    h = (h ^ x) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  };
  for (std::int64_t d : e.dims) mix(static_cast<std::uint64_t>(d));
  for (const Elem& x : e.elems) {
    mix(static_cast<std::uint64_t>(x.kind));
    if (x.kind == Elem::Kind::kReal) {
      mix(std::hash<double>{}(x.real));
    } else if (x.kind == Elem::Kind::kText) {
      mix(std::hash<std::string_view>{}(x.text));
    } else {
      mix(x.num.word());
      mix(static_cast<std::uint64_t>(x.den));
    }
  }
  return static_cast<std::size_t>(h);
}

Elem rounded(const Elem& e, Rounding mode) {
  switch (e.kind) {
    case Elem::Kind::kInt: return e;
    case Elem::Kind::kReal: {
      const double r = mode == Rounding::kFloor  ? std::floor(e.real)
                       : mode == Rounding::kCeil ? std::ceil(e.real)
                                                 : std::trunc(e.real);
      if (!(r >= -kInt64Limit && r < kInt64Limit)) return Elem::unknown();  // also NaN
      return Elem::of(static_cast<std::int64_t>(r));
    }
    case Elem::Kind::kRatio: {
      if (mode == Rounding::kFloor) return Elem::of(floordiv(e.num, e.den));
      if (mode == Rounding::kCeil) return Elem::of(floordiv(e.num - Dim(1), e.den) + Dim(1));
      const auto q = truncdiv(e.num, e.den);
      return q ? Elem::of(*q) : Elem::unknown();
    }
    default: return Elem::unknown();
  }
}

Elem cast_elem(const Elem& e, DType from, DType to) {
  if (!e.is_known() || from == to) return e;
  if (e.kind == Elem::Kind::kText) return Elem::unknown();
  if (to == DType::kBool) return cast_to_bool(e);
  if (is_float(to)) return cast_to_float(e, to);
  if (is_integer(to)) return cast_to_integer(e, to);
  return Elem::unknown();
}

std::optional<std::vector<std::int64_t>> small_dims(const Shape& shape) {
  if (!shape.has_rank()) return std::nullopt;
  std::vector<std::int64_t> result;
  result.reserve(static_cast<std::size_t>(shape.rank()));
  std::uint64_t count = 1;
  for (Dim d : shape) {
    const auto value = known(d);
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > Elements::kMax)
      return std::nullopt;
    count *= static_cast<std::uint64_t>(*value);
    if (count > Elements::kMax) return std::nullopt;
    result.push_back(*value);
  }
  return result;
}

Elements pick(const Elements& src, const std::vector<std::int64_t>& src_dims,
              const std::vector<std::vector<std::int64_t>>& tables, const Elem& fill) {
  const std::size_t rank = tables.size();
  if (src_dims.size() != rank) return {};
  Elements result;
  std::size_t count = 1;
  for (const auto& table : tables) {
    result.dims.push_back(static_cast<std::int64_t>(table.size()));
    count *= table.size();
  }
  std::vector<std::int64_t> strides(rank, 1);
  for (std::size_t k = rank; k-- > 1;) strides[k - 1] = strides[k] * src_dims[k];
  result.elems.reserve(count);
  std::vector<std::size_t> index(rank, 0);
  for (std::size_t n = 0; n < count; ++n) {
    std::int64_t offset = 0;
    bool filled = false;
    for (std::size_t k = 0; k < rank; ++k) {
      const std::int64_t i = tables[k][index[k]];
      filled |= i < 0;
      offset += i * strides[k];
    }
    const bool inside = static_cast<std::uint64_t>(offset) < src.size();
    result.elems.push_back(filled   ? fill
                           : inside ? src.elems[static_cast<std::size_t>(offset)]
                                    : Elem::unknown());
    for (std::size_t k = rank; k-- > 0;) {
      if (++index[k] < tables[k].size()) break;
      index[k] = 0;
    }
  }
  return result;
}

}  // namespace shapewright
