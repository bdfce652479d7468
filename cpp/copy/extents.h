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
  std::int64_t least_bytes = 0;
};

// Positions of every digit that a whole tile covers, in the order of the canonical digits.
std::vector<std::int64_t> choose_extents(const CanonicalCopy& copy, const TileGoal& goal);

// The share of n positions that a block gets, so that all blocks but the last are equal, multiples
// of `granule`, and the last is not much shorter.
std::int64_t balanced(std::int64_t n, std::int64_t block, std::int64_t granule);

// Indices of the digits from the shortest source step to the longest; steps of zero come last.
std::vector<int> source_order(const std::vector<Digit>& digits);

}  // namespace shapewright
