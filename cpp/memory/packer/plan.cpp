#include "memory/packer/plan.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "memory/packer/heuristics.h"
#include "memory/packer/skyline.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 56;
constexpr std::size_t kMaxSearched = 4000;  // items; the search goes as deep as there are

void check_items(std::span<const PackItem> items, const PackOptions& options) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::kGeneric, "plan-size", what);
  };
  if (options.alignment < 1 || options.alignment > (std::int64_t{1} << 30))
    refuse("alignment " + std::to_string(options.alignment) + " is none");
  std::int64_t total = 0;
  for (const PackItem& item : items) {
    if (item.bytes < 0 || item.bytes > kMaxBytes || (total += item.bytes) > kMaxBytes)
      refuse("the sizes are negative, or past 2^56 together");
    if (item.end < item.begin) refuse("an item ends before it begins");
  }
}

std::int64_t height_of(std::span<const PackItem> items, std::span<const std::int64_t> offsets) {
  std::int64_t height = 0;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].bytes > 0 && items[i].begin < items[i].end)
      height = std::max(height, offsets[i] + items[i].bytes);
  return height;
}

// Raises the lower bound from one height that is proved too low to the next, and lowers the plan by
// halving what is between, until both meet or the nodes run out.
void search(std::span<const PackItem> units, std::int64_t unit, std::int64_t max_nodes,
            OffsetPlan& plan) {
  SkylineSearch search(units);
  std::int64_t low = plan.lower_bound / unit, high = plan.height / unit;
  // Restarts with another order of trying; what has failed stays known.
  std::int64_t share = std::clamp<std::int64_t>(max_nodes / 64, 1000, 3000);
  for (std::uint32_t style = 0; low < high && search.nodes() < max_nodes; ++style) {
    // Four rounds of five look for the best plan, the fifth for any better one.
    const std::int64_t aim = style % 5 == 4 ? low + (high - low) / 2 : low;
    const std::int64_t nodes = std::min(share, max_nodes - search.nodes());
    const auto answer = search.solve(aim, nodes, style);
    if (answer == SkylineSearch::Answer::kFound) {
      plan.method = "search";
      plan.offsets = search.offsets();
      for (std::int64_t& offset : plan.offsets) offset *= unit;
      std::int64_t top = 0;
      for (std::size_t i = 0; i < units.size(); ++i)
        if (units[i].bytes > 0 && units[i].begin < units[i].end)
          top = std::max(top, plan.offsets[i] / unit + units[i].bytes);
      high = top;
    } else if (answer == SkylineSearch::Answer::kImpossible) {
      low = std::min(std::max(search.least_height(), aim + 1), high);
    } else if (style % 32 == 31) {
      share += share / 2;
    }
  }
  plan.nodes = search.nodes();
  plan.lower_bound = low * unit;
  plan.height = high * unit;
}

}  // namespace

std::int64_t max_alive(std::span<const PackItem> items, std::int64_t alignment) {
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;  // ends come before beginnings
  for (const PackItem& item : items) {
    if (item.begin >= item.end) continue;
    const std::int64_t bytes = (item.bytes + alignment - 1) / alignment * alignment;
    changes.emplace_back(item.begin, bytes);
    changes.emplace_back(item.end, -bytes);
  }
  std::ranges::sort(changes);
  std::int64_t now = 0, most = 0;
  for (const auto& change : changes) most = std::max(most, now += change.second);
  return most;
}

OffsetPlan plan_offsets(std::span<const PackItem> items, const PackOptions& options) {
  check_items(items, options);
  std::vector<PackItem> whole(items.begin(), items.end());  // sizes rounded up
  for (PackItem& item : whole)
    item.bytes = (item.bytes + options.alignment - 1) / options.alignment * options.alignment;
  OffsetPlan plan;
  plan.lower_bound = max_alive(whole, 1);
  plan.height = -1;
  for (const PackHeuristic& row : pack_heuristics()) {
    std::vector<std::int64_t> offsets = row.place(whole, options.alignment);
    const std::int64_t height = height_of(whole, offsets);
    if (plan.height < 0 || height < plan.height) {
      plan.height = height;
      plan.offsets = std::move(offsets);
      plan.method = row.name;
    }
    if (plan.height == plan.lower_bound) return plan;
  }
  if (options.max_nodes > 0 && whole.size() <= kMaxSearched) {
    for (PackItem& item : whole) item.bytes /= options.alignment;
    search(whole, options.alignment, options.max_nodes, plan);
  }
  return plan;
}

}  // namespace shapewright
