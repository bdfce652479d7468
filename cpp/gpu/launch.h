// A launch of one kernel through the driver's cuLaunchKernel, ready but for pointers and stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shapewright {

class Launch {
 public:
  static constexpr std::size_t kMostPointers = 8;

  // `enqueue` is the address of cuLaunchKernel and `function` the kernel's handle. `numbers` holds
  // the parameters that come after the pointers, and `offsets` where each begins.
  Launch(std::uintptr_t enqueue, std::uintptr_t function, std::uint32_t blocks,
         std::uint32_t threads, std::vector<std::byte> numbers, std::vector<std::uint32_t> offsets);

  // The driver's status, 0 for success. At most kMostPointers pointers. Safe from several threads.
  int operator()(std::uintptr_t stream, std::span<const std::uint64_t> pointers) const;

 private:
  using Enqueue = int (*)(void* function, unsigned, unsigned, unsigned, unsigned, unsigned,
                          unsigned, unsigned shared_bytes, void* stream, void** params,
                          void** extra);
  Enqueue enqueue_;
  void* function_;
  std::uint32_t blocks_, threads_;
  std::vector<std::byte> numbers_;
  std::vector<std::uint32_t> offsets_;
};

}  // namespace shapewright
