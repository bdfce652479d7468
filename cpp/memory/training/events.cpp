#include "memory/training/events.h"

namespace shapewright {

namespace {

BufferKind kind_of(eager::Role role) {
  switch (role) {
    case eager::Role::kResult: return BufferKind::kResult;
    case eager::Role::kParam: return BufferKind::kParam;
    case eager::Role::kInput: return BufferKind::kInput;
    case eager::Role::kGradient: return BufferKind::kGradient;
    case eager::Role::kOptimizer: return BufferKind::kOptimizer;
  }
  return BufferKind::kResult;
}

bool is_unknown(Dim bytes) { return (symbol_kinds(bytes) & kind_bit(SymbolKind::kUnknown)) != 0; }

}  // namespace

Buffers buffers_of(const Analysis& a, const Iteration& iteration) {
  Buffers out;
  out.is_eager = true;
  out.is_run.assign(a.graph->blocks.size(), 1);
  out.of_value = iteration.of_value;
  out.unmodelled = iteration.unmodelled;
  out.kernels = iteration.kernels;
  for (const eager::Storage& s : iteration.storages) {
    Buffer b;
    b.value = s.value;
    b.kind = kind_of(s.role);
    b.is_known = !is_unknown(s.bytes);
    b.bytes = b.is_known ? s.bytes : Dim(0);
    b.keeper = s.keeper;
    b.maker = s.maker;
    b.last = s.last;
    b.saved_by = s.saved_by;
    b.is_saved = s.is_saved;
    if (!b.is_known) ++out.num_unknown;
    out.all.push_back(b);
  }
  return out;
}

Timeline timeline_of(const Graph& g, const Iteration& iteration) {
  Timeline out;
  out.num_steps = static_cast<std::int32_t>(g.blocks[0].nodes.size());
  std::vector<std::int32_t> place(g.nodes.size(), -1);
  for (std::size_t i = 0; i < g.blocks[0].nodes.size(); ++i)
    place[g.blocks[0].nodes[i]] = static_cast<std::int32_t>(i);
  out.lifetimes.resize(iteration.storages.size());
  std::int32_t last_step = -1;
  for (const eager::Change& c : iteration.changes) {
    const std::int32_t step = c.node == kNone ? last_step : place[c.node];
    last_step = step;
    out.events.push_back(
        {step, c.node, c.storage, c.is_alloc ? Action::kAlloc : Action::kFree, c.phase});
  }
  return out;
}

}  // namespace shapewright
