// What differs among processors in how a panel is read fastest.
#pragma once

#include <cstdint>

namespace shapewright {

struct PanelTuning {
  const char* name;  // for SHAPEWRIGHT_TUNING

  // Short rows are joined, cut into so many places, and fetched a whole visit ahead.
  std::int64_t places;
  std::int64_t least_place_bytes;
  std::int64_t visit_bytes;
  std::int64_t most_visit_bytes;  // to have long stretches

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
