#include "memory/packer/heuristics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace shapewright {

namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

std::int64_t aligned(std::int64_t offset, std::int64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

bool is_empty(const PackItem& item) { return item.bytes == 0 || item.begin >= item.end; }

enum class Gap { kBest, kFirst, kTflite };

// Places the items in the given order; of those that are placed, `by_offset` holds the order.
template <Gap kGap>
std::vector<std::int64_t> place_in_order(std::span<const PackItem> items,
                                         std::span<const std::uint32_t> order,
                                         std::int64_t alignment) {
  std::vector<std::int64_t> offsets(items.size(), 0);
  std::vector<std::uint32_t> by_offset;
  by_offset.reserve(items.size());
  for (const std::uint32_t i : order) {
    const PackItem& item = items[i];
    if (is_empty(item)) continue;
    std::int64_t best = kNone, waste = kNone, current = 0;
    for (const std::uint32_t j : by_offset) {
      const PackItem& other = items[j];
      if (other.end <= item.begin || item.end <= other.begin) continue;
      const std::int64_t start = aligned(current, alignment), gap = offsets[j] - start;
      if (gap >= item.bytes && gap < waste) {
        best = start;
        // TensorFlow Lite compares the gap from the aligned offset with one from the other.
        waste = kGap == Gap::kTflite ? offsets[j] - current : gap;
        if (kGap == Gap::kFirst || waste == 0) break;
      }
      current = std::max(current, offsets[j] + other.bytes);
    }
    if (best == kNone) best = aligned(current, alignment);
    offsets[i] = best;
    const auto at =
        std::ranges::upper_bound(by_offset, best, {}, [&](std::uint32_t j) { return offsets[j]; });
    by_offset.insert(at, i);
  }
  return offsets;
}

template <typename Before>
std::vector<std::uint32_t> order_by(std::span<const PackItem> items, Before before) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(
      order, [&](std::uint32_t a, std::uint32_t b) { return before(items[a], items[b]); });
  return order;
}

std::int64_t lifetime(const PackItem& item) { return item.end - item.begin; }

double area(const PackItem& item) {
  return static_cast<double>(item.bytes) * static_cast<double>(lifetime(item));
}

using Offsets = std::vector<std::int64_t>;
using Items = std::span<const PackItem>;

bool larger(const PackItem& a, const PackItem& b) {
  return a.bytes != b.bytes ? a.bytes > b.bytes : a.begin < b.begin;
}
bool longer(const PackItem& a, const PackItem& b) {
  return lifetime(a) != lifetime(b) ? lifetime(a) > lifetime(b) : larger(a, b);
}

Offsets by_size(Items items, std::int64_t alignment) {
  return place_in_order<Gap::kBest>(items, order_by(items, larger), alignment);
}
Offsets by_size_lowest(Items items, std::int64_t alignment) {
  return place_in_order<Gap::kFirst>(items, order_by(items, larger), alignment);
}
Offsets by_area(Items items, std::int64_t alignment) {
  const auto before = [](const PackItem& a, const PackItem& b) { return area(a) > area(b); };
  return place_in_order<Gap::kFirst>(items, order_by(items, before), alignment);
}
Offsets by_lifetime(Items items, std::int64_t alignment) {
  return place_in_order<Gap::kFirst>(items, order_by(items, longer), alignment);
}
Offsets by_time(Items items, std::int64_t alignment) {
  const auto before = [](const PackItem& a, const PackItem& b) {
    return a.begin != b.begin ? a.begin < b.begin : longer(a, b);
  };
  return place_in_order<Gap::kFirst>(items, order_by(items, before), alignment);
}

// What lives throughout first, then the larger, ties in the order of use; sizes as given.
Offsets like_tflite(Items items, std::int64_t alignment) {
  std::int64_t first = kNone, last = 0;
  for (const PackItem& item : items) {
    first = std::min(first, item.begin);
    last = std::max(last, item.end);
  }
  const auto is_throughout = [&](const PackItem& item) {
    return item.begin == first && item.end == last;
  };
  const auto before = [&](const PackItem& a, const PackItem& b) {
    if (is_throughout(a) != is_throughout(b)) return is_throughout(a);
    return is_throughout(a) ? false : larger(a, b);
  };
  return place_in_order<Gap::kTflite>(items, order_by(items, before), alignment);
}

constexpr std::array kHeuristics{
    PackHeuristic{"size", "the larger first, in the tightest gap", by_size},
    PackHeuristic{"size-lowest", "the larger first, in the lowest gap", by_size_lowest},
    PackHeuristic{"lifetime", "the longer lived first, in the lowest gap", by_lifetime},
    PackHeuristic{"area", "bytes times lifetime", by_area},
    PackHeuristic{"time", "as they come, in the lowest gap", by_time},
    PackHeuristic{"tflite", "TensorFlow Lite's arena planner", like_tflite},
    PackHeuristic{"onnxruntime", "ONNX Runtime's pattern planner", place_like_ort},
};

}  // namespace

std::span<const PackHeuristic> pack_heuristics() { return kHeuristics; }

std::vector<std::int64_t> place_like_ort(std::span<const PackItem> items, std::int64_t alignment) {
  struct Change {
    std::int64_t time;
    bool is_begin;
    std::uint32_t item;
  };
  std::vector<Change> changes;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (is_empty(items[i])) continue;
    changes.push_back({items[i].begin, true, i});
    changes.push_back({items[i].end, false, i});
  }
  std::ranges::stable_sort(changes, [](const Change& a, const Change& b) {
    return a.time != b.time ? a.time < b.time : a.is_begin < b.is_begin;
  });
  std::vector<std::int64_t> offsets(items.size(), 0);
  std::vector<std::uint32_t> alive;  // by offset
  for (const Change& change : changes) {
    if (!change.is_begin) {
      std::erase(alive, change.item);
      continue;
    }
    const std::int64_t bytes = aligned(items[change.item].bytes, alignment);
    std::int64_t current = 0, waste = kNone;
    std::size_t place = alive.size();
    std::int64_t best =
        alive.empty() ? 0 : offsets[alive.back()] + aligned(items[alive.back()].bytes, alignment);
    for (std::size_t k = 0; k < alive.size(); ++k) {
      const std::int64_t gap = offsets[alive[k]] - current;
      if (gap >= bytes && gap - bytes < waste) {
        waste = gap - bytes;
        place = k;
        best = current;
      }
      current = offsets[alive[k]] + aligned(items[alive[k]].bytes, alignment);
    }
    offsets[change.item] = best;
    alive.insert(alive.begin() + static_cast<std::ptrdiff_t>(place), change.item);
  }
  return offsets;
}

}  // namespace shapewright
