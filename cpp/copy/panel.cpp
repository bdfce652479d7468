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
    case PanelKind::kColumns: return carry + 2 * p.visit * p.gather_pitch;
    case PanelKind::kRibbon: return kRibbonBytes + 16 * p.rows + 256;
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
  plan_visits(roles.kind);
}

}  // namespace shapewright
