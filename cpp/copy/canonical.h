// One form for every copy that moves the same bytes to the same places.
#pragma once

#include <cstdint>
#include <vector>

#include "copy/plan.h"

namespace shapewright {

inline constexpr std::int64_t kWidestItem = 63;  // a run of a line and more is moved as bytes

struct CanonicalCopy {
  std::vector<Digit> digits;    // sizes > 1, destination strides > 0 and ascending, none foldable
  std::int64_t item_bytes = 1;  // widened where neighbours travel together and nothing is cast
  std::int64_t src_offset = 0;  // bytes to add to the caller's base pointers
  std::int64_t dst_offset = 0;
  std::int64_t param_offset = 0;
  bool empty = false;
};

// Throws Error{kLayout, "layout-destination-stride"} where two positions share a destination.
CanonicalCopy canonicalize(const CopySpec& spec);

}  // namespace shapewright
