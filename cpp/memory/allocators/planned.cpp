#include "memory/allocators/planned.h"

#include <algorithm>

namespace shapewright {

std::vector<PackItem> pack_items(const RequestList& requests) {
  std::vector<PackItem> items(requests.first.size());
  for (std::size_t k = 0; k < items.size(); ++k)
    items[k] = {requests.first[k], requests.last[k], requests.all[requests.first[k]].bytes};
  return items;
}

Replay replay_planned(const RequestList& requests, const std::vector<std::int64_t>& offsets,
                      std::int64_t alignment, const ReplayOptions& options) {
  Replay out;
  out.placements.resize(requests.first.size());
  const auto rounded = [&](std::int64_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
  };
  std::int64_t height = 0;
  for (std::size_t k = 0; k < offsets.size(); ++k) {
    const std::int64_t bytes = rounded(requests.all[requests.first[k]].bytes);
    if (bytes == 0) continue;
    out.placements[k] = {offsets[k], bytes};
    height = std::max(height, offsets[k] + bytes);
  }
  Device device(options.capacity_bytes);
  if (height > 0 && !device.take(height)) {
    out.runs = false;
    out.failed_request = 0;
    out.failed_bytes = height;
    out.failed_free_bytes = device.capacity();
    out.placements.assign(offsets.size(), {});
  }
  for (std::uint32_t i = 0; i < requests.all.size() && out.runs; ++i) {
    const Request& r = requests.all[i];
    if (r.allocation == kNoIndex || r.kind == RequestKind::kFreeRequested) continue;
    const std::int64_t sign = r.kind == RequestKind::kAlloc ? 1 : -1, peak = out.allocated.peak;
    out.allocated.add(sign * std::max<std::int64_t>(0, out.placements[r.allocation].bytes));
    out.requested.add(sign * requests.all[requests.first[r.allocation]].bytes);
    if (out.allocated.peak > peak) out.peak_request = i;
  }
  out.active = out.allocated;
  out.reserved = device.reserved();
  out.num_device_allocs = device.num_allocs();
  out.window = device.window();
  return out;
}

}  // namespace shapewright
