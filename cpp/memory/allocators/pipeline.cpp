#include "memory/allocators/pipeline.h"

#include <algorithm>
#include <array>
#include <span>

namespace shapewright {

namespace {

using Indices = std::vector<std::uint32_t>;  // of Timeline::events

// What of the events of a rank is one pass forward, and one backward.
struct Pass {
  Indices forward, backward;
};

class Planner {
 public:
  Planner(const Memory& memory, const Units& units, const Sharding& sharding)
      : m_(memory), g_(memory.graph()), s_(sharding), rank_(static_cast<std::uint32_t>(s_.rank)) {
    find_stages(units);
    find_makers();
    find_held();
    find_received();
    cut();
  }

  PipelineRank run() {
    const auto micro_batches = static_cast<std::uint32_t>(s_.micro_batches);
    const auto behind = static_cast<std::uint32_t>(s_.ranks) - 1 - rank_;
    const std::uint32_t filling = std::min(micro_batches, behind);
    out_.lanes = std::min(micro_batches, behind + 1);
    alive_.resize(out_.lanes);
    for (std::uint32_t i = 0; i < filling; ++i) forward(i);
    for (std::uint32_t i = filling; i < micro_batches; ++i) {
      forward(i);
      backward(i - filling);
    }
    for (std::uint32_t i = micro_batches - filling; i < micro_batches; ++i) backward(i);
    for (const std::uint32_t e : step_) emit(e, m_.timeline.events[e].buffer, 0);
    return std::move(out_);
  }

 private:
  // A node belongs to the part of the last unit that has begun.
  void find_stages(const Units& units) {
    const std::size_t count = units.size() - 1;
    stage_of_node_.assign(g_.nodes.size(), 0);
    std::uint32_t stage = 0;
    for (const NodeId n : g_.blocks[0].nodes) {
      if (const std::uint32_t unit = units.of_node[n]; unit != 0)
        stage = std::max(stage, static_cast<std::uint32_t>(
                                    (unit - 1) * static_cast<std::size_t>(s_.ranks) / count));
      stage_of_node_[n] = stage;
    }
  }

  // By buffer: the stage that makes it; what no node makes belongs to that of its value's producer.
  void find_makers() {
    maker_.assign(m_.buffers.size(), kNone);
    for (const Event& e : m_.timeline.events) {
      if (e.action != Action::kAlloc) continue;
      NodeId n = e.node;
      const ValueId v = m_.buffers[e.buffer].value;
      if (n == kNone && v != kNone) n = g_.values[v].producer;
      maker_[e.buffer] = n == kNone ? 0 : stage_of_node_[n];
    }
  }

  // Of parameters, inputs and what belongs to a parameter: whether a node of this rank reads it.
  void find_held() {
    std::vector<std::uint8_t> is_read(g_.values.size(), 0);
    for (const NodeId n : g_.blocks[0].nodes)
      for (const ValueId v : g_.inputs(g_.nodes[n]))
        if (v != kNone && stage_of_node_[n] == rank_) is_read[v] = 1;
    out_.holds.assign(m_.buffers.size(), 0);
    for (BufferId b = 0; b < m_.buffers.size(); ++b) {
      const ValueId v = m_.buffers[b].value;
      if (v != kNone && is_read[v] != 0) out_.holds[b] = 1;
    }
  }

  void find_received() {
    std::vector<std::uint8_t> is_seen(m_.buffers.size(), 0);
    for (const NodeId n : g_.blocks[0].nodes) {
      if (stage_of_node_[n] != rank_) continue;
      for (const ValueId v : g_.inputs(g_.nodes[n])) {
        const BufferId b = v == kNone ? kNone : m_.buffers.of_value[v];
        if (b == kNone || m_.buffers[b].kind != BufferKind::kResult || is_seen[b] != 0) continue;
        is_seen[b] = 1;
        if (maker_[b] != kNone && maker_[b] < rank_) received_.push_back(b);
      }
    }
  }

  bool is_of_parameter(BufferId b) const {
    const BufferKind kind = m_.buffers[b].kind;
    return kind == BufferKind::kGradient || kind == BufferKind::kOptimizer;
  }

