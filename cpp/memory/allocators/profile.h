// What a profile takes of the device at given sizes: the event list put to its allocator.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "memory/allocators/capacity.h"
#include "memory/packer/plan.h"
#include "memory/peak.h"

namespace shapewright {

// The event list of a model as requests. Parameters and inputs are held by the caller and stand
// beside the allocator.
struct TimelineRequests {
  RequestList requests;
  std::vector<BufferId> buffers;  // by allocation
  std::int64_t held_bytes = 0;
  bool is_known =
      true;  // false: a size is unknown or has no upper end, and is counted by its lower
};
TimelineRequests timeline_requests(const BoundMemory& bound);

struct ProfileMemory {
  std::int64_t capacity = 0;        // least that runs
  std::int64_t capacity_lower = 0;  // below it does not: equal to `capacity` if that is proved
  std::int64_t reserved = 0;        // taken if nothing is refused
  // With the most that libraries may take; the same where none takes any.
  std::int64_t capacity_upper = 0, reserved_upper = 0;
};
// nullopt for a profile without an allocator here, and where a size is not known. Training and
// whatever runs eagerly on a GPU: device_run.h.
//   onnxruntime  two runs in one arena: tensor by tensor, then by the pattern of the first
//   static       one arena by the lowest plan that is found
std::optional<ProfileMemory> profile_memory(const BoundMemory& bound, std::string_view profile);

struct BufferPlan {
  OffsetPlan plan;
  std::vector<BufferId> buffers;    // by item
  std::vector<std::int64_t> bytes;  // by item
};
// Of what nodes make. Throws what plan_offsets throws.
BufferPlan plan_buffers(const BoundMemory& bound, const PackOptions& options);

}  // namespace shapewright
