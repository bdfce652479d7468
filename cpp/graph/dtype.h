// Element types: names, widths in bits, ONNX codes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace shapewright {

// At most 32: sets of them are one word.
enum class DType : std::uint8_t {
  kUnknown,
  kF64,
  kF32,
  kF16,
  kBF16,
  kF8E4M3,
  kF8E5M2,
  kF8E4M3FNUZ,
  kF8E5M2FNUZ,
  kF8E8M0,
  kF6E2M3,
  kF6E3M2,
  kF4E2M1,
  kI64,
  kI32,
  kI16,
  kI8,
  kI4,
  kI2,
  kU64,
  kU32,
  kU16,
  kU8,
  kU4,
  kU2,
  kBool,
  kC64,
  kC128,
  kString,
};

enum class DTypeClass : std::uint8_t {
  kNone,
  kFloat,
  kSigned,
  kUnsigned,
  kBool,
  kComplex,
  kString
};

struct DTypeInfo {
  DType dtype;
  std::string_view name;  // "f32", as users spell it
  int bits;               // of one element; 0 for unknown; a string counts as a 64-bit handle
  int onnx_code;          // TensorProto.DataType
  DTypeClass kind;
};

std::span<const DTypeInfo> all_dtypes();
const DTypeInfo& info(DType dtype);
inline std::string_view name_of(DType dtype) { return info(dtype).name; }
std::optional<DType> dtype_from_name(std::string_view name);  // also float32, int64, ...
DType dtype_from_onnx(std::int64_t code);  // kUnknown for a code that is not in the table

inline bool is_float(DType d) { return info(d).kind == DTypeClass::kFloat; }
inline bool is_complex(DType d) { return info(d).kind == DTypeClass::kComplex; }
inline bool is_integer(DType d) {
  return info(d).kind == DTypeClass::kSigned || info(d).kind == DTypeClass::kUnsigned;
}

}  // namespace shapewright
