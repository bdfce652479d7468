// FunctionProto. A call is expanded where it stands: the nodes of the body take its place, their
// names and the names of inner values prefixed by the name of the call, so that what follows knows
// operators only.
#include <algorithm>

#include "onnx/model.h"

namespace shapewright::onnx {
namespace {

constexpr std::size_t kMostNamed = 256;  // functions among which the one meant is looked for

std::string key_of(std::string_view domain, std::string_view name, std::string_view overload) {
  std::string key;
  key.reserve(domain.size() + name.size() + overload.size() + 2);
  return key.append(domain).append(1, '\0').append(name).append(1, '\0').append(overload);
}

}  // namespace

std::string Function::text() const {
  std::string text = domain.empty() ? std::string() : std::string(domain) + ".";
  text += name;
  if (!overload.empty()) text.append(":").append(overload);
  return valid_utf8(text);
}

void Reader::read_function(std::string_view bytes) {
  Function function;
  std::uint64_t node_bytes = 0;
  Message fields(source_, bytes, "FunctionProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case function::kName: function.name = field.bytes; break;
      case function::kInput: function.inputs.push_back(field.bytes); break;
      case function::kOutput: function.outputs.push_back(field.bytes); break;
      case function::kNode:
        function.nodes.push_back(field.bytes);
        node_bytes += field.bytes.size();
        break;
      case function::kOpsetImport: read_opset(field.bytes, function.opsets); break;
      case function::kDomain:
        function.domain = field.bytes == "ai.onnx" ? std::string_view() : field.bytes;
        break;
      case function::kAttributeProto: function.defaults.push_back(field.bytes); break;
      case function::kValueInfo: function.value_infos.push_back(field.bytes); break;
      case function::kOverload: function.overload = field.bytes; break;
      default: break;
    }
  }
  check_count(function.defaults.size(), ReadLimits::kAttrsOfNode, "attributes at one function");
  function.header_bytes = bytes.size() - node_bytes;
  file_nodes_ += function.nodes.size();
  const bool added =
      function_index_
          .try_emplace(key_of(function.domain, function.name, function.overload), functions_.size())
          .second;
  if (!added) {
    fault(
        {.code = "function-redefined",
         .message = "Function '" + function.text() + "' is defined a second time; the first stands",
         .facts = {{"function", function.text()}},
         .node = kNone,
         .is_error = true,
         .hint = {}});
  }
  if (added && g_.functions.size() < kMostNamed) {
    g_.functions.push_back(
        {g_.intern(valid_utf8(function.domain.substr(0, ReadLimits::kNameBytes))),
         g_.intern(valid_utf8(function.name.substr(0, ReadLimits::kNameBytes)))});
  }
  functions_.push_back(std::move(function));
}

const Function* Reader::find_function(std::string_view domain, std::string_view name,
                                      std::string_view overload) const {
  const auto found = function_index_.find(key_of(domain, name, overload));
  return found == function_index_.end() ? nullptr : &functions_[found->second];
}

void Reader::charge(std::uint64_t bytes) {
  expanded_bytes_ += bytes;
  const auto file_bytes = static_cast<std::uint64_t>(source_.end - source_.begin);
  if (expanded_bytes_ >
      ReadLimits::kExpansionBytesFloor + ReadLimits::kExpansionBytes * file_bytes) {
    limit("expansion-limit", "Expanding the calls of functions makes too much of this file");
  }
}

void Reader::charge_nodes(std::span<const std::string_view> nodes) {
  expanded_nodes_ += nodes.size();
  if (expanded_nodes_ > ReadLimits::kExpansionFloor + ReadLimits::kExpansion * file_nodes_) {
    limit("expansion-limit", "Expanding the calls of functions makes more than 50 times the " +
                                 std::to_string(file_nodes_) + " nodes of this file");
  }
  constexpr std::size_t kReadOfNode = 4096;  // what is larger is an attribute, read once
  constexpr std::size_t kKeptOfNode = 64;
  for (std::string_view node : nodes) charge(std::min(node.size(), kReadOfNode) + kKeptOfNode);
}

void Reader::check_recursion(const Function& function) const {
  const auto first = std::ranges::find(call_stack_, &function);
  if (first != call_stack_.end()) {
    std::string cycle;
    for (auto f = first; f != call_stack_.end(); ++f) cycle += (*f)->text() + " -> ";
    cycle += function.text();
    throw Error(ErrorKind::kFormat, "function-cycle",
                "Function '" + function.text() + "' of " + source_.text() + " calls itself",
                {{"path", source_.name}, {"cycle", cycle}});
  }
  if (call_stack_.size() >= ReadLimits::kCallDepth) {
    limit("call-depth",
          "Calls of functions nest deeper than " + std::to_string(ReadLimits::kCallDepth));
  }
}

