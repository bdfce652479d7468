// ValueInfoProto and TypeProto: what the file says of the type of a value.
#include "graph/tensor_type.h"
#include "onnx/model.h"

namespace shapewright::onnx {

std::uint32_t Reader::read_type(std::string_view bytes, ValueId value) {
  DeclaredType type;
  read_type_proto(bytes, Container::kTensor, type, value);
  g_.declared.push_back(std::move(type));
  return static_cast<std::uint32_t>(g_.declared.size() - 1);
}

// `within` is what has been unwrapped so far: no nesting but optional(sequence(tensor)) is told
// apart.
void Reader::read_type_proto(std::string_view bytes, Container within, DeclaredType& type,
                             ValueId value) {
  type.container = static_cast<std::uint8_t>(Container::kOther);
  Message fields(source_, bytes, "TypeProto");
  for (Field field; fields.next(field);) {
    switch (field.tag) {
      case type::kTensor:
      case type::kSparseTensor:
        type.container = static_cast<std::uint8_t>(within);
        read_tensor_type(field.bytes, type, value);
        break;
      case type::kSequence:
        if (within == Container::kTensor) {
          read_wrapped(field.bytes, Container::kSequence, type, value);
        } else if (within == Container::kOptional) {
          read_wrapped(field.bytes, Container::kOptionalSequence, type, value);
        }
        break;
      case type::kMap:
        if (within == Container::kTensor) read_map_values(field.bytes, type, value);
        break;
      case type::kOptional:
        if (within == Container::kTensor) {
          read_wrapped(field.bytes, Container::kOptional, type, value);
        }
        break;
      default: break;
    }
  }
}

void Reader::read_wrapped(std::string_view bytes, Container within, DeclaredType& type,
                          ValueId value) {
  Message fields(source_, bytes, "TypeProto.elem_type");
  for (Field field; fields.next(field);) {
    if (field.tag == wrapped_type::kElem) read_type_proto(field.bytes, within, type, value);
  }
}

void Reader::read_map_values(std::string_view bytes, DeclaredType& type, ValueId value) {
  Message fields(source_, bytes, "TypeProto.Map");
  for (Field field; fields.next(field);) {
    if (field.tag == map_type::kValues)
      read_type_proto(field.bytes, Container::kOther, type, value);
  }
}

void Reader::read_tensor_type(std::string_view bytes, DeclaredType& type, ValueId value) {
  Message fields(source_, bytes, "TypeProto.Tensor");
  for (Field field; fields.next(field);) {
    if (field.tag == tensor_type::kElemType) type.dtype = dtype_from_onnx(field.integer());
    if (field.tag == tensor_type::kShape) read_shape(field.bytes, type, value);
  }
}

void Reader::read_shape(std::string_view bytes, DeclaredType& type, ValueId value) {
  type.has_shape = true;
  type.dims.clear();
  type.dims.reserve(4);
  Message dims(source_, bytes, "TensorShapeProto");
  for (Field field; dims.next(field);) {
    if (field.tag != shape::kDim) continue;
    if (type.dims.size() == kMaxRank) {
      limit("rank-limit",
            "Value '" + std::string(g_.values[value].name) + "' has more than 64 dims");
    }
    DeclaredDim dim;
    Message fields(source_, field.bytes, "TensorShapeProto.Dimension");
    for (Field part; fields.next(part);) {
      if (part.tag == dimension::kValue) {
        dim = {DeclaredDim::Kind::kNumber, part.integer(), {}};
      } else if (part.tag == dimension::kParam && !part.bytes.empty()) {
        dim = {DeclaredDim::Kind::kText, 0, keep_text(part.bytes)};
      }
    }
    if (dim.kind == DeclaredDim::Kind::kNumber && dim.number < 0) {
      const std::string name(g_.values[value].name);
      fault({.code = "negative-dim",
             .message = "Value '" + name + "' declares axis " + std::to_string(type.dims.size()) +
                        " as " + std::to_string(dim.number) + "; it is taken as unknown",
             .facts = {{"value", name}, {"axis", std::to_string(type.dims.size())}},
             .node = g_.values[value].producer,
             .is_error = true,
             .hint = {}});
      dim = {};
    }
    type.dims.push_back(dim);
  }
}

}  // namespace shapewright::onnx
