#include "copy/cache.h"

#include <algorithm>
#include <cstdio>

namespace shapewright {
namespace {

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

}  // namespace

std::int64_t streaming_threshold_bytes() {
#if defined(__x86_64__)
  static const std::int64_t threshold = [] {
    const std::int64_t cache = last_level_bytes();
    return cache > 0 ? std::max<std::int64_t>(cache / 4, 4 << 20) : std::int64_t{8} << 20;
  }();
  return threshold;
#else
  return INT64_MAX;
#endif
}

}  // namespace shapewright
