// Whether two strided arrays share a byte, and whether two positions of one array do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace shapewright {

enum class Overlap : std::uint8_t { kNo, kYes, kUnknown };

struct StridedBytes {
  std::uintptr_t start = 0;               // of the element at index zero
  std::span<const std::int64_t> sizes;    // elements
  std::span<const std::int64_t> strides;  // bytes
  std::int64_t item_bytes = 1;
};

// [first, last) of the bytes; first == last for an array without elements.
struct ByteRange {
  std::uintptr_t first = 0;
  std::uintptr_t last = 0;
};
ByteRange byte_range(const StridedBytes& array);

// Exact within a bounded search; kUnknown past it.
Overlap shared_memory(const StridedBytes& a, const StridedBytes& b);

// kYes where a write to one position would be seen at another.
Overlap self_overlap(const StridedBytes& array);

// Calls meet(i, j), i < j, for each two ranges that have a byte in common.
void for_each_meeting(std::span<const ByteRange> ranges,
                      const std::function<void(std::size_t, std::size_t)>& meet);

}  // namespace shapewright
