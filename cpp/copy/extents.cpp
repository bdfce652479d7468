#include "copy/extents.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "copy/walk.h"

namespace shapewright {
namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t ceil_of(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

std::int64_t balanced(std::int64_t n, std::int64_t block, std::int64_t granule) {
  if (block >= n) return n;
  const std::int64_t blocks = ceil_of(n, block);
  const std::int64_t share = ceil_of(ceil_of(n, blocks), granule) * granule;
  return std::min(n, share);
}

std::vector<int> source_order(const std::vector<Digit>& digits) {
  std::vector<int> order(digits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  const auto step = [&](int i) {
    const std::int64_t s = std::abs(digits[static_cast<std::size_t>(i)].src);
    return s == 0 ? INT64_MAX : s;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return step(a) < step(b); });
  return order;
}

std::vector<std::int64_t> choose_extents(const CanonicalCopy& copy, const TileGoal& goal) {
  const auto& digits = copy.digits;
  Sizes extents(digits.size(), 1);
  std::int64_t items = 1;
  const std::int64_t most = std::max<std::int64_t>(1, goal.most_bytes / copy.item_bytes);
  const auto grow = [&](std::size_t i, std::int64_t want, std::int64_t granule) {
    const std::int64_t room = std::max<std::int64_t>(1, most / (items / extents[i]));
    const std::int64_t block = balanced(digits[i].size, std::min(want, room), granule);
    if (block > extents[i]) {
      items = items / extents[i] * block;
      extents[i] = block;
    }
    return extents[i] == digits[i].size;
  };
  const std::int64_t line = std::max<std::int64_t>(1, 64 / copy.item_bytes);
  // Destination side: digits that continue one another.
  std::int64_t run = digits.empty() ? 0 : digits.front().dst;
  std::int64_t have = copy.item_bytes;
  for (std::size_t i = 0; i < digits.size() && have < goal.dst_run_bytes; ++i) {
    if (digits[i].dst != run) break;
    if (!grow(i, ceil_of(goal.dst_run_bytes, have), line)) break;
    run *= digits[i].size;
    have *= digits[i].size;
  }
  // Source side.
  have = copy.item_bytes;
  run = copy.item_bytes;
  for (const int o : source_order(digits)) {
    const auto i = static_cast<std::size_t>(o);
    if (have >= goal.src_run_bytes || std::abs(digits[i].src) != run) break;
    if (!grow(i, ceil_of(goal.src_run_bytes, have), std::max<std::int64_t>(1, line / 4))) break;
    run *= digits[i].size;
    have *= digits[i].size;
  }
  // A step from tile to tile costs as much as a few hundred bytes.
  int cuts = 0;
  for (std::size_t i = 0; i < digits.size(); ++i)
    cuts += extents[i] > 1 && extents[i] < digits[i].size;
  for (std::size_t i = 0; i < digits.size() && cuts < kMostCuts; ++i) {
    const std::int64_t bytes = items * copy.item_bytes;
    if (extents[i] > 1 || digits[i].size == 1 || 2 * bytes > goal.least_bytes) continue;
    if (!grow(i, goal.least_bytes / bytes, 1)) ++cuts;
  }
  return extents;
}

}  // namespace shapewright
