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

// How the columns of a panel lie in the destination's lines.
enum class Lie { kLines, kItems, kBytes };

inline Lie lie_of(const PanelPlace& p, I64 item_bytes) {
  const I64 all = static_cast<I64>(reinterpret_cast<std::uintptr_t>(p.dst)) | p.shape->dst_bits;
  return all % 64 == 0 ? Lie::kLines : all % item_bytes == 0 ? Lie::kItems : Lie::kBytes;
}

// A visit's groups of rows.
struct VisitRows {
  I64 groups;
  bool first, last;  // its first group begins the columns, its last one is the panel's last
  bool open;         // another panel goes on there
  I64 last_bytes;    // of a column, in the last group
};

#if defined(__AVX512BW__)
inline void store_line_bytes(Byte* line, Bytes<64> v, I64 begin, I64 end) {
  const __mmask64 wanted = (~std::uint64_t{0} >> (64 - (end - begin))) << begin;
  _mm512_mask_storeu_epi8(line, wanted, (__m512i)v);
}
inline void store_first_bytes(Byte* line, Bytes<64> v, I64 bytes) {
  store_line_bytes(line, v, 0, bytes);
}

// Row i: the 64 bytes' worth of numbers that begin with i.
template <class Index>
struct Counts {
  static constexpr int kItems = 64 / sizeof(Index);
  alignas(64) Index rows[kItems + 2][kItems];
  constexpr Counts() : rows{} {
    for (int i = 0; i < kItems + 2; ++i)
      for (int j = 0; j < kItems; ++j) rows[i][j] = static_cast<Index>(i + j);
  }
};
template <class Index>
inline constexpr Counts<Index> kCounts{};

// A window of 64 bytes that begins `from` bytes into two registers; a multiple of the item.
template <int W>
[[gnu::always_inline]] inline Bytes<64> window(Bytes<64> a, Bytes<64> b, I64 from) {
  const auto index = [](const auto& counts, I64 at) {
    return (__m512i)load<64>(reinterpret_cast<const Byte*>(counts.rows) + at * counts.kItems);
  };
  if constexpr (W == 1) {
#if defined(__AVX512VBMI__)
    return (Bytes<64>)_mm512_permutex2var_epi8((__m512i)a, index(kCounts<std::uint8_t>, from),
                                               (__m512i)b);
#else
    // At an odd byte: the upper bytes of the pairs before it, the lower ones of the pairs after.
    const I64 pair = from & ~I64{1};
    const auto pairs = [&](I64 at) {
      return _mm512_permutex2var_epi16((__m512i)a, index(kCounts<std::uint16_t>, at), (__m512i)b);
    };
    const I64 bits = (from & 1) * 8;
    return (Bytes<64>)_mm512_or_si512(
        _mm512_srl_epi16(pairs(pair), _mm_cvtsi64_si128(bits)),
        _mm512_sll_epi16(pairs(pair + 2), _mm_cvtsi64_si128(16 - bits)));
#endif
  } else if constexpr (W == 2) {
    return (Bytes<64>)_mm512_permutex2var_epi16((__m512i)a, index(kCounts<std::uint16_t>, from),
                                                (__m512i)b);
  } else if constexpr (W == 4) {
    return (Bytes<64>)_mm512_permutex2var_epi32((__m512i)a, index(kCounts<std::uint32_t>, from),
                                                (__m512i)b);
  } else {
    return (Bytes<64>)_mm512_permutex2var_epi64((__m512i)a, index(kCounts<std::uint64_t>, from),
                                                (__m512i)b);
  }
}

// How a column shares its first and last line with others. The part that comes first waits in the
// room of the column that begins there, and the other writes the line.
struct Join {
  std::uint8_t kind = 0;
  Byte* own = nullptr;       // room of this column: 64 bytes, then one that says whether they wait
  Byte* follower = nullptr;  // of the one that follows
};

