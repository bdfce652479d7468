#include "memory/peak.h"

#include <algorithm>

#include "graph/scope.h"

namespace shapewright {

namespace {

// `size_of(slot)` gives the bytes of an event. The sums are unsigned: two numbers below 2^63 always
// fit.
template <bool kInBlocks, typename SizeOf>
PeakSum scan_events(const Memory& memory, SizeOf size_of) {
  const Tape::Slot* slots = memory.event_slots.data();
  const std::uint8_t* frees = memory.event_frees.data();
  const std::size_t n = memory.event_slots.size();
  [[maybe_unused]] const auto above = static_cast<std::uint64_t>(memory.block_bytes - 1);
  std::uint64_t live = 0, best = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t size = size_of(slots[i]);
    std::uint64_t bytes = static_cast<std::uint64_t>(size < 0 ? 0 : size);
    if constexpr (kInBlocks) bytes = (bytes + above) & ~above;
    live = frees[i] != 0 ? live - bytes : live + bytes;
    if (live > best) {
      best = live;
      at = i;
      if (best > static_cast<std::uint64_t>(kMaxBytes))
        return {kPlusInf, static_cast<std::uint32_t>(i)};
    }
  }
  return {static_cast<std::int64_t>(best), static_cast<std::uint32_t>(at)};
}

template <typename SizeOf>
PeakSum scan(const Memory& memory, SizeOf size_of) {
  return memory.block_bytes == 1 ? scan_events<false>(memory, size_of)
                                 : scan_events<true>(memory, size_of);
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

// "layer3.4.bn2": the module of a node, else its name.
std::string place_of(const Graph& g, NodeId n) {
  if (n == kNone) return "the step";
  std::string scope = scope_of(g.nodes[n]);
  return scope.empty() ? quoted(display_name(g, n)) : scope;
}

// Whether what the model returns lies in storage that was made for a value.
bool is_returned(const Memory& m, ValueId value) {
  return std::ranges::any_of(m.graph().blocks[0].outputs, [&](ValueId v) {
    const BufferId b = v == kNone ? kNone : m.buffers.of_value[v];
    return b != kNone && m.buffers[b].value == value;
  });
}

std::string why_kept(const Memory& m, const Buffer& b) {
  const Graph& g = m.graph();
  switch (b.kind) {
    case BufferKind::kParam: return g.values[b.value].is_buffer ? "buffer" : "parameter";
    case BufferKind::kGradient:
    case BufferKind::kOptimizer: return buffer_name(g, b);
    case BufferKind::kInput: return "input";
    case BufferKind::kResult: break;
  }
  switch (b.keeper) {
    case eager::Keeper::kNobody: return "output";
    case eager::Keeper::kRead: return "read by " + place_of(g, b.last);
    case eager::Keeper::kSaved: return "saved by " + place_of(g, b.last);
    case eager::Keeper::kGradient: return "gradient in the backward of " + place_of(g, b.last);
    case eager::Keeper::kScratch: return "temporary of " + place_of(g, b.last);
    case eager::Keeper::kOptimizer: return "optimizer temporary";
    case eager::Keeper::kCast: return "weight cast by autocast";
    case eager::Keeper::kHeld:
      return is_returned(m, b.value) ? "output of the call before"
                                     : "held by the model between its calls";
  }
  return "";
}

std::string why_alive(const Memory& m, BufferId b) {
  const Graph& g = m.graph();
  const Buffer& buffer = m.buffers[b];
  if (m.buffers.is_eager) return why_kept(m, buffer);
  if (buffer.kind != BufferKind::kResult) return std::string(name_of(buffer.kind));
  const Block& block = g.blocks[buffer.block];
  const std::string body =
      block.owner == kNone ? "" : " of the body of " + quoted(display_name(g, block.owner));
  if (m.schedule.is_kept[b] != 0) return "output" + body;
  const NodeId producer = g.values[buffer.value].producer;
  if (producer == kNone) return "input" + body;
  const std::uint32_t last = m.schedule.last_use[b];
  if (last == kNever) return "made by " + quoted(display_name(g, producer)) + ", never read";
  return "read by " + quoted(display_name(g, block.nodes[last]));
}

// "unknown for 2 values: 'a', 'b'"
std::string why_unknown(const Memory& m) {
  if (!m.buffers.unmodelled.empty()) {
    std::string names;
    for (const std::uint32_t op : m.buffers.unmodelled)
      names += (names.empty() ? "" : ", ") + std::string(m.graph().op_names[op].name);
    return "operators whose memory is not modelled: " + names;
  }
  constexpr std::size_t kShown = 3;
  std::string names;
  std::size_t shown = 0;
  for (const Buffer& b : m.buffers.all) {
    if (b.is_known || shown == kShown) continue;
    names += (shown++ == 0 ? "" : ", ") + quoted(buffer_name(m.graph(), b));
  }
  const std::size_t n = m.buffers.num_unknown;
  if (n > kShown) names += ", ...";
  return "unknown for " + std::to_string(n) + (n == 1 ? " value: " : " values: ") + names;
}

std::string why_data_dependent(const Program& program) {
  std::string names;
  for (const SymbolInfo& s : program.symbols())
    if (s.kind != SymbolKind::kInput) names += (names.empty() ? "" : ", ") + quoted(s.name);
  return "sizes that only a run can tell: " + names;
}

}  // namespace

PeakSum replay(const Memory& memory, std::span<const std::int64_t> slots) {
  return scan(memory, [s = slots.data()](Tape::Slot i) { return s[i]; });
}

PeakSum replay_lower(const Memory& memory, std::span<const Bounds> slots) {
  return scan(memory, [s = slots.data()](Tape::Slot i) { return s[i].lo; });
}

PeakSum replay_upper(const Memory& memory, std::span<const Bounds> slots) {
  return scan(memory, [s = slots.data()](Tape::Slot i) { return s[i].hi; });
}

BoundMemory::BoundMemory(std::shared_ptr<const Memory> memory, const NamedSizes& sizes)
    : memory_(std::move(memory)), binding_(memory_->program, sizes) {
  const bool has_unknown = memory_->buffers.num_unknown > 0 || !memory_->buffers.unmodelled.empty();
  const PeakSum lower = binding_.exact() ? replay(*memory_, binding_.values())
                                         : replay_lower(*memory_, binding_.ranges());
  if (lower.bytes == kPlusInf)
    throw Error(ErrorKind::kDimOverflow, "bytes-overflow",
                "the bytes alive at once do not fit in 62 bits");
  const PeakSum upper = binding_.exact() ? lower : replay_upper(*memory_, binding_.ranges());
  peak_.lower = peak_.live = lower.bytes;
  peak_.event = lower.event;
  if (!has_unknown && upper.bytes != kPlusInf) {
    peak_.upper = peak_.live = upper.bytes;
    peak_.event = upper.event;
  }
  if (peak_.upper == peak_.lower) return;
  peak_.why_bounds = has_unknown ? why_unknown(*memory_) : why_data_dependent(*memory_->program);
}

std::int64_t BoundMemory::bytes(BufferId b) const {
  const Bounds range = binding_.range(memory_->slots[b]);
  const std::int64_t block = memory_->block_bytes;
  const std::int64_t size = std::max<std::int64_t>(0, peak_.upper ? range.hi : range.lo);
  return (size + block - 1) / block * block;
}

std::vector<LiveItem> BoundMemory::live_set_at(std::uint32_t event) const {
  const auto& events = memory_->timeline.events;
  std::vector<std::uint8_t> is_alive(memory_->buffers.size(), 0);
  if (!events.empty())
    for (std::size_t i = 0; i <= event; ++i)
      is_alive[events[i].buffer] = events[i].action == Action::kAlloc;
  std::vector<LiveItem> items;
  for (BufferId b = 0; b < is_alive.size(); ++b) {
    if (is_alive[b] == 0) continue;
    std::string why = why_alive(*memory_, b);
    if (!memory_->buffers[b].is_known) why += ", size unknown";
    items.push_back({b, bytes(b), std::move(why)});
  }
  std::ranges::stable_sort(items, std::ranges::greater{}, &LiveItem::bytes);
  return items;
}

std::vector<std::int64_t> BoundMemory::live_after_events() const {
  std::vector<std::int64_t> out;
  out.reserve(memory_->timeline.events.size());
  std::int64_t live = 0;
  for (const Event& e : memory_->timeline.events) {
    live += e.action == Action::kAlloc ? bytes(e.buffer) : -bytes(e.buffer);
    out.push_back(live);
  }
  return out;
}

std::optional<std::vector<Bounds>> BoundMemory::shape_bounds(ValueId v) const {
  const Analysis& a = memory_->analysis();
  if (a.poisoned[v] != 0 || !a.type(v).shape.has_rank()) return std::nullopt;
  std::vector<Bounds> out;
  for (const Tape::Slot s : memory_->program->dims(a.facts[v])) out.push_back(binding_.range(s));
  return out;
}

std::optional<std::vector<std::optional<std::int64_t>>> BoundMemory::shape(ValueId v) const {
  const auto dims = shape_bounds(v);
  if (!dims) return std::nullopt;
  std::vector<std::optional<std::int64_t>> out;
  for (const Bounds b : *dims) out.push_back(b.lo == b.hi ? std::optional(b.lo) : std::nullopt);
  return out;
}

}  // namespace shapewright
