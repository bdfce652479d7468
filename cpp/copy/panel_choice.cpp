#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "copy/extents.h"
#include "copy/panel.h"
#include "copy/panel_tuning.h"

namespace shapewright {
namespace {

// A column of the destination is long enough that the parts of lines at its ends do not count, and
// short enough that a copy has panels for all threads.
constexpr std::int64_t kMostRowBytes = 16 << 10;
constexpr std::int64_t kLeastRowBytes = 2 << 10;
constexpr std::int64_t kWantedPanels = 16;
// A row of the source: long stretches are what memory reads best; the columns' unfinished lines
// stay in the second-level cache.
constexpr std::int64_t kMostColumnBytes = 14 << 10;
constexpr std::int64_t kMostColumns = 3584;
constexpr std::int64_t kLongestRun = 4 << 10;
constexpr std::int64_t kRibbonBytesOfPanel = 512 << 10;
constexpr std::int64_t kWovenRows = 4;  // so few are better woven, tile by tile

// The cost of a byte is 1 to read and 1 to write, and more by these over the length in bytes of ...
constexpr double kReadBytes = 256;   // ... what is read side by side
constexpr double kWriteBytes = 300;  // ... a column whose first and last line are parts
constexpr double kJoinBytes = 64;    // ... a column that shares these with other columns
constexpr double kLineBytes = 16;    // ... a column of whole lines
constexpr double kJoinedCost = 0.1;  // rows that are fetched in another order than they are turned
constexpr double kMostCost = 4;      // beyond that, tiles by way of the cache are better

std::int64_t ceil_of(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The digits of a copy as a panel sees them.
struct Sight {
  const CanonicalCopy* copy = nullptr;
  std::int64_t item = 1;
  bool runs = false;
  std::size_t begin = 0;   // of the digits that are not the run's own
  std::vector<int> order;  // of the source
  int first = -1;          // the digit along which items lie side by side in the source
  std::int64_t bytes = 0;  // of the whole copy

  const Digit& at(int i) const { return copy->digits[static_cast<std::size_t>(i)]; }
};

Sight look_at(const CanonicalCopy& copy) {
  Sight s{.copy = &copy, .item = copy.item_bytes, .order = {}};
  const Digit& low = copy.digits.front();
  s.runs = s.item > 16 || !std::has_single_bit(static_cast<std::uint64_t>(s.item));
  if (s.item == 1 && low.src == 1 && low.dst == 1) {
    s.runs = true;
    s.item = low.size;
    s.begin = 1;
  }
  for (const int i : source_order(copy.digits))
    if (static_cast<std::size_t>(i) >= s.begin && s.at(i).src != 0) s.order.push_back(i);
  if (!s.order.empty() && std::abs(s.at(s.order.front()).src) == s.item) s.first = s.order.front();
  s.bytes = s.item;
  for (std::size_t i = s.begin; i < copy.digits.size(); ++i) s.bytes *= copy.digits[i].size;
  return s;
}

PanelRoles no_roles(const Sight& s, PanelKind kind) {
  PanelRoles r;
  r.kind = kind;
  r.item_bytes = s.item;
  r.extents.assign(s.copy->digits.size(), 1);
  if (s.begin == 1) r.extents[0] = s.item;
  return r;
}

bool has(const std::vector<int>& which, int i) {
  return std::find(which.begin(), which.end(), i) != which.end();
}

// Columns, then outer positions, in the order of the source.
void add_columns(const Sight& s, PanelRoles& r, std::int64_t most_bytes) {
  const std::int64_t line = std::max<std::int64_t>(1, 64 / s.item);
  std::int64_t run = s.item;
  std::int64_t columns = 1;
  bool dense = true;
  for (const int i : s.order) {
    if (has(r.rows, i)) {
      dense = false;
      continue;
    }
    if (columns >= kMostColumns || columns * s.item >= most_bytes) break;
    const Digit& d = s.at(i);
    const std::int64_t room =
        std::min(ceil_of(most_bytes, columns * s.item), ceil_of(kMostColumns, columns));
    dense &= std::abs(d.src) == run;
    if (!dense && d.size > room) break;
    std::int64_t& extent = r.extents[static_cast<std::size_t>(i)];
    extent = balanced(d.size, room, dense ? std::max<std::int64_t>(1, line * s.item / run) : 1);
    (dense ? r.cols : r.outers).push_back(i);
    columns *= extent;
    if (extent < d.size) break;
    run *= d.size;
  }
}

// Every run of the destination begins and ends with a line.
bool fills_lines(const Sight& s, const PanelRoles& r, std::int64_t column_bytes) {
  bool all = column_bytes % 64 == 0;
  for (std::size_t i = s.begin; i < s.copy->digits.size(); ++i)
    if (!has(r.rows, static_cast<int>(i))) all &= s.copy->digits[i].dst % 64 == 0;
  return all;
}

struct Best {
  PanelRoles roles;
  double cost = kMostCost;
};

void weigh(const Sight& s, PanelRoles r, Best& best) {
  const Panel panel(*s.copy, r, r.extents);
  const std::int64_t column = panel.shape.rows * s.item;
  double cost = 2 + kReadBytes / static_cast<double>(panel.read_bytes);
  if (panel.read_bytes != panel.shape.cols * s.item) cost += kJoinedCost;
  double ends = kWriteBytes * (1 - panel.led) + kJoinBytes * panel.led;
  if (fills_lines(s, r, column)) ends = kLineBytes;
  cost += r.kind == PanelKind::kRibbon ? panel_tuning().ribbon_cost
                                       : ends / static_cast<double>(column);
  if (cost < best.cost) best = {std::move(r), cost};
}

// Columns of the digits [begin, past).
void weigh_columns(const Sight& s, std::size_t past, Best& best) {
  const std::int64_t line = std::max<std::int64_t>(1, 64 / s.item);
  const std::int64_t share = s.bytes / (kWantedPanels * kMostColumnBytes) * s.item;
  const std::int64_t most = std::clamp(share, kLeastRowBytes, kMostRowBytes);
  PanelRoles rows = no_roles(s, s.runs ? PanelKind::kRuns : PanelKind::kColumns);
  std::int64_t column = s.item;
  for (std::size_t k = s.begin; k < past && column < most; ++k) {
    const std::int64_t size = s.copy->digits[k].size;
    rows.rows.push_back(static_cast<int>(k));
    rows.extents[k] = balanced(size, ceil_of(most, column), line);
    column *= rows.extents[k];
    if (rows.extents[k] < size) break;
  }
  if (column < 64) return;
  PanelRoles r = rows;
  add_columns(s, r, kMostColumnBytes);
  const Panel wide(*s.copy, r, r.extents);
  const PanelTuning& t = panel_tuning();
  if (s.item <= kMostGatheredItem && (t.gathers_near ? wide.crowded : wide.crowded_far)) {
    r = std::move(rows);
    r.gathers = true;
    add_columns(s, r, t.gathered_column_bytes);
  } else if (wide.crowded_far) {
    r = std::move(rows);
    add_columns(s, r, t.crowded_column_bytes);
  }
  weigh(s, std::move(r), best);
}

// A ribbon of the digit `first`, with all digits before it as rows.
void weigh_ribbon(const Sight& s, std::int64_t rows, Best& best) {
  const auto first = static_cast<std::size_t>(s.first);
  const Digit& d = s.at(s.first);
  if (rows <= kWovenRows || rows > kMostRibbonRows || d.src < 0) return;
  PanelRoles r = no_roles(s, PanelKind::kRibbon);
  for (std::size_t k = 0; k < first; ++k) {
    r.rows.push_back(static_cast<int>(k));
    r.extents[k] = s.copy->digits[k].size;
  }
  r.cols.push_back(s.first);
  std::int64_t bytes = rows * s.item;
  const std::int64_t line = std::max<std::int64_t>(1, 64 / s.item);
  r.extents[first] = balanced(d.size, ceil_of(kRibbonBytesOfPanel, bytes), line);
  bytes *= r.extents[first];
  for (const int o : s.order) {
    if (has(r.rows, o) || o == s.first) continue;
    if (r.extents[first] < d.size || bytes >= kRibbonBytesOfPanel) break;
    std::int64_t& extent = r.extents[static_cast<std::size_t>(o)];
    extent = balanced(s.at(o).size, ceil_of(kRibbonBytesOfPanel, bytes), 1);
    r.outers.push_back(o);
    bytes *= extent;
    if (extent < s.at(o).size) break;
  }
  if (r.extents[first] * s.item >= 16) weigh(s, std::move(r), best);
}

// Rows of short items that crowd a cache are gathered; those of every panel of the plan then, at
// the ends of digits too.
std::int64_t gather_pitch_of(const Sight& s, const PanelRoles& r) {
  if (!r.gathers) return 0;
  std::int64_t row = s.item;
  std::int64_t shortest = s.item;
  for (const int i : r.cols) {
    const std::int64_t extent = r.extents[static_cast<std::size_t>(i)];
    const std::int64_t rest = s.at(i).size % extent;
    shortest *= rest == 0 ? extent : std::min(extent, rest);
    row *= extent;
  }
  if (shortest < 64) return 0;
  const std::int64_t lines = ceil_of(row, 64) + 1;
  return (lines + 1 - lines % 2) * 64;  // an odd number of lines, to use all sets
}

}  // namespace

PanelRoles choose_panel(const CanonicalCopy& copy) {
  if (copy.digits.empty()) return {};
  const Sight s = look_at(copy);
  if (s.item > kLongestRun || copy.digits.size() < s.begin + (s.runs ? 1 : 2)) return {};
  if (!s.runs && s.first < 0) return {};
  Best best;
  std::int64_t run = s.item;
  for (std::size_t i = s.begin; i < copy.digits.size() && copy.digits[i].dst == run; ++i) {
    if (static_cast<int>(i) == s.first) {
      if (!s.runs) weigh_ribbon(s, run / s.item, best);
      break;
    }
    if (run >= kMostRowBytes) break;
    run *= copy.digits[i].size;
    weigh_columns(s, i + 1, best);
  }
  if (!best.roles.rows.empty()) best.roles.gather_pitch = gather_pitch_of(s, best.roles);
  return std::move(best.roles);
}

}  // namespace shapewright
