#include "memory/allocators/loop.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace shapewright {

namespace {

constexpr int kIterations = 3;

// "layer1.0.bn1" of "layer1.0.bn1.weight"
std::string_view owner_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

}  // namespace

Loop::Loop(const Memory& memory) : uses_(find_library_uses(memory.analysis(), memory.buffers)) {
  alive_.assign(memory.buffers.size(), kNone);
  add_model(memory);
  const auto& events = memory.timeline.events;
  bool is_first = false;
  for (std::uint32_t i = 0; i < events.size(); ++i)
    if (memory.buffers[events[i].buffer].kind == BufferKind::kOptimizer) {
      states_.push_back(i);
      is_first = is_first || events[i].phase == Phase::kOptimizer;
    }
  const int count = is_first ? 1 : kIterations;
  for (int i = 0; i < count; ++i) {
    steady_from_ = static_cast<std::uint32_t>(requests_.all.size());
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
    std::uint32_t at = kNone;
    if (b.kind == BufferKind::kParam && b.value != kNone)
      at = place
               .try_emplace(owner_of(g.values[b.value].name),
                            static_cast<std::uint32_t>(place.size()))
               .first->second;
    held.push_back({at, i});
  }
  std::ranges::stable_sort(held, {}, &Held::place);
  for (const Held& h : held) {
    alive_[events[h.event].buffer] = static_cast<std::uint32_t>(sources_.size());
    alloc({Library::kNone, events[h.event].buffer}, h.event);
  }
}

void Loop::add_iteration(const Memory& memory, bool makes_states) {
  const auto& events = memory.timeline.events;
  const auto make_states = [&] {
    for (const std::uint32_t i : states_) alloc({Library::kNone, events[i].buffer}, i);
    makes_states = false;
  };
  std::vector<BufferId> made;
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const Event& e = events[i];
    const BufferKind kind = memory.buffers[e.buffer].kind;
    const bool is_state = kind == BufferKind::kOptimizer;
    if (makes_states && (is_state || e.phase >= Phase::kOptimizer) &&
        (!is_state || e.phase == Phase::kOptimizer))
      make_states();
    if (is_state || kind == BufferKind::kParam || kind == BufferKind::kInput) continue;
    if (e.action == Action::kAlloc) {
      alive_[e.buffer] = static_cast<std::uint32_t>(sources_.size());
      made.push_back(e.buffer);
      alloc({Library::kNone, e.buffer}, i);
      if (e.node != kNone) call_library(memory, i);
    } else if (alive_[e.buffer] != kNone) {
      release(alive_[e.buffer], i);
      alive_[e.buffer] = kNone;
    }
  }
  if (makes_states) make_states();
  // What is left, such as the output of inference, is dropped before the next one.
  for (const BufferId b : made) {
    if (alive_[b] == kNone) continue;
    release(alive_[b], static_cast<std::uint32_t>(events.size() - 1));
    alive_[b] = kNone;
  }
}

void Loop::call_library(const Memory& memory, std::uint32_t event) {
  const Event& e = memory.timeline.events[event];
  if (uses_.of_node[e.node] == Library::kCublas) {
    const std::uint32_t handle = e.phase == Phase::kForward ? 0 : 1;
    has_cublas_ = true;
    if (has_handle_[handle]) return;
    has_handle_[handle] = true;
    alloc({Library::kCublas, handle}, event);
  } else if (uses_.of_node[e.node] == Library::kCudnn) {
    const auto allocation = static_cast<std::uint32_t>(sources_.size());
    alloc({Library::kCudnn, uses_.convolution[e.node]}, event);
    release(allocation, event);
  }
}

void Loop::alloc(Source source, std::uint32_t event) {
  const auto allocation = static_cast<std::uint32_t>(sources_.size());
  requests_.first.push_back(static_cast<std::uint32_t>(requests_.all.size()));
  requests_.last.push_back(kNoIndex);
  requests_.all.push_back({RequestKind::kAlloc, allocation, 0, 0});
  sources_.push_back(source);
  event_of_.push_back(event);
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
    switch (s.library) {
      case Library::kNone: bytes = buffer_bytes[s.index]; break;
      case Library::kCublas: bytes = libraries.cublas; break;
      case Library::kCudnn:
        if (libraries.has_cudnn)
          bytes = most_workspace_bytes(uses_.convolutions[s.index], buffer_bytes);
        break;
    }
  }
  return out;
}

}  // namespace shapewright
