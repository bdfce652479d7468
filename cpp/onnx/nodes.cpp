// NodeProto, and the two passes over the nodes of a block.
#include <algorithm>

#include "graph/scope.h"
#include "onnx/model.h"

namespace shapewright::onnx {
namespace {

constexpr std::string_view kNameScopes = "pkg.torch.onnx.name_scopes";
constexpr std::string_view kNamespace = "namespace";

// Length of the key of a metadata entry, kAnyKey if the entry must be read to tell. All writers put
// the key first.
constexpr std::size_t kAnyKey = ~std::size_t{0};
std::size_t key_size(std::string_view entry) {
  if (entry.size() < 2 || entry[0] != static_cast<char>(string_entry::kKey)) return kAnyKey;
  return static_cast<unsigned char>(entry[1]);
}

// The value of a metadata entry if its key is `key`, else "".
std::string_view entry_value(const Source& source, std::string_view bytes, std::string_view key) {
  const std::size_t head = 2 + key.size();
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::string_view value;
  bool matches = false;
  if (bytes.size() > head + 3 && byte(0) == string_entry::kKey && byte(1) == key.size() &&
      same_bytes(bytes.substr(2, key.size()), key)) {
    // All writers end it with the value: a tag, one or two bytes of length, the text.
    std::size_t length = byte(head + 1), start = head + 2;
    if (length >= 0x80) length = (length & 0x7F) | static_cast<std::size_t>(byte(start++)) << 7;
    if (byte(head) == string_entry::kValue && byte(start - 1) < 0x80 &&
        length == bytes.size() - start) {
      return bytes.substr(start);
    }
    matches = true;
    bytes.remove_prefix(head);
  }
  Message entry(source, bytes, "StringStringEntryProto");
  for (Field part; entry.next(part);) {
    if (part.tag == string_entry::kKey) matches = part.bytes == key;
    if (part.tag == string_entry::kValue) value = part.bytes;
  }
  return matches ? value : std::string_view();
}

Frame::KnownOp& known_op(Frame& frame, std::string_view op_type) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(op_type[i]); };
  const std::size_t n = op_type.size();
  const std::size_t hash = n == 0 ? 0 : n + 5 * byte(0) + 3 * byte(n / 2) + byte(n - 1);
  return frame.ops[hash % frame.ops.size()];
}

}  // namespace

void Reader::read_node(std::string_view bytes, std::uint32_t index, Body& body, Frame& frame) {
  NodeFields& n = node_;
  n.name = n.op_type = n.domain = n.overload = n.scope_text = n.all_attributes = {};
  n.inputs.clear();
  n.outputs.clear();
  n.attributes.clear();
  n.index = frame.function == nullptr || frame.depth > 0 ? index : frame.index;
  n.byte_offset = source_.offset(bytes.data());

  std::string_view name_scopes, name_space;
  const char* attributes_end = nullptr;
  bool one_run = true;
  Message fields(source_, bytes, "NodeProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case node::kInput: n.inputs.push_back(field.bytes); break;
      case node::kOutput: n.outputs.push_back(field.bytes); break;
      case node::kName: n.name = field.bytes; break;
      case node::kOpType: n.op_type = field.bytes; break;
      case node::kDomain:
        n.domain = field.bytes == "ai.onnx" ? std::string_view() : field.bytes;
        break;
      case node::kOverload: n.overload = field.bytes; break;
      case node::kAttribute:
        if (n.attributes.empty()) {
          n.all_attributes = {fields.field_start(), 0};
        } else if (attributes_end != fields.field_start()) {
          one_run = false;
        }
        attributes_end = fields.position();
        n.attributes.push_back(field.bytes);
        break;
      case node::kMetadata: {
        const std::size_t key = key_size(field.bytes);
        if (key == kNameScopes.size() || key == kAnyKey) {
          const std::string_view value = entry_value(source_, field.bytes, kNameScopes);
          if (!value.empty()) name_scopes = value;
        }
        if (key == kNamespace.size() || key == kAnyKey) name_space = field.bytes;
        break;
      }
      default: break;
    }
  }
  check_count(n.inputs.size(), ReadLimits::kOperandsOfNode, "inputs of one node");
  check_count(n.outputs.size(), ReadLimits::kOperandsOfNode, "outputs of one node");
  if (one_run && !n.attributes.empty()) {
    const char* const start = n.all_attributes.data();
    n.all_attributes = {start, static_cast<std::size_t>(attributes_end - start)};
  } else {
    n.all_attributes = {};
  }
  n.scope_text = name_scopes;
  if (name_scopes.empty() && !name_space.empty()) {
    n.scope_text = entry_value(source_, name_space, kNamespace);
  }
  if (frame.function != nullptr && module_of(n.scope_text).empty()) n.scope_text = frame.scope_text;

  const Function* const function =
      functions_.empty() ? nullptr : find_function(n.domain, n.op_type, n.overload);
  if (function == nullptr) {
    make_node(n, body, frame);
  } else {
    make_call(n, *function, body, frame);
  }
}

