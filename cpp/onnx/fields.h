// Field numbers of onnx.proto, as far as they are read. Those of TensorProto stand in tensor.cpp.
#pragma once

#include "onnx/wire.h"

namespace shapewright::onnx {

namespace model {
enum : std::uint32_t {
  kIrVersion = tag(1, kVarint),
  kProducerName = tag(2, kBytes),
  kGraph = tag(7, kBytes),
  kOpsetImport = tag(8, kBytes),
  kFunctions = tag(25, kBytes),
};
}  // namespace model

namespace graph {
enum : std::uint32_t {
  kNode = tag(1, kBytes),
  kName = tag(2, kBytes),
  kInitializer = tag(5, kBytes),
  kInput = tag(11, kBytes),
  kOutput = tag(12, kBytes),
  kValueInfo = tag(13, kBytes),
  kSparseInitializer = tag(15, kBytes),
};
}  // namespace graph

namespace node {
enum : std::uint32_t {
  kInput = tag(1, kBytes),
  kOutput = tag(2, kBytes),
  kName = tag(3, kBytes),
  kOpType = tag(4, kBytes),
  kAttribute = tag(5, kBytes),
  kDomain = tag(7, kBytes),
  kOverload = tag(8, kBytes),
  kMetadata = tag(9, kBytes),
};
}  // namespace node

namespace function {
enum : std::uint32_t {
  kName = tag(1, kBytes),
  kInput = tag(4, kBytes),
  kOutput = tag(5, kBytes),
  kNode = tag(7, kBytes),
  kOpsetImport = tag(9, kBytes),
  kDomain = tag(10, kBytes),
  kAttributeProto = tag(11, kBytes),
  kValueInfo = tag(12, kBytes),
  kOverload = tag(13, kBytes),
};
}  // namespace function

namespace attribute {
enum : std::uint32_t {
  kName = tag(1, kBytes),
  kFloat = tag(2, kFixed32),
  kInt = tag(3, kVarint),
  kString = tag(4, kBytes),
  kTensor = tag(5, kBytes),
  kGraph = tag(6, kBytes),
  kFloats = tag(7, kFixed32),
  kFloatsPacked = tag(7, kBytes),
  kInts = tag(8, kVarint),
  kIntsPacked = tag(8, kBytes),
  kStrings = tag(9, kBytes),
  kTensors = tag(10, kBytes),
  kGraphs = tag(11, kBytes),
  kTypeProto = tag(14, kBytes),
  kType = tag(20, kVarint),
  kRefAttrName = tag(21, kBytes),
  kSparseTensor = tag(22, kBytes),
};
}  // namespace attribute

namespace opset_id {
enum : std::uint32_t { kDomain = tag(1, kBytes), kVersion = tag(2, kVarint) };
}

namespace string_entry {
enum : std::uint32_t { kKey = tag(1, kBytes), kValue = tag(2, kBytes) };
}

namespace value_info {
enum : std::uint32_t { kName = tag(1, kBytes), kType = tag(2, kBytes) };
}

namespace type {
enum : std::uint32_t {
  kTensor = tag(1, kBytes),
  kSequence = tag(4, kBytes),
  kMap = tag(5, kBytes),
  kOpaque = tag(7, kBytes),
  kSparseTensor = tag(8, kBytes),
  kOptional = tag(9, kBytes),
};
}  // namespace type

// The same in TypeProto.Tensor and TypeProto.SparseTensor.
namespace tensor_type {
enum : std::uint32_t { kElemType = tag(1, kVarint), kShape = tag(2, kBytes) };
}

namespace map_type {
enum : std::uint32_t { kValues = tag(2, kBytes) };
}

// The same in TypeProto.Sequence and TypeProto.Optional.
namespace wrapped_type {
enum : std::uint32_t { kElem = tag(1, kBytes) };
}

namespace shape {
enum : std::uint32_t { kDim = tag(1, kBytes) };
}

namespace dimension {
enum : std::uint32_t { kValue = tag(1, kVarint), kParam = tag(2, kBytes) };
}

}  // namespace shapewright::onnx
