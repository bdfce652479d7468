#include "graph/dtype.h"

#include <array>
#include <iterator>
#include <utility>

namespace shapewright {
namespace {

using enum DType;
using Class = DTypeClass;

constexpr std::array kDTypes = std::to_array<DTypeInfo>({
    {kUnknown, "?", 0, 0, Class::kNone},
    {kF64, "f64", 64, 11, Class::kFloat},
    {kF32, "f32", 32, 1, Class::kFloat},
    {kF16, "f16", 16, 10, Class::kFloat},
    {kBF16, "bf16", 16, 16, Class::kFloat},
    {kF8E4M3, "f8e4m3", 8, 17, Class::kFloat},
    {kF8E5M2, "f8e5m2", 8, 19, Class::kFloat},
    {kF8E4M3FNUZ, "f8e4m3fnuz", 8, 18, Class::kFloat},
    {kF8E5M2FNUZ, "f8e5m2fnuz", 8, 20, Class::kFloat},
    {kF8E8M0, "f8e8m0", 8, 24, Class::kFloat},
    {kF6E2M3, "f6e2m3", 6, 27, Class::kFloat},
    {kF6E3M2, "f6e3m2", 6, 28, Class::kFloat},
    {kF4E2M1, "f4e2m1", 4, 23, Class::kFloat},
    {kI64, "i64", 64, 7, Class::kSigned},
    {kI32, "i32", 32, 6, Class::kSigned},
    {kI16, "i16", 16, 5, Class::kSigned},
    {kI8, "i8", 8, 3, Class::kSigned},
    {kI4, "i4", 4, 22, Class::kSigned},
    {kI2, "i2", 2, 26, Class::kSigned},
    {kU64, "u64", 64, 13, Class::kUnsigned},
    {kU32, "u32", 32, 12, Class::kUnsigned},
    {kU16, "u16", 16, 4, Class::kUnsigned},
    {kU8, "u8", 8, 2, Class::kUnsigned},
    {kU4, "u4", 4, 21, Class::kUnsigned},
    {kU2, "u2", 2, 25, Class::kUnsigned},
    {kBool, "bool", 8, 9, Class::kBool},
    {kC64, "c64", 64, 14, Class::kComplex},
    {kC128, "c128", 128, 15, Class::kComplex},
    {kString, "string", 64, 8, Class::kString},
});

// `info` indexes the table by the enumerator.
consteval bool in_enum_order() {
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (static_cast<std::size_t>(kDTypes[i].dtype) != i) return false;
  }
  return kDTypes.size() == static_cast<std::size_t>(kString) + 1;
}
static_assert(in_enum_order());

// How NumPy, PyTorch, JAX and ONNX spell them.
constexpr std::array kAliases = std::to_array<std::pair<std::string_view, DType>>({
    {"float64", kF64},
    {"double", kF64},
    {"float32", kF32},
    {"float", kF32},
    {"float16", kF16},
    {"half", kF16},
    {"bfloat16", kBF16},
    {"float8_e4m3fn", kF8E4M3},
    {"float8e4m3fn", kF8E4M3},
    {"float8_e5m2", kF8E5M2},
    {"float8e5m2", kF8E5M2},
    {"float8_e4m3fnuz", kF8E4M3FNUZ},
    {"float8e4m3fnuz", kF8E4M3FNUZ},
    {"float8_e5m2fnuz", kF8E5M2FNUZ},
    {"float8e5m2fnuz", kF8E5M2FNUZ},
    {"float8_e8m0fnu", kF8E8M0},
    {"float8e8m0", kF8E8M0},
    {"float6_e2m3fn", kF6E2M3},
    {"float6e2m3", kF6E2M3},
    {"float6_e3m2fn", kF6E3M2},
    {"float6e3m2", kF6E3M2},
    {"float4_e2m1fn", kF4E2M1},
    {"float4e2m1", kF4E2M1},
    {"int64", kI64},
    {"long", kI64},
    {"int32", kI32},
    {"int", kI32},
    {"int16", kI16},
    {"short", kI16},
    {"int8", kI8},
    {"int4", kI4},
    {"int2", kI2},
    {"uint64", kU64},
    {"uint32", kU32},
    {"uint16", kU16},
    {"uint8", kU8},
    {"byte", kU8},
    {"uint4", kU4},
    {"uint2", kU2},
    {"boolean", kBool},
    {"b8", kBool},
    {"complex64", kC64},
    {"complex128", kC128},
    {"str", kString},
});

}  // namespace

std::span<const DTypeInfo> all_dtypes() { return std::span(kDTypes).subspan(1); }

const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeInfo& row : all_dtypes()) {
    if (row.name == name) return row.dtype;
  }
  for (const auto& [alias, dtype] : kAliases) {
    if (alias == name) return dtype;
  }
  return std::nullopt;
}

DType dtype_from_onnx(std::int64_t code) {
  static constexpr auto kByCode = [] {
    std::array<DType, 32> table{};
    for (const DTypeInfo& row : kDTypes) table[static_cast<std::size_t>(row.onnx_code)] = row.dtype;
    return table;
  }();
  return code >= 0 && code < std::ssize(kByCode) ? kByCode[static_cast<std::size_t>(code)]
                                                 : kUnknown;
}

}  // namespace shapewright
