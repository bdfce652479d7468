// Best fit with coalescing: the arena of TensorFlow and XLA (BFC) and of ONNX Runtime.
//
// Their bins are ranges of sizes, searched upwards, and each is ordered by size and address: the
// chunk they find is the smallest that fits, of such the lowest. One ordered set says the same.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "memory/allocators/allocator.h"

namespace shapewright::best_fit {

inline constexpr std::int64_t kAlignment = 256;

struct ArenaOptions {
  std::int64_t limit_bytes = kUnlimited;  // what the arena itself stops at
  bool is_limit_capacity = false;         // the limit is the capacity of the device
  std::int64_t first_region_bytes = 0;
  std::int64_t max_waste_bytes = std::int64_t{128} << 20;  // of a chunk that is not split
  std::int64_t least_retry_bytes = 0;                      // below it no smaller region is tried
  bool is_exact_growth = false;                            // regions as large as what is asked for
  bool collects_garbage = false;  // gives back free regions before it fails
};

class Arena {
 public:
  Arena(const ArenaOptions& options, std::int64_t capacity_bytes);

  std::int64_t alloc(std::int64_t bytes);  // address; -1: out of memory
  void free(std::int64_t address);
  bool reserve(std::int64_t bytes);  // beside the arena, for good

  std::int64_t bytes_at(std::int64_t address) const { return chunks_.at(address).bytes; }
  const Device& device() const { return device_; }
  std::int64_t failed_bytes() const { return failed_bytes_; }
  std::vector<BlockState> blocks() const;

 private:
  struct Chunk {
    std::int64_t bytes = 0, region = 0;  // region: its first address
    bool is_used = false;
  };
  using Chunks = std::map<std::int64_t, Chunk>;  // by address

  std::int64_t find(std::int64_t rounded);
  bool extend(std::int64_t rounded);
  bool release_free_regions(std::int64_t rounded);
  void join(Chunks::iterator at);

  ArenaOptions options_;
  Device device_;
  Chunks chunks_;
  std::set<std::pair<std::int64_t, std::int64_t>> free_;        // bytes, address
  std::vector<std::pair<std::int64_t, std::int64_t>> regions_;  // address, bytes
  std::int64_t next_region_bytes_, pool_bytes_ = 0, failed_bytes_ = 0;
};

// Replays a list in an arena; streams are one.
Replay replay(Arena& arena, const RequestList& requests, bool keeps_blocks);

inline std::int64_t rounded_to(std::int64_t bytes, std::int64_t step) {
  return (bytes + step - 1) / step * step;
}

}  // namespace shapewright::best_fit
