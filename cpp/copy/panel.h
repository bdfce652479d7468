// Which panels a copy is cut into, and the tables of one.
#pragma once

#include <cstdint>
#include <vector>

#include "copy/canonical.h"
#include "copy/panel_shape.h"

namespace shapewright {

// What every digit is to a panel. Digits that are none of these are walked from panel to panel.
struct PanelRoles {
  PanelKind kind = PanelKind::kColumns;
  std::int64_t item_bytes = 1;  // of what is moved as one: a run of the copy has become an item
  std::vector<int> rows;        // digits, in the order of the destination
  std::vector<int> cols;        // in the order of the source; side by side there
  std::vector<int> outers;      // in the order of the source
  std::vector<std::int64_t> extents;  // positions of every digit that a whole panel covers
  bool gathers = false;               // rows are brought together first
  std::int64_t gather_pitch = 0;      // PanelShape::gather_pitch, of every panel
};

// No rows where no panel suits: too little is side by side in the source or in the destination.
PanelRoles choose_panel(const CanonicalCopy& copy);

// The last digit of the rows is cut: cut 0 of the walk, for rows are the first digits.
bool cuts_rows(const CanonicalCopy& copy, const PanelRoles& roles);

class Panel {
 public:
  // `extents`: those of the roles, less at the ends of digits.
  Panel(const CanonicalCopy& copy, const PanelRoles& roles,
        const std::vector<std::int64_t>& extents);
  Panel(const Panel&) = delete;
  Panel& operator=(const Panel&) = delete;

  PanelShape shape;
  std::int64_t src_offset = 0;  // from the panel's position to its lowest address
  double led = 0;               // share of the columns that others lead up to
  std::int64_t read_bytes = 0;  // mean length of what is read side by side
  // The rows of a visit share few sets of the first-level cache, and of the second-level one.
  bool crowded = false, crowded_far = false;

 private:
  void find_rows_before(const CanonicalCopy& copy, const PanelRoles& roles, std::int64_t low);
  void join_columns(const CanonicalCopy& copy, const PanelRoles& roles,
                    const std::vector<std::int64_t>& extents);

  // panel_visits.cpp
  struct Units;    // what visits are counted in
  struct Reading;  // how much a visit reads, and whether as rows
  void plan_visits(PanelKind kind);
  std::vector<std::int64_t> places_of(const Units& units, std::int64_t first,
                                      std::int64_t count) const;
  void read_long_rows(const Units& units, Reading& reading);
  void read_ribbons(const Units& units, Reading& reading);
  void gather_lines(const Units& units, Reading& reading);
  void join_short_rows(const Units& units, Reading& reading);
  void list_visits(const Units& units, const Reading& reading);

  std::vector<std::int64_t> row_src_, row_before_, col_dst_, outer_src_, outer_dst_;
  std::vector<std::uint8_t> joins_;
  std::vector<std::int64_t> places_, gathered_;
  std::vector<Front> fronts_;
  std::vector<Visit> visits_;
};

}  // namespace shapewright
