// A large part of a copy that goes past the cache, as the panel kernels see it.
//
//   source                                    destination
//   row 0   a0 a1 a2 ...   long stretches     column 0   a0 b0 c0 ...
//   row 1   b0 b1 b2 ...                      column 1   a1 b1 c1 ...
//   row 2   c0 c1 c2 ...                      ...        by whole lines, each written once
//
// Memory reads fastest from some ten places at a time, each in order; it writes fastest by whole
// lines. A panel goes through a few rows at a time (a visit) and keeps the unfinished line of every
// column; a scout fetches what the next visit reads, from several places side by side.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shapewright {

enum class PanelKind : std::uint8_t {
  kColumns,  // items of 1 to 16 bytes; every column is long
  kRibbon,   // the same; short columns that follow one another in the destination
  kRuns,     // items of any length
};

// Places of the source that are fetched side by side, a line of each in turn.
struct Front {
  std::int64_t first = 0;  // of PanelShape::places
  std::int64_t places = 0;
  std::int64_t lines = 0;  // of every place
};
struct Visit {
  std::int64_t first_front = 0;
  std::int64_t fronts = 0;
  std::int64_t lines = 0;  // of all fronts
};

struct PanelShape {
  std::int64_t item_bytes = 1;
  std::int64_t rows = 0;  // items side by side in the destination
  std::int64_t cols = 0;  // items side by side in the source
  std::int64_t outers = 0;
  const std::int64_t* row_src = nullptr;    // [rows], then kRowPadding times the last
  const std::int64_t* col_dst = nullptr;    // [cols]
  const std::int64_t* outer_src = nullptr;  // [outers]
  const std::int64_t* outer_dst = nullptr;  // [outers]
  std::int64_t dst_bits = 0;                // of all these offsets in the destination, or-ed

  // The last line's worth of rows of the panel that comes before in the same columns.
  const std::int64_t* row_before = nullptr;  // [64 / item_bytes]; null where columns are whole

  // Columns that go on where others end, in the midst of a line: column c + follow_step begins
  // where c ends. By column, kLed and kFollowed; null where there are none.
  const std::uint8_t* joins = nullptr;
  std::int64_t follow_step = 0;

  // Rows of a visit; of a ribbon, outer positions.
  std::int64_t visit = 1;
  std::int64_t visits = 0;
  std::int64_t visit_outers = 1;  // how often a visit's fronts are met: at every outer position
  const Visit* plan = nullptr;    // [visits]
  const Front* fronts = nullptr;
  const std::int64_t* places = nullptr;
  std::int64_t lead_lines = 0;  // how far the fetch is ahead
  // If not 0: what a visit reads is brought together first, its rows at this distance; `gathered`
  // are their places then. For rows so many and so placed that the second-level cache, too, would
  // lose what is fetched before it is turned.
  std::int64_t gather_pitch = 0;
  const std::int64_t* gathered = nullptr;  // [visit], then kRowPadding times the last
};
inline constexpr std::int64_t kMostGatheredItem = 2;  // longer ones need fewer rows side by side
inline constexpr std::int64_t kRowPadding = 64;
inline constexpr std::int64_t kJoinRoom = 128;  // bytes of working memory a column that is joined
inline constexpr std::uint8_t kLed = 1;         // begins where another column of the panel ends
inline constexpr std::uint8_t kFollowed = 2;    // ends where another one begins

// A panel where it stands; no shape, no panel.
struct PanelPlace {
  const PanelShape* shape = nullptr;
  const std::byte* src = nullptr;
  std::byte* dst = nullptr;
  // Its columns go on where those of another panel end, or the other way round: a line that both
  // have a part of is written by the later one.
  bool before = false, after = false;
};

// Where the fetch is: it passes from a panel to the next.
struct PanelScout {
  const PanelShape* shape = nullptr;
  const std::byte* src = nullptr;
  std::int64_t visit = 0, outer = 0, front = 0, line = 0;
  std::int64_t owed = 0;     // lines
  bool in_next = false;      // `shape` is the panel that comes next
  std::int64_t reading = 0;  // which of the two places of gathered rows is being turned
};

// Bytes of working memory that a panel wants.
std::int64_t room_of(PanelKind kind, const PanelShape& shape);

// What a ribbon collects before it writes; 64 bytes of every row come on top.
inline constexpr std::int64_t kRibbonBytes = 4 << 10;
inline constexpr std::int64_t kMostRibbonRows = 1024;
// A column's part of a visit, where runs are collected.
inline constexpr std::int64_t kMostVisitBytes = 8 << 10;

}  // namespace shapewright
