#include "memory/allocators/capacity.h"

#include <algorithm>

namespace shapewright {

namespace {

constexpr std::int64_t kGrain = std::int64_t{1} << 20;  // below it halving gains little

class Walk {
 public:
  Walk(const AllocatorRow& row, const RequestList& requests, std::string_view settings,
       std::int64_t total_bytes)
      : row_(row), requests_(requests), settings_(settings, row.settings) {
    options_.total_bytes = total_bytes;
  }
  Replay at(std::int64_t capacity) {
    ++num_replays;
    options_.capacity_bytes = capacity;
    return row_.replay(requests_, settings_, options_);
  }
  std::int64_t num_replays = 0;

 private:
  const AllocatorRow& row_;
  const RequestList& requests_;
  Settings settings_;
  ReplayOptions options_;
};

}  // namespace

Capacity least_capacity(const AllocatorRow& row, const RequestList& requests,
                        std::string_view settings, std::int64_t total_bytes,
                        std::int64_t max_replays) {
  Walk walk(row, requests, settings, total_bytes);
  Capacity out;
  const Replay all = walk.at(total_bytes > 0 ? total_bytes : kUnlimited);
  if (!all.runs) {
    out = {kUnlimited, all.window.below, kUnlimited, kUnlimited, walk.num_replays};
    return out;
  }
  out.free_running = out.steady = out.least = all.reserved.peak;
  // Whole blocks would be no bound: with less memory others are found, that fit better.
  out.least_lower = all.requested.peak;

  // Halving, as if more were always enough: finds a capacity that is replayed to run.
  for (std::int64_t low = out.least_lower;
       out.least - low > kGrain && walk.num_replays < max_replays / 4;) {
    const std::int64_t middle = low + (out.least - low) / 2;
    const Replay r = walk.at(middle);
    if (r.runs)
      out.least = std::clamp(r.window.from, low, middle);
    else
      low = std::clamp(r.window.below, middle + 1, out.least);
  }
  // Window by window from below: the first that runs is the least.
  while (out.least_lower < out.least && walk.num_replays < max_replays * 3 / 4) {
    const Replay r = walk.at(out.least_lower);
    if (r.runs)
      out.least = out.least_lower;
    else
      out.least_lower = std::clamp(r.window.below, out.least_lower + 1, out.least);
  }
  // And from above, as long as each runs.
  while (out.steady > out.least && walk.num_replays < max_replays) {
    const Replay r = walk.at(out.steady - 1);
    if (!r.runs) break;
    out.steady = std::clamp(r.window.from, out.least, out.steady - 1);
  }
  out.num_replays = walk.num_replays;
  return out;
}

}  // namespace shapewright
