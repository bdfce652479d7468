// Transposes whose destination is long on one side: whole lines are written, wherever they start.
//
// A panel is walked in groups of rows that fill one line (64 / W of them), a few groups at a visit.
// Every column keeps the 64 bytes of the group before; the line to be written is the end of those
// and the beginning of the new ones:
//
//   column c      |carry      |fresh      |
//   line of dst           |64 bytes   |          at (address of the column) - skew + 64 * group
//
// The lines of a visit are written one right after another, column by column: single lines at a
// distance of a power of two take twice the time of pairs.
#pragma once

// Groups of a visit.
inline constexpr I64 kMostVisitLines = 4;

template <int W>
struct Stage {
  // One line's worth of columns, each with what is carried before it.
  alignas(64) Byte bytes[64 / W * 128];
  // Columns of all groups of a visit but the last.
  alignas(64) Byte aside[64 / W * kMostVisitLines * 64];
};

// V / W rows of `cols` columns, 16 / W of them at least, to out, out + pitch, ...
template <int W, int V>
inline void turn_to(Byte* out, I64 pitch, const Byte* src, const I64* row_src, I64 cols) {
  constexpr int k = 16 / W;
  const auto to = [&](I64 c) {
    return [=](int j, Bytes<V> v)
               __attribute__((always_inline)) { store<V>(out + (c + j) * pitch, v); };
  };
  constexpr int P = kBlocks<W>;
  I64 c = 0;
  for (; c + P * k <= cols; c += P * k) turn_block<W, V, P>(src + c * W, row_src, to(c));
  for (; c + k <= cols; c += k) turn_block<W, V>(src + c * W, row_src, to(c));
  if (c < cols) turn_block<W, V>(src + (cols - k) * W, row_src, to(cols - k));
}

// Brings a group of up to 64 / W columns to the stage.
template <int W>
inline void fill_stage(Stage<W>& stage, const Byte* src, const I64* row_src, I64 cols) {
  for (int at = 0; at < 64; at += kVectorBytes)
    turn_to<W, kVectorBytes>(stage.bytes + 64 + at, 128, src, row_src + at / W, cols);
}

// The first and the last group of a column write parts of lines; of one that is open, the last one
// leaves its part to the panel that goes on there.
inline void write_ends(Byte* line, Byte* kept, Byte* d, I64 fresh_bytes, bool first, bool last,
                       bool open) {
  const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
  __builtin_memcpy(line, kept, 64);
  const I64 begin = first ? 64 : 64 - skew;
  I64 end = last ? 64 + fresh_bytes : 128 - skew;
  if (last && open) end = skew + fresh_bytes < 64 ? begin : 128 - skew;
  stream_run(d + begin - 64, line + begin, end - begin);
  __builtin_memcpy(kept, line + 64, 64);
}

inline void write_lines(Byte* lines, Byte* kept, Byte* to, const I64* col_dst, I64 skip,
                        I64 wanted) {
  for (I64 j = 0; j < wanted; ++j)
    for (int at = 0; at < 64; at += kVectorBytes)
      store<kVectorBytes>(lines + (skip + j) * 128 + at, load<kVectorBytes>(kept + j * 64 + at));
  for (I64 j = 0; j < wanted; ++j) {
    Byte* line = lines + (skip + j) * 128;
    Byte* d = to + col_dst[j];
    const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
    store_line<kVectorBytes>(d - skew, line + 64 - skew);
    for (int at = 0; at < 64; at += kVectorBytes)
      store<kVectorBytes>(kept + j * 64 + at, load<kVectorBytes>(line + 64 + at));
  }
}

