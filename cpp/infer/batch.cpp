#include "infer/batch.h"

#include <algorithm>

namespace shapewright {

std::optional<std::uint32_t> batch_symbol(const Analysis& a) {
  const Graph& g = *a.graph;
  for (const ValueId v : g.blocks[0].inputs) {
    const Shape& shape = a.type(v).shape;
    if (shape.rank() < 1) continue;
    if (const auto id = a.arena->as_symbol(shape[0]);
        id && a.arena->symbol_info(*id).kind == SymbolKind::kInput)
      return id;
  }
  return std::nullopt;
}

namespace {

constexpr std::size_t kMaxNamed = 8;

bool depends_on(Dim d, std::uint32_t symbol) {
  const auto ids = symbols_of(d);
  return std::ranges::find(ids, symbol) != ids.end();
}

bool is_reshape(const OpName& op) { return op.name == "Reshape" && op.domain.empty(); }

// Those that run, in order of execution.
std::vector<NodeId> reshapes_of(const Analysis& a) {
  const Graph& g = *a.graph;
  std::vector<std::uint8_t> is_meant;  // by index in Graph::op_names
  for (const OpName& op : g.op_names) is_meant.push_back(is_reshape(op));
  std::vector<NodeId> out;
  if (std::ranges::find(is_meant, 1) == is_meant.end()) return out;
  for (NodeId n = 0; n < g.nodes.size(); ++n)
    if (is_meant[g.nodes[n].op] != 0 && a.live_blocks[g.nodes[n].block] != 0) out.push_back(n);
  return out;
}

// The target of a sound Reshape, where it is known.
std::optional<std::vector<Dim>> target_of(const Analysis& a, NodeId n) {
  const Graph& g = *a.graph;
  if (!is_reshape(g.op(g.nodes[n]))) return std::nullopt;
  const auto inputs = g.inputs(g.nodes[n]), outputs = g.outputs(g.nodes[n]);
  if (inputs.size() != 2 || inputs[0] == kNone || inputs[1] == kNone) return std::nullopt;
  if (outputs.size() != 1 || outputs[0] == kNone || a.poisoned[outputs[0]] != 0)
    return std::nullopt;
  if (a.elements(inputs[1]) == nullptr) return std::nullopt;
  return a.elements(inputs[1])->ints();
}

// "make its shape [0, 768]: ..." where the batch is the first axis before and after.
std::string repair(const Analysis& a, NodeId n) {
  const Graph& g = *a.graph;
  const Node& node = g.nodes[n];
  if (const auto target = target_of(a, n); target && !target->empty()) {
    std::string text = "[0";
    for (std::size_t i = 1; i < target->size(); ++i) text += ", " + to_string((*target)[i]);
    return "give " + display_name(g, n) + " the shape " + text +
           "]: 0 keeps the size of the input on that axis";
  }
  for (const ValueId v : g.inputs(node))
    if (v != kNone && g.values[v].kind == ValueKind::kParam && a.type(v).shape.rank() > 0)
      return "expand '" + std::string(g.values[v].name) + "' to the batch before it is joined";
  return {};
}

// Reshapes whose constant target states the same batch again: mending the first brings them forth.
std::vector<NodeId> others_that_state(const Analysis& a, const std::vector<NodeId>& reshapes,
                                      std::int64_t size, NodeId first) {
  const Graph& g = *a.graph;
  std::vector<NodeId> out;
  for (const NodeId n : reshapes) {
    if (n == first) continue;
    const auto target = target_of(a, n);
    if (!target || target->empty() || known((*target)[0]) != size) continue;
    const Shape& data = a.type(g.inputs(g.nodes[n])[0]).shape;
    if (data.rank() > 0 && known(data[0]) == size) out.push_back(n);
  }
  return out;
}

std::string join(const Analysis& a, const std::vector<NodeId>& nodes) {
  std::string text;
  for (std::size_t i = 0; i < nodes.size() && i < kMaxNamed; ++i)
    text += (i == 0 ? "" : ", ") + display_name(*a.graph, nodes[i]);
  if (nodes.size() > kMaxNamed)
    text += " and " + std::to_string(nodes.size() - kMaxNamed) + " more";
  return text;
}

void report_fixed(Analysis& a, const std::vector<NodeId>& reshapes, std::uint32_t batch,
                  const Constraint& c) {
  const std::string name = a.arena->symbol_info(batch).name;
  std::vector<NodeId> nodes = {c.node};
  nodes.insert(nodes.end(), c.also.begin(), c.also.end());
  for (const NodeId n : others_that_state(a, reshapes, *known(c.rhs), c.node))
    if (std::ranges::find(nodes, n) == nodes.end()) nodes.push_back(n);
  const Graph& g = *a.graph;
  const std::string op(g.op(g.nodes[c.node]).name);
  Facts facts = {{"where", c.what.text()}, {"nodes", join(a, nodes)}};
  if (const auto origin = origin_of(a, c.node, true, [&](Dim d) { return d == c.rhs; }))
    facts.emplace_back("why", describe(a, *origin));
  a.findings.push_back({"batch-fixed", Severity::kWarning,
                        op + " fixes the batch: the model needs " + to_string(c), c.node,
                        std::move(facts), repair(a, c.node)});
}

void report_folded(Analysis& a, std::uint32_t batch, NodeId n) {
  const Graph& g = *a.graph;
  const auto outputs = g.outputs(g.nodes[n]);
  if (outputs.size() != 1 || outputs[0] == kNone) return;
  const Shape& out = a.type(outputs[0]).shape;
  if (out.rank() < 2 || !known(out[0])) return;
  const auto target = target_of(a, n);
  if (!target || target->empty() || !known((*target)[0]) || *known((*target)[0]) < 1) return;
  const Shape& data = a.type(g.inputs(g.nodes[n])[0]).shape;
  if (data.rank() < 1 || !depends_on(data[0], batch)) return;
  for (int k = 1; k < out.rank(); ++k) {
    if (!depends_on(out[k], batch)) continue;
    a.findings.push_back({"batch-folded",
                          Severity::kNote,
                          "Reshape moves the batch from axis 0 into axis " + std::to_string(k) +
                              ": " + to_string(a.type(g.inputs(g.nodes[n])[0])) + " becomes " +
                              to_string(a.type(g.outputs(g.nodes[n])[0])),
                          n,
                          {},
                          repair(a, n)});
    return;
  }
}

}  // namespace

void report_batch(Analysis& a) {
  const auto batch = batch_symbol(a);
  if (!batch) return;
  const std::vector<NodeId> reshapes = reshapes_of(a);
  for (const Constraint& c : a.contract) {
    const bool is_fixed = c.relation == Relation::kEqual || c.relation == Relation::kBroadcast;
    if (is_fixed && c.node != kNone && a.arena->as_symbol(c.lhs) == batch && known(c.rhs))
      report_fixed(a, reshapes, *batch, c);
  }
  for (const NodeId n : reshapes) report_folded(a, *batch, n);
}

}  // namespace shapewright
