// Sections: stretches of time with one set of items alive, none a subset of another's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/packer/plan.h"

namespace shapewright {

struct SectionItem {
  std::int32_t first, last;  // sections [first, last)
  std::int64_t bytes;
};

struct Sections {
  std::vector<SectionItem> items;    // those that take room
  std::vector<std::uint32_t> index;  // of them in the caller's list
  std::int32_t count = 0;
};

// Two items are alive at once if and only if they share a section.
Sections sections_of(std::span<const PackItem> items);

}  // namespace shapewright
