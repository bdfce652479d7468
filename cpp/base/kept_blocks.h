// Memory that is asked for again soon: blocks are kept for the next caller instead of going back to
// malloc. What malloc hands back to the system comes back with a page fault for every 4 KiB, and a
// request it cannot serve at once makes it sort whatever anyone has freed before: each can cost
// more than reading a small network.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace shapewright {

// Smaller blocks are malloc's business; larger ones, and those past kMostKeptBytes in all, are not
// kept.
inline constexpr std::size_t kLeastBlockBytes = 1 << 10, kLargestBlockBytes = 4 << 20;
inline constexpr std::size_t kMostKeptBytes = 16 << 20;

// Uninitialised, aligned as operator new does. `size_bytes` must be the same for both. Safe from
// several threads.
void* take_block(std::size_t size_bytes);
void give_block(void* block, std::size_t size_bytes) noexcept;

template <class T>
struct KeptAllocator {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  KeptAllocator() = default;
  template <class U>
  KeptAllocator(const KeptAllocator<U>&) {}  // NOLINT: as the allocator requirements ask
  T* allocate(std::size_t n) {
    if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(take_block(n * sizeof(T)));
  }
  void deallocate(T* at, std::size_t n) noexcept { give_block(at, n * sizeof(T)); }
  friend bool operator==(const KeptAllocator&, const KeptAllocator&) { return true; }
};

template <class T>
using KeptVector = std::vector<T, KeptAllocator<T>>;

// `count` bytes, uninitialised.
inline std::shared_ptr<char[]> kept_chars(std::size_t count) {
  return std::shared_ptr<char[]>(static_cast<char*>(take_block(count)),
                                 [count](char* at) { give_block(at, count); });
}

}  // namespace shapewright
