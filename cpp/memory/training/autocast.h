// torch.autocast: which operators run in halves, which in floats, and the weights it has cast.
#pragma once

#include <string_view>
#include <unordered_map>

#include "eager/tensor.h"
#include "memory/training/options.h"

namespace shapewright {

class Autocast {
 public:
  explicit Autocast(Precision precision);
  // Brings the operands of an operator to the type it runs in.
  void cast(std::string_view op, eager::Tensors& operands);
  // Whether PyTorch would have run other operators in place of this one.
  bool avoids(std::string_view op) const;
  void clear();  // the region ends: cast weights are dropped

 private:
  eager::Tensor to_half(const eager::Tensor& t);

  DType half_ = DType::kUnknown;  // kUnknown: off
  std::unordered_map<const eager::TensorBody*, eager::Tensor> weights_;
};

}  // namespace shapewright
