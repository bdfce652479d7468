#include "memory/allocators/loop.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace shapewright {

namespace {

constexpr int kIterations = 3;

// "layer1.0.bn1" of "layer1.0.bn1.weight"
std::string_view owner_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

}  // namespace

Loop::Loop(const Memory& memory, const Sharding& sharding)
    : sharding_(sharding),
      units_(find_units(memory, sharding)),
      uses_(find_library_uses(memory.analysis())) {
  if (sharding_.is_pipeline()) rank_ = plan_rank(memory, units_, sharding_);
  gathered_.assign(units_.size(), kNone);
  alive_.assign(memory.buffers.size(), kNone);
  add_model(memory);
  add_buckets(memory);
  const auto& events = memory.timeline.events;
  bool is_first = false;
  for (std::uint32_t i = 0; i < events.size(); ++i)
    if (memory.buffers[events[i].buffer].kind == BufferKind::kOptimizer) {
      if (!sharding_.is_pipeline() || rank_.holds[events[i].buffer] != 0) states_.push_back(i);
      is_first = is_first || events[i].phase == Phase::kOptimizer;
    }
  const int count = is_first ? 1 : kIterations;
  for (int i = 0; i < count; ++i) {
    steady_from_ = static_cast<std::uint32_t>(requests_.all.size());
    if (sharding_.is_pipeline())
      add_turns(memory, i == 0);
    else
      add_iteration(memory, i == 0);
  }
  for (std::uint32_t& end : requests_.last)
    if (end == kNoIndex) end = static_cast<std::uint32_t>(requests_.all.size());
}

// A module moves to a GPU one module after the other, parameters before buffers; then comes the
// input.
void Loop::add_model(const Memory& memory) {
  const Graph& g = memory.graph();
  const auto& events = memory.timeline.events;
  std::unordered_map<std::string_view, std::uint32_t> place;
  struct Held {
    std::uint32_t place, event;
  };
  std::vector<Held> held;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const Buffer& b = memory.buffers[events[i].buffer];
    if (b.kind != BufferKind::kParam && b.kind != BufferKind::kInput) continue;
    if (sharding_.is_pipeline() && rank_.holds[events[i].buffer] == 0) continue;
    std::uint32_t at = kNone;
    if (b.kind == BufferKind::kParam && b.value != kNone)
      at = place
               .try_emplace(owner_of(g.values[b.value].name),
                            static_cast<std::uint32_t>(place.size()))
               .first->second;
    const bool is_batch = sharding_.is_pipeline() && b.kind == BufferKind::kInput;
    for (std::int64_t k = 0; k < (is_batch ? sharding_.micro_batches : 1); ++k)
      held.push_back({at, i});
  }
  std::ranges::stable_sort(held, {}, &Held::place);
  for (const Held& h : held) {
    alive_[events[h.event].buffer] = alloc(source_of(memory, events[h.event]), h.event);
  }
}

// DistributedDataParallel makes them before the first iteration.
void Loop::add_buckets(const Memory& memory) {
  if (sharding_.buckets == Buckets::kNone) return;
  buckets_ = find_buckets(memory);
  for (std::uint32_t i = 0; i < buckets_.size(); ++i) alloc({For::kBucket, i}, 0);
}

bool Loop::lies_in_bucket(const Memory& memory, const Event& e) const {
  return sharding_.buckets == Buckets::kOfGradients &&
         memory.buffers[e.buffer].kind == BufferKind::kGradient;
}

