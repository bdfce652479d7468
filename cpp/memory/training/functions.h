// Autograd functions of the model: which nodes are the backward of which call.
#pragma once

#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace shapewright {

// Nodes that follow the call in the graph and run in backward instead.
struct DeferredBody {
  std::vector<ValueId> saved;  // what the call keeps
  std::vector<ValueId> given;  // gradients of its outputs
  std::vector<NodeId> nodes;
  std::vector<ValueId> made;  // gradients of its inputs, kNone for one that gets none
};

struct DeferredBodies {
  std::unordered_map<NodeId, DeferredBody> of_call;
  std::vector<NodeId> call_of;  // by NodeId: kNone for a node that runs where it stands
};

DeferredBodies find_bodies(const Graph& g);

}  // namespace shapewright
