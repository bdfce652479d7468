// The event list: what is allocated and freed, when, by which node. Sizes stay symbolic.
//
//   step -1      parameters and inputs                                  +params +inputs
//   step i       node i makes its outputs beside its inputs             +outputs
//                then what no later node reads goes                     -dead inputs -unused
//                outputs
//   If           each branch runs and ends, then the outputs are there  +-then +-else +outputs
//   Loop, Scan   one turn of the body runs beside the outputs           +outputs +-body
//
// Parameters, inputs and outputs of the model are never freed. A body holds its own inputs and
// outputs to its end; what it reads from outside stays alive over the whole step.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "memory/buffers.h"
#include "memory/schedule.h"

namespace shapewright {

enum class Action : std::uint8_t { kAlloc, kFree };
std::string_view name_of(Action action);  // "alloc" | "free"

using eager::name_of;
using eager::Phase;

struct Event {
  std::int32_t step = -1;  // place of the node in the main block; -1 before the first one
  NodeId node = kNone;     // may be a node of a body that runs within the step
  BufferId buffer = kNone;
  Action action = Action::kAlloc;
  Phase phase = Phase::kForward;
};

// Steps [begin, end) over which a buffer is alive; empty if it never is.
struct Lifetime {
  std::int32_t begin = 0, end = 0;
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

struct Timeline {
  std::vector<Event> events;
  std::vector<Lifetime> lifetimes;  // by BufferId
  std::int32_t num_steps = 0;
};

Timeline make_timeline(const Graph& g, const Buffers& buffers, const Schedule& schedule);

}  // namespace shapewright
