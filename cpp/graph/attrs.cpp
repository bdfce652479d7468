#include "graph/attrs.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/checked.h"

namespace shapewright {
namespace {

// The `bits` (1..64) of element `i` of a packed little-endian array. Below 8 bits the array is one
// stream of bits, lowest first: of 6 bits an element may straddle two bytes.
std::uint64_t element(const std::vector<std::byte>& bytes, std::size_t i, int bits) {
  if (bits < 8) {
    const std::size_t bit = i * static_cast<std::size_t>(bits);
    std::uint64_t word = std::to_integer<std::uint64_t>(bytes[bit / 8]);
    if (bit % 8 + static_cast<std::size_t>(bits) > 8) {
      word |= std::to_integer<std::uint64_t>(bytes[bit / 8 + 1]) << 8;
    }
    return (word >> (bit % 8)) & ((1u << bits) - 1);
  }
  const std::size_t width = static_cast<std::size_t>(bits) / 8;
  std::uint64_t word = 0;
  for (std::size_t b = 0; b < width; ++b) {
    word |= std::to_integer<std::uint64_t>(bytes[i * width + b]) << (8 * b);
  }
  return word;
}

// How the codes with an all-ones exponent (or the top code) are read.
enum class Specials { kIeee, kTopIsNan, kMinusZeroIsNan, kNone };

struct FloatFormat {
  int exponent_bits, mantissa_bits, bias;
  Specials specials;
};

double decode(std::uint64_t code, const FloatFormat& f) {
  const int sign_shift = f.exponent_bits + f.mantissa_bits;
  const bool negative = ((code >> sign_shift) & 1) != 0;
  const std::uint64_t max_exponent = (1ull << f.exponent_bits) - 1;
  const std::uint64_t exponent = (code >> f.mantissa_bits) & max_exponent;
  const std::uint64_t mantissa = code & ((1ull << f.mantissa_bits) - 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (f.specials == Specials::kIeee && exponent == max_exponent) {
    if (mantissa != 0) return nan;
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  const std::uint64_t magnitude = code & ((1ull << sign_shift) - 1);
  if (f.specials == Specials::kTopIsNan && magnitude == (1ull << sign_shift) - 1) return nan;
  if (f.specials == Specials::kMinusZeroIsNan && negative && magnitude == 0) return nan;
  const double value = exponent == 0
                           ? std::ldexp(static_cast<double>(mantissa), 1 - f.bias - f.mantissa_bits)
                           : std::ldexp(static_cast<double>(mantissa | (1ull << f.mantissa_bits)),
                                        static_cast<int>(exponent) - f.bias - f.mantissa_bits);
  return negative ? -value : value;
}

double decode_float(std::uint64_t code, DType dtype) {
  switch (dtype) {
    case DType::kF64: return std::bit_cast<double>(code);
    case DType::kF32: return std::bit_cast<float>(static_cast<std::uint32_t>(code));
    case DType::kBF16: return std::bit_cast<float>(static_cast<std::uint32_t>(code << 16));
    case DType::kF16: return decode(code, {5, 10, 15, Specials::kIeee});
    case DType::kF8E4M3: return decode(code, {4, 3, 7, Specials::kTopIsNan});
    case DType::kF8E5M2: return decode(code, {5, 2, 15, Specials::kIeee});
    case DType::kF8E4M3FNUZ: return decode(code, {4, 3, 8, Specials::kMinusZeroIsNan});
    case DType::kF8E5M2FNUZ: return decode(code, {5, 2, 16, Specials::kMinusZeroIsNan});
    case DType::kF8E8M0:  // an exponent alone
      return code == 0xFF ? std::numeric_limits<double>::quiet_NaN()
                          : std::ldexp(1.0, static_cast<int>(code) - 127);
    case DType::kF6E2M3: return decode(code, {2, 3, 1, Specials::kNone});
    case DType::kF6E3M2: return decode(code, {3, 2, 3, Specials::kNone});
    case DType::kF4E2M1: return decode(code, {2, 1, 1, Specials::kNone});
    default: return 0;
  }
}

}  // namespace

std::optional<std::int64_t> num_elements(std::span<const std::int64_t> dims) {
  std::int64_t product = 1;
  bool overflow = false, empty = false;
  for (std::int64_t d : dims) {
    empty |= d == 0;
    overflow |= mul_overflows(product, d, product);
  }
  if (empty) return 0;
  if (overflow) return std::nullopt;
  return product;
}

std::optional<std::int64_t> packed_bytes(DType dtype, std::int64_t elements) {
  const int bits = info(dtype).bits;
  if (bits == 0 || dtype == DType::kString) return std::nullopt;
  if (bits < 8) return elements / 8 * bits + ceil_div(elements % 8 * bits, 8);
  std::int64_t bytes;
  if (mul_overflows(elements, bits / 8, bytes)) return std::nullopt;
  return bytes;
}

std::optional<std::int64_t> packed_bytes(DType dtype, std::span<const std::int64_t> dims) {
  const std::optional<std::int64_t> elements = num_elements(dims);
  return elements ? packed_bytes(dtype, *elements) : std::nullopt;
}

std::vector<std::int64_t> TensorData::ints() const {
  const DTypeInfo& type = info(dtype);
  if (!has_data || (!is_integer(dtype) && dtype != DType::kBool)) return {};
  std::vector<std::int64_t> out(static_cast<std::size_t>(num_elements(dims).value_or(0)));
  const int unused = 64 - type.bits;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t word = element(bytes, i, type.bits);
    if (type.kind == DTypeClass::kSigned) {
      out[i] = static_cast<std::int64_t>(word << unused) >> unused;
    } else {
      out[i] = static_cast<std::int64_t>(type.kind == DTypeClass::kBool ? word != 0 : word);
    }
  }
  return out;
}

std::vector<double> TensorData::reals() const {
  if (!has_data || !is_float(dtype)) return {};
  std::vector<double> out(static_cast<std::size_t>(num_elements(dims).value_or(0)));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = decode_float(element(bytes, i, info(dtype).bits), dtype);
  }
  return out;
}

std::vector<std::string_view> TensorData::texts() const {
  std::vector<std::string_view> out;
  if (!has_data || dtype != DType::kString) return out;
  const auto* const first = reinterpret_cast<const char*>(bytes.data());
  for (std::size_t at = 0; bytes.size() - at >= sizeof(std::uint32_t);) {
    std::uint32_t length = 0;
    for (std::size_t b = 0; b < sizeof(length); ++b)
      length |= std::to_integer<std::uint32_t>(bytes[at + b]) << (8 * b);
    at += sizeof(length);
    if (length > bytes.size() - at) return {};
    out.emplace_back(first + at, length);
    at += length;
  }
  return out;
}

void TensorData::add_text(std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  for (std::size_t b = 0; b < sizeof(length); ++b)
    bytes.push_back(static_cast<std::byte>(length >> (8 * b)));
  const auto* const first = reinterpret_cast<const std::byte*>(text.data());
  bytes.insert(bytes.end(), first, first + text.size());
}

std::string_view name_of(AttrKind kind) {
  switch (kind) {
    case AttrKind::kInt: return "int";
    case AttrKind::kFloat: return "float";
    case AttrKind::kString: return "string";
    case AttrKind::kInts: return "ints";
    case AttrKind::kFloats: return "floats";
    case AttrKind::kStrings: return "strings";
    case AttrKind::kTensor: return "tensor";
    case AttrKind::kGraph: return "graph";
    case AttrKind::kGraphs: return "graphs";
    case AttrKind::kOther: return "other";
  }
  return "other";
}

const Attr* find_attr(const AttrSet& attrs, std::string_view name) {
  for (const Attr& attr : attrs) {
    if (attr.name == name) return &attr;
  }
  return nullptr;
}

}  // namespace shapewright
