// How oneDNN 3 convolves on a CPU with AVX-512: in which layout it wants each operand, for a copy
// is made of what lies otherwise, and how much it works in besides. Read off `ONEDNN_VERBOSE` and
// the allocator's events over 250 convolutions, and off oneDNN 3.12's own rules for the gradient of
// weights; what depends on the threads holds for any number.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/tensor_type.h"
#include "ops/onednn_share.h"

namespace shapewright::onednn {

// x * w -> y, in the sense of a forward convolution, whichever of them is computed.
struct Convolution {
  Shape x, w, y;  // batch and channels first; w: out, in / groups, kernel
  std::vector<std::int64_t> stride, dilation, padding;  // padding: in front of each axis
  std::int64_t groups = 1;
  bool has_bias = false, is_channels_last = false;
  bool is_nested = false;  // run by a transposed one, which adds the bias itself
  DType dtype = DType::kF32;

  int num_axes() const { return x.rank() - 2; }
  std::int64_t stride_of(int axis) const;
  std::int64_t dilation_of(int axis) const;
  std::int64_t padding_of(int axis) const;
  std::int64_t kernel(int axis) const;  // 3 where it is not known
  bool is_padded() const;
  bool is_strided() const;
  bool is_dilated() const;
  bool is_depthwise() const;
  bool has_one_weight() const;  // a channel and position: with channels last it lies alike
  bool is_pointwise() const;    // of one group, kernel 1, no padding
  // 1 if it is pointwise and its strides divide the sizes, else 0; open where sizes are.
  Dim is_whole() const;
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

// --- of all plans
inline constexpr std::int64_t kBooking = 128;  // what each part of a scratchpad takes besides
// Barriers lie on pages of their own.
inline constexpr std::int64_t kBarrier = 4096;
std::int64_t item_bytes(DType d);
// `channels` in whole blocks; as they are where they are not known.
Dim padded(Dim channels, std::int64_t block);
std::int64_t channels_or(Dim d, std::int64_t fallback);
Dim spatial(const Shape& image);
Dim kernel_elements(const Convolution& c);
// The largest of 16, 8 and 4 that divides the channels of a group on both sides; 0 if none does.
std::int64_t group_block(const Convolution& c);
Dim bias_scratch(const Convolution& c, std::int64_t block);
Dim gathered_scratch(const Convolution& c);
Plan by_product_of_matrices(const Convolution& c);

// --- sums of the gradient of weights
inline constexpr std::int64_t kBlock = 16, kFloat = 4, kHalf = 2;
std::int64_t blocks(Dim channels, std::int64_t block);
Dim barriers(Dim groups);  // of that many groups of threads
// Sums over the minibatch as `groups_of` splits them, of one thread of a group writing in place.
Dim summed_in_groups(const Groups& g, std::int64_t job_elements);
Dim bias_sums(const Convolution& c, std::int64_t block, Dim threads);
// Weights and `biases` of all threads of the minibatch but one.
Dim float_sums(const Convolution& c, const Plan& plan, Dim threads, Dim biases);

// --- kernel 1
Dim pointwise_scratch(const Convolution& c, const Plan& plan);  // of the gradient of weights
Dim half_pointwise_scratch(const Convolution& c);
// Floats in which halves are summed on their way to the result, or to the gradient of the image.
Dim stored_scratch(const Convolution& c, bool is_gradient);

// Whether PyTorch asks oneDNN at all: not for one small image.
bool is_asked(const Convolution& c);
// Columns of an image as PyTorch unfolds them where it convolves by itself.
Dim column_bytes(const Convolution& c);

}  // namespace shapewright::onednn
