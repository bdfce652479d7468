#include "graph/graph.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "graph/tensor_type.h"

namespace shapewright {

struct Graph::Index {
  std::mutex mutex;
  std::unordered_map<std::string_view, ValueId> values;
  std::size_t values_indexed = 0;
  std::unordered_map<std::string, std::uint32_t> ops;
};

Graph::Graph() : blocks(1), attr_sets(1), index_(std::make_unique<Index>()) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

Graph Graph::snapshot() const {
  Graph copy;
  copy.values = values;
  copy.nodes = nodes;
  copy.blocks = blocks;
  copy.edges = edges;
  copy.op_names = op_names;
  copy.attr_sets = attr_sets;
  copy.declared = declared;
  copy.constants = constants;
  copy.faults = faults;
  copy.origins = origins;
  copy.loss = loss;
  copy.released_after = released_after;
  copy.held = held;
  copy.demands = demands;
  copy.symbol_ranges = symbol_ranges;
  copy.functions = functions;
  copy.source = source;
  copy.producer = producer;
  copy.graph_name = graph_name;
  copy.ir_version = ir_version;
  copy.opsets = opsets;
  copy.text_chunks_ = text_chunks_;  // and no room left in them: the rest of the last one is ours
  return copy;
}

void Graph::more_text_room(std::size_t least_bytes) {
  constexpr std::size_t kFirstChunk = 16 << 10, kLargestChunk = 1 << 20;
  text_chunk_bytes_ = std::clamp(2 * text_chunk_bytes_, kFirstChunk, kLargestChunk);
  text_chunk_bytes_ = std::max(text_chunk_bytes_, least_bytes);
  text_chunks_.push_back(kept_chars(text_chunk_bytes_));
  text_at_ = text_chunks_.back().get();
  text_left_ = text_chunk_bytes_;
}

std::uint32_t Graph::op_name(std::string_view domain, std::string_view name, std::int64_t version) {
  std::string key;
  key.reserve(domain.size() + name.size() + 24);
  key.append(domain).append(1, '\0').append(name).append(1, '\0').append(std::to_string(version));
  const auto [entry, added] =
      index_->ops.try_emplace(std::move(key), static_cast<std::uint32_t>(op_names.size()));
  if (added) op_names.push_back({intern(domain), intern(name), version});
  return entry->second;
}

std::optional<ValueId> Graph::find(std::string_view name) const {
  const std::lock_guard lock(index_->mutex);
  for (; index_->values_indexed < values.size(); ++index_->values_indexed) {
    const Value& value = values[index_->values_indexed];
    if (value.block != 0) continue;
    index_->values.try_emplace(value.name, static_cast<ValueId>(index_->values_indexed));
  }
  const auto found = index_->values.find(name);
  if (found == index_->values.end()) return std::nullopt;
  return found->second;
}

std::string to_string(const DeclaredDim& dim) {
  switch (dim.kind) {
    case DeclaredDim::Kind::kNumber: return std::to_string(dim.number);
    case DeclaredDim::Kind::kText: return std::string(dim.text);
    case DeclaredDim::Kind::kAbsent: return "?";
  }
  return "?";
}

std::string to_string(const DeclaredType& type) {
  std::string text(name_of(type.dtype));
  if (!type.has_shape) {
    text += "[...]";
  } else {
    text += '[';
    for (const DeclaredDim& dim : type.dims) {
      if (&dim != &type.dims.front()) text += ", ";
      text += to_string(dim);
    }
    text += ']';
  }
  if (type.length.kind != DeclaredDim::Kind::kAbsent) text += ", " + to_string(type.length);
  switch (static_cast<Container>(type.container)) {
    case Container::kTensor: return text;
    case Container::kSequence: return "seq(" + text + ")";
    case Container::kOptional: return "optional(" + text + ")";
    case Container::kOptionalSequence: return "optional(seq(" + text + "))";
    case Container::kOther: return "map(" + text + ")";
  }
  return text;
}

std::string describe(const Graph& g, NodeId node) {
  const Node& n = g.nodes[node];
  std::string text = "node " + std::to_string(n.index);
  if (!n.name.empty()) text.append(" '").append(n.name).append("'");
  return text.append(" (").append(g.op(n).name).append(")");
}

std::string display_name(const Graph& g, NodeId node) {
  const Node& n = g.nodes[node];
  if (!n.name.empty()) return std::string(n.name);
  return ("#" + std::to_string(n.index) + " ").append(g.op(n).name);
}

}  // namespace shapewright
