// Square matrices transposed by exchanging mirrored tiles.
#pragma once

#include <cstddef>
#include <cstdint>

#include "copy/plan.h"

namespace shapewright {

// Bytes of scratch that one worker needs for tiles of `tile` items a side.
std::int64_t tile_scratch_bytes(std::int64_t tile, std::int64_t item_bytes);

// `count` dense matrices of `side` x `side` items. `scratch` has room for all workers.
void swap_tiles(std::byte* data, std::int64_t count, std::int64_t side, std::int64_t item_bytes,
                std::int64_t tile, int workers, std::byte* scratch, Stores stores);

}  // namespace shapewright
