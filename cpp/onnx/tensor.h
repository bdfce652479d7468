// TensorProto: name, type and dims always, the elements only of constants small enough for a rule
// to ask for.
#pragma once

#include <string>
#include <string_view>

#include "graph/attrs.h"
#include "onnx/external_data.h"
#include "onnx/wire.h"

namespace shapewright::onnx {

struct ConstantTensor {
  std::string_view name;  // in the file
  TensorData data;
  // What is wrong with it: a fault code, "" if nothing. `dims_lost`: no size can be told from it.
  std::string_view fault;
  std::string detail;
  bool dims_lost = false;
};

inline constexpr std::int64_t kMaxFloatElements = 64;  // of a float constant that is decoded

ConstantTensor read_tensor(const Source& source, std::string_view bytes, ExternalData& external);
ConstantTensor read_sparse_tensor(const Source& source, std::string_view bytes,
                                  ExternalData& external);

}  // namespace shapewright::onnx
