#include "memory/schedule.h"

#include <algorithm>

namespace shapewright {

namespace {

class Uses {
 public:
  Uses(const Graph& g, const Buffers& buffers, Schedule& out)
      : g_(g), buffers_(buffers), out_(out) {}

  void read(ValueId v, NodeId by) {
    if (v == kNone) return;
    const BufferId b = buffers_.of_value[v];
    const NodeId step = step_within(g_, by, buffers_[b].block);
    if (step == kNone) return;
    std::uint32_t& last = out_.last_use[b];
    const std::uint32_t at = out_.position[step];
    if (at != kNever && (last == kNever || last < at)) last = at;
  }

  // An output of `block`: kept to its end, or read by the node that runs the block if it is made
  // outside.
  void keep(ValueId v, BlockId block) {
    if (v == kNone) return;
    const BufferId b = buffers_.of_value[v];
    if (buffers_[b].block == block) {
      out_.is_kept[b] = 1;
    } else if (g_.blocks[block].owner != kNone) {
      read(v, g_.blocks[block].owner);
    }
  }

 private:
  const Graph& g_;
  const Buffers& buffers_;
  Schedule& out_;
};

}  // namespace

NodeId step_within(const Graph& g, NodeId n, BlockId block) {
  while (n != kNone && g.nodes[n].block != block) n = g.blocks[g.nodes[n].block].owner;
  return n;
}

Schedule make_schedule(const Graph& g, const Buffers& buffers) {
  Schedule out;
  out.position.assign(g.nodes.size(), kNever);
  out.last_use.assign(buffers.size(), kNever);
  out.is_kept.assign(buffers.size(), 0);
  for (const Block& block : g.blocks)
    for (std::size_t i = 0; i < block.nodes.size(); ++i)
      out.position[block.nodes[i]] = static_cast<std::uint32_t>(i);
  Uses uses(g, buffers, out);
  for (BlockId b = 0; b < g.blocks.size(); ++b) {
    if (buffers.is_run[b] == 0) continue;
    for (const NodeId n : g.blocks[b].nodes)
      for (const ValueId v : g.inputs(g.nodes[n])) uses.read(v, n);
    for (const ValueId v : g.blocks[b].outputs) uses.keep(v, b);
  }
  return out;
}

}  // namespace shapewright
