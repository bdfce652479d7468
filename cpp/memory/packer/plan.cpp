#include "memory/packer/plan.h"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"
#include "memory/packer/heuristics.h"
#include "memory/packer/order.h"
#include "memory/packer/sections.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 56;
constexpr std::int64_t kFirstShare = 8000, kLastShare = 512'000;  // nodes of a round of the search
constexpr std::array kDecays{0.95, 0.8};                          // by round

// The search keeps a question for each pair that is alive at once, and a place for any two.
constexpr std::size_t kMaxSearched = 3000;
constexpr std::size_t kMaxPairs = 1'000'000;

bool is_searchable(const Sections& sections) {
  if (sections.items.size() > kMaxSearched) return false;
  std::size_t num_pairs = 0;  // counted where the later of them begins
  for (std::int32_t s = 0; s < sections.count; ++s) {
    std::size_t older = 0, newer = 0;
    for (const SectionItem& item : sections.items)
      if (item.first <= s && s < item.last) ++(item.first == s ? newer : older);
    num_pairs += newer * older + newer * newer / 2;
  }
  return num_pairs <= kMaxPairs;
}

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

// Looks for a plan at the lower bound: by turns one search goes on, with what it has learnt, and
// one is begun anew in another order, since some orders take a hundred times as long as others. Now
// and then any better plan is looked for. What is refuted raises the bound.
void search(std::span<const PackItem> items, std::int64_t max_nodes, OffsetPlan& plan) {
  std::int64_t unit = 0;  // of sizes, and so of the height of a plan that nothing can be lowered in
  for (const PackItem& item : items)
    if (item.begin < item.end) unit = std::gcd(unit, item.bytes);
  std::vector<PackItem> units(items.begin(), items.end());
  for (PackItem& item : units) item.bytes /= unit;
  const Sections sections = sections_of(units);
  if (!is_searchable(sections)) return;

  std::int64_t low = plan.lower_bound / unit, high = plan.height / unit;
  std::int64_t bound = low, share = kFirstShare, nodes = 0;
  std::unique_ptr<OrderSearch> lowest;  // keeps what it has learnt
  const auto try_height = [&](OrderSearch& search, std::int64_t height, double decay) {
    const std::int64_t before = search.nodes();
    const auto answer = search.solve(std::min(share, max_nodes - nodes), decay);
    nodes += search.nodes() - before;
    if (answer == ClauseSearch::Answer::kNo) low = height + 1;
    if (answer != ClauseSearch::Answer::kYes) return;
    high = height;
    plan.method = "search";
    plan.offsets.assign(items.size(), 0);
    for (std::size_t k = 0; k < sections.items.size(); ++k)
      plan.offsets[sections.index[k]] = search.offset(k) * unit;
  };
  for (std::uint32_t round = 0; low < high && nodes < max_nodes; ++round) {
    const std::int64_t middle = low + (high - low) / 2;
    if (round % 3 == 0) {
      if (!lowest) lowest = std::make_unique<OrderSearch>(sections, low, plan.offsets, 0);
      try_height(*lowest, low, kDecays[0]);
    } else {
      const std::int64_t whole = share, height = round % 3 == 1 ? low : middle;
      if (round % 3 == 2) share /= 4;
      OrderSearch search(sections, height, plan.offsets, round);
      try_height(search, height, kDecays[round % 3 == 1]);
      share = whole;
    }
    if (low != bound) lowest.reset();
    bound = low;
    if (round % 3 == 2) share = std::min(4 * share, kLastShare);
  }
  plan.nodes = nodes;
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
  if (options.max_nodes > 0) search(whole, options.max_nodes, plan);
  return plan;
}

}  // namespace shapewright
