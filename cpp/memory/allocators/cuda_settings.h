// Sizes of PyTorch's CUDA caching allocator, and the settings that change them
// (PYTORCH_CUDA_ALLOC_CONF).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "memory/allocators/settings.h"

namespace shapewright::cuda_caching {

inline constexpr std::int64_t kMiB = std::int64_t{1} << 20;
inline constexpr std::int64_t kMinBlock = 512;    // sizes are multiples of it
inline constexpr std::int64_t kSmallSize = kMiB;  // up to it: the small pool
inline constexpr std::int64_t kSmallSegment = 2 * kMiB;
inline constexpr std::int64_t kMinLargeAlloc = 10 * kMiB;  // from it: a segment of its own
inline constexpr std::int64_t kRoundLarge = 2 * kMiB;

struct CudaSettings {
  bool expandable_segments = false;
  bool is_by_address = false;  // the tie between free blocks of a size; else the older block
  std::int64_t max_split_bytes;
  std::int64_t max_non_split_rounding_bytes = 20 * kMiB;
  std::int64_t large_segment_bytes = 20 * kMiB;
  double garbage_collection_threshold = 0;
  double memory_fraction = 1;
  std::array<std::int64_t, 16> divisions{};  // by power of two, from 1 MiB

  explicit CudaSettings(const Settings& settings);  // throws what Settings throws
  static std::span<const SettingRow> rows();

  std::int64_t rounded(std::int64_t bytes) const;          // of a block
  std::int64_t segment_bytes(std::int64_t rounded) const;  // of a new segment for such a block
};

}  // namespace shapewright::cuda_caching
