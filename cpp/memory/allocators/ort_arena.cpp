// The row of ONNX Runtime's arena (onnxruntime/core/framework/bfc_arena.cc), on one stream.
#include "memory/allocators/best_fit.h"
#include "memory/allocators/settings.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

constexpr SettingRow kSettings[] = {
    {"arena_extend_strategy", "kNextPowerOfTwo or kSameAsRequested"},
    {"initial_chunk_size_bytes", "first region; 1048576"},
    {"max_dead_bytes_per_chunk", "what a chunk may waste; 134217728"},
    {"max_mem", "bytes that the arena stops at; else none"},
};

Replay replay_ort_arena(const RequestList& requests, const Settings& settings,
                        const ReplayOptions& options) {
  best_fit::ArenaOptions arena;
  arena.is_exact_growth =
      !settings.word("arena_extend_strategy", "kNextPowerOfTwo", "kSameAsRequested");
  arena.first_region_bytes = settings.integer("initial_chunk_size_bytes", kMiB, 1);
  arena.max_waste_bytes = settings.integer("max_dead_bytes_per_chunk", 128 * kMiB, 1);
  arena.limit_bytes = settings.integer("max_mem", kUnlimited, 1);
  arena.least_retry_bytes = 8 * 1024;
  best_fit::Arena pool(arena, options.capacity_bytes);
  return best_fit::replay(pool, requests, options.keeps_blocks);
}

}  // namespace

constexpr AllocatorRow kOrtArena{"onnxruntime", "ONNX Runtime's arena", replay_ort_arena,
                                 kSettings};

}  // namespace shapewright
