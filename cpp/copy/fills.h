// Which kernel fills a tile.
#pragma once

#include "copy/kernels.h"
#include "copy/tile.h"

namespace shapewright {

struct Fill {
  const char* name = "";
  FillFn fn = nullptr;
  bool overreads = false;
};

// Into the scratch, or into the destination with plain stores (`tile.direct`): there nothing beyond
// the items may be written. The first candidate that applies; the reference is the last.
Fill choose_fill(const Tile& tile, bool direct);

// Into the destination past the cache; no kernel if the tile does not suit any. Its destination
// must be a multiple of `align`.
Fill choose_streamed_fill(const Tile& tile, std::int64_t& align);

}  // namespace shapewright