void Loop::add_iteration(const Memory& memory, bool makes_states) {
  const auto& events = memory.timeline.events;
  const bool is_first = makes_states;
  unit_ = 0;
  phase_ = Phase::kForward;
  is_reduced_.assign(memory.buffers.size(), 0);
  std::vector<BufferId> made;
  std::map<std::pair<BufferKind, ValueId>, std::deque<BufferId>> before;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const Event& e = events[i];
    const BufferKind kind = memory.buffers[e.buffer].kind;
    const bool is_state = kind == BufferKind::kOptimizer;
    if (makes_states && e.phase >= Phase::kOptimizer) {
      make_states(memory);
      makes_states = false;
    }
    if (is_state || kind == BufferKind::kParam || kind == BufferKind::kInput) continue;
    if (sharding_.stage > 1) enter(memory, i);
    if (lies_in_bucket(memory, e)) {
      // What backward made is copied into its bucket and dropped.
      if (e.action == Action::kAlloc && e.phase == Phase::kBackward)
        release(alloc(source_of(memory, e), i), i);
      continue;
    }
    if (e.action == Action::kAlloc) {
      if (is_of_before(memory, e)) {
        before[{kind, memory.buffers[e.buffer].value}].push_back(e.buffer);
        if (is_first || alive_[e.buffer] != kNone) continue;
      }
      alive_[e.buffer] = alloc(source_of(memory, e), i);
      made.push_back(e.buffer);
      if (e.node != kNone) call_library(memory, i);
    } else if (alive_[e.buffer] != kNone) {
      release(alive_[e.buffer], i);
      alive_[e.buffer] = kNone;
    }
  }
  const std::uint32_t end = events.empty() ? 0 : static_cast<std::uint32_t>(events.size() - 1);
  if (makes_states) make_states(memory);
  for (std::uint32_t u = 0; u < units_.size(); ++u) drop(u, end);
  // What the next one meets stays where it is; what else is left, such as the output of inference,
  // is dropped before.
  for (const BufferId b : made) {
    if (alive_[b] == kNone) continue;
    const std::uint32_t allocation = std::exchange(alive_[b], kNone);
    const auto next = before.find({memory.buffers[b].kind, memory.buffers[b].value});
    if (next == before.end() || next->second.empty()) {
      release(allocation, end);
    } else {
      alive_[next->second.front()] = allocation;
      next->second.pop_front();
    }
  }
}

// Whether it is there from the iteration before: a gradient that was not dropped yet, or what the
// model or its caller hold.
bool Loop::is_of_before(const Memory& memory, const Event& e) const {
  const Buffer& b = memory.buffers[e.buffer];
  if (e.phase != Phase::kForward || e.node != kNone) return false;
  return b.kind == BufferKind::kGradient ||
         (b.kind == BufferKind::kResult && b.keeper == eager::Keeper::kHeld);
}

void Loop::make_states(const Memory& memory) {
  const auto& events = memory.timeline.events;
  for (const std::uint32_t i : states_) alloc(source_of(memory, events[i]), i);
}

void Loop::add_turns(const Memory& memory, bool makes_states) {
  std::vector<std::vector<std::uint32_t>> alive(rank_.lanes);  // by lane and BufferId
  for (auto& lane : alive) lane.assign(memory.buffers.size(), kNone);
  for (const Turn& t : rank_.turns) {
    const Event& e = memory.timeline.events[t.event];
    if (makes_states && e.phase >= Phase::kOptimizer) {
      make_states(memory);
      makes_states = false;
    }
    std::uint32_t& allocation = alive[t.lane][t.buffer];
    if (t.action == Action::kAlloc) {
      allocation = alloc({For::kBuffer, t.buffer}, t.event);
      if (e.node != kNone && e.buffer == t.buffer) call_library(memory, t.event);
    } else if (allocation != kNone) {
      release(allocation, t.event);
      allocation = kNone;
    }
  }
  if (makes_states) make_states(memory);
}

// What an event of another unit, or another phase, brings about.
void Loop::enter(const Memory& memory, std::uint32_t event) {
  const Event& e = memory.timeline.events[event];
  const std::uint32_t unit = e.node == kNone ? 0 : units_.of_node[e.node];
  const bool runs = e.phase == Phase::kForward || e.phase == Phase::kBackward;
  if (phase_ == Phase::kBackward && !runs)  // backward is over
    for (std::uint32_t u = 0; u < units_.size(); ++u) {
      reduce(memory, u, event);
      drop(u, event);
    }
  const bool turns = phase_ != e.phase;
  phase_ = e.phase;
  if (!runs || (!turns && unit == unit_)) return;
  if (unit_ != 0 && unit_ != unit) {
    if (e.phase == Phase::kBackward) reduce(memory, unit_, event);
    drop(unit_, event);
  }
  unit_ = unit;
  gather(0, event);
  if (unit == 0) return;
  gather(unit, event);
  const bool forward = e.phase == Phase::kForward;
  if (forward && unit + 1 < units_.size()) gather(unit + 1, event);
  if (!forward && unit > 1) gather(unit - 1, event);
}