// Bytes [0, border) of the line are those of `low`, the others of `high`.
[[gnu::always_inline]] inline void write_joined(Byte* line, Byte* waiting, Bytes<64> own,
                                                I64 border, bool is_low) {
  if (waiting[64] == Byte{0}) {
    store<64>(waiting, own);
    waiting[64] = Byte{1};
    return;
  }
  waiting[64] = Byte{0};
  const Bytes<64> other = load<64>(waiting);
  const __mmask64 low = ~std::uint64_t{0} >> (64 - border);
  stream<64>(line, (Bytes<64>)_mm512_mask_mov_epi8((__m512i)(is_low ? other : own), low,
                                                   (__m512i)(is_low ? own : other)));
}
// The column's first line, of which only [begin, 64) is its own; and its last one, with [0, end).
[[gnu::always_inline]] inline void write_head(const Join& join, Byte* line, Bytes<64> own,
                                              I64 begin) {
  if ((join.kind & kLed) != 0)
    write_joined(line, join.own, own, begin, false);
  else
    store_line_bytes(line, own, begin, 64);
}
[[gnu::always_inline]] inline void write_tail(const Join& join, Byte* line, Bytes<64> own,
                                              I64 end) {
  if ((join.kind & kFollowed) != 0)
    write_joined(line, join.follower, own, end, true);
  else
    store_first_bytes(line, own, end);
}

// Writes the groups of one column, G if not 0: `each(i)` gives the 64 bytes of the i-th.
template <int W, Lie Lies, bool Ends, int G, class Each>
[[gnu::always_inline]] inline void write_column(const VisitRows& v, const Join& join, Byte* d,
                                                Byte* kept, Each each) {
  const I64 groups = G != 0 ? G : v.groups;
  if constexpr (Lies == Lie::kLines) {
    for (I64 i = 0; i + 1 < groups; ++i) stream<64>(d + i * 64, each(i));
    const I64 i = groups - 1;
    if (!Ends || v.last_bytes == 64)
      stream<64>(d + i * 64, each(i));
    else if (!v.open)
      store_first_bytes(d + i * 64, each(i), v.last_bytes);
    return;
  }
  const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
  Byte* line = d - skew;
  Bytes<64> before = load<64>(kept);
  for (I64 i = 0; i < groups; ++i, line += 64) {
    const Bytes<64> fresh = each(i);
    const Bytes<64> whole = window<W>(before, fresh, 64 - skew);
    before = fresh;
    if constexpr (!Ends) {
      stream<64>(line, whole);
      continue;
    }
    const I64 end = v.last && i + 1 == groups ? skew + v.last_bytes : 64;
    if (v.first && i == 0 && skew > 0)
      write_head(join, line, whole, skew);
    else if (end >= 64)
      stream<64>(line, whole);
    else if (!v.open)
      write_tail(join, line, whole, end);
    if (end > 64 && !v.open)
      write_tail(join, line + 64, window<W>(fresh, fresh, 64 - skew), end - 64);
  }
  if (!Ends || !v.last) store<64>(kept, before);
}

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
  for (; c + P * k <= cols; c += P * k)
    turn_block<W, 64, P>(src + c * W, row_src,
                         [&](int j, Bytes<64> fresh)
                             __attribute__((always_inline)) { put(c + j, fresh); });
  for (; c + k <= cols; c += k)
    turn_block<W, 64>(src + c * W, row_src,
                      [&](int j, Bytes<64> fresh)
                          __attribute__((always_inline)) { put(c + j, fresh); });
  if (c == cols) return;
  done = c > skip ? c : skip;
  c = cols - k;
  turn_block<W, 64>(src + c * W, row_src,
                    [&](int j, Bytes<64> fresh)
                        __attribute__((always_inline)) { put(c + j, fresh); });
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
  if constexpr (W <= 2)
    if (now.shape->gather_pitch != 0) return lay_columns<W, true>(now, next, scout, room);
  lay_columns<W, false>(now, next, scout, room);
}
