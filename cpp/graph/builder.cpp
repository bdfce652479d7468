#include "graph/builder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shapewright {
namespace {

constexpr std::size_t kMaxBlockDepth = 64;

std::int64_t version_of(const Graph& g, std::string_view domain) {
  for (const auto& [name, version] : g.opsets) {
    if (name == domain) return version;
  }
  return 0;
}

void check_value(const Graph& g, ValueId value) {
  if (value == kNone || value < g.values.size()) return;
  throw Error(ErrorKind::kModel, "value-undefined", "This value is not of this graph",
              {{"value id", std::to_string(value)}, {"values", std::to_string(g.values.size())}});
}

}  // namespace

GraphBuilder::GraphBuilder(std::int64_t opset) {
  graph_.ir_version = 10;
  graph_.opsets.emplace_back("", opset);
}

ValueId GraphBuilder::define(std::string_view name, ValueKind kind) {
  std::string unique(name);
  if (name.empty()) {
    do {
      unique = "v" + std::to_string(unnamed_++);
    } while (names_.contains(unique));
  } else if (names_.contains(unique)) {
    throw Error(ErrorKind::kModel, "value-redefined",
                "The graph has a value named '" + unique + "' already", {{"value", unique}});
  }
  const auto id = static_cast<ValueId>(graph_.values.size());
  names_.insert(unique);
  graph_.values.push_back({.name = graph_.intern(unique), .kind = kind, .block = open_.back()});
  return id;
}

ValueId GraphBuilder::input(std::string_view name, const DeclaredType& type) {
  const ValueId id = define(name, ValueKind::kInput);
  graph_.values[id].declared = static_cast<std::uint32_t>(graph_.declared.size());
  graph_.declared.push_back(type);
  graph_.blocks[open_.back()].inputs.push_back(id);
  return id;
}

ValueId GraphBuilder::param(std::string_view name, const DeclaredType& type) {
  TensorData data;
  data.dtype = type.dtype;
  for (std::size_t axis = 0; axis < type.dims.size(); ++axis) {
    const DeclaredDim& dim = type.dims[axis];
    if (dim.kind != DeclaredDim::Kind::kNumber) {
      throw Error(ErrorKind::kShape, "param-not-static",
                  "Param '" + std::string(name) + "' axis " + std::to_string(axis) +
                      " must be a number, not '" + to_string(dim) + "'",
                  {{"param", std::string(name)}, {"axis", std::to_string(axis)}});
    }
    data.dims.push_back(dim.number);
  }
  if (!type.has_shape) {
    throw Error(ErrorKind::kShape, "param-not-static",
                "Param '" + std::string(name) + "' needs a shape", {{"param", std::string(name)}});
  }
  return constant(name, std::move(data));
}

ValueId GraphBuilder::constant(std::string_view name, TensorData data) {
  if (data.has_data) check_data_size(name, data);
  const ValueId id = define(name, ValueKind::kParam);
  graph_.values[id].constant = static_cast<std::uint32_t>(graph_.constants.size());
  graph_.constants.push_back(std::move(data));
  return id;
}

void GraphBuilder::check_data_size(std::string_view name, const TensorData& data) {
  if (data.dtype == DType::kString) {
    const auto texts = static_cast<std::int64_t>(data.texts().size());
    if (num_elements(data.dims) == texts) return;
    throw Error(ErrorKind::kShape, "constant-data-size",
                "The strings of constant '" + std::string(name) + "' do not fill its shape",
                {{"given strings", std::to_string(texts)}});
  }
  const std::optional<std::int64_t> needed = packed_bytes(data.dtype, data.dims);
  if (needed && *needed == static_cast<std::int64_t>(data.bytes.size())) return;
  throw Error(ErrorKind::kShape, "constant-data-size",
              "The bytes of constant '" + std::string(name) + "' do not fill its shape",
              {{"needed bytes", needed ? std::to_string(*needed) : "more than 2^63"},
               {"given bytes", std::to_string(data.bytes.size())}});
}

