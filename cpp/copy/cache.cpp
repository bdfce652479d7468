#include "copy/cache.h"

#include <algorithm>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace shapewright {

std::int64_t streaming_threshold_bytes() {
#if defined(__x86_64__)
  static const std::int64_t threshold = [] {
    std::int64_t cache = 0;
#if defined(__linux__) && defined(_SC_LEVEL3_CACHE_SIZE)
    cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
    return cache > 0 ? std::max<std::int64_t>(cache / 4, 4 << 20) : std::int64_t{8} << 20;
  }();
  return threshold;
#else
  return INT64_MAX;
#endif
}

}  // namespace shapewright
