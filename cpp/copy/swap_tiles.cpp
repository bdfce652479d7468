#include "copy/swap_tiles.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/threads.h"

namespace shapewright {
namespace {

// Columns of the scratch stand an odd number of lines apart where rows are a power of two.
std::int64_t scratch_pitch(std::int64_t items, std::int64_t item_bytes) {
  return (items * item_bytes + 63) / 64 * 64 + 64;
}

struct TilePlans {
  std::shared_ptr<const CopyPlan> take;   // tile -> scratch, turned
  std::shared_ptr<const CopyPlan> cross;  // tile -> its mirror, turned
  std::shared_ptr<const CopyPlan> put;    // scratch -> the mirror
};

// For a tile of rows x cols.
TilePlans tile_plans(std::int64_t rows, std::int64_t cols, std::int64_t item, std::int64_t pitch,
                     Stores stores) {
  const std::int64_t scratch = scratch_pitch(rows, item);
  return {make_plan({{{rows, pitch, item}, {cols, item, scratch}}, item, {}}, {Stores::kCached}),
          make_plan({{{rows, pitch, item}, {cols, item, pitch}}, item, {}}, {stores}),
          make_plan({{{rows, item, item}, {cols, scratch, pitch}}, item, {}}, {stores})};
}

}  // namespace

std::int64_t tile_scratch_bytes(std::int64_t tile, std::int64_t item_bytes) {
  return tile * scratch_pitch(tile, item_bytes);
}

void swap_tiles(std::byte* data, std::int64_t count, std::int64_t side, std::int64_t item_bytes,
                std::int64_t tile, int workers, std::byte* scratch, Stores stores) {
  const std::int64_t pitch = side * item_bytes;
  const std::int64_t blocks = (side + tile - 1) / tile;
  const std::int64_t last = side - (blocks - 1) * tile;
  TilePlans plans[2][2];  // by whether the tile's rows and columns are the last ones
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c)
      plans[r][c] =
          tile_plans(r != 0 ? last : tile, c != 0 ? last : tile, item_bytes, pitch, stores);
  // Pair (i, d) is the tile in row i, d columns right of the diagonal, wrapped round, and its
  // mirror: for d up to blocks / 2 each pair once, those halfway round twice.
  const std::int64_t distances = blocks / 2 + 1;
  const std::int64_t pairs = blocks * distances;
  std::atomic<std::int64_t> next{0};
  parallel_for(workers, workers, [&](std::int64_t worker) {
    std::byte* own = scratch + worker * tile_scratch_bytes(tile, item_bytes);
    for (std::int64_t at; (at = next.fetch_add(1, std::memory_order_relaxed)) < count * pairs;) {
      std::byte* matrix = data + at / pairs * side * pitch;
      const std::int64_t i = at % pairs / distances;
      const std::int64_t d = at % distances;
      if (2 * d == blocks && i >= d) continue;
      const std::int64_t j = i + d < blocks ? i + d : i + d - blocks;
      std::byte* here = matrix + i * tile * pitch + j * tile * item_bytes;
      std::byte* mirror = matrix + j * tile * pitch + i * tile * item_bytes;
      const bool i_last = i == blocks - 1;
      const bool j_last = j == blocks - 1;
      const TilePlans& p = plans[i_last][j_last];
      run(*p.take, here, own, {}, 1);
      if (d != 0) run(*plans[j_last][i_last].cross, mirror, here, {}, 1);
      run(*p.put, own, mirror, {}, 1);
    }
  });
}

}  // namespace shapewright
