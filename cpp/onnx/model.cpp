// ModelProto and GraphProto.
#include "onnx/model.h"

#include <algorithm>
#include <array>

namespace shapewright::onnx {
namespace {

// The newest opset that each IR version came with (onnx, docs/Versioning.md).
constexpr std::array<std::pair<std::int64_t, std::int64_t>, 12> kNewestOpset = {{{3, 8},
                                                                                 {4, 9},
                                                                                 {5, 10},
                                                                                 {6, 11},
                                                                                 {7, 14},
                                                                                 {8, 18},
                                                                                 {9, 20},
                                                                                 {10, 22},
                                                                                 {11, 23},
                                                                                 {12, 24},
                                                                                 {13, 27},
                                                                                 {14, 28}}};

struct ValueInfo {
  std::string_view name, type;
};

ValueInfo read_value_info(const Source& source, std::string_view bytes) {
  ValueInfo info;
  Message fields(source, bytes, "ValueInfoProto");
  for (Field field; fields.next(field);) {
    if (field.tag == value_info::kName) info.name = field.bytes;
    if (field.tag == value_info::kType) info.type = field.bytes;
  }
  return info;
}

}  // namespace

void Opsets::add(std::string_view domain, std::int64_t version) {
  NameTable::Entry& entry = by_domain.add(domain);
  if (entry.id == NameTable::kUnset) {
    entry.id = static_cast<std::uint32_t>(versions.size());
    versions.emplace_back(domain, version);
  }
  versions[entry.id].second = std::max(versions[entry.id].second, version);
}

std::int64_t Opsets::version(std::string_view domain) {
  const NameTable::Entry* const entry = by_domain.find(domain);
  return entry == nullptr ? 0 : versions[entry->id].second;
}

Graph Reader::read() {
  g_.source = source_.name;
  bool known = false, has_graph = false;
  std::string_view graph_bytes;
  std::vector<std::string_view> functions;
  Message fields(source_, {source_.begin, static_cast<std::size_t>(source_.end - source_.begin)},
                 "ModelProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case model::kIrVersion:
        g_.ir_version = field.integer();
        known = true;
        break;
      case model::kProducerName: g_.producer = valid_utf8(field.bytes); break;
      case model::kGraph:
        // Protobuf would merge two; no writer makes them.
        if (has_graph) fields.malformed("there are two graphs");
        has_graph = true;
        graph_bytes = field.bytes;
        break;
      case model::kOpsetImport:
        read_opset(field.bytes, opsets_);
        known = true;
        break;
      case model::kFunctions: functions.push_back(field.bytes); break;
      default: break;
    }
  }
  if (!has_graph) {
    const bool is_model = known && !opsets_.versions.empty();
    throw Error(ErrorKind::kFormat, is_model || g_.ir_version > 0 ? "onnx-no-graph" : "not-onnx",
                source_.text() + " holds no graph", {{"path", source_.name}});
  }
  const GraphFields main = skim_graph(graph_bytes);
  g_.graph_name = valid_utf8(main.name);
  file_nodes_ = main.nodes.size();
  functions_.reserve(functions.size());  // calls point to them
  for (std::string_view bytes : functions) read_function(bytes);
  read_main(main);
  for (const auto& [domain, version] : opsets_.versions) {
    g_.opsets.emplace_back(valid_utf8(domain), version);
  }
  const std::size_t cycles_from = g_.faults.size();
  // If every name was defined before it was read, there is nothing to move.
  const std::size_t moved = maybe_unsorted_ ? order_topologically(g_) : 0;
  if (moved > 0 && g_.faults.size() == cycles_from) {
    g_.faults.push_back(
        {.code = "graph-unsorted",
         .message = std::to_string(moved) + " nodes stand before what they read and were moved",
         .facts = {{"nodes moved", std::to_string(moved)}},
         .node = kNone,
         .is_error = false,
         .hint = {}});
  }
  finish_faults();
  return std::move(g_);
}

void Reader::read_opset(std::string_view bytes, Opsets& opsets) {
  std::string_view domain;
  std::int64_t version = 0;
  Message fields(source_, bytes, "OperatorSetIdProto");
  for (Field field; fields.next(field);) {
    if (field.tag == opset_id::kDomain) domain = field.bytes;
    if (field.tag == opset_id::kVersion) version = field.integer();
  }
  if (domain == "ai.onnx") domain = {};
  if (version > 0) opsets.add(domain, version);
}

// What to go by where the model does not say: the newest set that its IR version came with.
std::int64_t Reader::assume_opset() {
  std::int64_t version = 1;
  for (const auto& [ir, opset] : kNewestOpset) {
    if (g_.ir_version >= ir) version = opset;
  }
  opsets_.add({}, version);
  fault({.code = "opset-missing",
         .message = "The model does not say which version of the ONNX operators it uses; opset " +
                    std::to_string(version) + " is assumed from IR version " +
                    std::to_string(g_.ir_version),
         .facts = {{"ir version", std::to_string(g_.ir_version)},
                   {"assumed opset", std::to_string(version)}},
         .node = kNone,
         .is_error = true,
         .hint = {}});
  return version;
}

