// Allocators that know the whole list ahead: one arena, offsets fixed before the run.
#pragma once

#include <vector>

#include "memory/allocators/allocator.h"
#include "memory/packer/plan.h"

namespace shapewright {

// By allocation: alive from its request to the one that gives it back.
std::vector<PackItem> pack_items(const RequestList& requests);

// What a run inside of `offsets` takes; the arena is one piece of the device.
Replay replay_planned(const RequestList& requests, const std::vector<std::int64_t>& offsets,
                      std::int64_t alignment, const ReplayOptions& options);

}  // namespace shapewright