std::string Reader::call_prefix(const Call& call, const Frame& caller) {
  std::string name = caller.prefix;
  if (call.name.empty()) {
    name.append(call.function->name).append("_").append(std::to_string(call.index));
  } else {
    name.append(call.name.substr(0, ReadLimits::kNameBytes));
  }
  charge(name.size());
  std::string unique = name;
  while (!call_prefixes_.insert(unique).second) {
    unique = name + "_" + std::to_string(++repeated_prefixes_);
  }
  return unique + "/";
}

// The attributes of the call, then the defaults of those it does not give.
AttrSet Reader::arguments_of(const Call& call) {
  AttrSet arguments = g_.attr_sets[call.attrs];
  for (std::string_view bytes : call.function->defaults) {
    Attr attr;
    std::vector<std::string_view> graphs;
    std::string_view reference;
    read_attr(bytes, attr, graphs, reference);
    if (!graphs.empty()) attr.kind = AttrKind::kOther;
    if (find_attr(arguments, attr.name) == nullptr) arguments.push_back(std::move(attr));
  }
  return arguments;
}

void Reader::bind_operands(const Call& call, Frame& frame) {
  const Function& function = *call.function;
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    const ValueId value = i < call.operands.size() ? call.operands[i] : kNone;
    NameTable::Entry& entry = frame.names.add(function.inputs[i]);
    entry.id = value == kNone ? kOmitted : value;
    entry.depth = 0;
  }
  for (std::size_t i = 0; i < std::min(function.outputs.size(), call.outputs.size()); ++i) {
    NameTable::Entry& entry = frame.names.add(function.outputs[i]);
    if (call.outputs[i] == kNone || entry.id != NameTable::kUnset) continue;
    entry.id = call.outputs[i];
    entry.depth = kReserved;
  }
}

void Reader::expand(const Call& call, BlockId block, Frame& caller) {
  const Function& function = *call.function;
  check_recursion(function);
  charge(function.header_bytes);
  Frame frame;
  frame.function = &function;
  frame.prefix = call_prefix(call, caller);
  frame.scope_text = call.scope_text;
  frame.index = call.index;
  frame.opsets = const_cast<Opsets*>(&function.opsets);
  frame.names.reset(function.inputs.size() + function.outputs.size() + function.nodes.size());
  const AttrSet arguments = arguments_of(call);
  frame.arguments = &arguments;
  if (call.operands.size() > function.inputs.size() ||
      call.outputs.size() > function.outputs.size()) {
    fault({.code = "function-arity",
           .message = "A call of function '" + function.text() + "' has more " +
                      (call.operands.size() > function.inputs.size() ? "inputs" : "outputs") +
                      " than the function",
           .facts = {{"call", frame.prefix.substr(0, frame.prefix.size() - 1)},
                     {"byte offset", std::to_string(call.byte_offset)}},
           .node = kNone,
           .is_error = true,
           .hint = {}});
  }
  bind_operands(call, frame);
  call_stack_.push_back(&function);
  read_nodes(function.nodes, block, frame);
  call_stack_.pop_back();
  finish_outputs(call, block, frame);
  read_value_infos(function.value_infos, frame);
}

// Outputs that no node of the body makes: an input handed through becomes an Identity.
void Reader::finish_outputs(const Call& call, BlockId block, Frame& frame) {
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    const ValueId output = call.outputs[i];
    if (output == kNone || g_.values[output].producer != kNone) continue;
    ValueId source = kNone;
    if (i < call.function->outputs.size()) {
      const NameTable::Entry* const entry = frame.names.find(call.function->outputs[i]);
      if (entry->depth != kReserved && entry->id < g_.values.size()) source = entry->id;
    }
    if (source == kNone) {
      at_node_ = kNone;
      name_fault("output-undefined", output, "is an output of a function call that no node makes",
                 true);
      continue;
    }
    const auto id = static_cast<NodeId>(g_.nodes.size());
    Node& node = g_.nodes.emplace_back();
    node.name = keep_name("Identity_" + std::to_string(i), frame);
    node.scope_text = keep_scope(frame.scope_text);
    node.op = read_op({}, "Identity", frame);
    node.block = block;
    node.index = call.index;
    node.byte_offset = call.byte_offset;
    node.first_input = static_cast<std::uint32_t>(g_.edges.size());
    node.num_inputs = 1;
    g_.edges.push_back(source);
    node.first_output = static_cast<std::uint32_t>(g_.edges.size());
    node.num_outputs = 1;
    g_.edges.push_back(output);
    g_.values[output].producer = id;
    g_.blocks[block].nodes.push_back(id);
  }
}

}  // namespace shapewright::onnx
