#include "copy/panel.h"

#include "copy/positions.h"

namespace shapewright {
namespace {

using Sizes = std::vector<std::int64_t>;

struct Positions {
  std::vector<Digit> digits;
  Sizes extents;
  std::int64_t low = 0;  // from position 0 to the lowest address of the source
};
Positions positions_of(const CanonicalCopy& copy, const std::vector<int>& which,
                       const Sizes& extents) {
  Positions p;
  for (const int i : which) {
    const Digit& d = copy.digits[static_cast<std::size_t>(i)];
    const std::int64_t extent = extents[static_cast<std::size_t>(i)];
    p.digits.push_back(d);
    p.extents.push_back(extent);
    if (d.src < 0) p.low += (extent - 1) * d.src;
  }
  return p;
}

}  // namespace

std::int64_t room_of(PanelKind kind, const PanelShape& p) {
  const std::int64_t carry = p.cols * p.outers * 64;
  switch (kind) {
    case PanelKind::kColumns:
      return carry + 2 * p.visit * p.gather_pitch +
             (p.joins != nullptr ? p.cols * p.outers * kJoinRoom : 0);
    case PanelKind::kRibbon: return kRibbonBytes + 64 * p.rows + 256;
    case PanelKind::kRuns: return carry + kMostVisitBytes + 256;
  }
  return 0;
}

Panel::Panel(const CanonicalCopy& copy, const PanelRoles& roles, const Sizes& extents) {
  const Positions rows = positions_of(copy, roles.rows, extents);
  for_each_position(rows.digits, rows.extents,
                    [&](const Digit& at) { row_src_.push_back(at.src - rows.low); });
  // Columns by ascending address of the source, whichever way the digit runs.
  Positions cols = positions_of(copy, roles.cols, extents);
  std::int64_t dst_start = 0;
  for (std::size_t i = 0; i < cols.digits.size(); ++i) {
    Digit& d = cols.digits[i];
    if (d.src >= 0) continue;
    dst_start += (cols.extents[i] - 1) * d.dst;
    d.src = -d.src;
    d.dst = -d.dst;
  }
  for_each_position(cols.digits, cols.extents,
                    [&](const Digit& at) { col_dst_.push_back(dst_start + at.dst); });
  const Positions outers = positions_of(copy, roles.outers, extents);
  for_each_position(outers.digits, outers.extents, [&](const Digit& at) {
    outer_src_.push_back(at.src - outers.low);
    outer_dst_.push_back(at.dst);
  });
  src_offset = rows.low + cols.low + outers.low;
  shape.item_bytes = roles.item_bytes;
  shape.rows = static_cast<std::int64_t>(row_src_.size());
  shape.cols = static_cast<std::int64_t>(col_dst_.size());
  shape.outers = static_cast<std::int64_t>(outer_src_.size());
  row_src_.resize(row_src_.size() + kRowPadding, row_src_.back());
  shape.row_src = row_src_.data();
  shape.col_dst = col_dst_.data();
  shape.outer_src = outer_src_.data();
  shape.outer_dst = outer_dst_.data();
  for (const std::int64_t d : col_dst_) shape.dst_bits |= d;
  for (const std::int64_t d : outer_dst_) shape.dst_bits |= d;
  shape.gather_pitch = roles.gather_pitch;
  if (roles.kind == PanelKind::kColumns) {
    find_rows_before(copy, roles, rows.low);
    join_columns(copy, roles, extents);
  }
  plan_visits(roles.kind);
}

bool cuts_rows(const CanonicalCopy& copy, const PanelRoles& roles) {
  if (roles.kind != PanelKind::kColumns) return false;
  const auto last = static_cast<std::size_t>(roles.rows.back());
  return roles.extents[last] > 1 && roles.extents[last] < copy.digits[last].size;
}

void Panel::find_rows_before(const CanonicalCopy& copy, const PanelRoles& roles, std::int64_t low) {
  if (!cuts_rows(copy, roles)) return;
  const auto last = static_cast<std::size_t>(roles.rows.back());
  const std::int64_t step = copy.digits[last].src * roles.extents[last];
  const Positions whole = positions_of(copy, roles.rows, roles.extents);
  for_each_position(whole.digits, whole.extents,
                    [&](const Digit& at) { row_before_.push_back(at.src - step - low); });
  const std::int64_t group = 64 / shape.item_bytes;
  row_before_.erase(row_before_.begin(), row_before_.end() - group);
  shape.row_before = row_before_.data();
}

void Panel::join_columns(const CanonicalCopy& copy, const PanelRoles& roles, const Sizes& extents) {
  const auto next = static_cast<std::size_t>(roles.rows.back()) + 1;
  if (next >= copy.digits.size() || copy.digits[next].dst != shape.rows * shape.item_bytes) return;
  if (shape.rows * shape.item_bytes % 64 == 0) return;
  std::int64_t step = 1;
  for (const int i : roles.cols) {
    const auto at = static_cast<std::size_t>(i);
    if (at != next) {
      step *= extents[at];
      continue;
    }
    if (copy.digits[at].src < 0) return;
    for (std::int64_t c = 0; c < shape.cols; ++c) {
      const std::int64_t place = c / step % extents[at];
      joins_.push_back(static_cast<std::uint8_t>((place > 0 ? kLed : 0) |
                                                 (place + 1 < extents[at] ? kFollowed : 0)));
    }
    shape.joins = joins_.data();
    shape.follow_step = step;
    led = 1 - 1 / static_cast<double>(extents[at]);
    return;
  }
}

}  // namespace shapewright
