// Sizes of this machine's caches, as far as a copy must know them.
#pragma once

#include <cstdint>

namespace shapewright {

// Copies of more bytes, read and written, store past the cache: a quarter of the last-level cache,
// 8 MiB where its size is unknown; never where the instruction set has no such stores.
std::int64_t streaming_threshold_bytes();

}  // namespace shapewright
