// Which part of every digit a tile covers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "copy/canonical.h"

namespace shapewright {

struct TileGoal {
  std::int64_t src_run_bytes = 64;   // bytes side by side in the source
  std::int64_t dst_run_bytes = 128;  // and in the destination
  std::int64_t most_bytes = 24 << 10;
};

// Positions of every digit that a whole tile covers, in the order of the canonical digits.
std::vector<std::int64_t> choose_extents(const CanonicalCopy& copy, const TileGoal& goal);

// The part of every digit that a panel covers; empty where the copy is no transpose of long rows.
struct PanelExtents {
  std::vector<std::int64_t> extents;
  std::size_t row_digits = 0;  // the leading digits that are rows
};
PanelExtents choose_panel(const CanonicalCopy& copy);

// Indices of the digits from the shortest source step to the longest; steps of zero come last.
std::vector<int> source_order(const std::vector<Digit>& digits);

}  // namespace shapewright
