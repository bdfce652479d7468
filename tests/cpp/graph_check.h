// Whether a graph that was read holds together.
#pragma once

#include <algorithm>
#include <vector>

#include "graph/graph.h"

namespace shapewright {

// What is wrong with the graph; nullptr if every id points at something and every node stands in
// its block once.
inline const char* inconsistency(const Graph& g) {
  const auto value_ok = [&](ValueId id) { return id == kNone || id < g.values.size(); };
  if (g.blocks.empty() || g.attr_sets.empty()) return "no main block or no empty attributes";
  for (const auto& value : g.values) {
    if (value.block >= g.blocks.size()) return "block of a value";
    if (value.producer != kNone && value.producer >= g.nodes.size()) return "producer of a value";
    if (value.declared != kNone && value.declared >= g.declared.size()) return "declared type";
    if (value.constant != kNone && value.constant >= g.constants.size()) return "constant";
    if (value.kind == ValueKind::kParam && value.constant == kNone) {
      return "param without constant";
    }
  }
  std::vector<int> seen(g.nodes.size(), 0);
  for (BlockId b = 0; b < g.blocks.size(); ++b) {
    const auto& block = g.blocks[b];
    if (!std::ranges::all_of(block.inputs, value_ok)) return "input of a block";
    if (!std::ranges::all_of(block.outputs, value_ok)) return "output of a block";
    if (b > 0 && block.owner != kNone && block.owner >= g.nodes.size()) return "owner of a block";
    for (const NodeId n : block.nodes) {
      if (n >= g.nodes.size() || g.nodes[n].block != b || ++seen[n] > 1) return "node of a block";
    }
  }
  for (NodeId n = 0; n < g.nodes.size(); ++n) {
    const auto& made = g.nodes[n];
    if (seen[n] != 1) return "node in no block";
    if (made.op >= g.op_names.size() || made.attrs >= g.attr_sets.size()) return "op or attributes";
    if (!std::ranges::all_of(g.inputs(made), value_ok)) return "input of a node";
    for (std::uint32_t i = 0; i < made.num_outputs; ++i) {
      const ValueId id = g.outputs(made)[i];
      if (!value_ok(id)) return "output of a node";
      if (id != kNone && (g.values[id].producer != n || g.values[id].output != i)) {
        return "output of two nodes";
      }
    }
    for (const auto& attr : g.attrs(made)) {
      if (attr.kind == AttrKind::kGraph && attr.blocks.size() != 1) return "body";
      for (const BlockId b : attr.blocks) {
        if (b == 0 || b >= g.blocks.size()) return "block of an attribute";
      }
      (void)attr.tensor.ints();
      (void)attr.tensor.reals();
    }
  }
  for (const auto& constant : g.constants) {
    if (std::ranges::any_of(constant.dims, [](std::int64_t d) { return d < 0; })) {
      return "negative dim";
    }
    (void)constant.ints();
    (void)constant.reals();
  }
  return nullptr;
}

}  // namespace shapewright
