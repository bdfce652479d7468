// Element types of the operators that move data without looking at it.
#pragma once

#include <cstdint>
#include <limits>

#include "ops/rules.h"

namespace shapewright::rules {

inline constexpr int kNever = std::numeric_limits<int>::max();
inline constexpr DTypeSet kComplex = dtypes(DType::kC64, DType::kC128);
inline constexpr DTypeSet kIndices = dtypes(DType::kI32, DType::kI64);
inline constexpr DTypeSet kInt64 = dtypes(DType::kI64);
inline constexpr DTypeSet kFirstTypes = kNumeric | kBools | kComplex | dtypes(DType::kString);
inline constexpr DTypeSet kFloat8s =
    dtypes(DType::kF8E4M3, DType::kF8E5M2, DType::kF8E4M3FNUZ, DType::kF8E5M2FNUZ);
// From opset 28 on, but for operators that only move data.
inline constexpr DTypeSet kFloat6s = dtypes(DType::kF6E2M3, DType::kF6E3M2);

// The types of ONNX 1.0, bfloat16 from opset 13, and the narrow ones from opset `wide_since` as
// each came.
constexpr DTypeSet moved_dtypes(std::int64_t version, int wide_since = kNever) {
  DTypeSet set = kFirstTypes;
  if (version >= 13) set = set | kBFloat;
  if (version < wide_since) return set;
  set = set | kFloat8s;
  if (version >= 21) set = set | dtypes(DType::kI4, DType::kU4);
  if (version >= 23) set = set | dtypes(DType::kF4E2M1);
  if (version >= 24) set = set | dtypes(DType::kF8E8M0);
  if (version >= 25) set = set | dtypes(DType::kI2, DType::kU2);
  return set;
}

// Fails with `dtype-unsupported` unless `input` is a tensor of one of these.
void require_moved(const Context& op, std::size_t input, int wide_since = kNever);

}  // namespace shapewright::rules
