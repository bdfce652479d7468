#include "copy/fills.h"

#include <bit>

namespace shapewright {
namespace {

constexpr std::int64_t kLine = 64;
// From this length on, the lines at the ends of a run cost less than a detour by the scratch.
constexpr std::int64_t kLongRun = 256;

bool is_vector_item(std::int64_t bytes) {
  return bytes <= 16 && std::has_single_bit(static_cast<std::uint64_t>(bytes));
}
bool is_plane_item(std::int64_t bytes) { return bytes <= 4 && bytes != 3; }
int log2_of(std::int64_t n) { return std::countr_zero(static_cast<std::uint64_t>(n)); }

struct Candidate {
  const char* name;
  bool (*applies)(const Tile& tile, bool direct);
  FillFn (*kernel)(const TileShape& shape);
  bool (*overreads)(const TileShape& shape);
};

bool never(const TileShape&) { return false; }

constexpr Candidate kCandidates[] = {
    {"runs",
     [](const Tile& t, bool direct) {
       const TileShape& s = direct ? t.direct : t.shape;
       return s.rows == 1 && s.cols > 1 && s.col_step == s.item_bytes;
     },
     [](const TileShape&) { return kernels().runs; }, never},
    {"reverse",
     [](const Tile& t, bool direct) {
       const TileShape& s = direct ? t.direct : t.shape;
       return s.rows == 1 && s.cols > 1 && s.col_step == -s.item_bytes &&
              is_vector_item(s.item_bytes);
     },
     [](const TileShape&) { return kernels().reverse; }, never},
    {"deinterleave",
     [](const Tile& t, bool) {
       const TileShape& s = t.shape;
       return is_plane_item(s.item_bytes) && s.cols >= 2 && s.cols <= 4 &&
              s.row_step == s.cols * s.item_bytes && s.rows * s.item_bytes >= 16;
     },
     [](const TileShape&) { return kernels().deinterleave; }, never},
    {"interleave",
     [](const Tile& t, bool direct) {
       const TileShape& s = direct ? t.direct : t.shape;
       return is_plane_item(s.item_bytes) && s.rows >= 2 && s.rows <= 4 &&
              s.col_step == s.rows * s.item_bytes && s.cols * s.item_bytes >= 16;
     },
     [](const TileShape&) { return kernels().interleave; }, never},
    {"transpose",
     [](const Tile& t, bool direct) {
       const TileShape& s = t.shape;
       if (!is_vector_item(s.item_bytes) || s.rows < 2 || s.cols < 2) return false;
       const bool exact = s.rows * s.item_bytes >= 16;
       return direct ? exact && s.cols * s.item_bytes >= 16 : exact || t.ascending;
     },
     [](const TileShape& s) { return kernels().transpose[log2_of(s.item_bytes)]; },
     [](const TileShape& s) { return s.cols * s.item_bytes < 16; }},
    {"gather", [](const Tile&, bool) { return true; },
     [](const TileShape&) { return kernels().gather; }, never},
};

}  // namespace

Fill choose_fill(const Tile& tile, bool direct) {
  for (const Candidate& c : kCandidates)
    if (c.applies(tile, direct)) return {c.name, c.kernel(tile.shape), c.overreads(tile.shape)};
  return {};
}

Fill choose_streamed_fill(const Tile& tile, std::int64_t& align) {
  const TileShape& s = tile.direct;
  const bool runs = s.rows == 1 && s.col_step == s.item_bytes;
  if (runs && s.cols * s.item_bytes >= kLongRun) {
    align = 1;
    return {"streamed runs", kernels().stream_runs, false};
  }
  align = kLine;
  if (runs && s.cols * s.item_bytes % kLine == 0) {
    for (std::int64_t o = 0; o < s.outers; ++o)
      if (s.outer_out[o] % kLine != 0) return {};
    return {"streamed runs", kernels().stream_runs, false};
  }
  if (!is_vector_item(s.item_bytes) || s.rows * s.item_bytes < kLine || s.cols * s.item_bytes < 16)
    return {};
  for (std::int64_t c = 0; c < s.cols; ++c)
    if (s.col_out[c] % kLine != 0) return {};
  for (std::int64_t o = 0; o < s.outers; ++o)
    if (s.outer_out[o] % kLine != 0) return {};
  return {"streamed transpose", kernels().transpose_lines[log2_of(s.item_bytes)], false};
}

}  // namespace shapewright
