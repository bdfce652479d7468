// Matrices turned inside their own memory: the items of a dense (count, rows, cols) array are moved
// until they are the dense (count, cols, rows) array.
//
// Square matrices exchange mirrored tiles. Others are turned panel by panel through a scratch; what
// is left then is to exchange whole runs of items, which needs room for one of them:
//
//   rows = 4, cols = 3, panels of 2 rows
//   00 01 02         00 10 | 01 11 | 02 12         00 10 20 30
//   10 11 12   turn  20 30 | 21 31 | 22 32  exch.  01 11 21 31
//   20 21 22   --->                         ---->  02 12 22 32
//   30 31 32         (runs of 2 items)
//
// Panels of columns do the same in the opposite order. Rows (columns) that fill no panel wait in
// the scratch while the others move, which costs a pass more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace shapewright {

struct Matrices {
  std::int64_t count = 1;
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  std::int64_t item_bytes = 1;
};

enum class InPlaceMethod : std::uint8_t {
  kNothing,    // one order is as good as the other
  kWhole,      // as many whole matrices as the scratch holds
  kSwap,       // mirrored tiles of square matrices
  kRowPanels,  // panels of rows, then runs
  kColPanels,  // runs, then panels of columns
};

struct InPlacePlan {
  Matrices of;
  InPlaceMethod method = InPlaceMethod::kNothing;
  std::int64_t panel = 0;   // matrices, items a side of a tile, rows or columns at once
  std::int64_t panels = 0;  // of a matrix that has panels
  std::int64_t rest = 0;    // rows or columns that fill no panel
  int passes = 0;           // over the array: each reads and writes all of it
  int workers = 1;          // tiles or groups of matrices that move at once
  std::int64_t scratch_bytes = 0;
};

// The scratch is as long as the moves need for their speed, at most `max_scratch`, an eighth of the
// array or 16 MiB, though never shorter than 256 KiB on that account. `threads` 0 stands for
// default_threads(). Throws Error{kLayout, "scratch-too-small"}: the least is 128 bytes for each
// item of the shorter side of a matrix, two items where they are longer than 64 bytes, or as much
// as the matrix.
InPlacePlan plan_in_place(const Matrices& of, std::optional<std::int64_t> max_scratch, int threads);

// Bytes of scratch that the call allocated. The engine's own tiles, at most 128 KiB a thread, come
// on top. Throws std::bad_alloc before anything has moved.
std::int64_t run_in_place(const InPlacePlan& plan, std::byte* data, int threads);

}  // namespace shapewright
