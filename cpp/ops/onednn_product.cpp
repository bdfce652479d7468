#include "ops/onednn_product.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/checked.h"
#include "base/threads.h"
#include "ops/onednn_share.h"

namespace shapewright::onednn {

namespace {

constexpr std::int64_t kLeastMultiplies = 16 * 16 * 16;
constexpr std::int64_t kPanelColumns = 64, kMostRows = 256, kMostPanels = 16;
constexpr std::int64_t kRegistry = 384, kRegistryPerThread = 640, kAlignment = 128;
constexpr std::int64_t kDeepest = 1024;
constexpr std::int64_t kHalfBytes = 2, kFloatBytes = 4, kPair = 32;

struct Blocks {
  Dim rows;
  std::int64_t panels = 1;  // of columns, in one task
};

// How far work is from a whole number of tasks for each thread.
double unevenness(std::int64_t work, std::int64_t threads) {
  const std::int64_t rest = work % threads;
  const std::int64_t off = work < threads ? threads - rest : std::min(threads - rest, rest);
  return static_cast<double>(off) / static_cast<double>(threads);
}

// The largest blocks that split the work most evenly and pad least.
Blocks balanced(std::int64_t batch, std::int64_t rows, std::int64_t panels, std::int64_t threads,
                std::int64_t most_panels) {
  const bool is_little_work = batch * panels < threads;
  const std::int64_t least = std::min<std::int64_t>(rows, is_little_work ? 16 : 32);
  double best = std::numeric_limits<double>::max();
  Blocks out;
  for (std::int64_t n = std::min(panels, most_panels); n >= 1; --n)
    for (std::int64_t m = std::min(rows, kMostRows); m >= least; --m) {
      const std::int64_t across = ceil_div(panels, n), down = ceil_div(rows, m);
      const double padded_rows = static_cast<double>(m * down % rows) / static_cast<double>(rows);
      const double padded_panels =
          static_cast<double>(across * n - panels) / static_cast<double>(panels);
      const double off = unevenness(batch * across * down, threads) + padded_rows + padded_panels;
      if (off >= best) continue;
      best = off;
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
    const std::int64_t tasks = *batch * ceil_div(*columns, kPanelColumns);
    parts = threads / std::gcd(tasks, threads);
    is_little_work = tasks < threads;
  }
  const Dim least = min(p.rows, Dim(is_little_work ? 16 : 32));
  return {max(least, min(Dim(kMostRows), ceildiv(p.rows, parts))), 1};
}

}  // namespace

Dim product_scratch(const Product& p) {
  const Dim is_worth_it = at_least(p.batch * p.rows * p.inner * p.columns, kLeastMultiplies + 1);
  if (known(is_worth_it) == 0) return 0;
  const std::int64_t threads = operator_threads();
  const std::int64_t inner = known(p.inner).value_or(0);
  const std::int64_t deepest = inner > kDeepest && !p.is_left_turned ? kDeepest : 512;
  const Dim depth = ceildiv(min(p.inner, Dim(deepest)), kPair) * Dim(kPair);
  const auto rows = known(p.rows), columns = known(p.columns);
  Blocks blocks = split(p, threads);
  if (const auto batch = known(p.batch); batch && rows && columns)
    blocks = balanced(*batch, *rows, ceil_div(*columns, kPanelColumns), threads,
                      p.is_left_turned ? kMostPanels : 1);

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
  return is_worth_it * out;
}

Dim most_product_scratch(const Product& p) {
  const std::int64_t threads = operator_threads();
  const Dim depth = ceildiv(min(p.inner, Dim(kDeepest)), kPair) * Dim(kPair);
  const Dim is_any = min(p.rows, Dim(1));
  return is_any * Dim(kRegistry + kRegistryPerThread * threads) +
         is_any * depth * Dim(threads * kPanelColumns * kHalfBytes) +
         min(p.rows, Dim(kMostRows)) * min(p.columns, Dim(kPanelColumns)) *
             Dim(threads * kFloatBytes);
}

}  // namespace shapewright::onednn
