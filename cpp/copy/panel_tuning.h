// What differs among processors in how a panel is read fastest.
#pragma once

#include <cstdint>

namespace shapewright {

struct PanelTuning {
  const char* name;  // for SHAPEWRIGHT_TUNING

  // Rows of this length are places enough by themselves, read in the order in which they are
  // turned.
  std::int64_t long_row_bytes;

  // Shorter rows are joined, cut into so many places, and fetched a whole visit ahead.
  std::int64_t places;
  std::int64_t least_place_bytes;
  std::int64_t visit_bytes;
  std::int64_t most_visit_bytes;  // to have long stretches
  std::int64_t byte_places;       // and those of one-byte items, where a line takes 64 rows
  std::int64_t byte_visit_bytes;

  // Long rows of ribbons, and ribbons of more than so many bytes, are fetched in the order in which
  // they are turned, so far ahead; none if 0.
  std::int64_t most_joined_ribbon_bytes;
  std::int64_t ribbon_lead_lines;
  double ribbon_cost;  // of a byte, as in panel_choice.cpp

  // Rows that share few sets of the caches: of the second-level one, or ...
  std::int64_t crowded_column_bytes;
  // ... if `gathers_near`, of the first-level one too, where rows of 1- and 2-byte items are
  // brought together first, this much of each.
  bool gathers_near;
  std::int64_t gathered_column_bytes;
  std::int64_t gathered_places;
  std::int64_t gathered_lead_lines;  // how far their fetch is ahead
};

// The one that suits this processor, or SHAPEWRIGHT_TUNING's.
const PanelTuning& panel_tuning();

}  // namespace shapewright
