#include "copy/walk.h"

#include <algorithm>
#include <cstdlib>

namespace shapewright {

TileOrder order_tiles(const CanonicalCopy& copy, const std::vector<std::int64_t>& extents,
                      const WalkGoal& goal) {
  TileOrder order;
  int cuts = 0;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const Digit& d = copy.digits[i];
    const std::int64_t extent = extents[i];
    const std::int64_t blocks = (d.size + extent - 1) / extent;
    if (blocks == 1) continue;
    TileLoop loop{blocks, d.src * extent, d.dst * extent, d.param * extent, 0, 0};
    if (extent > 1) {
      order.cuts[cuts] = {blocks, d.size % extent != 0};
      loop.cut = cuts++;
      loop.blocks = 1;
      // The source's dense digit in spans: the rows of a tile are revisited soon.
      const std::int64_t span =
          std::max<std::int64_t>(1, goal.inner_bytes / std::abs(loop.src + (loop.src == 0)));
      if (std::abs(d.src) == copy.item_bytes && blocks > span) {
        const std::int64_t spans = (blocks + span - 1) / span;
        const std::int64_t share = (blocks + spans - 1) / spans;
        loop.count = share;
        order.loops.push_back(loop);
        loop.count = (blocks + share - 1) / share;
        loop.blocks = share;
        loop.src *= share;
        loop.dst *= share;
        loop.param *= share;
      }
    }
    order.loops.push_back(loop);
  }
  // Short steps inside, on whichever side they are short; reading has the better of a tie.
  const auto weight = [](const TileLoop& l) {
    const std::int64_t src = std::abs(l.src);
    const std::int64_t dst = std::abs(l.dst);
    return std::min(src == 0 ? dst : src, dst + dst / 64);
  };
  std::stable_sort(order.loops.begin(), order.loops.end(),
                   [&](const TileLoop& a, const TileLoop& b) { return weight(a) < weight(b); });
  for (const TileLoop& l : order.loops) order.count *= l.count;
  return order;
}

TileWalk::TileWalk(const TileOrder& order, std::int64_t begin, std::int64_t end)
    : order_(&order), at_(begin), end_(std::min(end, order.count)), index_(inline_index_) {
  if (order.loops.size() > kInline) {
    long_index_.resize(order.loops.size());
    index_ = long_index_.data();
  }
  std::int64_t rest = begin;
  for (std::size_t i = 0; i < order.loops.size(); ++i) {
    const TileLoop& l = order.loops[i];
    const std::int64_t n = rest % l.count;
    rest /= l.count;
    index_[i] = n;
    src_ += n * l.src;
    dst_ += n * l.dst;
    param_ += n * l.param;
    block_[l.cut] += n * l.blocks;
  }
  while (!at_end() && is_void()) step();
}

bool TileWalk::is_void() const {
  return block_[0] >= order_->cuts[0].blocks || block_[1] >= order_->cuts[1].blocks;
}

int TileWalk::variant() const {
  int bits = 0;
  for (int i = 0; i < kMostCuts; ++i) {
    const Cut& c = order_->cuts[i];
    if (c.short_last && block_[i] == c.blocks - 1) bits |= 1 << i;
  }
  return bits;
}

void TileWalk::step() {
  ++at_;
  for (std::size_t i = 0; i < order_->loops.size(); ++i) {
    const TileLoop& l = order_->loops[i];
    src_ += l.src;
    dst_ += l.dst;
    param_ += l.param;
    block_[l.cut] += l.blocks;
    if (++index_[i] < l.count) return;
    index_[i] = 0;
    src_ -= l.count * l.src;
    dst_ -= l.count * l.dst;
    param_ -= l.count * l.param;
    block_[l.cut] -= l.count * l.blocks;
  }
}

void TileWalk::next() {
  do {
    step();
  } while (!at_end() && is_void());
}

}  // namespace shapewright
