// The least device memory with which an allocator gets through a list of requests.
//
// More memory is not always enough where less was: what an allocator caches, splits and gives back
// depends on when the device refused it. But it asks the device only whether something fits, so
// that one replay speaks for a whole window of capacities, and windows can be walked one by one.
#pragma once

#include <cstdint>
#include <string_view>

#include "memory/allocators/allocator.h"

namespace shapewright {

struct Capacity {
  std::int64_t least = 0;         // runs with it: replayed
  std::int64_t least_lower = 0;   // below it, it is proved not to run
  std::int64_t steady = 0;        // runs with it and with any more
  std::int64_t free_running = 0;  // what it takes if nothing is refused
  std::int64_t num_replays = 0;
  bool is_exact() const { return least == least_lower; }
};

// About `max_replays` replays at most; where they do not suffice, least_lower < least, and steady
// is not the least of its kind. kUnlimited if it fails however much there is. `total_bytes`: of
// the device, 0 if it is not known.
Capacity least_capacity(const AllocatorRow& row, const RequestList& requests,
                        std::string_view settings, std::int64_t total_bytes = 0,
                        std::int64_t max_replays = 256);

}  // namespace shapewright