void Reader::make_node(const NodeFields& fields, Body& body, Frame& frame) {
  const auto id = static_cast<NodeId>(g_.nodes.size());
  check_count(g_.nodes.size() + 1, ReadLimits::kNodes, "nodes");
  Node& node = g_.nodes.emplace_back();
  KeptVector<ValueId>& edges = g_.edges;
  node.name = keep_name(fields.name, frame);
  if (fields.name.empty() && !frame.prefix.empty()) {
    node.name =
        keep_name(std::string(fields.op_type) + "_" + std::to_string(body.order.size()), frame);
  }
  node.scope_text = keep_scope(fields.scope_text);
  node.block = body.block;
  node.index = fields.index;
  node.byte_offset = fields.byte_offset;
  node.op = read_op(fields.domain, fields.op_type, frame);
  body.order.push_back(id);
  at_node_ = id;
  if (fields.op_type.empty()) {
    fault({.code = "node-without-op",
           .message = describe(g_, id) + " names no operator",
           .facts = {{"byte offset", std::to_string(node.byte_offset)}},
           .node = id,
           .is_error = true,
           .hint = {}});
  }
  node.attrs = fields.attributes.empty()
                   ? 0
                   : read_attrs(fields.attributes, fields.all_attributes, id, &body, frame);

  node.first_input = static_cast<std::uint32_t>(edges.size());
  node.num_inputs = static_cast<std::uint32_t>(fields.inputs.size());
  for (std::string_view name : fields.inputs) {
    ValueId value = kNone;
    if (!name.empty()) {
      const NameTable::Entry* const entry = frame.names.find(name);
      // A name of an outer block may yet be defined by this one.
      if (entry != nullptr && entry->id != NameTable::kUnset && entry->depth == frame.depth) {
        value = entry->id == kOmitted ? kNone : entry->id;
      } else {
        maybe_unsorted_ = true;
        body.reads.push_back({static_cast<std::uint32_t>(edges.size()), id, name});
      }
    }
    edges.push_back(value);
  }
  node.first_output = static_cast<std::uint32_t>(edges.size());
  node.num_outputs = static_cast<std::uint32_t>(fields.outputs.size());
  for (std::uint32_t i = 0; i < node.num_outputs; ++i) {
    ValueId value = kNone;
    if (!fields.outputs[i].empty()) {
      value = define(fields.outputs[i], ValueKind::kResult, body.block, frame);
      g_.values[value].producer = id;
      g_.values[value].output = i;
    }
    edges.push_back(value);
  }
  at_node_ = kNone;
}

void Reader::make_call(const NodeFields& fields, const Function& function, Body& body,
                       Frame& frame) {
  Call& call = body.calls.emplace_back();
  call.function = &function;
  call.name = fields.name;
  call.scope_text = fields.scope_text;
  call.inputs = fields.inputs;
  call.index = fields.index;
  call.byte_offset = fields.byte_offset;
  call.attrs = read_attrs(fields.attributes, fields.all_attributes, kNone, &body, frame);
  for (std::string_view name : fields.outputs) {
    call.outputs.push_back(name.empty() ? kNone
                                        : define(name, ValueKind::kResult, body.block, frame));
  }
  body.order.push_back(kNone);
}

std::uint32_t Reader::read_op(std::string_view domain, std::string_view op_type, Frame& frame) {
  Frame::KnownOp& known = known_op(frame, op_type);
  if (domain.empty() && !op_type.empty() && same_bytes(known.op_type, op_type)) return known.op;
  std::int64_t version = frame.opsets->version(domain);
  if (version == 0) version = opsets_.version(domain);
  if (version == 0 && domain.empty()) version = assume_opset();
  const std::uint32_t op = g_.op_name(keep_text(domain), keep_text(op_type), version);
  if (domain.empty()) known = {op_type, op};
  return op;
}

void Reader::read_nodes(std::span<const std::string_view> nodes, BlockId block, Frame& frame) {
  Body body;
  body.block = block;
  body.order.reserve(nodes.size());
  if (frame.function != nullptr) charge_nodes(nodes);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) read_node(nodes[i], i, body, frame);
  for (const Body::Read& read : body.reads) {
    at_node_ = read.node;
    g_.edges[read.edge] = resolve(read.name, block, frame);
  }
  at_node_ = kNone;
  for (const Body::GraphAttr& graph : body.graphs) {
    const BlockId inner = read_block(graph.bytes, graph.node, frame);
    g_.attr_sets[graph.attrs][graph.attr].blocks.push_back(inner);
  }
  if (body.calls.empty()) {
    std::vector<NodeId>& order = g_.blocks[block].nodes;
    if (order.empty()) {
      order = std::move(body.order);
    } else {
      order.insert(order.end(), body.order.begin(), body.order.end());
    }
    return;
  }
  std::size_t next_call = 0;
  for (NodeId node : body.order) {
    if (node == kNone) {
      Call& call = body.calls[next_call++];
      at_call_ = &call;
      maybe_unsorted_ = true;
      for (std::string_view name : call.inputs) {
        call.operands.push_back(resolve(name, block, frame));
      }
      at_call_ = nullptr;
      expand(call, block, frame);
    } else {
      g_.blocks[block].nodes.push_back(node);
    }
  }
}

}  // namespace shapewright::onnx
