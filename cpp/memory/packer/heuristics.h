// One pass over the items in some order, each put into a gap between those that are placed.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "memory/packer/plan.h"

namespace shapewright {

struct PackHeuristic {
  std::string_view name, summary;
  // Offsets by item; `alignment` of the offsets.
  std::vector<std::int64_t> (*place)(std::span<const PackItem> items,
                                     std::int64_t alignment) = nullptr;
};

std::span<const PackHeuristic> pack_heuristics();

// ONNX Runtime's pattern planner (mem_pattern_planner.h): in the order of time, best gap by waste,
// sizes as given. `requests` of PackItem::begin and end only order what comes and goes.
std::vector<std::int64_t> place_like_ort(std::span<const PackItem> items, std::int64_t alignment);

}  // namespace shapewright
