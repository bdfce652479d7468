// The tiles of a copy, in the order in which they are visited.
#pragma once

#include <cstdint>
#include <vector>

#include "copy/canonical.h"

namespace shapewright {

// One loop over tiles. A digit that is blocked twice has two loops.
struct TileLoop {
  std::int64_t count = 1;
  std::int64_t src = 0, dst = 0, param = 0;  // bytes (elements) of one step
  std::int64_t blocks = 0;  // tiles of its digit that one step passes; 0 if the digit is not cut
  int cut = 0;              // which of the cut digits
};

// Digits that a tile covers in part: at most the last of each side's run, so two.
inline constexpr int kMostCuts = 2;

struct Cut {
  std::int64_t blocks = 1;  // tiles along the digit
  bool short_last = false;  // the last one covers less
};

struct TileOrder {
  std::vector<TileLoop> loops;  // innermost first
  Cut cuts[kMostCuts];
  std::int64_t count = 1;  // product of the loops; positions past the end of a cut digit are void
};

struct WalkGoal {
  std::int64_t inner_bytes = 14336;  // of every source row, before the walk turns to other rows
};

TileOrder order_tiles(const CanonicalCopy& copy, const std::vector<std::int64_t>& extents,
                      const WalkGoal& goal);

// Walks positions [begin, end) of an order.
class TileWalk {
 public:
  TileWalk(const TileOrder& order, std::int64_t begin, std::int64_t end);

  bool at_end() const { return at_ >= end_; }
  void next();

  std::int64_t src() const { return src_; }
  std::int64_t dst() const { return dst_; }
  std::int64_t param() const { return param_; }
  std::int64_t block(int cut) const { return block_[cut]; }  // which tile of a cut digit
  int variant() const;                                       // bit i: the last, short tile of cut i

 private:
  void step();
  bool is_void() const;

  const TileOrder* order_;
  std::int64_t at_, end_;
  std::int64_t src_ = 0, dst_ = 0, param_ = 0;
  std::int64_t block_[kMostCuts] = {};
  static constexpr int kInline = 16;
  std::int64_t inline_index_[kInline] = {};
  std::vector<std::int64_t> long_index_;
  std::int64_t* index_;
};

}  // namespace shapewright
