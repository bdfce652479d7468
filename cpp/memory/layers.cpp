#include "memory/layers.h"

#include <algorithm>

#include "graph/scope.h"

namespace shapewright {

namespace {

std::optional<Dim> flops_of(const Analysis& a, NodeId n, NodeOperands& scratch) {
  const Op* op = a.ops[n];
  if (op == nullptr || op->flops == nullptr) return std::nullopt;
  const Graph& g = *a.graph;
  for (const auto values : {g.inputs(g.nodes[n]), g.outputs(g.nodes[n])})
    for (const ValueId v : values)
      if (v != kNone && (a.poisoned[v] != 0 || !a.type(v).shape.has_rank())) return std::nullopt;
  try {
    return op->flops(context_of(a, n, scratch));
  } catch (const Error&) {  // past int64
    return std::nullopt;
  }
}

class Maker {
 public:
  explicit Maker(const Memory& m) : m_(m), g_(m.graph()), is_read_(m.buffers.size(), 0) {
    out_.row_of.assign(g_.nodes.size(), kNone);
  }

  LayerTable run() {
    for (const NodeId n : g_.blocks[0].nodes) {
      if (makes_param(n)) continue;
      LayerRow row;
      row.node = n;
      count(n, row);
      out_.rows.push_back(std::move(row));
    }
    for (const LayerRow& row : out_.rows) {
      out_.params_slots.push_back(out_.tape.add(row.params));
      out_.flops_slots.push_back(out_.tape.add(row.flops.value_or(Dim(0))));
    }
    bind_symbols();
    return std::move(out_);
  }

 private:
  bool makes_param(NodeId n) const {
    for (const ValueId v : g_.outputs(g_.nodes[n]))
      if (v != kNone && m_.buffers.of_value[v] != kNone &&
          m_.buffers[m_.buffers.of_value[v]].kind == BufferKind::kParam)
        return m_.buffers[m_.buffers.of_value[v]].value == v;
    return false;
  }

  void count(NodeId n, LayerRow& row) {
    out_.row_of[n] = static_cast<std::uint32_t>(out_.rows.size());
    for (const ValueId v : g_.inputs(g_.nodes[n])) {
      if (v == kNone) continue;
      const BufferId b = m_.buffers.of_value[v];
      if (b == kNone) continue;
      if (m_.buffers[b].kind != BufferKind::kParam || is_read_[b] != 0) continue;
      is_read_[b] = 1;
      row.params += m_.buffers[b].bytes;
    }
    if (const auto flops = flops_of(m_.analysis(), n, scratch_))
      row.flops = row.flops.value_or(Dim(0)) + *flops;
    for_each_body(g_, m_.buffers, n, [&](BlockId body) {
      for (const NodeId inner : g_.blocks[body].nodes) count(inner, row);
    });
  }

  void bind_symbols() {
    const auto known_symbols = m_.program->tape().symbols();
    for (const std::uint32_t id : out_.tape.symbols()) {
      const auto found = std::ranges::find(known_symbols, id);
      const bool is_there = found != known_symbols.end();
      out_.symbols.push_back(is_there ? static_cast<std::uint32_t>(found - known_symbols.begin())
                                      : kNone);
      out_.symbol_bounds.push_back(Arena::current().symbol_info(id).bounds);
    }
  }

  const Memory& m_;
  const Graph& g_;
  LayerTable out_;
  std::vector<std::uint8_t> is_read_;  // by BufferId
  NodeOperands scratch_;
};

std::string type_text(const BoundMemory& bound, ValueId v) {
  const Analysis& a = bound.memory().analysis();
  if (a.poisoned[v] != 0) return "unknown";
  const TensorType& type = a.type(v);
  std::string text(name_of(type.dtype));
  const auto dims = bound.shape(v);
  if (!dims) return text + "[...]";
  std::string inside;
  for (const auto& d : *dims)
    inside += (inside.empty() ? "" : ", ") + (d ? std::to_string(*d) : "?");
  text += "[" + inside + "]";
  return type.container == Container::kTensor ? text : "sequence of " + text;
}

}  // namespace

LayerTable make_layers(const Memory& memory) {
  const ArenaScope scope(*memory.analysis().arena);
  return Maker(memory).run();
}

std::vector<BoundLayer> bind_layers(const LayerTable& table, const BoundMemory& bound) {
  const Memory& m = bound.memory();
  const Graph& g = m.graph();
  const auto given = bound.binding().symbol_ranges();
  std::vector<Bounds> symbols(table.symbols.size()), slots(table.tape.num_slots());
  for (std::size_t i = 0; i < symbols.size(); ++i)
    symbols[i] = table.symbols[i] == kNone ? table.symbol_bounds[i] : given[table.symbols[i]];
  table.tape.run_bounds(symbols, slots);

  std::vector<BoundLayer> out(table.rows.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Node& node = g.nodes[table.rows[i].node];
    out[i].path = scope_of(node);
    if (out[i].path.empty()) out[i].path = display_name(g, table.rows[i].node);
    out[i].op = std::string(g.op(node).name);
    const auto outputs = g.outputs(node);
    if (!outputs.empty() && outputs[0] != kNone) out[i].output = type_text(bound, outputs[0]);
    out[i].params = slots[table.params_slots[i]].lo;
    const Bounds flops = slots[table.flops_slots[i]];
    if (table.rows[i].flops && flops.lo == flops.hi && flops.hi != kPlusInf)
      out[i].flops = flops.lo;
  }
  for (const Buffer& b : m.buffers.all) {
    if (b.kind != BufferKind::kResult || b.saved_by == kNone) continue;
    if (table.row_of[b.saved_by] == kNone) continue;
    out[table.row_of[b.saved_by]].saved +=
        bound.bytes(static_cast<BufferId>(&b - m.buffers.all.data()));
  }
  for (const eager::KernelChoice& choice : m.buffers.kernels)
    if (table.row_of[choice.node] != kNone) out[table.row_of[choice.node]].kernel = choice.kernel;
  for (const LiveItem& item : bound.live_set()) {
    const Buffer& b = m.buffers[item.buffer];
    const NodeId producer = m.buffers.is_eager ? b.maker : g.values[b.value].producer;
    const NodeId node = producer == kNone ? g.blocks[b.block].owner : producer;
    if (b.kind != BufferKind::kResult || node == kNone || table.row_of[node] == kNone) continue;
    out[table.row_of[node]].peak_bytes += item.bytes;
  }
  return out;
}

}  // namespace shapewright