GraphFields Reader::skim_graph(std::string_view bytes) const {
  GraphFields graph;
  graph.nodes.reserve(std::min<std::size_t>(bytes.size() / 512, 4096));
  std::size_t count = 0;
  Message fields(source_, bytes, "GraphProto");
  for (Field field; fields.next(field);) {
    check_count(++count, 2 * ReadLimits::kValues, "fields in one graph");
    switch (field.tag) {
      case graph::kNode:
        check_count(graph.nodes.size() + 1, ReadLimits::kNodes, "nodes");
        graph.nodes.push_back(field.bytes);
        break;
      case graph::kName: graph.name = field.bytes; break;
      case graph::kInitializer: graph.initializers.push_back(field.bytes); break;
      case graph::kInput: graph.inputs.push_back(field.bytes); break;
      case graph::kOutput: graph.outputs.push_back(field.bytes); break;
      case graph::kValueInfo: graph.value_infos.push_back(field.bytes); break;
      case graph::kSparseInitializer: graph.sparse.push_back(field.bytes); break;
      default: break;
    }
  }
  return graph;
}

void Reader::read_main(const GraphFields& fields) {
  const std::size_t params = fields.initializers.size() + fields.sparse.size();
  const std::size_t nodes = fields.nodes.size();
  g_.nodes.reserve(nodes);
  g_.edges.reserve(4 * nodes);
  g_.values.reserve(nodes + nodes / 4 + params + fields.inputs.size());
  Frame frame;
  frame.opsets = &opsets_;
  frame.names.reset(nodes + nodes / 8 + params + fields.inputs.size());
  read_params(fields, 0, frame);
  read_inputs(fields, 0, frame);
  read_nodes(fields.nodes, 0, frame);
  read_outputs(fields, 0, frame);
  read_value_infos(fields.value_infos, frame);
}

BlockId Reader::read_block(std::string_view bytes, NodeId owner, Frame& frame) {
  if (++block_depth_ > ReadLimits::kBlockDepth) {
    at_node_ = owner;
    limit("block-depth", "Bodies of If, Loop and Scan nest deeper than 64");
  }
  const auto block = static_cast<BlockId>(g_.blocks.size());
  g_.blocks.emplace_back().owner = owner;
  const std::size_t undo_start = frame.undo.size();
  ++frame.depth;
  const GraphFields fields = skim_graph(bytes);
  read_params(fields, block, frame);
  read_inputs(fields, block, frame);
  read_nodes(fields.nodes, block, frame);
  read_outputs(fields, block, frame);
  read_value_infos(fields.value_infos, frame);
  leave_block(frame, undo_start);
  --frame.depth;
  --block_depth_;
  return block;
}

void Reader::read_params(const GraphFields& fields, BlockId block, Frame& frame) {
  g_.constants.reserve(g_.constants.size() + fields.initializers.size() + fields.sparse.size());
  const auto add = [&](ConstantTensor tensor) {
    const ValueId id = define(tensor.name, ValueKind::kParam, block, frame);
    if (!tensor.fault.empty()) {
      constant_fault(tensor, "Constant '" + std::string(g_.values[id].name) + "'");
    }
    if (tensor.dims_lost) {
      g_.values[id].kind = ValueKind::kResult;
      return;
    }
    g_.values[id].constant = static_cast<std::uint32_t>(g_.constants.size());
    g_.constants.push_back(std::move(tensor.data));
  };
  for (std::string_view bytes : fields.initializers) add(read_tensor(source_, bytes, external_));
  for (std::string_view bytes : fields.sparse) add(read_sparse_tensor(source_, bytes, external_));
}

void Reader::read_inputs(const GraphFields& fields, BlockId block, Frame& frame) {
  for (std::string_view bytes : fields.inputs) {
    const ValueInfo info = read_value_info(source_, bytes);
    const NameTable::Entry* const entry = info.name.empty() ? nullptr : frame.names.find(info.name);
    const bool is_param = entry != nullptr && entry->id != NameTable::kUnset &&
                          entry->depth == frame.depth &&
                          g_.values[entry->id].kind != ValueKind::kInput;
    const ValueId id = is_param ? entry->id : define(info.name, ValueKind::kInput, block, frame);
    // The operands of a body are counted, so there an input stays one even if it has a default.
    if (!is_param || block != 0) g_.blocks[block].inputs.push_back(id);
    if (!info.type.empty() && g_.values[id].declared == kNone) {
      g_.values[id].declared = read_type(info.type, id);
    }
  }
}

void Reader::read_outputs(const GraphFields& fields, BlockId block, Frame& frame) {
  for (std::string_view bytes : fields.outputs) {
    const ValueInfo info = read_value_info(source_, bytes);
    ValueId id;
    if (info.name.empty()) {
      id = new_value(info.name, ValueKind::kResult, block, frame);
      name_fault("output-undefined", id, "is an output without a name", true);
    } else {
      id = resolve(info.name, block, frame);
    }
    g_.blocks[block].outputs.push_back(id);
    if (id != kNone && !info.type.empty() && g_.values[id].declared == kNone) {
      g_.values[id].declared = read_type(info.type, id);
    }
  }
}

void Reader::read_value_infos(std::span<const std::string_view> infos, Frame& frame) {
  for (std::string_view bytes : infos) {
    const ValueInfo info = read_value_info(source_, bytes);
    const NameTable::Entry* const entry = frame.names.find(info.name);
    if (entry == nullptr || entry->depth != frame.depth || entry->id >= g_.values.size()) continue;
    Value& value = g_.values[entry->id];
    if (value.declared == kNone && !info.type.empty()) {
      value.declared = read_type(info.type, entry->id);
    }
  }
}

}  // namespace shapewright::onnx
