// Convolutions of kernel 1: products of matrices in blocks of 16 channels, whose spatial elements
// are split in parts. Halves are turned and stored through floats.
#include <algorithm>
#include <cstdint>

#include "base/checked.h"
#include "base/threads.h"
#include "ops/onednn.h"

namespace shapewright::onednn {

namespace {

std::int64_t threads() { return operator_threads(); }

// Spatial elements of one part of the sum.
std::int64_t part_of_pointwise(const Convolution& c, bool turns) {
  const auto elements = known(spatial(c.y));
  const std::int64_t row = channels_or(c.y[c.y.rank() - 1], kBlock);
  if (!elements) return kBlock;
  const bool is_half = c.dtype == DType::kBF16;
  std::int64_t part =
      !is_half ? best_divider(*elements, 7, 16, true)
      : turns  ? best_divider(*elements, 8, 16, true, 2)
               : best_divider(*elements, 7, std::min<std::int64_t>(256, *elements), true, 2);
  if (*elements % part != 0)
    part = is_half ? best_divider(row, 4, row, !turns, 2) : best_divider(row, 4, row, false);
  if (part > 256) part = 1;
  return turns ? (part + 1) / 2 * 2 : part;
}

Share share_of_pointwise(const Convolution& c, std::int64_t part) {
  const std::int64_t in = channels_or(c.x[1], kBlock), out = channels_or(c.w[0], kBlock);
  std::int64_t sums = 12;
  if (c.dtype == DType::kBF16) {
    const auto whole = [](std::int64_t n) { return ceil_div(n, kBlock) * kBlock; };
    sums = 4 * (c.is_strided() ? 1 : std::max<std::int64_t>(1, whole(out) / whole(in)));
  }
  Work work;
  work.x_parts = work.y_parts = work.most = c.x[0] * ceildiv(spatial(c.y), part);
  work.x = work.y = kBlock * part;
  work.w = sums * kBlock * kBlock;
  work.out_blocks = blocks(c.w[0], kBlock);
  work.in_blocks = blocks(c.x[1], kBlock);
  return share_of(work, threads());
}

// --- halves on their way to the result
struct Stored {
  std::int64_t load, reduce, area, height;  // channels made, channels read, elements, rows
};

// Elements that one pass of a kernel makes.
std::int64_t registers_of(const Stored& s, std::int64_t images) {
  const bool spreads = 8 * images / threads() >= 1;
  std::int64_t most = spreads ? 9 : 30, least = spreads ? 6 : 9;
  if (spreads && s.load > 128 && s.load < 256 && s.height > 10 && s.height < 28) {
    most = 6;
    least = 5;
  }
  for (std::int64_t n = most; n >= least; --n)
    if ((s.height >= 14 ? s.height : s.area) % n == 0) return n;
  std::int64_t best = std::min(most, s.area), left = s.area % most;
  for (std::int64_t n = most; n >= least; --n) {
    if (s.area % n <= left && s.area % n != 0) continue;
    best = n;
    left = s.area % n;
    if (left == 0) break;
  }
  return best;
}

// Groups of threads that each make a part of the channels.
std::int64_t groups_of_channels(const Stored& s, std::int64_t images, std::int64_t registers) {
  const std::int64_t parts = ceil_div(s.area, registers), made = ceil_div(s.load, kBlock);
  const std::int64_t n = threads();
  std::int64_t groups = ceil_div(n, images * parts);
  if (n <= 28 && images < n && made * parts > n) {
    const double ratio = static_cast<double>(s.load) / static_cast<double>(images * s.area);
    const auto cost = [&](std::int64_t blocks, std::int64_t split, double memory) {
      const double rows = static_cast<double>(images * ceil_div(parts, split) * registers);
      const double columns = static_cast<double>(blocks * kBlock);
      const auto depth = static_cast<double>(s.reduce);
      return 0.01 * rows * columns * depth + memory * (rows + columns) * depth;
    };
    double least = 0;
    groups = ratio > 1 ? n : 1;
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t g = ratio > 1 ? n - i : i + 1;
      const double memory = ceil_div(n, g) == 1 ? 1.0 : 1.3;
      const double found = n % g < made % g
                               ? cost(ceil_div(made, g), n / g, memory)
                               : std::max(cost(ceil_div(made, g), ceil_div(n, g), memory),
                                          cost(made / g, n / g, memory));
      if (i > 0 && found >= least) continue;
      least = found;
      groups = g;
    }
  } else {
    groups = best_divider(n, groups, 2 * groups, false);
  }
  if (s.area <= 49 && images <= n && s.load > 512 && s.load / s.reduce >= 4)
    groups = std::max<std::int64_t>(groups, 2);
  return groups;
}

std::int64_t stored_bytes(const Stored& s, std::int64_t images) {
  const std::int64_t registers = registers_of(s, images);
  const std::int64_t groups = groups_of_channels(s, images, registers);
  const std::int64_t parts = ceil_div(s.area, registers), made = ceil_div(s.load, kBlock);
  std::int64_t used = threads();
  if (kHalf * images * s.area * s.reduce < 8192 && parts * made < used)
    used = std::min(used, std::max(parts, made));
  const std::int64_t columns =
      ceil_div(ceil_div(s.load, ceil_div(used, ceil_div(used, groups))), kBlock) * kBlock;
  return used * parts * registers * columns * kFloat + kBooking;
}

}  // namespace

