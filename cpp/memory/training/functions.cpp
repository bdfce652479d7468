#include "memory/training/functions.h"

namespace shapewright {

namespace {

constexpr std::string_view kForward = "autograd_function.forward";
constexpr std::string_view kBackward = "autograd_function.backward";
constexpr std::string_view kGrads = "autograd_function.grads";

std::size_t num_inputs(const Graph& g, const Node& call) {
  const Attr* const a = find_attr(g.attrs(call), "num_inputs");
  return a == nullptr ? 0 : static_cast<std::size_t>(a->i);
}

}  // namespace

DeferredBodies find_bodies(const Graph& g) {
  DeferredBodies out;
  out.call_of.assign(g.nodes.size(), kNone);
  NodeId call = kNone;
  bool is_inside = false;
  for (const NodeId n : g.blocks[0].nodes) {
    const Node& node = g.nodes[n];
    const std::string_view name = g.op(node).name;
    if (name == kForward) {
      call = n;
      const auto inputs = g.inputs(node);
      const std::size_t first = num_inputs(g, node) + g.outputs(node).size();
      out.of_call[n].saved.assign(inputs.begin() + static_cast<std::ptrdiff_t>(first),
                                  inputs.end());
      continue;
    }
    if (call == kNone) continue;
    if (name == kBackward) {
      is_inside = true;
      const auto given = g.outputs(node);
      out.of_call[call].given.assign(given.begin(), given.end());
    }
    if (!is_inside) continue;
    out.call_of[n] = call;
    if (name == kGrads) {
      const auto made = g.inputs(node);
      out.of_call[call].made.assign(made.begin(), made.end());
      is_inside = false;
      call = kNone;
    } else if (name != kBackward) {
      out.of_call[call].nodes.push_back(n);
    }
  }
  return out;
}

}  // namespace shapewright
