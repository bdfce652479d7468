// Which copies go past the cache.
#pragma once

#include <cstdint>

namespace shapewright {

// Of so many bytes, read and written. Streaming spares the reading of lines that are written whole;
// what is small is better left in the cache for whoever reads it next.
bool is_streamed(std::int64_t bytes);

}  // namespace shapewright