Dim stored_scratch(const Convolution& c, bool is_gradient) {
  const auto area = known(spatial(c.y)), in = known(padded(c.x[1], kBlock)),
             out = known(padded(c.w[0], kBlock));
  if (c.dtype != DType::kBF16 || !area || !in || !out) return 0;
  std::int64_t height = 1;
  for (int i = 2; i + 1 < c.y.rank(); ++i) height *= known(c.y[i]).value_or(1);
  const Stored s =
      is_gradient ? Stored{*in, *out, *area, height} : Stored{*out, *in, *area, height};
  if (const auto images = known(c.x[0])) return stored_bytes(s, *images);
  const std::int64_t enough = std::min<std::int64_t>(threads(), 4);  // images
  Dim bytes = stored_bytes(s, std::max(threads(), enough));
  for (std::int64_t images = enough - 1; images >= 1; --images)
    bytes = choose(at_least(images, c.x[0]), stored_bytes(s, images), bytes);
  return bytes;
}

Dim pointwise_scratch(const Convolution& c, const Plan& plan) {
  const Share share = share_of_pointwise(c, part_of_pointwise(c, false));
  return gathered_scratch(c) + float_sums(c, plan, share.minibatch, 0) + bias_scratch(c, kBlock) +
         bias_sums(c, kBlock, share.threads);
}

Dim half_pointwise_scratch(const Convolution& c) {
  const bool turns = channels_or(c.y[c.y.rank() - 1], kBlock) <= 14 ||
                     (c.num_axes() > 1 && channels_or(c.y[c.y.rank() - 2], kBlock) <= 14) ||
                     c.num_axes() == 1;
  const Share share = share_of_pointwise(c, part_of_pointwise(c, turns));
  const Dim weights = padded(c.w[0], kBlock) * padded(c.w[1], kBlock);
  const Dim bias = c.has_bias ? padded(c.w[0], kBlock) : Dim(0);
  Dim out = gathered_scratch(c) + bias_scratch(c, kBlock);
  out += share.minibatch * (weights + bias) * kFloat + kBooking;
  out += at_least(share.minibatch, 2) * barriers(1);
  if (turns) {
    const std::int64_t out_blocks = blocks(c.w[0], kBlock), in_blocks = blocks(c.x[1], kBlock);
    const std::int64_t held = best_divider(out_blocks, 16, out_blocks, false) +
                              best_divider(in_blocks, 5, in_blocks, false);
    const Dim row = ceildiv(spatial(c.y), 2) * Dim(2);
    out += share.threads * row * (held * kBlock * kHalf) + 2 * kBooking;
  }
  return out;
}

}  // namespace shapewright::onednn
