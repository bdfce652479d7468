// NodeProto, and the two passes over the nodes of a block.
#include <algorithm>
#include <cstring>

#include "onnx/model.h"

namespace shapewright::onnx {
namespace {

constexpr std::string_view kNameScopes = "pkg.torch.onnx.name_scopes";
constexpr std::string_view kNamespace = "namespace";

// Position of the last `c` before `end`; npos if there is none. string_view::rfind looks at byte
// after byte.
std::size_t find_last(std::string_view text, char c, std::size_t end) {
#ifdef __GLIBC__
  const void* const found = memrchr(text.data(), c, end);
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
#else
  return end == 0 ? std::string_view::npos : text.rfind(c, end - 1);
#endif
}

// Removes the last entry of a Python list of strings, "['', 'bert', 'view_1']", and returns it.
std::string_view pop_entry(std::string_view& list) {
  std::size_t close = list.size();  // a few steps: "']" or "', "
  while (close > 0 && list[close - 1] != '\'' && list[close - 1] != '"') --close;
  const std::size_t open =
      close == 0 ? std::string_view::npos : find_last(list, list[close - 1], close - 1);
  if (open == std::string_view::npos) return list = {};
  const std::string_view entry = list.substr(open + 1, close - open - 2);
  list = list.substr(0, open);
  return entry;
}

// The last entry is the operation itself, the one before it the module it stands in.
std::string_view module_of(std::string_view name_scopes) {
  pop_entry(name_scopes);
  const std::string_view module = pop_entry(name_scopes);
  return module.starts_with("_empty_nn_module_stack") ? std::string_view() : module;
}

// The same from ": Model/bert: BertModel/view_1: aten.view": "/" between entries, "name: class"
// each.
std::string_view module_of_namespace(std::string_view text) {
  const std::size_t last = text.rfind('/');
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last);
  const std::size_t before = text.rfind('/');
  if (before != std::string_view::npos) text = text.substr(before + 1);
  return text.substr(0, text.find(": "));
}

// Whether a metadata entry may have this key. All writers put the key first.
bool may_have_key(std::string_view entry, std::string_view key) {
  if (entry.size() < 2 || entry[0] != static_cast<char>(string_entry::kKey)) return true;
  return static_cast<std::size_t>(static_cast<unsigned char>(entry[1])) == key.size();
}

// The value of a metadata entry if its key is `key`, else "".
std::string_view entry_value(const Source& source, std::string_view bytes, std::string_view key) {
  std::string_view value;
  bool matches = false;
  if (bytes.size() >= 2 + key.size() && bytes[0] == static_cast<char>(string_entry::kKey) &&
      static_cast<unsigned char>(bytes[1]) == key.size() && bytes.substr(2, key.size()) == key) {
    matches = true;
    bytes.remove_prefix(2 + key.size());
  }
  Message entry(source, bytes, "StringStringEntryProto");
  for (Field part; entry.next(part);) {
    if (part.tag == string_entry::kKey) matches = part.bytes == key;
    if (part.tag == string_entry::kValue) value = part.bytes;
  }
  return matches ? value : std::string_view();
}

}  // namespace

std::string_view Reader::read_scope(std::string_view name_scopes, std::string_view name_space) {
  if (name_scopes.empty() && name_space.empty()) return {};
  const std::string_view text =
      name_scopes.empty() ? module_of_namespace(name_space) : module_of(name_scopes);
  if (text.empty()) return {};
  if (text != last_scope_key_) {  // neighbours mostly stand in one module
    last_scope_key_ = text;
    last_scope_ = keep_text(text);
  }
  return last_scope_;
}

void Reader::read_node(std::string_view bytes, std::uint32_t index, Body& body, Frame& frame) {
  NodeFields& n = node_;
  n.name = n.op_type = n.domain = n.overload = n.scope = n.all_attributes = {};
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
      case node::kMetadata:
        if (may_have_key(field.bytes, kNameScopes)) {
          const std::string_view value = entry_value(source_, field.bytes, kNameScopes);
          if (!value.empty()) name_scopes = value;
        }
        if (may_have_key(field.bytes, kNamespace)) name_space = field.bytes;
        break;
      default: break;
    }
  }
  if (one_run && !n.attributes.empty()) {
    const char* const start = n.all_attributes.data();
    n.all_attributes = {start, static_cast<std::size_t>(attributes_end - start)};
  } else {
    n.all_attributes = {};
  }
  if (name_scopes.empty() && !name_space.empty()) {
    name_space = entry_value(source_, name_space, kNamespace);
  }
  n.scope = read_scope(name_scopes, name_space);
  if (n.scope.empty()) n.scope = frame.scope;

  const Function* const function = find_function(n.domain, n.op_type, n.overload);
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
  node.name = keep_name(fields.name, frame);
  if (fields.name.empty() && !frame.prefix.empty()) {
    node.name =
        keep_name(std::string(fields.op_type) + "_" + std::to_string(body.order.size()), frame);
  }
  node.scope = fields.scope;
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
  node.attrs = read_attrs(fields.attributes, fields.all_attributes, id, &body, frame);

  node.first_input = static_cast<std::uint32_t>(g_.edges.size());
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
        body.reads.push_back({static_cast<std::uint32_t>(g_.edges.size()), id, name});
      }
    }
    g_.edges.push_back(value);
  }
  node.first_output = static_cast<std::uint32_t>(g_.edges.size());
  node.num_outputs = static_cast<std::uint32_t>(fields.outputs.size());
  for (std::uint32_t i = 0; i < node.num_outputs; ++i) {
    ValueId value = kNone;
    if (!fields.outputs[i].empty()) {
      value = define(fields.outputs[i], ValueKind::kResult, body.block, frame);
      g_.values[value].producer = id;
      g_.values[value].output = i;
    }
    g_.edges.push_back(value);
  }
  at_node_ = kNone;
}

void Reader::make_call(const NodeFields& fields, const Function& function, Body& body,
                       Frame& frame) {
  Call& call = body.calls.emplace_back();
  call.function = &function;
  call.name = fields.name;
  call.scope = fields.scope;
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
  if (domain.empty()) {
    if (const NameTable::Entry* known = frame.ops.find(op_type)) return known->id;
  }
  std::int64_t version = frame.opsets->version(domain);
  if (version == 0) version = opsets_.version(domain);
  if (version == 0 && domain.empty()) version = assume_opset();
  const std::uint32_t op = g_.op_name(keep_text(domain), keep_text(op_type), version);
  if (domain.empty()) frame.ops.add(op_type).id = op;
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
