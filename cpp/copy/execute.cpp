#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

#include "base/threads.h"
#include "copy/cast.h"
#include "copy/copy_plan.h"

namespace shapewright {
namespace {

// Copies of fewer bytes are not worth a second thread.
constexpr std::int64_t kLeastShareBytes = 256 << 10;

struct Scratch {
  std::byte* bytes = nullptr;
  std::int64_t size = 0;
  ~Scratch() { std::free(bytes); }
  std::byte* at_least(std::int64_t n) {
    if (n <= size) return bytes;
    std::free(bytes);
    size = (n + 4095) / 4096 * 4096;
    bytes = static_cast<std::byte*>(std::aligned_alloc(4096, static_cast<std::size_t>(size)));
    if (bytes == nullptr) {
      size = 0;
      throw std::bad_alloc();
    }
    return bytes;
  }
};
thread_local Scratch scratch;

// Tiles [begin, end) of the walk; `each(variant, src, dst, param, ahead)`.
template <class Each>
void walk_tiles(const CopyPlan& plan, const std::byte* src, std::byte* dst, std::int64_t begin,
                std::int64_t end, Each each) {
  TileWalk walk(plan.order, begin, end);
  TileWalk scout(plan.order, begin, end);
  const auto lowest = [&](const TileWalk& w) {
    return w.src() + plan.variants[w.variant()].tile->src_offset;
  };
  for (std::int64_t i = 0; i < plan.tiles_ahead && !scout.at_end(); ++i) scout.next();
  for (; !walk.at_end(); walk.next()) {
    const TileVariant& v = plan.variants[walk.variant()];
    const std::int64_t at = lowest(walk);
    std::int64_t ahead = 0;
    if (!scout.at_end()) {
      ahead = lowest(scout) - at;
      scout.next();
    }
    each(v, at, src + at, dst + walk.dst(), walk.param(), ahead);
  }
}

FillFn safe_fill(const CopyPlan& plan, const TileVariant& v, std::int64_t at) {
  const bool past_end = v.overreads && at + v.tile->src_last + kOverread > plan.src_high;
  return past_end ? kernels().gather : v.fill;
}

void run_panels(const CopyPlan& plan, const std::byte* src, std::byte* dst, std::int64_t begin,
                std::int64_t end) {
  const PanelFn panel = kernels().panel(plan.panel_kind, plan.copy.item_bytes);
  const auto place = [&](const TileWalk& w) {
    if (w.at_end()) return PanelPlace{};
    const Panel& p = *plan.variants[w.variant()].panel;
    return PanelPlace{.shape = &p.shape,
                      .src = src + w.src() + p.src_offset,
                      .dst = dst + w.dst(),
                      .before = plan.cuts_rows && w.block(0) > 0,
                      .after = plan.cuts_rows && w.block(0) + 1 < plan.order.cuts[0].blocks};
  };
  std::int64_t room = 0;
  for (const TileVariant& v : plan.variants)
    if (v.panel) room = std::max(room, room_of(plan.panel_kind, v.panel->shape));
  PanelScout scout;
  TileWalk walk(plan.order, begin, end);
  for (PanelPlace now = place(walk); now.shape != nullptr;) {
    walk.next();
    const PanelPlace next = place(walk);
    panel(now, next, scout, scratch.at_least(room));
    now = next;
  }
}

void run_tiles(const CopyPlan& plan, const std::byte* src, std::byte* dst, const Params& params,
               std::int64_t begin, std::int64_t end) {
  const Kernels& k = kernels();
  const FlushFn flush = plan.streamed ? k.stream_flushes : k.copy_flushes;
  const RunFn store = plan.streamed ? k.stream : k.copy;
  const bool direct =
      plan.route == Route::kDirect &&
      std::bit_cast<std::uintptr_t>(dst) % static_cast<std::uintptr_t>(plan.direct_align) == 0;
  if (plan.route == Route::kPanel) {
    run_panels(plan, src, dst, begin, end);
  } else if (direct) {
    walk_tiles(plan, src, dst, begin, end,
               [](const TileVariant& v, std::int64_t, const std::byte* from, std::byte* to,
                  std::int64_t, std::int64_t ahead) { v.direct(v.tile->direct, from, to, ahead); });
  } else if (!plan.cast) {
    walk_tiles(plan, src, dst, begin, end,
               [&](const TileVariant& v, std::int64_t at, const std::byte* from, std::byte* to,
                   std::int64_t, std::int64_t ahead) {
                 std::byte* out = scratch.at_least(v.tile->scratch_bytes);
                 safe_fill(plan, v, at)(v.tile->shape, from, out, ahead);
                 const std::int64_t run = v.tile->run_items * v.tile->shape.item_bytes;
                 flush(v.tile->flushes.data(), static_cast<std::int64_t>(v.tile->flushes.size()),
                       to, out, run);
               });
  } else {
    CastRun cast(*plan.cast, params, plan.variants[0].tile->run_param, store);
    walk_tiles(plan, src, dst, begin, end,
               [&](const TileVariant& v, std::int64_t at, const std::byte* from, std::byte* to,
                   std::int64_t param, std::int64_t ahead) {
                 std::byte* out = scratch.at_least(v.tile->scratch_bytes);
                 safe_fill(plan, v, at)(v.tile->shape, from, out, ahead);
                 for (const Flush& f : v.tile->flushes)
                   cast(to + f.dst, out + f.out, v.tile->run_items, param + f.param);
               });
  }
  if (plan.streamed) k.fence();
}

}  // namespace

void run(const CopyPlan& plan, const std::byte* src, std::byte* dst, const Params& params,
         int threads) {
  if (plan.route == Route::kEmpty) return;
  src += plan.copy.src_offset;
  dst += plan.copy.dst_offset;
  Params at = params;
  if (plan.cast) {
    const std::int64_t skip = plan.copy.param_offset * item_bytes(plan.cast->compute());
    if (at.scale != nullptr) at.scale = static_cast<const std::byte*>(at.scale) + skip;
    if (at.bias != nullptr) at.bias = static_cast<const std::byte*>(at.bias) + skip;
  }
  if (plan.route == Route::kWhole) {
    const TileVariant& v = plan.variants[0];
    v.direct(v.tile->direct, src + v.tile->src_offset, dst, 0);
    return;
  }
  const std::int64_t count = plan.order.count;
  std::int64_t shares = 1;
  if (plan.bytes >= 2 * kLeastShareBytes) {
    if (threads <= 0) threads = default_threads();
    if (threads > 1)
      shares = std::min({plan.bytes / kLeastShareBytes, count, std::int64_t{8} * threads});
  }
  if (shares <= 1) return run_tiles(plan, src, dst, at, 0, count);
  parallel_for(shares, threads, [&](std::int64_t i) {
    run_tiles(plan, src, dst, at, count / shares * i + std::min(i, count % shares),
              count / shares * (i + 1) + std::min(i + 1, count % shares));
  });
}

}  // namespace shapewright
