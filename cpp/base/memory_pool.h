// Large blocks of our own, for results: mapped at 2 MiB, on huge pages where the system has them,
// and kept for the next result of a like size, because mapping and first touch cost more than a
// copy.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shapewright {

inline constexpr std::int64_t kBlockAlignment = std::int64_t{2} << 20;

struct MemoryPool {
  std::int64_t in_use_bytes = 0;
  std::int64_t kept_bytes = 0;   // free, and still mapped
  std::int64_t limit_bytes = 0;  // of kept_bytes
};

// At least `bytes`, aligned to kBlockAlignment, contents arbitrary. Null where the system has no
// more. From any thread, also in a forked child.
std::byte* acquire_block(std::int64_t bytes);

// `block` came from acquire_block. It is kept while all that is kept stays within the limit:
// SHAPEWRIGHT_POOL_BYTES, or a sixteenth of the machine's memory and 1 GiB at most.
void release_block(std::byte* block);

// Gives every block that nobody uses back to the system.
void trim_pool();

MemoryPool pool_state();

}  // namespace shapewright
