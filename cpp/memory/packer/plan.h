// Static offset planning: one arena for buffers that live over known intervals, as low as can be.
//
//   offset ^   +-----+  +------+
//          |   |  b  |  |  d   |        buffers that live at the same time lie apart
//          | +-+-----+--+---+--+
//          | |      a       | c |       height >= the most bytes alive at once, the lower bound
//          +------------------------> time
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shapewright {

struct PackItem {
  std::int64_t begin = 0, end = 0;  // alive over [begin, end)
  std::int64_t bytes = 0;
};

struct OffsetPlan {
  std::vector<std::int64_t> offsets;  // by item
  std::int64_t height = 0;
  std::int64_t lower_bound = 0;  // no plan is lower
  std::string_view method;       // row that gave it, or "search"
  std::int64_t nodes = 0;        // that the search visited
  bool is_optimal() const { return height == lower_bound; }
};

struct PackOptions {
  std::int64_t alignment = 64;       // of every offset; sizes are rounded up to it
  std::int64_t max_nodes = 200'000;  // of the search; 0: heuristics alone
};

// The best of the heuristics, and, where it is above the lower bound, exact search: the answer is
// optimal unless the nodes run out. Throws Error{kGeneric, "plan-size"} for sizes, intervals or an
// alignment that are none.
OffsetPlan plan_offsets(std::span<const PackItem> items, const PackOptions& options);

// The most bytes alive at once, each size rounded up to the alignment.
std::int64_t max_alive(std::span<const PackItem> items, std::int64_t alignment);

// What is wrong with a plan: "" if nothing is. Knows nothing of how it was made.
std::string check_plan(std::span<const PackItem> items, const OffsetPlan& plan,
                       std::int64_t alignment);

}  // namespace shapewright