#if defined(__AVX512BW__)
// A block of columns; the first `skip` are not wanted.
template <int W, Lie Lies, bool Ends, int G>
inline void write_block(Stage<W>& stage, const VisitRows& v, const Byte* src, const I64* row_src,
                        Byte* dst, const I64* col_dst, Byte* kept, I64 cols, I64 skip,
                        const PanelShape& p, I64 first_col, Byte* joined) {
  constexpr I64 group = 64 / W;
  constexpr int k = 16 / W;
  constexpr I64 pitch = kMostVisitLines * 64;
  const I64 last = (G != 0 ? G : v.groups) - 1;
  for (I64 g = 0; g < last; ++g)
    turn_to<W, 64>(stage.aside + g * 64, pitch, src, row_src + g * group, cols);
  row_src += last * group;
  I64 done = skip;
  const auto put = [&](I64 c, Bytes<64> fresh) __attribute__((always_inline)) {
    if (c < done) return;
    Join join;
    if (Ends && Lies == Lie::kItems && p.joins != nullptr) {
      const I64 at = first_col + c - skip;
      join = {p.joins[at], joined + at * kJoinRoom, joined + (at + p.follow_step) * kJoinRoom};
    }
    write_column<W, Lies, Ends, G>(
        v, join, dst + col_dst[c - skip], kept + (c - skip) * 64,
        [&](I64 i) { return i == last ? fresh : load<64>(stage.aside + c * pitch + i * 64); });
  };
  constexpr int P = kBlocks<W>;
  I64 c = 0;
  const auto sink = [&](int j, Bytes<64> fresh)
                        __attribute__((always_inline)) { put(c + j, fresh); };
  for (; c + P * k <= cols; c += P * k) turn_block<W, 64, P>(src + c * W, row_src, sink);
  for (; c + k <= cols; c += k) turn_block<W, 64>(src + c * W, row_src, sink);
  if (c == cols) return;
  done = c > skip ? c : skip;
  c = cols - k;
  turn_block<W, 64>(src + c * W, row_src, sink);
}

template <int W, Lie Lies>
inline auto block_writer(const VisitRows& v) {
  if (v.first || v.last)
    return v.groups == 1   ? write_block<W, Lies, true, 1>
           : v.groups == 2 ? write_block<W, Lies, true, 2>
                           : write_block<W, Lies, true, 0>;
  return v.groups == 1   ? write_block<W, Lies, false, 1>
         : v.groups == 2 ? write_block<W, Lies, false, 2>
                         : write_block<W, Lies, false, 0>;
}
#endif

// The same by way of the stage.
template <int W, Lie Lies>
inline void stage_block(Stage<W>& stage, const VisitRows& v, const Byte* src, const I64* row_src,
                        Byte* dst, const I64* col_dst, Byte* kept, I64 cols, I64 skip) {
  for (I64 g = 0; g < v.groups; ++g, dst += 64, row_src += 64 / W) {
    const bool first = v.first && g == 0;
    const I64 bytes = g + 1 == v.groups ? v.last_bytes : 64;
    const bool last = v.last && g + 1 == v.groups;
    fill_stage<W>(stage, src, row_src, cols);
    if (Lies == Lie::kLines ? bytes == 64 : !first && !last) {
      write_lines(stage.bytes, kept, dst, col_dst, skip, cols - skip);
      continue;
    }
    for (I64 c = skip; c < cols; ++c)
      write_ends(stage.bytes + c * 128, kept + (c - skip) * 64, dst + col_dst[c - skip], bytes,
                 first, last, v.open);
  }
}

// What the panel before would have kept.
template <int W>
inline void carry_over(const PanelShape& p, const Byte* src, Byte* carry) {
  for (int at = 0; at < 64; at += kVectorBytes)
    turn_to<W, kVectorBytes>(carry + at, 64, src, p.row_before + at / W, p.cols);
}

// A line that is written in part has to be read: in time, or all later stores wait for it.
inline void fetch_ends(const PanelShape& p, Byte* dst, I64 c, I64 cols, I64 offset) {
  const I64 past = c + cols < p.cols ? c + cols : p.cols;
  const std::uint8_t joined = offset == 0 ? kLed : kFollowed;
  for (; c < past; ++c)
    if (p.joins == nullptr || (p.joins[c] & joined) == 0)
      __builtin_prefetch(dst + p.col_dst[c] + offset, 1, 3);
}

