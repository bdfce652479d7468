#include "base/kept_blocks.h"

#include <array>
#include <bit>
#include <mutex>

namespace shapewright {
namespace {

// Four classes to each power of two: a block is at most a quarter larger than what was asked for.
constexpr int kLeastBits = std::bit_width(kLeastBlockBytes) - 1;
constexpr std::size_t class_of(std::size_t size_bytes) {
  const int bits = std::bit_width(size_bytes - 1);  // size <= 2^bits
  const int step = bits - 3;                        // of 2^step bytes within (2^(bits-1), 2^bits]
  const std::size_t quarter = ((size_bytes - 1) >> step) & 3;
  return (static_cast<std::size_t>(bits - 1 - kLeastBits) << 2) + quarter + 1;
}
constexpr std::size_t bytes_of(std::size_t c) {
  const std::size_t base = kLeastBlockBytes << ((c - 1) >> 2);
  return base + (base >> 2) * (((c - 1) & 3) + 1);
}
static_assert(bytes_of(class_of(kLeastBlockBytes + 1)) == kLeastBlockBytes / 4 * 5);
static_assert(bytes_of(class_of(2 * kLeastBlockBytes)) == 2 * kLeastBlockBytes);
static_assert(bytes_of(class_of(kLargestBlockBytes)) == kLargestBlockBytes);

bool is_kept(std::size_t size_bytes) {
  return size_bytes > kLeastBlockBytes && size_bytes <= kLargestBlockBytes;
}

struct Kept {
  struct Free {
    Free* next;
  };
  std::mutex mutex;
  std::array<Free*, class_of(kLargestBlockBytes) + 1> free{};
  std::size_t bytes = 0;
};

Kept& kept() {
  static Kept* const the_only = new Kept;  // outlives whatever gives a block back at exit
  return *the_only;
}

}  // namespace

void* take_block(std::size_t size_bytes) {
  if (!is_kept(size_bytes)) return ::operator new(size_bytes);
  const std::size_t c = class_of(size_bytes);
  {
    Kept& k = kept();
    const std::lock_guard lock(k.mutex);
    if (Kept::Free* const block = k.free[c]) {
      k.free[c] = block->next;
      k.bytes -= bytes_of(c);
      return block;
    }
  }
  return ::operator new(bytes_of(c));
}

void give_block(void* block, std::size_t size_bytes) noexcept {
  if (block == nullptr) return;
  if (is_kept(size_bytes)) {
    const std::size_t c = class_of(size_bytes);
    Kept& k = kept();
    const std::lock_guard lock(k.mutex);
    if (k.bytes + bytes_of(c) <= kMostKeptBytes) {
      k.free[c] = new (block) Kept::Free{k.free[c]};
      k.bytes += bytes_of(c);
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace shapewright
