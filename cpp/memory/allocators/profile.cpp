#include "memory/allocators/profile.h"

#include <algorithm>

#include "memory/allocators/planned.h"
#include "memory/packer/heuristics.h"

namespace shapewright {

namespace {

constexpr std::int64_t kOrtAlignment = 256;
constexpr std::int64_t kPatternBlock = -1;  // a name that no buffer has

// The first run asks for each tensor. Later ones with the same shapes ask for one block in which
// the pattern of the first has put all but the outputs of the model, which the caller keeps.
RequestList ort_runs(const BoundMemory& bound, const TimelineRequests& run) {
  RequestBuilder builder;
  std::vector<PackItem> items;
  std::vector<std::uint32_t> outputs;
  const Schedule& schedule = bound.memory().schedule;
  for (const Request& r : run.requests.all) {
    if (r.kind == RequestKind::kAlloc)
      builder.alloc(r.allocation, r.bytes);
    else
      builder.release(RequestKind::kFree, r.allocation);
  }
  for (const PackItem& item : pack_items(run.requests)) {
    const auto k = static_cast<std::uint32_t>(items.size() + outputs.size());
    const BufferId b = run.buffers[k];
    const bool is_output = schedule.is_kept[b] != 0 && bound.memory().buffers[b].block == 0;
    if (is_output)
      outputs.push_back(k);
    else
      items.push_back(item);
  }
  for (const std::uint32_t k : outputs) builder.release(RequestKind::kFree, k);
  const std::vector<std::int64_t> offsets = place_like_ort(items, kOrtAlignment);
  std::int64_t height = 0;
  for (std::size_t i = 0; i < items.size(); ++i)
    height = std::max(height, offsets[i] + items[i].bytes);
  height = (height + kOrtAlignment - 1) / kOrtAlignment * kOrtAlignment;
  builder.alloc(kPatternBlock, height);
  for (const std::uint32_t k : outputs)
    builder.alloc(k, run.requests.all[run.requests.first[k]].bytes);
  return builder.take();
}

}  // namespace

TimelineRequests timeline_requests(const BoundMemory& bound) {
  const Memory& m = bound.memory();
  TimelineRequests out;
  out.is_known = bound.peak().upper.has_value();
  RequestBuilder builder;
  for (const Event& e : m.timeline.events) {
    const bool is_alloc = e.action == Action::kAlloc;
    if (m.buffers[e.buffer].kind != BufferKind::kResult) {
      if (is_alloc) out.held_bytes += bound.bytes(e.buffer);
    } else if (is_alloc) {
      builder.alloc(e.buffer, bound.bytes(e.buffer));
      out.buffers.push_back(e.buffer);
    } else {
      builder.release(RequestKind::kFree, e.buffer);
    }
  }
  out.requests = builder.take();
  return out;
}

BufferPlan plan_buffers(const BoundMemory& bound, const PackOptions& options) {
  TimelineRequests run = timeline_requests(bound);
  const std::vector<PackItem> items = pack_items(run.requests);
  BufferPlan out{plan_offsets(items, options), std::move(run.buffers), {}};
  for (const PackItem& item : items) out.bytes.push_back(item.bytes);
  return out;
}

std::optional<ProfileMemory> profile_memory(const BoundMemory& bound, std::string_view profile) {
  if (!bound.peak().upper) return std::nullopt;
  const TimelineRequests run = timeline_requests(bound);
  if (profile == "static") {
    const OffsetPlan plan = plan_offsets(pack_items(run.requests), {});
    const std::int64_t top = run.held_bytes + plan.height;
    return ProfileMemory{top, run.held_bytes + plan.lower_bound, top, top, top};
  }
  if (profile == "onnxruntime") {
    const Capacity c = least_capacity(kOrtArena, ort_runs(bound, run), "");
    const std::int64_t least = run.held_bytes + c.least, all = run.held_bytes + c.free_running;
    return ProfileMemory{least, run.held_bytes + c.least_lower, all, least, all};
  }
  return std::nullopt;
}

}  // namespace shapewright