template <int W, Lie Lies, bool Gathers>
inline void walk_columns(const PanelPlace& now, const PanelPlace& next, PanelScout& scout,
                         Byte* room) {
  const PanelShape& p = *now.shape;
  constexpr I64 group = 64 / W;
  constexpr I64 block = 64 / W;
  constexpr I64 k = 16 / W;
  const I64 groups = (p.rows + group - 1) / group;
  const I64 visit_groups = p.visit / group;
  const I64 gather_bytes = p.visit * p.gather_pitch;
  Byte* const gathered = room;
  Byte* const carry = room + 2 * gather_bytes;
  Byte* const joined = carry + p.cols * p.outers * 64;
  Stage<W> stage;
  if (p.joins != nullptr)
    for (I64 c = 0; c < p.cols * p.outers; ++c) joined[c * kJoinRoom + 64] = Byte{0};
  if constexpr (!Gathers) {
    start_scout(scout, now, next);
  } else if (scout.in_next) {
    scout.in_next = false;
  } else {
    scout = {.shape = now.shape, .src = now.src};
    gather_lines(scout, INT64_MAX, gathered);
  }
  if (Lies != Lie::kLines && now.before)
    for (I64 o = 0; o < p.outers; ++o)
      carry_over<W>(p, now.src + p.outer_src[o], carry + o * p.cols * 64);
  for (I64 first = 0, visit = 0; first < groups; first += visit_groups, ++visit) {
    const I64 past = first + visit_groups < groups ? first + visit_groups : groups;
    for (I64 o = 0; o < p.outers; ++o) {
      I64 lines = p.plan[visit].lines;
      const Byte* window = now.src + p.outer_src[o];
      const I64* rows = p.row_src + first * group;
      Byte* const other = gathered + (1 - scout.reading) * gather_bytes;
      if constexpr (Gathers) {
        window = gathered + scout.reading * gather_bytes;
        rows = p.gathered;
        lines = open_window(scout, next) ? scout.shape->plan[scout.visit].lines : 0;
      }
      Ration ration(lines, (p.cols + block - 1) / block);
      Byte* const dst = now.dst + p.outer_dst[o];
      for (I64 c = 0; c < p.cols; c += block) {
        if constexpr (Gathers)
          gather_lines(scout, ration.next(), other);
        else
          fetch_lines(scout, next, ration.next());
        if constexpr (Lies != Lie::kLines) {
          if (first == 0 && !now.before) fetch_ends(p, dst, c + 4 * block, block, 0);
          if (past == groups && !now.after) fetch_ends(p, dst, c + 4 * block, block, p.rows * W);
        }
        const I64 wanted = p.cols - c < block ? p.cols - c : block;
        // A very short block is read with columns before it.
        const I64 skip = wanted < k ? k - wanted : 0;
        const Byte* src = window + (c - skip) * W;
        Byte* kept = carry + (o * p.cols + c) * 64;
        for (I64 g = first; g < past; g += kMostVisitLines) {
          const I64 end = g + kMostVisitLines < past ? g + kMostVisitLines : past;
          const bool last = end == groups;
          const VisitRows v{.groups = end - g,
                            .first = g == 0 && !now.before,
                            .last = last,
                            .open = now.after,
                            .last_bytes = last ? (p.rows - (groups - 1) * group) * W : 64};
          const I64* row_src = rows + (g - first) * group;
#if defined(__AVX512BW__)
          if constexpr (Lies != Lie::kBytes) {
            const auto write = block_writer<W, Lies>(v);
            write(stage, v, src, row_src, dst + g * 64, p.col_dst + c, kept, wanted + skip, skip, p,
                  c, joined + o * p.cols * kJoinRoom);
            continue;
          }
#endif
          stage_block<W, Lies>(stage, v, src, row_src, dst + g * 64, p.col_dst + c, kept,
                               wanted + skip, skip);
        }
      }
      if constexpr (Gathers) {
        gather_lines(scout, INT64_MAX, other);
        scout.reading = 1 - scout.reading;
      }
    }
  }
}

template <int W, bool Gathers>
inline void lay_columns(const PanelPlace& now, const PanelPlace& next, PanelScout& scout,
                        Byte* room) {
  switch (lie_of(now, W)) {
    case Lie::kLines: return walk_columns<W, Lie::kLines, Gathers>(now, next, scout, room);
    case Lie::kItems: return walk_columns<W, Lie::kItems, Gathers>(now, next, scout, room);
    case Lie::kBytes: return walk_columns<W, Lie::kBytes, Gathers>(now, next, scout, room);
  }
}

template <int W>
void columns(const PanelPlace& now, const PanelPlace& next, PanelScout& scout, Byte* room) {
  if constexpr (W <= kMostGatheredItem)
    if (now.shape->gather_pitch != 0) return lay_columns<W, true>(now, next, scout, room);
  lay_columns<W, false>(now, next, scout, room);
}
