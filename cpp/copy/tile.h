// The tile of a copy: the tables that the kernels read.
#pragma once

#include <cstdint>
#include <vector>

#include "copy/canonical.h"
#include "copy/kernels.h"

namespace shapewright {

struct Tile {
  Tile(const CanonicalCopy& copy, const std::vector<std::int64_t>& extents,
       std::int64_t dst_item_bytes);
  Tile(const Tile&) = delete;
  Tile& operator=(const Tile&) = delete;

  TileShape shape;
  TileShape direct;             // the same with offsets in the destination in place of the scratch
  std::int64_t src_offset = 0;  // from the tile's position (0, 0, ...) to its lowest address
  std::int64_t src_last = 0;    // from there to the end of its last item
  std::vector<Flush> flushes;
  std::int64_t run_items = 0;      // of every flush
  std::int64_t scratch_bytes = 0;  // with the padding
  std::int64_t items = 0;
  // Parameter offset of every item of a run relative to the run's own; empty where none varies.
  std::vector<std::int64_t> run_param;
  bool ascending = true;  // items are written to the scratch from low to high addresses

 private:
  std::vector<std::int64_t> row_src_, col_out_, col_dst_, outer_src_, outer_out_, outer_dst_;
};

}  // namespace shapewright
