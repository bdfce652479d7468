// When nodes run: file (topological) order of the main block; a body runs within the step of its
// node.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "memory/buffers.h"

namespace shapewright {

inline constexpr std::uint32_t kNever = 0xFFFFFFFFu;

struct Schedule {
  // By NodeId: place in its own block; kNever outside of every block.
  std::vector<std::uint32_t> position;
  // By BufferId: position, in the block that makes it, of the last node that reads it, directly,
  // through a view or in a body; kNever if none does.
  std::vector<std::uint32_t> last_use;
  // By BufferId: 1 for an output of the block that makes it.
  std::vector<std::uint8_t> is_kept;
};

Schedule make_schedule(const Graph& g, const Buffers& buffers);

// The node of block `block` within whose step the node `n` runs; kNone if `n` does not run within
// the block.
NodeId step_within(const Graph& g, NodeId n, BlockId block);

}  // namespace shapewright
