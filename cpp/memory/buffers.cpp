#include "memory/buffers.h"

#include <optional>

namespace shapewright {

namespace {

bool is_constant(const Graph& g, NodeId n) {
  return n != kNone && g.op(g.nodes[n]).domain.empty() && g.op(g.nodes[n]).name == "Constant";
}

BufferKind kind_of(const Graph& g, const Value& v) {
  if (v.kind == ValueKind::kParam || is_constant(g, v.producer)) return BufferKind::kParam;
  return v.producer == kNone && v.block == 0 ? BufferKind::kInput : BufferKind::kResult;
}

// Bytes of a type; nullopt if any part of it is unknown. Sequences hold a number of tensors that is
// not known.
std::optional<Dim> bytes_of(const TensorType& type) {
  if (type.container != Container::kTensor || type.dtype == DType::kUnknown ||
      !type.shape.has_rank())
    return std::nullopt;
  const Dim bytes = num_bytes(type);
  if (known(bytes)) return bytes;
  const Arena& arena = Arena::current();
  for (const std::uint32_t id : symbols_of(bytes))
    if (arena.symbol_info(id).kind == SymbolKind::kUnknown) return std::nullopt;
  return bytes;
}

// The input whose storage output 0 of the node shares, kFresh if none or if nothing may be claimed
// of it.
int view_source(const Analysis& a, NodeId n, NodeOperands& scratch) {
  const Op* op = a.ops[n];
  if (op == nullptr || op->alias == nullptr) return kFresh;
  const Graph& g = *a.graph;
  const auto outputs = g.outputs(g.nodes[n]);
  if (outputs.empty() || outputs[0] == kNone || a.poisoned[outputs[0]] != 0) return kFresh;
  const auto inputs = g.inputs(g.nodes[n]);
  for (const ValueId v : inputs)
    if (v != kNone && a.poisoned[v] != 0) return kFresh;
  const int source = op->alias(context_of(a, n, scratch));
  const bool is_there = source >= 0 && static_cast<std::size_t>(source) < inputs.size() &&
                        inputs[static_cast<std::size_t>(source)] != kNone;
  return is_there ? source : kFresh;
}

class Maker {
 public:
  explicit Maker(const Analysis& a) : a_(a), g_(*a.graph), sizes_(a.operand_types.size()) {
    out_.of_value.assign(g_.values.size(), kNone);
  }

  Buffers run() {
    out_.is_run.assign(g_.blocks.size(), 0);
    mark_run(0);
    for (ValueId v = 0; v < g_.values.size(); ++v)
      if (g_.values[v].kind != ValueKind::kResult || g_.values[v].producer == kNone) make(v);
    make_results(0);
    for (ValueId v = 0; v < g_.values.size(); ++v)  // in bodies that no node runs
      if (out_.of_value[v] == kNone) make(v);
    return std::move(out_);
  }

 private:
  struct Size {
    enum : std::uint8_t { kUnseen, kUnknown, kKnown } state = kUnseen;
    Dim bytes;
  };

  void mark_run(BlockId block) {
    out_.is_run[block] = 1;
    for (const NodeId n : g_.blocks[block].nodes)
      for (const Attr& attr : g_.attrs(g_.nodes[n]))
        for (const BlockId body : attr.blocks)
          if (!is_ruled_out(n, attr.name)) mark_run(body);
  }

  bool is_ruled_out(NodeId n, std::string_view branch) const {
    const auto inputs = g_.inputs(g_.nodes[n]);
    if (branch != "then_branch" && branch != "else_branch") return false;
    if (inputs.empty() || inputs[0] == kNone || a_.poisoned[inputs[0]] != 0) return false;
    const Elements* condition = a_.elements(inputs[0]);
    const auto literals = condition == nullptr ? std::nullopt : condition->literals();
    return literals && literals->size() == 1 && ((*literals)[0] != 0) != (branch == "then_branch");
  }

  void make(ValueId v) {
    Size& size = sizes_[a_.facts[v]];
    if (size.state == Size::kUnseen) {
      const auto bytes = bytes_of(a_.type(v));
      size = {bytes ? Size::kKnown : Size::kUnknown, bytes.value_or(Dim(0))};
    }
    Buffer b;
    b.value = v;
    b.kind = kind_of(g_, g_.values[v]);
    b.block = g_.values[v].block;
    const bool is_alive = b.kind != BufferKind::kResult || out_.is_run[b.block] != 0;
    b.is_known = !is_alive || (size.state == Size::kKnown && a_.poisoned[v] == 0);
    b.bytes = is_alive && b.is_known ? size.bytes : Dim(0);
    if (!b.is_known) ++out_.num_unknown;
    out_.of_value[v] = static_cast<BufferId>(out_.all.size());
    out_.all.push_back(b);
  }

  // In execution order, so that the source of a view has its buffer before the view asks for it.
  void make_results(BlockId block) {
    for (const NodeId n : g_.blocks[block].nodes) {
      const Node& node = g_.nodes[n];
      for_each_body(g_, out_, n, [&](BlockId body) { make_results(body); });
      const int source = view_source(a_, n, scratch_);
      const auto outputs = g_.outputs(node);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const ValueId v = outputs[i];
        if (v == kNone) continue;
        const bool is_view = i == 0 && source != kFresh;
        const BufferId shared =
            is_view ? out_.of_value[g_.inputs(node)[static_cast<std::size_t>(source)]] : kNone;
        if (shared != kNone) {
          out_.of_value[v] = shared;
        } else {
          make(v);
        }
      }
    }
  }

  const Analysis& a_;
  const Graph& g_;
  Buffers out_;
  std::vector<Size> sizes_;  // by FactId
  NodeOperands scratch_;
};

}  // namespace

std::string_view name_of(BufferKind kind) {
  switch (kind) {
    case BufferKind::kParam: return "parameter";
    case BufferKind::kInput: return "input";
    case BufferKind::kResult: return "result";
    case BufferKind::kGradient: return "gradient";
    case BufferKind::kOptimizer: return "optimizer state";
  }
  return "";
}

std::string buffer_name(const Graph& g, const Buffer& b) {
  const auto value = [&] { return std::string(g.values[b.value].name); };
  switch (b.kind) {
    case BufferKind::kGradient: return "gradient of " + value();
    case BufferKind::kOptimizer: return "optimizer state of " + value();
    default: break;
  }
  if (b.keeper == eager::Keeper::kOptimizer) return "temporary of the step for " + value();
  if (b.value != kNone) return value();
  return "temporary of " + (b.maker == kNone ? "the step" : display_name(g, b.maker));
}

Buffers make_buffers(const Analysis& a) { return Maker(a).run(); }

}  // namespace shapewright
