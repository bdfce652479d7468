#include "memory/packer/sections.h"

#include <algorithm>
#include <utility>

namespace shapewright {

namespace {

// Where the last of a run of beginnings comes before an end.
std::vector<std::int64_t> section_times(std::span<const PackItem> items,
                                        std::span<const std::uint32_t> index) {
  std::vector<std::pair<std::int64_t, bool>> changes;  // ends come before beginnings
  for (const std::uint32_t i : index) {
    changes.emplace_back(items[i].begin, true);
    changes.emplace_back(items[i].end, false);
  }
  std::ranges::sort(changes);
  std::vector<std::int64_t> times;
  for (std::size_t k = 0; k + 1 < changes.size(); ++k)
    if (changes[k].second && !changes[k + 1].second) times.push_back(changes[k].first);
  return times;
}

}  // namespace

Sections sections_of(std::span<const PackItem> items) {
  Sections out;
  for (std::uint32_t i = 0; i < items.size(); ++i)
    if (items[i].bytes > 0 && items[i].begin < items[i].end) out.index.push_back(i);
  const std::vector<std::int64_t> times = section_times(items, out.index);
  const auto place_of = [&](std::int64_t time) {
    return static_cast<std::int32_t>(std::ranges::lower_bound(times, time) - times.begin());
  };
  for (const std::uint32_t i : out.index)
    out.items.push_back({place_of(items[i].begin), place_of(items[i].end), items[i].bytes});
  out.count = static_cast<std::int32_t>(times.size());
  return out;
}

}  // namespace shapewright
