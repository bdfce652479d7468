#include "memory/liveness.h"

#include <algorithm>

namespace shapewright {

namespace {

bool ends_before_outputs(const Graph& g, NodeId n) {
  return g.op(g.nodes[n]).domain.empty() && g.op(g.nodes[n]).name == "If";
}

class Emitter {
 public:
  Emitter(const Graph& g, const Buffers& buffers, const Schedule& schedule)
      : g_(g),
        buffers_(buffers),
        schedule_(schedule),
        first_dead_(g.nodes.size(), kNone),
        next_dead_(buffers.size(), kNone) {
    out_.lifetimes.resize(buffers.size());
    out_.events.reserve(buffers.size() * 2);
    out_.num_steps = static_cast<std::int32_t>(g.blocks[0].nodes.size());
  }

  Timeline run() {
    list_deaths();
    for (BufferId b = 0; b < buffers_.size(); ++b)
      if (buffers_[b].kind != BufferKind::kResult) alloc(b, kNone);
    run_block(0);
    return std::move(out_);
  }

 private:
  // Chains the buffers that die at each node, lowest id first.
  void list_deaths() {
    for (BufferId b = static_cast<BufferId>(buffers_.size()); b-- > 0;) {
      const Buffer& buffer = buffers_[b];
      const NodeId producer = g_.values[buffer.value].producer;
      if (buffer.kind != BufferKind::kResult || schedule_.is_kept[b] != 0 || producer == kNone)
        continue;
      const std::uint32_t made = schedule_.position[producer], last = schedule_.last_use[b];
      if (made == kNever) continue;
      // On a cycle a reader may come before the maker.
      const std::uint32_t at = last == kNever ? made : std::max(made, last);
      const NodeId n = g_.blocks[buffer.block].nodes[at];
      next_dead_[b] = first_dead_[n];
      first_dead_[n] = b;
    }
  }

  void alloc(BufferId b, NodeId n) {
    out_.events.push_back({step_, n, b, Action::kAlloc, Phase::kForward});
    out_.lifetimes[b] = {std::max(step_, 0), out_.num_steps};
  }

  void release(BufferId b, NodeId n) {
    out_.events.push_back({step_, n, b, Action::kFree, Phase::kForward});
    out_.lifetimes[b].end = step_ + 1;
  }

  void make_outputs(NodeId n) {
    for (const ValueId v : g_.outputs(g_.nodes[n])) {
      if (v == kNone) continue;
      const BufferId b = buffers_.of_value[v];
      if (buffers_[b].value == v && buffers_[b].kind == BufferKind::kResult) alloc(b, n);
    }
  }

  void run_block(BlockId block) {
    for (const NodeId n : g_.blocks[block].nodes) {
      if (block == 0) ++step_;
      const bool bodies_first = ends_before_outputs(g_, n);
      if (!bodies_first) make_outputs(n);
      for_each_body(g_, buffers_, n, [&](BlockId body) { run_body(body, n); });
      if (bodies_first) make_outputs(n);
      for (BufferId b = first_dead_[n]; b != kNone; b = next_dead_[b]) release(b, n);
    }
  }

  void run_body(BlockId body, NodeId owner) {
    for (const ValueId v : g_.blocks[body].inputs) alloc(buffers_.of_value[v], owner);
    run_block(body);
    for (const ValueId v : g_.blocks[body].inputs) release(buffers_.of_value[v], owner);
    for (const NodeId n : g_.blocks[body].nodes) {
      for (const ValueId v : g_.outputs(g_.nodes[n])) {
        if (v == kNone) continue;
        const BufferId b = buffers_.of_value[v];
        if (buffers_[b].value == v && buffers_[b].kind == BufferKind::kResult &&
            schedule_.is_kept[b] != 0)
          release(b, owner);
      }
    }
  }

  const Graph& g_;
  const Buffers& buffers_;
  const Schedule& schedule_;
  Timeline out_;
  std::vector<BufferId> first_dead_;  // by NodeId
  std::vector<BufferId> next_dead_;   // by BufferId
  std::int32_t step_ = -1;
};

}  // namespace

std::string_view name_of(Action action) { return action == Action::kAlloc ? "alloc" : "free"; }

Timeline make_timeline(const Graph& g, const Buffers& buffers, const Schedule& schedule) {
  return Emitter(g, buffers, schedule).run();
}

}  // namespace shapewright
