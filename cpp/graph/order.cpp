// Execution order. A node depends on the producers of what it reads and of what its bodies capture.
#include <algorithm>
#include <functional>
#include <queue>

#include "graph/graph.h"

namespace shapewright {
namespace {

// The node of block `block` that `node` is or lies within; kNone if it lies elsewhere.
NodeId ancestor_in(const Graph& g, NodeId node, BlockId block) {
  while (node != kNone && g.nodes[node].block != block) node = g.blocks[g.nodes[node].block].owner;
  return node;
}

// Calls edge(before, after) for every dependency between two nodes of one block.
template <class Edge>
void for_each_dependency(const Graph& g, Edge edge) {
  const auto read = [&](NodeId reader, ValueId value) {
    if (value == kNone) return;
    const NodeId producer = g.values[value].producer;
    if (producer == kNone) return;
    const BlockId block = g.nodes[producer].block;
    const NodeId after = g.nodes[reader].block == block ? reader : ancestor_in(g, reader, block);
    if (after != kNone) edge(producer, after);
  };
  for (const Block& block : g.blocks) {
    for (NodeId node : block.nodes) {
      for (ValueId value : g.inputs(g.nodes[node])) read(node, value);
    }
    if (block.owner == kNone) continue;
    // A body may hand an outer value straight through; one of its own is no dependency of the
    // owner.
    for (ValueId value : block.outputs) {
      const NodeId producer = value == kNone ? kNone : g.values[value].producer;
      if (producer != kNone && &g.blocks[g.nodes[producer].block] != &block) {
        read(block.owner, value);
      }
    }
  }
}

struct Dependencies {
  std::vector<std::uint32_t> first;  // successors of node n: next[first[n] .. first[n + 1])
  std::vector<NodeId> next;
  std::vector<std::uint32_t> waits;  // number of predecessors
};

Dependencies dependencies(const Graph& g) {
  Dependencies d;
  d.first.assign(g.nodes.size() + 2, 0);
  d.waits.assign(g.nodes.size(), 0);
  for_each_dependency(g, [&](NodeId before, NodeId after) {
    ++d.first[before + 2];
    ++d.waits[after];
  });
  for (std::size_t i = 2; i < d.first.size(); ++i) d.first[i] += d.first[i - 1];
  d.next.resize(d.first.back());
  for_each_dependency(g,
                      [&](NodeId before, NodeId after) { d.next[d.first[before + 1]++] = after; });
  return d;
}

void report_cycle(Graph& g, const std::vector<NodeId>& stuck, const Dependencies& d) {
  // Every stuck node waits for a stuck node, so walking backward from any of them runs into a
  // cycle.
  std::vector<NodeId> waits_for(g.nodes.size(), kNone);
  for (NodeId before : stuck) {
    for (std::uint32_t i = d.first[before]; i < d.first[before + 1]; ++i) {
      waits_for[d.next[i]] = before;
    }
  }
  std::vector<char> seen(g.nodes.size(), 0);
  NodeId node = stuck.front();
  while (!seen[node]) {
    seen[node] = 1;
    node = waits_for[node];
  }
  std::vector<NodeId> cycle{node};
  for (NodeId n = waits_for[node]; n != node; n = waits_for[n]) cycle.push_back(n);
  std::ranges::reverse(cycle);
  std::rotate(cycle.begin(), std::ranges::min_element(cycle), cycle.end());

  constexpr std::size_t kShown = 8;
  std::string path;
  for (std::size_t i = 0; i < std::min(cycle.size(), kShown); ++i) {
    path += display_name(g, cycle[i]) + " -> ";
  }
  if (cycle.size() > kShown) path += "... -> ";
  path += display_name(g, cycle.front());
  g.faults.push_back(
      {.code = "graph-cycle",
       .message = describe(g, cycle.front()) +
                  (cycle.size() == 1 ? " reads its own output" : " waits for its own output"),
       .facts = {{"cycle", path}, {"nodes on it", std::to_string(cycle.size())}},
       .node = cycle.front(),
       .is_error = true,
       .hint = {}});
}

}  // namespace

std::size_t order_topologically(Graph& g) {
  std::vector<std::uint32_t> position(g.nodes.size(), 0);
  for (const Block& block : g.blocks) {
    for (std::uint32_t i = 0; i < block.nodes.size(); ++i) position[block.nodes[i]] = i;
  }
  bool sorted = true;
  for_each_dependency(g, [&](NodeId before, NodeId after) {
    if (position[before] >= position[after]) sorted = false;
  });
  if (sorted) return 0;

  Dependencies d = dependencies(g);
  std::size_t moved = 0;
  for (Block& block : g.blocks) {
    // Of the nodes that are ready, the one that comes first in the file.
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (NodeId node : block.nodes) {
      if (d.waits[node] == 0) ready.push(position[node]);
    }
    std::vector<NodeId> order;
    order.reserve(block.nodes.size());
    std::uint32_t furthest = 0;
    while (!ready.empty()) {
      const std::uint32_t at = ready.top();
      ready.pop();
      if (at < furthest) ++moved;
      furthest = std::max(furthest, at);
      const NodeId node = block.nodes[at];
      order.push_back(node);
      for (std::uint32_t i = d.first[node]; i < d.first[node + 1]; ++i) {
        if (--d.waits[d.next[i]] == 0) ready.push(position[d.next[i]]);
      }
    }
    if (order.size() < block.nodes.size()) {
      std::vector<NodeId> stuck;
      for (NodeId node : block.nodes) {
        if (d.waits[node] != 0) stuck.push_back(node);
      }
      report_cycle(g, stuck, d);
      order.insert(order.end(), stuck.begin(), stuck.end());
    }
    block.nodes = std::move(order);
  }
  return moved;
}

}  // namespace shapewright
