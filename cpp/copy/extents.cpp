#include "copy/extents.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace shapewright {
namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t ceil_of(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The share of n positions that a block gets, so that all blocks but the last are equal, multiples
// of `granule`, and the last is not much shorter.
std::int64_t balanced(std::int64_t n, std::int64_t block, std::int64_t granule) {
  if (block >= n) return n;
  const std::int64_t blocks = ceil_of(n, block);
  const std::int64_t share = ceil_of(ceil_of(n, blocks), granule) * granule;
  return std::min(n, share);
}

// Of a panel. A column of the destination: long enough that the parts of lines at its ends do not
// count, short enough that a copy has panels for all threads.
constexpr std::int64_t kMostRowBytes = 16 << 10;
constexpr std::int64_t kLeastRowBytes = 512;
constexpr std::int64_t kLeastLineBytes = 64;  // where every column is whole lines
// A row of the source: long stretches are what memory reads best. The columns' carried lines stay
// in the second-level cache.
constexpr std::int64_t kMostColumnBytes = 14 << 10;
constexpr std::int64_t kMostColumns = 3584;

bool fills_lines(const CanonicalCopy& copy) {
  bool all = true;
  for (const Digit& d : copy.digits)
    all &= (d.dst == copy.item_bytes ? d.size * d.dst : d.dst) % 64 == 0;
  return all;
}

}  // namespace

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
  return extents;
}

PanelExtents choose_panel(const CanonicalCopy& copy) {
  const auto& digits = copy.digits;
  const std::int64_t item = copy.item_bytes;
  const auto order = source_order(digits);
  if (digits.size() < 2 || item > 16 || (item & (item - 1)) != 0) return {};
  const auto first = static_cast<std::size_t>(order.front());
  if (std::abs(digits[first].src) != item) return {};
  Sizes extents(digits.size(), 1);
  std::vector<bool> is_row(digits.size(), false);
  const std::int64_t line = 64 / item;
  std::size_t row_digits = 0;
  std::int64_t run = item;
  for (std::size_t i = 0; i < first && digits[i].dst == run && run < kMostRowBytes; ++i) {
    extents[i] = balanced(digits[i].size, ceil_of(kMostRowBytes, run), line);
    is_row[i] = true;
    row_digits = i + 1;
    if (extents[i] < digits[i].size) {
      run *= extents[i];
      break;
    }
    run *= digits[i].size;
  }
  if (run < (fills_lines(copy) ? kLeastLineBytes : kLeastRowBytes)) return {};
  run = item;
  std::int64_t columns = 1;
  for (const int o : order) {
    const auto i = static_cast<std::size_t>(o);
    if (is_row[i] || digits[i].src == 0 || columns >= kMostColumns ||
        columns * item >= kMostColumnBytes)
      break;
    const std::int64_t room =
        std::min(ceil_of(kMostColumnBytes, columns * item), ceil_of(kMostColumns, columns));
    const bool dense = std::abs(digits[i].src) == run;
    if (!dense && digits[i].size > room) break;
    extents[i] =
        balanced(digits[i].size, room, dense ? std::max<std::int64_t>(1, line * item / run) : 1);
    columns *= extents[i];
    if (extents[i] < digits[i].size) break;
    run *= digits[i].size;
  }
  return {std::move(extents), row_digits};
}

}  // namespace shapewright
