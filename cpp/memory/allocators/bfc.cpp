// The row of BFC, the arena of TensorFlow and XLA (xla/tsl/framework/bfc_allocator.cc), without
// spatial partitioning and without timestamps.
#include "memory/allocators/best_fit.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

constexpr SettingRow kSettings[] = {
    {"memory_limit_mb", "what the arena stops at; else the capacity of the device"},
    {"allow_growth", "True: regions of 2 MiB, doubled; False: one region of the limit"},
    {"garbage_collection", "True: free regions are given back before it fails"},
    {"fragmentation_fraction", "share of the limit that a chunk may waste; else 128 MiB"},
};

Replay replay_bfc(const RequestList& requests, const Settings& settings,
                  const ReplayOptions& options) {
  best_fit::ArenaOptions arena;
  const std::int64_t limit = settings.integer("memory_limit_mb", 0, 1) * kMiB;
  arena.limit_bytes = limit > 0 ? limit : options.capacity_bytes;
  arena.is_limit_capacity = limit == 0;
  const bool grows = settings.flag("allow_growth", true);
  if (!grows && arena.limit_bytes == kUnlimited)
    Settings::refuse("allow_growth", "False", "of use only with a limit or a capacity");
  arena.first_region_bytes = grows ? 2 * kMiB : arena.limit_bytes;
  if (!grows && arena.is_limit_capacity) arena.limit_bytes = arena.limit_bytes / 256 * 256;
  arena.collects_garbage = settings.flag("garbage_collection", false);
  const double fraction = settings.share("fragmentation_fraction", 0);
  if (fraction > 0)
    arena.max_waste_bytes =
        static_cast<std::int64_t>(fraction * static_cast<double>(arena.limit_bytes));
  best_fit::Arena pool(arena, options.capacity_bytes);
  Replay out = best_fit::replay(pool, requests, options.keeps_blocks);
  // One region of the capacity, or a share of it: every other capacity differs.
  if (arena.is_limit_capacity && (!grows || fraction > 0))
    out.window = {options.capacity_bytes, options.capacity_bytes + 1};
  return out;
}

}  // namespace

constexpr AllocatorRow kBfc{"bfc", "BFC, the arena of TensorFlow and XLA", replay_bfc, kSettings};

}  // namespace shapewright
