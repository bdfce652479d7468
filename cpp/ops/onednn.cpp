#include "ops/onednn.h"

#include <algorithm>

#include "base/threads.h"

namespace shapewright::onednn {

namespace {

constexpr std::int64_t kRegistry = 128;       // alignment of one scratchpad
constexpr std::int64_t kReduction = 8384;     // barriers of a reduction over threads
constexpr std::int64_t kStridedWork = 61488;  // accumulators of strided kernels: up to 260 KiB
constexpr std::int64_t kBiasReduction = 12352;
constexpr std::int64_t kLastWork = 12336;  // those of forward kernels with channels last
constexpr std::int64_t kWidestKernel = 14;

std::int64_t item_bytes(DType d) { return info(d).bits / 8; }

// `channels` in whole blocks; as they are where they are not known.
Dim padded(Dim channels, std::int64_t block) {
  const auto n = known(channels);
  return n && block > 1 ? Dim((*n + block - 1) / block * block) : channels;
}

std::int64_t channels_or(Dim d, std::int64_t fallback) { return known(d).value_or(fallback); }

Dim spatial(const Shape& image) {
  Dim d = 1;
  for (int i = 2; i < image.rank(); ++i) d *= image[i];
  return d;
}

Dim kernel_elements(const Convolution& c) { return spatial(c.w); }

std::int64_t kernel_size(const Convolution& c, int axis) { return channels_or(c.w[axis + 2], 3); }

Dim in_per_group(const Convolution& c) { return c.w[1]; }

std::int64_t threads() { return default_threads(); }

// The largest of 16, 8 and 4 that divides the channels of a group on both sides; 0 if none does.
std::int64_t group_block(const Convolution& c) {
  const std::int64_t in = channels_or(c.w[1], 1), out = channels_or(c.w[0], 1) / c.groups;
  for (const std::int64_t block : {16, 8, 4})
    if (in % block == 0 && out % block == 0) return block;
  return 0;
}

Dim bias_scratch(const Convolution& c, std::int64_t block) {
  const auto out = known(c.w[0]);
  if (!c.has_bias || !out || block <= 1 || *out % block == 0) return 0;
  return padded(c.w[0], block) * item_bytes(c.dtype) + kRegistry;
}

// Strided images are gathered first, by each thread.
Dim gathered_scratch(const Convolution& c) {
  if (!c.is_strided()) return 0;
  return threads() * padded(c.x[1], 16) * spatial(c.y) * item_bytes(c.dtype) + kRegistry;
}

Plan by_product_of_matrices(const Convolution& c) {
  Plan plan;
  plan.x_block = plan.y_block = kAsItLies;
  plan.w_in_block = plan.w_out_block = kAsItLies;
  // of a volume one slice at a time
  Dim columns = in_per_group(c) * kernel_elements(c) * item_bytes(c.dtype);
  for (int i = c.num_axes() == 3 ? 3 : 2; i < c.y.rank(); ++i) columns *= c.y[i];
  plan.scratch = threads() * columns + kRegistry;
  return plan;
}

// Threads share the minibatch where the weights are small beside the images, and sum at the end.
Dim reduces(const Convolution& c) {
  if (threads() == 1) return 0;
  const Dim in = padded(c.x[1], 16), out = padded(c.y[1], 16);
  if (known(in) == 16 && known(out) == 16) return 1;
  Dim x = c.x[0] * in * spatial(c.x);
  for (const std::int64_t s : c.stride) x = floordiv(x, s);
  const Dim y = c.x[0] * out * spatial(c.y);
  const Dim w = in * out * kernel_elements(c);
  return min(Dim(1), floordiv(min(x, y), 8 * w));
}

Dim reduction_scratch(const Convolution& c, const Plan& plan) {
  const Dim bias = c.has_bias ? padded(c.w[0], 16) * item_bytes(c.dtype) : Dim(0);
  // Fewer blocks of channels than threads: those share the sum of the bias too.
  const bool shares_bias = c.has_bias && channels_or(c.w[0], 1 << 20) <= 16 * (threads() - 1);
  return reduces(c) * ((threads() - 1) * (weight_bytes(c, plan) + bias) + kReduction) +
         (shares_bias ? kBiasReduction + bias_scratch(c, 16) : Dim(0));
}

// --- bfloat16: weights are summed as floats, and both images are turned so that pairs of columns
// lie side by side
constexpr std::int64_t kHalfSums = 8576, kHalfBarrier = 8192;
constexpr std::int64_t kPointwiseSums = 128, kPointwiseBarrier = 8192, kPointwiseGather = 384;

std::int64_t pad_of_rows(const Convolution& c) {
  const std::int64_t kernel = kernel_size(c, c.num_axes() - 1);
  const std::int64_t pad = c.has_padding ? std::max<std::int64_t>(1, kernel / 2) : 1;
  return (pad + 1) / 2 * 2;
}

// Elements of an image of which each row is `width` long.
Dim with_rows_of(const Shape& image, std::int64_t block, Dim width) {
  Dim d = padded(image[1], block) * width;
  for (int i = 2; i + 1 < image.rank(); ++i) d *= image[i];
  return d;
}

Dim float_weights(const Convolution& c, bool is_first) {
  return padded(c.w[0], 16) * (is_first ? c.w[1] : padded(c.w[1], 16)) * kernel_elements(c);
}

// Whether threads share the minibatch: the images weigh more than the weights. 0 or 1.
Dim shares_minibatch(const Convolution& c, Dim turned_x, Dim weights) {
  const Dim x = c.x[0] * padded(c.x[1], 16) * spatial(c.x);
  const Dim y = c.x[0] * padded(c.y[1], 16) * spatial(c.y);
  const std::int64_t more = std::max<std::int64_t>(
      1, channels_or(c.y[1], 16) / std::max<std::int64_t>(16, channels_or(c.x[1], 16)));
  const Dim heavy_y = min(Dim(1), floordiv(more * y, weights));
  const Dim heavy = min(Dim(1), floordiv(c.x[0] * turned_x, weights));
  const Dim heavy_fourfold = min(Dim(1), floordiv(4 * c.x[0] * turned_x, weights));
  const Dim both = min(Dim(1), floordiv(x + y, 2 * weights));
  return heavy_y * max(heavy, heavy_fourfold * (1 - both));
}

Dim half_weights_scratch(const Convolution& c, bool is_first) {
  const std::int64_t last_stride = c.stride.empty() ? 1 : c.stride.back();
  const Dim weights = float_weights(c, is_first);
  const Dim bias = c.has_bias ? padded(c.w[0], 16) : Dim(0);
  const Dim width = c.x[c.x.rank() - 1], last = c.y[c.y.rank() - 1];
  const std::int64_t pad = pad_of_rows(c);
  const Dim turned_width = (ceildiv(width, last_stride) + pad) * last_stride;
  const Dim turned_x = is_first ? Dim(0) : with_rows_of(c.x, 16, turned_width);
  const Dim turned_y = with_rows_of(c.y, 16, ceildiv(last, 2) * Dim(2));
  Dim shared = 0;  // a first layer is split by channels
  if (threads() > 1 && !is_first) shared = shares_minibatch(c, turned_x, weights);
  const Dim copies = 1 + (threads() - 1) * shared;
  Dim out =
      kHalfSums + pad * 2 + copies * 4 * (weights + bias) + copies * 2 * (turned_x + turned_y);
  if (threads() > 1) out += kHalfBarrier * (1 - shared);
  return out;
}

Dim half_pointwise_scratch(const Convolution& c) {
  const Dim weights = float_weights(c, false);
  const Dim bias = c.has_bias ? padded(c.w[0], 16) : Dim(0);
  const Dim shared = reduces(c);
  Dim out = kPointwiseSums + kPointwiseBarrier * shared +
            (1 + (threads() - 1) * shared) * 4 * (weights + bias);
  if (c.is_strided()) out += threads() * padded(c.x[1], 16) * spatial(c.x) * 2 + kPointwiseGather;
  return out;
}

}  // namespace

bool Convolution::is_strided() const {
  return std::ranges::any_of(stride, [](std::int64_t s) { return s > 1; });
}
bool Convolution::is_dilated() const {
  return std::ranges::any_of(dilation, [](std::int64_t d) { return d > 1; });
}
bool Convolution::is_depthwise() const {
  return groups > 1 && known(w[1]) == 1 && known(w[0]) == groups;
}
bool Convolution::has_one_weight() const {
  return known(w[1]) == 1 || known(kernel_elements(*this)) == 1;
}
bool Convolution::is_pointwise() const {
  if (groups != 1 || has_padding) return false;
  for (int i = 0; i < num_axes(); ++i) {
    if (known(w[i + 2]) != 1) return false;
    const std::int64_t s = static_cast<std::size_t>(i) < stride.size() ? stride[i] : 1;
    if (x[i + 2] != y[i + 2] * s) return false;
  }
  return true;
}

Dim image_bytes(const Shape& image, std::int64_t block, DType dtype) {
  return image[0] * padded(image[1], block) * spatial(image) * item_bytes(dtype);
}

Dim weight_bytes(const Convolution& c, const Plan& plan) {
  const Dim out = padded(c.w[0], plan.w_out_block);
  const Dim in = padded(in_per_group(c), plan.w_in_block);
  return out * in * kernel_elements(c) * item_bytes(c.dtype);
}

Dim column_bytes(const Convolution& c) {
  return in_per_group(c) * kernel_elements(c) * spatial(c.y) * item_bytes(c.dtype);
}

bool is_asked(const Convolution& c) {
  constexpr std::int64_t kSmallImage = 20480;  // elements
  if (c.groups > 1) return true;
  if (c.num_axes() == 2 && kernel_size(c, 0) > 3 && kernel_size(c, 1) > 3) return true;
  if (known(c.x[0]) != 1) return true;
  const auto elements = known(num_elements(c.x));
  return elements && *elements > kSmallImage;
}

Plan plan_forward(const Convolution& c) {
  Plan plan;
  if (c.is_channels_last && c.is_depthwise()) return {kAsItLies, kAsItLies, 1, 16, 0};
  if (c.is_channels_last) {
    const std::int64_t out = channels_or(c.w[0], 64);
    const std::int64_t out_block = out <= 16 ? 16 : out <= 32 ? 32 : 64;
    return {kAsItLies, kAsItLies, 1, c.is_depthwise() ? 16 : out_block, kLastWork};
  }
  if (c.is_depthwise()) {
    plan.w_in_block = 1;
  } else if (c.groups > 1) {
    const std::int64_t block = group_block(c);
    if (block == 0) return by_product_of_matrices(c);
    plan = {block, block, block, block, 0};
  } else if (c.is_pointwise()) {
    plan.scratch = gathered_scratch(c);
  } else if (channels_or(c.x[1], 16) < 16) {  // a first layer
    plan.x_block = kAsItLies;
    plan.w_in_block = 1;
  }
  plan.scratch += bias_scratch(c, plan.y_block);
  return plan;
}

Plan plan_backward_data(const Convolution& c) {
  Plan plan;
  if (c.is_depthwise()) {
    plan.w_in_block = 1;
    return plan;
  }
  const std::int64_t block = c.groups > 1 ? group_block(c) : 16;
  if (block == 0) return by_product_of_matrices(c);
  if (c.is_strided() && block > 4) {
    const std::int64_t in = channels_or(in_per_group(c), 64);
    const std::int64_t in_block = in % 64 == 0 ? 64 : in % 48 == 0 ? 48 : in <= 16 ? 16 : 32;
    return {1, 1, in_block, 1, kStridedWork};
  }
  return {block, block, block, block, 0};
}

Plan plan_backward_weights(const Convolution& c) {
  Plan plan;
  if (c.is_channels_last && !c.is_depthwise()) return plan;
  if (c.is_depthwise()) {
    bool is_small = !c.is_dilated();
    for (int i = 0; i < c.num_axes(); ++i) is_small = is_small && kernel_size(c, i) <= 3;
    // No kernel of its own for an image that is smaller than the window.
    bool is_inside = true;
    for (int i = 0; c.is_channels_last && i < c.num_axes(); ++i)
      is_inside = is_inside && channels_or(c.x[i + 2], 1 << 20) >= kernel_size(c, i);
    if (is_small && is_inside) {
      plan.w_in_block = 1;
      return plan;
    }
    if (c.is_channels_last) {  // every group is padded to a block of both channels
      plan.w_out_block = 1;
      plan.w_in_block = 256;
      return plan;
    }
  }
  const std::int64_t in = channels_or(c.x[1], 16);
  const std::int64_t block = c.groups > 1 ? group_block(c) : 16;
  bool is_wide = false;
  for (int i = 0; i < c.num_axes(); ++i) is_wide = is_wide || kernel_size(c, i) > kWidestKernel;
  const bool is_first = in == 1 || in == 3;
  const bool is_narrow = in < 16 && !is_first && (c.is_dilated() || c.num_axes() == 3);
  if (c.is_depthwise() || is_wide || is_narrow || block == 0 || block == 4) {
    plan = by_product_of_matrices(c);
    plan.scratch += threads() * 4 * weight_bytes(c, plan) + kRegistry;
    return plan;
  }
  if (c.groups > 1) return {8, 8, 8, 8, bias_scratch(c, 8)};
  if (c.dtype == DType::kBF16) {
    if (is_first) plan = {kAsItLies, 16, 1, 16, 0};
    plan.scratch = c.is_pointwise() ? half_pointwise_scratch(c) : half_weights_scratch(c, is_first);
    return plan;
  }
  if (c.is_pointwise()) {
    plan.scratch = gathered_scratch(c) + reduction_scratch(c, plan);
    return plan;
  }
  if (is_first) {
    plan.x_block = kAsItLies;
    plan.w_in_block = 1;
  } else if (in < 16) {
    return {8, 8, 8, 8, bias_scratch(c, 8)};
  }
  plan.scratch = reduction_scratch(c, plan);
  return plan;
}

}  // namespace shapewright::onednn
