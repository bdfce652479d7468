// The row of ONNX Runtime's pattern planner: after a first run with some input shapes, later ones
// with the same shapes take one block, in which every tensor has its place.
#include "memory/allocators/planned.h"
#include "memory/packer/heuristics.h"

namespace shapewright {

namespace {

constexpr std::int64_t kAlignment = 256;

Replay replay_ort_pattern(const RequestList& requests, const Settings&,
                          const ReplayOptions& options) {
  const std::vector<PackItem> items = pack_items(requests);
  return replay_planned(requests, place_like_ort(items, kAlignment), kAlignment, options);
}

}  // namespace

constexpr AllocatorRow kOrtPattern{
    "onnxruntime-pattern", "ONNX Runtime's pattern planner", replay_ort_pattern, {}};

}  // namespace shapewright
