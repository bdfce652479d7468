#include "ops/onednn.h"

#include <algorithm>

#include "base/checked.h"
#include "base/threads.h"

namespace shapewright::onednn {

namespace {

// Accumulators of strided kernels, those of a thread up to 130 KiB.
constexpr std::int64_t kStridedWork = 12288, kStridedWorkOfThread = 24600;
constexpr std::int64_t kHalfStridedWork = 50224;
constexpr std::int64_t kLastWork = 12336;  // those of forward kernels with channels last

std::int64_t threads() { return operator_threads(); }

std::int64_t at_or(const std::vector<std::int64_t>& values, int axis, std::int64_t fallback) {
  const auto i = static_cast<std::size_t>(axis);
  return i < values.size() ? values[i] : values.size() == 1 ? values[0] : fallback;
}

Dim in_per_group(const Convolution& c) { return c.w[1]; }

}  // namespace

std::int64_t item_bytes(DType d) { return info(d).bits / 8; }

Dim padded(Dim channels, std::int64_t block) {
  const auto n = known(channels);
  return n && block > 1 ? Dim(ceil_div(*n, block) * block) : channels;
}

std::int64_t channels_or(Dim d, std::int64_t fallback) { return known(d).value_or(fallback); }

Dim spatial(const Shape& image) {
  Dim d = 1;
  for (int i = 2; i < image.rank(); ++i) d *= image[i];
  return d;
}

Dim kernel_elements(const Convolution& c) { return spatial(c.w); }

std::int64_t group_block(const Convolution& c) {
  const std::int64_t in = channels_or(c.w[1], 1), out = channels_or(c.w[0], 1) / c.groups;
  for (const std::int64_t block : {16, 8, 4})
    if (in % block == 0 && out % block == 0) return block;
  return 0;
}

Dim bias_scratch(const Convolution& c, std::int64_t block) {
  const auto out = known(c.w[0]);
  if (!c.has_bias || !out || block <= 1 || *out % block == 0) return 0;
  return padded(c.w[0], block) * item_bytes(c.dtype) + kBooking;
}

// Strided images are gathered first, by each thread.
Dim gathered_scratch(const Convolution& c) {
  if (!c.is_strided()) return 0;
  return threads() * padded(c.x[1], 16) * spatial(c.y) * item_bytes(c.dtype) + kBooking;
}

Plan by_product_of_matrices(const Convolution& c) {
  Plan plan;
  plan.x_block = plan.y_block = kAsItLies;
  plan.w_in_block = plan.w_out_block = kAsItLies;
  // of a volume one slice at a time
  Dim columns = in_per_group(c) * kernel_elements(c) * item_bytes(c.dtype);
  for (int i = c.num_axes() == 3 ? 3 : 2; i < c.y.rank(); ++i) columns *= c.y[i];
  plan.scratch = threads() * columns + kBooking;
  return plan;
}

// --- sums of the gradient of weights
std::int64_t blocks(Dim channels, std::int64_t block) {
  return ceil_div(channels_or(channels, block), block);
}

Dim barriers(Dim groups) { return (groups + 1) * kBarrier; }

Dim summed_in_groups(const Groups& g, std::int64_t job_elements) {
  const Dim space = g.groups * (g.threads - 1) * g.jobs * (job_elements * kFloat) + kBarrier;
  return at_least(g.threads, 2) * (space + barriers(g.groups));
}

Dim bias_sums(const Convolution& c, std::int64_t block, Dim used) {
  if (!c.has_bias) return 0;
  const std::int64_t most = known(used).value_or(threads());
  if (most < 2) return 0;
  return at_least(used, 2) *
         summed_in_groups(groups_of(blocks(c.w[0], block), block, c.x[0], most), block);
}

Dim float_sums(const Convolution& c, const Plan& plan, Dim used, Dim biases) {
  return (used - 1) * (weight_bytes(c, plan) + biases) +
         at_least(used, 2) * (kBooking + barriers(1));
}

std::int64_t Convolution::stride_of(int axis) const { return at_or(stride, axis, 1); }
std::int64_t Convolution::dilation_of(int axis) const { return at_or(dilation, axis, 1); }
std::int64_t Convolution::padding_of(int axis) const { return at_or(padding, axis, 0); }
std::int64_t Convolution::kernel(int axis) const { return channels_or(w[axis + 2], 3); }
bool Convolution::is_padded() const {
  return std::ranges::any_of(padding, [](std::int64_t p) { return p > 0; });
}
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
  if (groups != 1 || is_padded()) return false;
  for (int i = 0; i < num_axes(); ++i)
    if (known(w[i + 2]) != 1) return false;
  return true;
}
Dim Convolution::is_whole() const {
  if (!is_pointwise()) return 0;
  Dim rest = 0;
  for (int i = 0; i < num_axes(); ++i) rest += y[i + 2] * stride_of(i) - x[i + 2];
  return 1 - min(Dim(1), rest);
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
  if (c.is_pointwise() && !c.is_strided()) return 0;
  return in_per_group(c) * kernel_elements(c) * spatial(c.y) * item_bytes(c.dtype);
}

bool is_asked(const Convolution& c) {
  constexpr std::int64_t kSmallImage = 20480;  // elements
  if (c.groups > 1 || c.dtype == DType::kBF16) return true;
  if (c.num_axes() == 2 && c.kernel(0) > 3 && c.kernel(1) > 3) return true;
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
    if (c.dtype == DType::kBF16 && c.has_bias)  // as floats
      return {16, 16, 1, 16, padded(c.w[0], 16) * kFloat + kBooking};
  } else if (c.groups > 1) {
    const std::int64_t block = group_block(c);
    if (block == 0) return by_product_of_matrices(c);
    plan = {block, block, block, block, 0};
  } else if (const Dim whole = c.is_whole(); known(whole) != 0) {
    plan.scratch = whole * (gathered_scratch(c) + stored_scratch(c, false));
  } else if (channels_or(c.x[1], 16) < 16) {  // a first layer; halves are multiplied in pairs
    plan.x_block = kAsItLies;
    plan.w_in_block = c.dtype == DType::kBF16 ? 2 : 1;
  }
  plan.scratch += bias_scratch(c, plan.y_block);
  return plan;
}

Plan plan_backward_data(const Convolution& c) {
  Plan plan;
  if (c.is_depthwise()) {
    if (c.dtype == DType::kBF16 && c.is_strided()) return {1, 1, 32, 1, kHalfStridedWork};
    plan.w_in_block = 1;
    return plan;
  }
  const std::int64_t block = c.groups > 1 ? group_block(c) : 16;
  if (block == 0) return by_product_of_matrices(c);
  if (c.is_strided() && block > 4) {
    const std::int64_t in = channels_or(in_per_group(c), 64);
    const std::int64_t in_block = in % 64 == 0 ? 64 : in % 48 == 0 ? 48 : in <= 16 ? 16 : 32;
    return {1, 1, in_block, 1, kStridedWork + threads() * kStridedWorkOfThread};
  }
  const Dim whole = c.is_whole();
  return {block, block, block, block, known(whole) == 0 ? 0 : whole * stored_scratch(c, true)};
}

}  // namespace shapewright::onednn
