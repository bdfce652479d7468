#include "memory/allocators/cuda_settings.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

#include "memory/allocators/device.h"

namespace shapewright::cuda_caching {

namespace {

constexpr SettingRow kRows[] = {
    {"expandable_segments", "True: one growing segment a stream and pool"},
    {"max_split_size_mb", "blocks of at least as much are never split; at least 20"},
    {"max_non_split_rounding_mb", "how much larger a block that is not split may be; at least 20"},
    {"roundup_power2_divisions", "sizes round up to a part of a power of two: 4 or [256:1,>:4]"},
    {"garbage_collection_threshold",
     "share of the memory fraction from which old blocks are freed"},
    {"per_process_memory_fraction", "share of the device that may be taken; needs its total"},
    {"large_segment_size_mb", "segment for blocks of 1 to 10 MiB; 20"},
    {"tie_break", "age, as PyTorch since 2.9, or address: which free block of a size is taken"},
};

std::int64_t power_of_two(std::string_view name, std::string_view text, std::int64_t least) {
  const std::int64_t value = Settings::to_integer(name, text, least);
  if (value != 0 && !std::has_single_bit(static_cast<std::uint64_t>(value)))
    Settings::refuse(name, text, "a power of two");
  return value;
}

std::size_t log2_of(std::int64_t value) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(value))) - 1;
}

// As PyTorch reads it: the first size fills all below it, ">" all from the last size on, itself
// included; sizes between two that are named keep 0.
void read_divisions(const Settings& settings, std::array<std::int64_t, 16>& out) {
  constexpr std::string_view kName = "roundup_power2_divisions";
  std::size_t last = 0;
  bool is_first = true;
  for (const auto& [size, divisions] : settings.pairs(kName)) {
    if (size.empty()) {
      out.fill(power_of_two(kName, divisions, 1));
      continue;
    }
    const std::int64_t value = power_of_two(kName, divisions, 0);
    if (size == ">") {
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(last), out.end(), value);
      continue;
    }
    last = std::min(log2_of(power_of_two(kName, size, 1)), out.size() - 1);
    if (is_first) std::fill_n(out.begin(), last, value);
    is_first = false;
    out[last] = value;
  }
}

}  // namespace

std::span<const SettingRow> CudaSettings::rows() { return kRows; }

CudaSettings::CudaSettings(const Settings& settings) {
  constexpr std::int64_t kUnset = 0;
  const auto megabytes = [&](std::string_view name, std::int64_t least) {
    return settings.integer(name, kUnset, least) * kMiB;
  };
  expandable_segments = settings.flag("expandable_segments", false);
  is_by_address = !settings.word("tie_break", "age", "address");
  max_split_bytes = megabytes("max_split_size_mb", 20);
  if (max_split_bytes == kUnset) max_split_bytes = kUnlimited;
  if (const auto bytes = megabytes("max_non_split_rounding_mb", 20))
    max_non_split_rounding_bytes = bytes;
  if (const auto bytes = megabytes("large_segment_size_mb", 20)) {
    if (bytes % kRoundLarge != 0)
      Settings::refuse("large_segment_size_mb", std::to_string(bytes / kMiB), "an even number");
    large_segment_bytes = bytes;
  }
  garbage_collection_threshold = settings.share("garbage_collection_threshold", 0);
  memory_fraction = settings.share("per_process_memory_fraction", 1);
  read_divisions(settings, divisions);
}

std::int64_t CudaSettings::rounded(std::int64_t bytes) const {
  if (bytes < kMinBlock) return kMinBlock;
  const std::size_t power = log2_of(bytes);
  const std::int64_t parts = divisions[std::min<std::size_t>(power < 20 ? 0 : power - 20, 15)];
  if (parts > 1 && bytes > kMinBlock * parts) {
    const std::int64_t step = (std::int64_t{1} << power) / parts;
    return (bytes + step - 1) / step * step;
  }
  return (bytes + kMinBlock - 1) / kMinBlock * kMinBlock;
}

std::int64_t CudaSettings::segment_bytes(std::int64_t rounded) const {
  if (rounded <= kSmallSize) return kSmallSegment;
  if (rounded < kMinLargeAlloc) return large_segment_bytes;
  return (rounded + kRoundLarge - 1) / kRoundLarge * kRoundLarge;
}

}  // namespace shapewright::cuda_caching
