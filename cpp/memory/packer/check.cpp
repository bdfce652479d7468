#include <algorithm>
#include <string>

#include "memory/packer/plan.h"

namespace shapewright {

std::string check_plan(std::span<const PackItem> items, const OffsetPlan& plan,
                       std::int64_t alignment) {
  const auto name = [](std::size_t i) { return "item " + std::to_string(i); };
  if (plan.offsets.size() != items.size()) return "there is not one offset for each item";
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::int64_t offset = plan.offsets[i];
    if (offset < 0 || offset % alignment != 0)
      return name(i) + " has offset " + std::to_string(offset);
    if (items[i].bytes == 0 || items[i].begin >= items[i].end) continue;  // takes no room
    if (offset + items[i].bytes > plan.height) return name(i) + " ends above the height";
    order.push_back(i);
  }
  // Every pair that is alive at once, by the time at which the later one begins.
  std::ranges::sort(order, {}, [&](std::size_t i) { return items[i].begin; });
  std::vector<std::size_t> alive;
  for (const std::size_t i : order) {
    std::erase_if(alive, [&](std::size_t j) { return items[j].end <= items[i].begin; });
    for (const std::size_t j : alive)
      if (plan.offsets[i] < plan.offsets[j] + items[j].bytes &&
          plan.offsets[j] < plan.offsets[i] + items[i].bytes)
        return name(i) + " and " + name(j) + " overlap";
    alive.push_back(i);
  }
  return "";
}

}  // namespace shapewright
