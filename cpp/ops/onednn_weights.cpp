// The gradient of the weights of a convolution: threads sum weights of their own, and bfloat16 is
// summed as floats, on images turned so that pairs of columns lie side by side.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/checked.h"
#include "base/threads.h"
#include "ops/onednn.h"
#include "ops/onednn_share.h"

namespace shapewright::onednn {

namespace {

constexpr std::int64_t kNarrowBlock = 8;
constexpr std::int64_t kWidestKernel = 14, kWidestFirstKernel = 24;  // of bfloat16, the latter
constexpr std::int64_t kRowsOfPart = 9;  // rows of an image that a thread sums at least

std::int64_t threads() { return operator_threads(); }

Dim strides(const Convolution& c) {
  std::int64_t product = 1;
  for (int i = 0; i < c.num_axes(); ++i) product *= c.stride_of(i);
  return product;
}

// --- floats: rows of images of more than 9 rows are split as well
bool splits_rows(const Convolution& c) {
  return c.num_axes() == 2 && c.dilation_of(0) == 1 &&
         channels_or(c.y[2], kRowsOfPart + 1) > kRowsOfPart;
}

Share share_of_floats(const Convolution& c, std::int64_t in_block) {
  Work work;
  work.x = in_block;
  work.y = kBlock;
  const bool by_rows = splits_rows(c);
  work.x_parts = c.x[0] * (by_rows ? c.x[2] : Dim(1));
  work.y_parts = c.x[0] * (by_rows ? c.y[2] : Dim(1));
  for (int i = by_rows ? 3 : 2; i < c.x.rank(); ++i) {
    work.x *= c.x[i];
    work.y *= c.y[i];
  }
  work.w = 8 * in_block * kBlock * kernel_elements(c);
  work.x_divisor = known(strides(c)).value_or(1);
  work.out_blocks = blocks(c.w[0], kBlock);
  work.in_blocks = blocks(c.x[1], in_block);
  work.most = c.x[0];
  if (by_rows) work.most *= max(Dim(1), floordiv(c.y[2], kRowsOfPart));
  if (c.num_axes() == 3) work.most *= c.y[2];
  work.weighs_compute = true;
  return share_of(work, threads());
}

Dim float_scratch(const Convolution& c, const Plan& plan, std::int64_t in_block) {
  const Share share = share_of_floats(c, in_block);
  return float_sums(c, plan, share.minibatch, padded(c.w[0], kBlock) * kFloat) +
         bias_scratch(c, kBlock) + bias_sums(c, kBlock, share.threads);
}

// --- bfloat16
std::int64_t pad_of_rows(const Convolution& c) {
  const int axis = c.num_axes() - 1;
  const std::int64_t left = c.padding_of(axis);
  const auto wide = known(c.x[axis + 2]), made = known(c.y[axis + 2]);
  std::int64_t right = left;
  if (wide && made) {
    const std::int64_t reach = (c.kernel(axis) - 1) * c.dilation_of(axis) + 1;
    right = std::max<std::int64_t>(0, (*made - 1) * c.stride_of(axis) + reach - *wide - left);
  }
  return (std::max(left, right + 1) + 1) / 2 * 2;
}

// Elements of one block of channels of an image whose rows are `width` long.
Dim with_rows_of(const Shape& image, Dim width) {
  Dim d = width;
  for (int i = 2; i + 1 < image.rank(); ++i) d *= image[i];
  return d;
}

// Small images of many channels are summed whole.
bool sums_whole_images(const Convolution& c, Dim turned_width) {
  constexpr std::int64_t kMostBytes = 48 * 1024;
  if (c.num_axes() > 2 || c.is_strided() || c.is_dilated()) return false;
  if (channels_or(c.w[1], kBlock) < 128) return false;
  std::int64_t tallest_pad = 1;
  for (int i = 0; i < c.num_axes(); ++i) {
    if (c.kernel(i) == 1 || c.x[i + 2] != c.y[i + 2]) return false;
    if (c.padding_of(i) != c.kernel(i) / 2) return false;
  }
  if (c.num_axes() == 1) return false;  // its kernel has a height of 1
  tallest_pad = std::max<std::int64_t>(1, c.padding_of(0));
  const std::int64_t row = channels_or(c.y[c.y.rank() - 1], kBlock);
  const std::int64_t widths = channels_or(turned_width, kBlock) + (row + 1) / 2 * 2;
  return widths * kBlock * kHalf * tallest_pad <= kMostBytes;
}

Dim half_scratch(const Convolution& c, bool is_first) {
  const int last = c.x.rank() - 1;
  const std::int64_t stride = c.stride_of(c.num_axes() - 1), pad = pad_of_rows(c);
  const std::int64_t in = channels_or(c.w[1], kBlock), in_block = is_first ? in : kBlock;
  const std::int64_t in_blocks = blocks(c.w[1], in_block);
  const std::int64_t out_blocks = blocks(channels_or(c.w[0], kBlock) / c.groups, kBlock);
  const Dim x_width =
      is_first ? c.x[last] : ceildiv(ceildiv(c.x[last], stride) + pad, 2) * Dim(2) * stride;
  const Dim y_width = ceildiv(c.y[last], 2) * Dim(2);
  const Dim x = with_rows_of(c.x, x_width), y = with_rows_of(c.y, y_width);
  const Dim weights = Dim(in_block * kBlock) * kernel_elements(c);

  Dim rows = 1;  // of an image that are parts of their own
  if (c.num_axes() > 1 && !sums_whole_images(c, x_width)) rows = c.y[2];
  Work work;
  work.x_parts = work.y_parts = work.most = c.x[0] * rows;
  if (known(x) && known(y)) {
    // Sums of weights cost as much more as the images are larger than they, images of fewer
    // channels less; all of it in whole numbers.
    const Dim images = c.x[0] * (Dim(in_blocks * in_block) * x + Dim(out_blocks * kBlock) * y);
    const Dim all_weights = weights * (in_blocks * out_blocks * kFloat);
    const std::int64_t most_blocks = std::max(in_blocks, out_blocks);
    work.x = x * (4 * in_blocks * most_blocks * in_block) *
             choose(at_least(all_weights, images + 1), 4, 1);
    work.y = y * (4 * out_blocks * most_blocks * kBlock) * strides(c);
    work.w = max(images, all_weights) * rows * strides(c);
  } else {  // of open images, without that
    work.x = x * in_block;
    work.y = y * kBlock * strides(c);
    work.w = weights * rows * strides(c);
  }
  work.out_blocks = out_blocks;
  work.in_blocks = in_blocks;
  const Share share = share_of(work, threads() / c.groups);

  const Dim bias = c.has_bias ? Dim(out_blocks * kBlock) : Dim(0);
  const Dim copies = share.minibatch * c.groups;
  Dim out = 3 * kBooking + barriers(1) + pad * kHalf;
  out += copies * (weights * (in_blocks * out_blocks) + bias) * kFloat;
  if (!is_first) out += copies * x * (in_blocks * kBlock * kHalf);
  out += copies * y * (out_blocks * kBlock * kHalf);
  out += at_least(share.out, 2) * barriers(share.minibatch * share.in);
  out += at_least(share.in, 2) * barriers(share.minibatch * share.out);
  return out;
}

// --- without a kernel of its own: a product with unfolded columns, of one thread where images are
// large or there is but one
Plan by_product_of_columns(const Convolution& c) {
  Plan plan{kAsItLies, kAsItLies, kAsItLies, kAsItLies, 0};
  Dim area = 1;  // of a volume one slice at a time
  for (int i = c.num_axes() == 3 ? 3 : 2; i < c.y.rank(); ++i) area *= c.y[i];
  const bool unfolds = known(kernel_elements(c)) != 1 || c.is_strided() || c.is_padded();
  const Dim columns = unfolds ? c.w[1] * kernel_elements(c) * area * item_bytes(c.dtype) : Dim(0);
  const Dim several = c.groups > 2 ? Dim(1) : at_least(c.x[0], 2);
  const Dim is_small = at_least(256 * threads(), area + 1);
  const Dim used = 1 + (threads() - 1) * several * is_small;
  const Dim sums = 4 * weight_bytes(c, plan);
  plan.scratch = used * (columns + sums) + (unfolds ? 2 : 1) * kBooking;
  if (c.dtype != DType::kBF16) return plan;
  plan.scratch += sums + kBooking;
  if (c.has_bias) plan.scratch += c.w[0] * kFloat + kBooking;
  return plan;
}

// --- kernels for blocks of 8 channels
Plan narrow_plan(const Convolution& c) {
  constexpr std::int64_t kJob = kNarrowBlock * kNarrowBlock;
  Plan plan{kNarrowBlock, kNarrowBlock, kNarrowBlock, kNarrowBlock, bias_scratch(c, kNarrowBlock)};
  const std::int64_t jobs = c.groups * blocks(c.w[1], kNarrowBlock) *
                            ceil_div(channels_or(c.w[0], kNarrowBlock) / c.groups, kNarrowBlock);
  const std::int64_t elements = kJob * known(kernel_elements(c)).value_or(1);
  plan.scratch += bias_sums(c, kNarrowBlock, threads()) +
                  summed_in_groups(groups_of(jobs, elements, c.x[0], threads()), elements);
  return plan;
}

// Blocks of channels go to threads of their own, and what threads are left share the minibatch.
Dim depthwise_scratch(const Convolution& c) {
  const bool is_half = c.dtype == DType::kBF16;
  const std::int64_t used = std::min(blocks(c.w[0], kBlock), threads());
  const Dim share = min(Dim(threads() / used), c.x[0]);
  const Dim copies = is_half ? share : share - 1;
  const Dim sums = padded(c.w[0], kBlock) * (kernel_elements(c) + (c.has_bias ? 1 : 0)) * kFloat;
  return copies * sums + min(copies, Dim(1)) * ((c.has_bias ? 2 : 1) * kBooking);
}

// nullopt: as any other.
std::optional<Plan> depthwise_plan(const Convolution& c) {
  Plan plan;
  bool is_small = !c.is_dilated(), is_inside = true;
  for (int i = 0; i < c.num_axes(); ++i) {
    is_small = is_small && c.kernel(i) <= 3;
    // No kernel of its own for an image that is smaller than the window.
    is_inside =
        is_inside && (!c.is_channels_last || channels_or(c.x[i + 2], 1 << 20) >= c.kernel(i));
  }
  if (is_small && is_inside) {
    plan.w_in_block = 1;
    if (!c.is_channels_last) plan.scratch = depthwise_scratch(c);
    return plan;
  }
  if (!c.is_channels_last) return std::nullopt;
  plan.w_out_block = 1;  // every group is padded to a block of both channels
  plan.w_in_block = 256;
  return plan;
}

Plan plan_weights(const Convolution& c, bool is_whole) {
  if (c.is_channels_last && !c.is_depthwise()) return {};
  if (c.is_depthwise())
    if (const auto plan = depthwise_plan(c)) return *plan;
  const bool is_half = c.dtype == DType::kBF16;
  const std::int64_t in = channels_or(c.x[1], kBlock);
  const std::int64_t block = c.groups > 1 ? group_block(c) : kBlock;
  const bool is_first = c.groups == 1 && (is_half ? in < kBlock : in <= 3);
  bool is_wide = false;
  for (int i = 0; i < c.num_axes(); ++i)
    is_wide = is_wide || c.kernel(i) > (is_half && is_first ? kWidestFirstKernel : kWidestKernel);
  const bool is_narrow = in < kBlock && !is_first;
  // The first layer of halves is not padded to whole blocks.
  const bool is_ragged = is_half && is_first && channels_or(c.w[0], kBlock) % kBlock != 0;
  if (is_whole) {
    Plan plan;
    plan.scratch = is_half ? half_pointwise_scratch(c) : pointwise_scratch(c, plan);
    return plan;
  }
  if (c.is_depthwise() || is_wide || is_ragged || block == 0 || block == 4 ||
      (is_half && block == 8) || (is_narrow && (c.is_dilated() || c.num_axes() == 3))) {
    return by_product_of_columns(c);
  }
  if (!is_half && (c.groups > 1 || is_narrow)) return narrow_plan(c);
  Plan plan;
  if (is_first) {
    plan.x_block = kAsItLies;
    plan.w_in_block = 1;
  }
  plan.scratch =
      is_half ? half_scratch(c, is_first) : float_scratch(c, plan, is_first ? in : kBlock);
  return plan;
}

}  // namespace

Plan plan_backward_weights(const Convolution& c) {
  const Dim whole = c.is_whole();
  if (const auto is_whole = known(whole)) return plan_weights(c, *is_whole == 1);
  Plan plan = plan_weights(c, false);
  plan.scratch += whole * (plan_weights(c, true).scratch - plan.scratch);
  return plan;
}

}  // namespace shapewright::onednn
