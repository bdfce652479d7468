#include "copy/cache.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "copy/kernels.h"

namespace shapewright {
namespace {

#if defined(__x86_64__)

// Copies of fewer bytes, read and written, stay in the second-level cache.
constexpr std::int64_t kLeastStreamed = 2 << 20;
constexpr std::int64_t kLeastAlwaysStreamed = 4 << 20;
constexpr std::int64_t kMostAlwaysStreamed = 8 << 20;

// What the kernel says of the cache that processor 0 shares; sysconf adds up those of a whole host.
std::int64_t last_level_bytes() {
#if defined(__linux__)
  std::FILE* file = std::fopen("/sys/devices/system/cpu/cpu0/cache/index3/size", "r");
  if (file == nullptr) return 0;
  long long kib = 0;
  char unit = 0;
  const int read = std::fscanf(file, "%lld%c", &kib, &unit);
  std::fclose(file);
  return read == 2 && unit == 'K' && kib > 0 && kib < (1 << 22) ? kib << 10 : 0;
#else
  return 0;
#endif
}

// Whether the last-level cache is so slow that even what it holds is written past it: that of a
// large server can be no faster than memory is. Two milliseconds, once a process, the first time
// that it matters.
bool cache_is_slow() {
  constexpr std::size_t kBytes = 2 << 20;
  constexpr double kWorth = 1.2;  // a copy from memory gains more than that by streaming
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  const auto block = [] {
    return std::unique_ptr<std::byte, Free>(
        static_cast<std::byte*>(std::aligned_alloc(4096, kBytes)));
  };
  const auto src = block();
  const auto dst = block();
  if (!src || !dst) return false;
  std::memset(src.get(), 1, kBytes);
  const auto seconds = [&](RunFn copy) {
    double least = 0;
    for (int i = 0; i < 4; ++i) {
      const auto start = std::chrono::steady_clock::now();
      copy(dst.get(), src.get(), kBytes);
      kernels().fence();
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      // The first one finds the result as another kind of copy left it.
      if (i == 1 || (i > 1 && taken.count() < least)) least = taken.count();
    }
    return least;
  };
  const double cached = seconds(kernels().copy);
  return seconds(kernels().stream) < kWorth * cached;
}

#endif

}  // namespace

bool is_streamed(std::int64_t bytes) {
#if defined(__x86_64__)
  if (bytes <= kLeastStreamed) return false;
  static const std::int64_t always =
      std::clamp(last_level_bytes() / 4, kLeastAlwaysStreamed, kMostAlwaysStreamed);
  if (bytes > always) return true;
  static const bool slow = cache_is_slow();
  return slow;
#else
  static_cast<void>(bytes);
  return false;
#endif
}

}  // namespace shapewright
