// Element types that the copy engine can cast between. A copy without a cast knows bytes alone.
#pragma once

#include <cstdint>

namespace shapewright {

enum class Element : std::uint8_t {
  kBool,
  kU8,
  kI8,
  kU16,
  kI16,
  kI32,
  kI64,
  kF16,
  kBF16,
  kF32,
  kF64,
};
inline constexpr int kElements = 11;

constexpr std::int64_t item_bytes(Element e) {
  constexpr std::int8_t bytes[kElements] = {1, 1, 1, 2, 2, 4, 8, 2, 2, 4, 8};
  return bytes[static_cast<int>(e)];
}

}  // namespace shapewright
