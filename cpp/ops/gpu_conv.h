// Convolutions on a GPU, as PyTorch gives them to cuDNN or to its own depthwise kernels: in which
// layout they run, and what is copied for it. Workspaces of cuDNN are memory/training/libraries.h.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

// x * w -> y in the sense of a forward convolution; the other way round where transposed.
struct GpuConvolution {
  Shape x, w, y;
  std::int64_t groups = 1;
  bool is_transposed = false;
};

Tensor gpu_convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                       const GpuConvolution& c);

}  // namespace shapewright::aten