NodeId GraphBuilder::add(std::string_view op, std::span<const ValueId> inputs, AttrSet attrs,
                         std::string_view name, std::size_t num_outputs, std::string_view domain) {
  for (ValueId value : inputs) check_value(graph_, value);
  const auto id = static_cast<NodeId>(graph_.nodes.size());
  if (domain == "ai.onnx") domain = "";
  Node node;
  node.name = graph_.intern(name);
  node.op = graph_.op_name(domain, op, version_of(graph_, domain));
  node.block = open_.back();
  node.index = static_cast<std::uint32_t>(graph_.blocks[node.block].nodes.size());
  if (!attrs.empty()) {
    for (const Attr& attr : attrs) {
      if (attr.kind == AttrKind::kGraph && attr.blocks.size() != 1) {
        throw Error(ErrorKind::kModel, "block-undefined",
                    "Attribute '" + attr.name + "' must be one body");
      }
      for (BlockId block : attr.blocks) {
        if (block == 0 || block >= graph_.blocks.size()) {
          throw Error(ErrorKind::kModel, "block-undefined",
                      "Attribute '" + attr.name + "' is a body that is not of this graph");
        }
        graph_.blocks[block].owner = id;
      }
    }
    node.attrs = static_cast<std::uint32_t>(graph_.attr_sets.size());
    graph_.attr_sets.push_back(std::move(attrs));
  }
  node.first_input = static_cast<std::uint32_t>(graph_.edges.size());
  node.num_inputs = static_cast<std::uint32_t>(inputs.size());
  graph_.edges.insert(graph_.edges.end(), inputs.begin(), inputs.end());
  node.first_output = static_cast<std::uint32_t>(graph_.edges.size());
  node.num_outputs = static_cast<std::uint32_t>(num_outputs);
  for (std::size_t i = 0; i < num_outputs; ++i) {
    // The outputs of a named node are called after it, as far as those names are free.
    std::string wanted(name);
    if (i > 0 && !wanted.empty()) wanted += "." + std::to_string(i);
    if (names_.contains(wanted)) wanted.clear();
    const ValueId value = define(wanted, ValueKind::kResult);
    graph_.values[value].producer = id;
    graph_.values[value].output = static_cast<std::uint32_t>(i);
    graph_.edges.push_back(value);
  }
  graph_.nodes.push_back(node);
  graph_.blocks[node.block].nodes.push_back(id);
  return id;
}

void GraphBuilder::output(ValueId value) {
  check_value(graph_, value);
  graph_.blocks[open_.back()].outputs.push_back(value);
}

void GraphBuilder::describe(NodeId id, std::string_view module, std::string_view origin,
                            bool grad_enabled) {
  Node& node = graph_.nodes.at(id);
  node.scope_text = graph_.intern(module);
  node.grad_enabled = grad_enabled;
  if (origin.empty()) return;
  if (const auto found = origins_.find(origin); found != origins_.end()) {
    node.origin = found->second;
    return;
  }
  node.origin = static_cast<std::uint32_t>(graph_.origins.size());
  graph_.origins.push_back(graph_.intern(origin));
  origins_.emplace(graph_.origins.back(), node.origin);
}

void GraphBuilder::declare(ValueId value, std::string_view type) {
  check_value(graph_, value);
  const auto [entry, added] = declared_.try_emplace(std::string(type), 0);
  if (added) {
    entry->second = static_cast<std::uint32_t>(graph_.declared.size());
    graph_.declared.push_back(parse_declared_type(graph_, type));
  }
  graph_.values[value].declared = entry->second;
}

void GraphBuilder::demand(Demand::Kind kind, std::string_view left, std::string_view right,
                          NodeId node, bool is_branch) {
  if (node >= graph_.nodes.size()) {
    throw Error(ErrorKind::kModel, "value-undefined", "This node is not of this graph");
  }
  graph_.demands.push_back({kind, graph_.intern(left), graph_.intern(right), node, is_branch});
}

void GraphBuilder::symbol_range(std::string_view name, std::int64_t lower,
                                std::optional<std::int64_t> upper) {
  graph_.symbol_ranges.push_back({graph_.intern(name), lower, upper});
}

void GraphBuilder::opset(std::string_view domain, std::int64_t version) {
  if (domain == "ai.onnx") domain = "";
  for (OpName& op : graph_.op_names) {
    if (op.domain == domain) op.version = version;
  }
  for (auto& [name, old] : graph_.opsets) {
    if (name == domain) {
      old = version;
      return;
    }
  }
  graph_.opsets.emplace_back(domain, version);
}

BlockId GraphBuilder::begin_block() {
  if (open_.size() > kMaxBlockDepth) {
    throw Error(ErrorKind::kLimit, "block-depth", "Bodies nest deeper than 64");
  }
  open_.push_back(static_cast<BlockId>(graph_.blocks.size()));
  graph_.blocks.emplace_back();
  return open_.back();
}

void GraphBuilder::end_block() {
  if (open_.size() == 1) {
    throw Error(ErrorKind::kModel, "block-unbalanced", "end_block without begin_block");
  }
  open_.pop_back();
}

}  // namespace shapewright
