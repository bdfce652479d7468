// How oneDNN 3 convolves on a CPU with AVX-512: in which layout it wants each operand, for a copy
// is made of what lies otherwise, and how much it works in besides. Read off `ONEDNN_VERBOSE` and
// the allocator's events over 250 convolutions; what depends on the threads holds for any number.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/tensor_type.h"

namespace shapewright::onednn {

// x * w -> y, in the sense of a forward convolution, whichever of them is computed.
struct Convolution {
  Shape x, w, y;  // batch and channels first; w: out, in / groups, kernel
  std::vector<std::int64_t> stride, dilation;
  std::int64_t groups = 1;
  bool has_padding = false, has_bias = false, is_channels_last = false;
  DType dtype = DType::kF32;

  int num_axes() const { return x.rank() - 2; }
  bool is_strided() const;
  bool is_dilated() const;
  bool is_depthwise() const;
  bool has_one_weight() const;  // a channel and position: with channels last it lies alike
  bool is_pointwise() const;    // of one group, kernel 1, no padding, whole strides
};

// What is copied and worked in; kAsItLies for an operand that is read or written in place.
inline constexpr std::int64_t kAsItLies = 0;
struct Plan {
  std::int64_t x_block = 16, y_block = 16;  // channels in blocks of so many; 1: channels last
  std::int64_t w_in_block = 16, w_out_block = 16;
  Dim scratch = 0;  // bytes

  bool is_plain() const { return w_in_block == kAsItLies; }
};

Plan plan_forward(const Convolution& c);
Plan plan_backward_data(const Convolution& c);
Plan plan_backward_weights(const Convolution& c);

// Bytes of copies in the layout of a plan.
Dim image_bytes(const Shape& image, std::int64_t block, DType dtype);
Dim weight_bytes(const Convolution& c, const Plan& plan);

// Whether PyTorch asks oneDNN at all: not for one small image.
bool is_asked(const Convolution& c);
// Columns of an image as PyTorch unfolds them where it convolves by itself.
Dim column_bytes(const Convolution& c);

}  // namespace shapewright::onednn
