// AttributeProto. Most nodes of a network repeat the attributes of another, byte for byte: a set is
// parsed once for each distinct run of bytes. Sets that hold a body, or an argument of a function,
// belong to one node.
#include <algorithm>

#include "onnx/model.h"

namespace shapewright::onnx {
namespace {

// Longer runs are told apart by address: nothing that large repeats but the nodes of a function.
constexpr std::size_t kSharedBytes = 4096;

enum : std::uint64_t {  // AttributeProto.AttributeType
  kTypeUndefined = 0,
  kTypeFloat = 1,
  kTypeInt = 2,
  kTypeString = 3,
  kTypeTensor = 4,
  kTypeGraph = 5,
  kTypeFloats = 6,
  kTypeInts = 7,
  kTypeStrings = 8,
  kTypeTensors = 9,
  kTypeGraphs = 10,
  kTypeSparseTensor = 11,
};

AttrKind kind_of(std::uint64_t type) {
  switch (type) {
    case kTypeFloat: return AttrKind::kFloat;
    case kTypeInt: return AttrKind::kInt;
    case kTypeString: return AttrKind::kString;
    case kTypeTensor:
    case kTypeSparseTensor: return AttrKind::kTensor;
    case kTypeGraph: return AttrKind::kGraph;
    case kTypeFloats: return AttrKind::kFloats;
    case kTypeInts: return AttrKind::kInts;
    case kTypeStrings: return AttrKind::kStrings;
    case kTypeGraphs: return AttrKind::kGraphs;
    default: return AttrKind::kOther;
  }
}

// Room for an array whose first entry was just met and which has at most `bytes` more.
template <class T>
void reserve_few(std::vector<T>& array, std::size_t bytes) {
  if (array.empty()) array.reserve(std::min<std::size_t>(bytes / 2 + 1, 4));
}

}  // namespace

std::uint32_t Reader::read_attrs(std::span<const std::string_view> attributes, std::string_view all,
                                 NodeId node, Body* body, Frame& frame) {
  if (attributes.empty()) return 0;
  std::uint32_t* known = nullptr;
  if (!all.empty() && all.size() <= kSharedBytes) {
    known = &attr_sets_.add(all).id;
  } else if (!all.empty()) {
    known = &large_attr_sets_.try_emplace(all.data(), NameTable::kUnset).first->second;
  }
  if (known != nullptr && *known != NameTable::kUnset) return *known;

  check_count(attributes.size(), ReadLimits::kAttrsOfNode, "attributes at one node");
  attrs_read_ += attributes.size();
  check_count(attrs_read_, ReadLimits::kAttrs, "distinct attributes");
  AttrSet set;
  set.reserve(attributes.size());
  bool shared = true;
  const auto index = static_cast<std::uint32_t>(g_.attr_sets.size());
  std::vector<std::string_view> graphs;
  for (std::string_view bytes : attributes) {
    if (frame.function != nullptr) charge(bytes.size());
    Attr& attr = set.emplace_back();
    graphs.clear();
    std::string_view reference;
    read_attr(bytes, attr, graphs, reference);
    if (!graphs.empty() && body == nullptr) attr.kind = AttrKind::kOther;
    for (std::string_view graph : graphs) {
      if (body == nullptr) break;
      shared = false;
      body->graphs.push_back({node, index, static_cast<std::uint32_t>(set.size() - 1), graph});
    }
    if (reference.empty()) continue;
    shared = false;
    if (!substitute(attr, reference, node, frame)) set.pop_back();
  }
  if (known != nullptr && shared) *known = index;
  g_.attr_sets.push_back(std::move(set));
  return index;
}

// Replaces a reference by the call's argument; false if the call gives none and there is no
// default.
bool Reader::substitute(Attr& attr, std::string_view reference, NodeId node, const Frame& frame) {
  if (frame.function == nullptr) {
    fault({.code = "attribute-reference",
           .message = "Attribute '" + attr.name + "' refers to '" + valid_utf8(reference) +
                      "', but stands in no function",
           .facts = {{"attribute", attr.name}},
           .node = node,
           .is_error = true,
           .hint = {}});
    return false;
  }
  const Attr* const argument = find_attr(*frame.arguments, reference);
  if (argument == nullptr) return false;
  charge(argument->s.size() + 8 * argument->ints.size() + 4 * argument->floats.size() +
         argument->tensor.bytes.size());
  for (const std::string& s : argument->strings) charge(sizeof s + s.size());
  std::string name = std::move(attr.name);
  attr = *argument;
  attr.name = std::move(name);
  for (BlockId block : attr.blocks) g_.blocks[block].owner = node;
  return true;
}

void Reader::read_attr(std::string_view bytes, Attr& attr, std::vector<std::string_view>& graphs,
                       std::string_view& reference) {
  std::uint64_t declared = kTypeUndefined, found = kTypeUndefined;
  bool declared_found = false, has_tensor = false;
  const auto payload = [&](std::uint64_t type) {
    found = type;
    if (type == declared) declared_found = true;
  };
  Message fields(source_, bytes, "AttributeProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case attribute::kName: attr.name = valid_utf8(field.bytes); break;
      case attribute::kFloat:
        attr.f = field.real();
        payload(kTypeFloat);
        break;
      case attribute::kInt:
        attr.i = field.integer();
        payload(kTypeInt);
        break;
      case attribute::kString:
        attr.s = field.bytes;
        payload(kTypeString);
        break;
      case attribute::kTensor:
        has_tensor = read_attr_tensor(field.bytes, false, attr);
        payload(kTypeTensor);
        break;
      case attribute::kSparseTensor:
        has_tensor = read_attr_tensor(field.bytes, true, attr);
        payload(kTypeSparseTensor);
        break;
      case attribute::kGraph:
        graphs.assign(1, field.bytes);
        payload(kTypeGraph);
        break;
      case attribute::kFloats:
        reserve_few(attr.floats, fields.bytes_left());
        attr.floats.push_back(field.real());
        payload(kTypeFloats);
        break;
      case attribute::kFloatsPacked: {
        payload(kTypeFloats);
        Message packed(source_, field.bytes, "AttributeProto.floats");
        attr.floats.reserve(attr.floats.size() + field.bytes.size() / 4);
        while (!packed.at_end()) {
          field.number = packed.fixed(4);
          attr.floats.push_back(field.real());
        }
        break;
      }
      case attribute::kInts:
        reserve_few(attr.ints, fields.bytes_left());
        attr.ints.push_back(field.integer());
        payload(kTypeInts);
        break;
      case attribute::kIntsPacked: {
        payload(kTypeInts);
        Message packed(source_, field.bytes, "AttributeProto.ints");
        while (!packed.at_end()) attr.ints.push_back(static_cast<std::int64_t>(packed.varint()));
        break;
      }
      case attribute::kStrings:
        attr.strings.emplace_back(field.bytes);
        payload(kTypeStrings);
        break;
      case attribute::kGraphs:
        graphs.push_back(field.bytes);
        payload(kTypeGraphs);
        break;
      case attribute::kTensors: payload(kTypeTensors); break;
      case attribute::kType:
        declared = field.number;
        declared_found = declared == found;
        break;
      case attribute::kRefAttrName: reference = field.bytes; break;
      default: break;
    }
  }
  // Writers of proto3 leave out zeros, so a declared type without payload is a zero, not a fault. A
  // payload of another type than the declared one tells the truth of what is there.
  const bool use_found = declared == kTypeUndefined || (!declared_found && found != kTypeUndefined);
  attr.kind = kind_of(use_found ? found : declared);
  // A body or tensor that is only announced is of no kind that a rule accepts.
  if (attr.kind == AttrKind::kGraph && graphs.size() != 1) attr.kind = AttrKind::kOther;
  if (attr.kind == AttrKind::kTensor && !has_tensor) attr.kind = AttrKind::kOther;
  if (attr.kind != AttrKind::kGraph && attr.kind != AttrKind::kGraphs) graphs.clear();
}

// False if no size can be told from the tensor.
bool Reader::read_attr_tensor(std::string_view bytes, bool sparse, Attr& attr) {
  ConstantTensor tensor = sparse ? read_sparse_tensor(source_, bytes, external_)
                                 : read_tensor(source_, bytes, external_);
  attr.tensor = std::move(tensor.data);
  if (tensor.fault.empty()) return true;
  constant_fault(tensor, "Tensor attribute '" + attr.name + "'");
  return !tensor.dims_lost;
}

}  // namespace shapewright::onnx