void Loop::gather(std::uint32_t unit, std::uint32_t event) {
  if (sharding_.stage < 3 || gathered_[unit] != kNone || units_.parameters[unit].empty()) return;
  gathered_[unit] = alloc({For::kUnit, unit}, event);
}

void Loop::drop(std::uint32_t unit, std::uint32_t event) {
  if (gathered_[unit] == kNone) return;
  release(gathered_[unit], event);
  gathered_[unit] = kNone;
}

// Its gradients are copied into one piece, and each rank keeps its share of the sum.
void Loop::reduce(const Memory& memory, std::uint32_t unit, std::uint32_t event) {
  std::vector<BufferId> whole;
  for (BufferId b = 0; b < memory.buffers.size(); ++b)
    if (memory.buffers[b].kind == BufferKind::kGradient && units_.of_buffer[b] == unit &&
        alive_[b] != kNone && is_reduced_[b] == 0)
      whole.push_back(b);
  if (whole.empty()) return;
  const std::uint32_t piece = alloc({For::kUnit, unit}, event);
  for (const BufferId b : whole) release(alive_[b], event);
  for (const BufferId b : whole) {
    alive_[b] = alloc({For::kShare, b}, event);
    is_reduced_[b] = 1;
  }
  release(piece, event);
}

Loop::Source Loop::source_of(const Memory& memory, const Event& e) const {
  const Buffer& b = memory.buffers[e.buffer];
  const bool is_param =
      b.kind == BufferKind::kParam && b.value != kNone && !memory.graph().values[b.value].is_buffer;
  const bool is_state = b.kind == BufferKind::kOptimizer ||
                        (b.kind == BufferKind::kResult && e.phase == Phase::kOptimizer);
  const bool is_old_gradient = b.kind == BufferKind::kGradient && e.phase == Phase::kForward;
  const bool is_shared = (is_old_gradient && sharding_.stage > 1) ||
                         (is_state && sharding_.stage > 0) || (is_param && sharding_.stage > 2);
  return {is_shared ? For::kShare : For::kBuffer, e.buffer};
}

void Loop::call_library(const Memory& memory, std::uint32_t event) {
  const Event& e = memory.timeline.events[event];
  if (uses_.of_node[e.node] == Library::kCublas) {
    const std::uint32_t handle = e.phase == Phase::kForward ? 0 : 1;
    has_cublas_ = true;
    if (has_handle_[handle]) return;
    has_handle_[handle] = true;
    alloc({For::kCublas, handle}, event);
  } else if (uses_.of_node[e.node] == Library::kCudnn) {
    release(alloc({For::kCudnn, uses_.convolution[e.node]}, event), event);
  }
}

std::uint32_t Loop::alloc(Source source, std::uint32_t event) {
  const auto allocation = static_cast<std::uint32_t>(sources_.size());
  requests_.first.push_back(static_cast<std::uint32_t>(requests_.all.size()));
  requests_.last.push_back(kNoIndex);
  requests_.all.push_back({RequestKind::kAlloc, allocation, 0, 0});
  sources_.push_back(source);
  event_of_.push_back(event);
  return allocation;
}

void Loop::release(std::uint32_t allocation, std::uint32_t event) {
  requests_.last[allocation] = static_cast<std::uint32_t>(requests_.all.size());
  requests_.all.push_back({RequestKind::kFree, allocation, 0, 0});
  event_of_.push_back(event);
}

RequestList Loop::at(std::span<const std::int64_t> buffer_bytes,
                     const LibraryBytes& libraries) const {
  RequestList out = requests_;
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const Source s = sources_[k];
    std::int64_t& bytes = out.all[out.first[k]].bytes;
    switch (s.what) {
      case For::kBuffer: bytes = buffer_bytes[s.index]; break;
      case For::kShare:
        bytes = (buffer_bytes[s.index] + sharding_.ranks - 1) / sharding_.ranks;
        break;
      case For::kUnit:
        for (const BufferId b : units_.parameters[s.index]) bytes += buffer_bytes[b];
        break;
      case For::kBucket:
        for (const BufferId b : buckets_[s.index]) bytes += buffer_bytes[b];
        break;
      case For::kCublas: bytes = libraries.cublas; break;
      case For::kCudnn:
        if (!libraries.cudnn.empty()) bytes = libraries.cudnn[s.index];
        break;
    }
  }
  return out;
}

}  // namespace shapewright
