// The storages and changes of an iteration as the buffers and events that every answer is read
// from.
#pragma once

#include "memory/liveness.h"
#include "memory/training/iteration.h"

namespace shapewright {

Buffers buffers_of(const Analysis& a, const Iteration& iteration);
Timeline timeline_of(const Graph& g, const Iteration& iteration);

}  // namespace shapewright