  void cut() {
    const auto& events = m_.timeline.events;
    passes_.resize(1);
    Phase before = Phase::kForward;
    for (std::uint32_t i = 0; i < events.size(); ++i) {
      const Event& e = events[i];
      const BufferKind kind = m_.buffers[e.buffer].kind;
      if (kind == BufferKind::kParam || kind == BufferKind::kInput ||
          kind == BufferKind::kOptimizer)
        continue;
      if (before == Phase::kBackward && e.phase == Phase::kForward) passes_.emplace_back();
      before = e.phase;
      if (e.phase > Phase::kBackward) {
        if (out_.holds[e.buffer] != 0) step_.push_back(i);
        continue;
      }
      const std::uint32_t stage = e.node == kNone ? maker_[e.buffer] : stage_of_node_[e.node];
      if (kind == BufferKind::kGradient ? out_.holds[e.buffer] != 0 : stage == rank_)
        (e.phase == Phase::kForward ? passes_.back().forward : passes_.back().backward)
            .push_back(i);
    }
  }

  const Pass& pass_of(std::uint32_t micro_batch) const {
    return passes_[std::min<std::size_t>(micro_batch, passes_.size() - 1)];
  }

  void forward(std::uint32_t micro_batch) {
    const Pass& pass = pass_of(micro_batch);
    const std::uint32_t lane = micro_batch % out_.lanes;
    const std::uint32_t at = pass.forward.empty() ? 0 : pass.forward.front();
    for (const BufferId b : received_) add(at, b, Action::kAlloc, lane);
    for (const std::uint32_t e : pass.forward) emit(e, m_.timeline.events[e].buffer, lane);
  }

  void backward(std::uint32_t micro_batch) {
    const Pass& pass = pass_of(micro_batch);
    const std::uint32_t lane = micro_batch % out_.lanes;
    if (!pass.backward.empty()) {
      // Gradients of what later ranks read come from them.
      for (const std::uint32_t i : pass.backward) {
        const Event& e = m_.timeline.events[i];
        const bool is_sent = e.action == Action::kFree && maker_[e.buffer] > rank_;
        if (is_sent && !is_of_parameter(e.buffer))
          add(pass.backward.front(), e.buffer, Action::kAlloc, lane);
      }
      for (const std::uint32_t e : pass.backward) emit(e, m_.timeline.events[e].buffer, lane);
    }
    // What was received and sent goes when its backward is over.
    const std::uint32_t at = pass.backward.empty() ? 0 : pass.backward.back();
    while (!alive_[lane].empty()) add(at, alive_[lane].front(), Action::kFree, lane);
  }

  void emit(std::uint32_t event, BufferId b, std::uint32_t lane) {
    const Event& e = m_.timeline.events[event];
    if (is_of_parameter(b) || e.phase > Phase::kBackward) {
      out_.turns.push_back({event, b, e.action, 0});
      return;
    }
    // What another rank made and this one read stays until its backward is over.
    if (e.action == Action::kFree && maker_[b] != rank_) return;
    add(event, b, e.action, lane);
  }

  void add(std::uint32_t event, BufferId b, Action action, std::uint32_t lane) {
    if (action == Action::kAlloc) {
      alive_[lane].push_back(b);
    } else if (std::erase(alive_[lane], b) == 0) {
      return;
    }
    out_.turns.push_back({event, b, action, lane});
  }

  const Memory& m_;
  const Graph& g_;
  const Sharding& s_;
  std::uint32_t rank_;
  std::vector<std::uint32_t> stage_of_node_;  // by NodeId
  std::vector<std::uint32_t> maker_;          // by BufferId: the stage; kNone
  std::vector<BufferId> received_;            // from earlier ranks, in forward
  std::vector<Pass> passes_;
  Indices step_;
  std::vector<std::vector<BufferId>> alive_;  // by lane
  PipelineRank out_;
};

}  // namespace

PipelineRank plan_rank(const Memory& memory, const Units& units, const Sharding& sharding) {
  return Planner(memory, units, sharding).run();
}

}  // namespace shapewright
