#include "ops/onednn_product.h"

#include <algorithm>
#include <numeric>

#include "base/threads.h"

namespace shapewright::onednn {

namespace {

constexpr std::int64_t kLeastMultiplies = 16 * 16 * 16;
constexpr std::int64_t kPanelColumns = 64, kMostRows = 256, kMostPanels = 16;
constexpr std::int64_t kRegistry = 384, kRegistryPerThread = 640, kAlignment = 128;
constexpr std::int64_t kHalfBytes = 2, kFloatBytes = 4, kPair = 32;

std::int64_t ceiling(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Blocks {
  Dim rows;
  std::int64_t panels = 1;  // of columns, in one task
};

// The largest blocks with which the slowest thread has least to do.
Blocks balanced(std::int64_t rows, std::int64_t panels, std::int64_t threads) {
  const std::int64_t wide = std::min(panels, kMostPanels);
  const bool is_little_work = ceiling(panels, wide) < threads;
  const std::int64_t least = std::min<std::int64_t>(rows, is_little_work ? 16 : 32);
  std::int64_t best = 0;
  Blocks out;
  for (std::int64_t n = wide; n >= 1; --n)
    for (std::int64_t m = std::min(rows, kMostRows); m >= least; --m) {
      const std::int64_t tasks = ceiling(rows, m) * ceiling(panels, n);
      const std::int64_t longest = ceiling(tasks, threads) * m * n;
      if (best != 0 && longest >= best) continue;
      best = longest;
      out = {Dim(m), n};
    }
  return out;
}

// The same where sizes are open: rows are split for tasks to come out even.
Blocks split(const Product& p, std::int64_t threads) {
  const auto batch = known(p.batch), columns = known(p.columns);
  std::int64_t parts = 1;
  bool is_little_work = false;
  if (batch && columns) {
    const std::int64_t tasks = *batch * ceiling(*columns, kPanelColumns);
    parts = threads / std::gcd(tasks, threads);
    is_little_work = tasks < threads;
  }
  const Dim least = min(p.rows, Dim(is_little_work ? 16 : 32));
  return {max(least, min(Dim(kMostRows), ceildiv(p.rows, parts))), 1};
}

}  // namespace

Dim product_scratch(const Product& p) {
  const auto multiplies = known(p.batch * p.rows * p.inner * p.columns);
  if (multiplies && *multiplies <= kLeastMultiplies) return 0;
  const std::int64_t threads = default_threads();
  const std::int64_t inner = known(p.inner).value_or(0);
  const std::int64_t deepest = inner > 1024 && !p.is_left_turned ? 1024 : 512;
  const Dim depth = ceildiv(min(p.inner, Dim(deepest)), kPair) * Dim(kPair);
  const auto rows = known(p.rows), columns = known(p.columns);
  Blocks blocks = split(p, threads);
  if (p.is_left_turned && rows && columns && known(p.batch) == 1)
    blocks = balanced(*rows, ceiling(*columns, kPanelColumns), threads);

  Dim width = min(p.columns, Dim(kPanelColumns));
  if (blocks.panels > 1) {  // where the depth does not hold it all, sums of all panels are kept
    const Dim is_deep = min(Dim(1), floordiv(max(p.inner, Dim(1)) - 1, deepest));
    width += is_deep * (blocks.panels * kPanelColumns - width);
  }
  Dim out = kRegistry + kRegistryPerThread * threads;
  out += threads * depth * (kPanelColumns * kHalfBytes);
  out += threads * blocks.rows * width * kFloatBytes;
  if (p.is_left_turned) {
    // A stride of 512 would fall on the same lines of the cache.
    const Dim stride = depth + kPair * min(Dim(1), floordiv(depth, 512));
    out += kAlignment + threads * blocks.rows * stride * kHalfBytes;
  }
  return out;
}

}  // namespace shapewright::onednn
