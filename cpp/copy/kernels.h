// What a set of kernels offers: one table for each instruction set, chosen once a process.
//
// A tile is copied in two steps: a fill brings it into a scratch that stays in the first-level
// cache, in the order of the destination; a flush writes the scratch's runs, whole cache lines at a
// time, and casts on the way.
#pragma once

#include <cstddef>
#include <cstdint>

#include "copy/element.h"
#include "copy/panel_shape.h"

namespace shapewright {

// The part of a tile that does not depend on where it stands. Offsets are bytes.
//
//   source            out (scratch)
//   row 0  abcd       a e i m ...      the rows of a column stand side by side,
//   row 1  efgh       b f j n ...      column c at col_out[c]
//   row 2  ijkl       ...
//
struct TileShape {
  std::int64_t item_bytes = 1;
  std::int64_t rows = 0;                    // items side by side in the scratch
  std::int64_t cols = 0;                    // items side by side in the source
  std::int64_t outers = 0;                  // how often the block of rows and cols is repeated
  const std::int64_t* row_src = nullptr;    // [rows], then kRowPadding times the last
  const std::int64_t* col_out = nullptr;    // [cols]
  const std::int64_t* outer_src = nullptr;  // [outers]
  const std::int64_t* outer_out = nullptr;  // [outers]
  std::int64_t row_step = 0;                // if row_src[r] == r * row_step for all r, else 0
  std::int64_t col_step = 0;                // if col_out[c] == c * col_step for all c, else 0
};
// A fill may write this many bytes past the last item of its scratch.
inline constexpr std::int64_t kScratchPadding = 128;
// A fill may read this many bytes past the last item of a row: see TileVariant::overreads.
inline constexpr std::int64_t kOverread = 64;

// `ahead`: distance in bytes to the source of the tile that comes next, to be fetched meanwhile.
using FillFn = void (*)(const TileShape& shape, const std::byte* src, std::byte* out,
                        std::int64_t ahead);
using RunFn = void (*)(std::byte* dst, const std::byte* src, std::int64_t bytes);
// Where a run of the scratch goes in the destination.
struct Flush {
  std::int64_t out = 0;
  std::int64_t dst = 0;
  std::int64_t param = 0;
};

using FlushFn = void (*)(const Flush* flushes, std::int64_t count, std::byte* dst,
                         const std::byte* out, std::int64_t run_bytes);

// `room`: working memory of room_of() bytes at a multiple of 64.
using PanelFn = void (*)(const PanelPlace& panel, const PanelPlace& next, PanelScout& scout,
                         std::byte* room);
using ConvertFn = void (*)(void* dst, const void* src, std::int64_t items);

// (x / 255 - mean) / std of bytes by multiplications: 1 / 255 and 1 / std as sums of two floats.
// Not exact by proof: whoever uses it compares all 256 values first.
struct ByteNormalization {
  float by_255, by_255_low;
  float mean;
  float by_std, by_std_low;
};

struct Kernels {
  const char* name = "";
  FillFn transpose[5] = {};  // by log2 of the item size; reads up to 16 bytes past a short row
  FillFn transpose_lines[5] = {};  // streamed, straight to the destination
  PanelFn columns[5] = {};         // panels, by log2 of the item size
  PanelFn ribbon[5] = {};
  PanelFn run_columns = nullptr;
  FillFn runs = nullptr;         // rows == 1, col_step == item_bytes
  FillFn stream_runs = nullptr;  // the same, straight to the destination
  // Items of 1, 2 or 4 bytes; planes of 16 bytes at least.
  FillFn deinterleave = nullptr;  // 2 to 4 columns, row_step == cols * item_bytes
  FillFn interleave = nullptr;    // 2 to 4 rows, col_step == rows * item_bytes
  FillFn reverse = nullptr;       // one row, col_step == -item_bytes
  FillFn gather = nullptr;        // any tile, any item size: the reference
  RunFn copy = nullptr;           // no overlap
  RunFn stream = nullptr;         // the same past the cache; a fence is due before others read
  FlushFn copy_flushes = nullptr;
  FlushFn stream_flushes = nullptr;
  void (*fence)() = nullptr;

  // By Element; none where a half is on either side.
  ConvertFn convert[kElements][kElements] = {};
  ConvertFn f16_to_f32 = nullptr, f32_to_f16 = nullptr, bf16_to_f32 = nullptr,
            f32_to_bf16 = nullptr;
  ConvertFn f64_to_odd_f32 = nullptr;  // on the way to a half
  // In place, on f32 [0] and f64 [1].
  void (*scale[2])(void* data, std::int64_t items, const void* scale, std::int64_t step) = {};
  void (*add[2])(void* data, std::int64_t items, const void* bias, std::int64_t step) = {};
  void (*normalize[2])(void* data, std::int64_t items, const void* mean, const void* std,
                       std::int64_t step) = {};
  PanelFn panel(PanelKind kind, std::int64_t item_bytes) const;

  void (*normalize_bytes)(void* dst, const void* src, std::int64_t items,
                          const ByteNormalization& n) = nullptr;
};

const Kernels& kernels();  // the best this machine has, or SHAPEWRIGHT_ISA's

}  // namespace shapewright
