// Transposes whose destination is long on one side: whole lines are written, wherever they start.
//
// A panel is walked in groups of rows that fill one line (64 / W of them). Every column keeps the
// 64 bytes of the group before; the line to be written is the end of those and the beginning of the
// new ones:
//
//   column c      |carry      |fresh      |
//   line of dst           |64 bytes   |          at (address of the column) - skew + 64 * group
//
#pragma once

// One line's worth of columns, each with what is carried before it.
template <int W>
struct Stage {
  alignas(64) Byte bytes[64 / W][128];
};

// Brings 64 / W rows of up to 64 / W columns to the stage; fewer than 16 / W columns never.
template <int W>
inline void fill_stage(Stage<W>& stage, const Byte* src, const I64* row_src, I64 cols) {
  constexpr int V = kVectorBytes;
  constexpr int k = 16 / W;
  for (int part = 0; part < 64 / V; ++part) {
    const I64* from = row_src + part * (V / W);
    const auto turn = [&](I64 c) {
      Byte* out = &stage.bytes[c][64 + part * V];
      turn_block<W, V>(src + c * W, from, [out](int j, Bytes<kVectorBytes> v) {
        store<kVectorBytes>(out + j * 128, v);
      });
    };
    I64 c = 0;
    for (; c + k <= cols; c += k) turn(c);
    if (c < cols) turn(cols - k);
  }
}

// The first and the last group of a column write parts of lines.
inline void write_ends(Byte* line, Byte* kept, Byte* d, I64 fresh_bytes, bool first, bool last) {
  const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
  __builtin_memcpy(line, kept, 64);
  const I64 begin = first ? 64 : 64 - skew;
  const I64 end = last ? 64 + fresh_bytes : 128 - skew;
  stream_run(d + begin - 64, line + begin, end - begin);
  __builtin_memcpy(kept, line + 64, 64);
}

inline void write_lines(Byte (*lines)[128], Byte* kept, Byte* to, const I64* col_dst, I64 skip,
                        I64 wanted) {
  for (I64 j = 0; j < wanted; ++j)
    for (int at = 0; at < 64; at += kVectorBytes)
      store<kVectorBytes>(lines[skip + j] + at, load<kVectorBytes>(kept + j * 64 + at));
  for (I64 j = 0; j < wanted; ++j) {
    Byte* line = lines[skip + j];
    Byte* d = to + col_dst[j];
    const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
    store_line<kVectorBytes>(d - skew, line + 64 - skew);
    for (int at = 0; at < 64; at += kVectorBytes)
      store<kVectorBytes>(kept + j * 64 + at, load<kVectorBytes>(line + 64 + at));
  }
}

#if defined(__AVX512BW__)
// A window of 64 bytes that begins `from` bytes into two registers; a multiple of the item.
template <int W>
[[gnu::always_inline]] inline Bytes<64> window(Bytes<64> a, Bytes<64> b, I64 from) {
  using Index = typename IntegerOf<(W < 8 ? W : 8)>::Type;
  constexpr int kItems = 128 / sizeof(Index);
  static constexpr auto kCount = [] {
    struct {
      Index at[kItems];
    } t{};
    for (int i = 0; i < kItems; ++i) t.at[i] = static_cast<Index>(i);
    return t;
  }();
  const Bytes<64> index = load<64>(reinterpret_cast<const Byte*>(kCount.at) + from);
  if constexpr (W == 2)
    return (Bytes<64>)_mm512_permutex2var_epi16((__m512i)a, (__m512i)index, (__m512i)b);
  else if constexpr (W == 4)
    return (Bytes<64>)_mm512_permutex2var_epi32((__m512i)a, (__m512i)index, (__m512i)b);
  else
    return (Bytes<64>)_mm512_permutex2var_epi64((__m512i)a, (__m512i)index, (__m512i)b);
}
#endif

// How the columns of a panel lie in the destination's lines.
enum class Lie { kLines, kItems, kBytes };

template <int W>
inline Lie lie_of(const PanelShape& p, const Byte* dst) {
  I64 all = static_cast<I64>(reinterpret_cast<std::uintptr_t>(dst));
  for (I64 c = 0; c < p.cols; ++c) all |= p.col_dst[c];
  for (I64 o = 0; o < p.outers; ++o) all |= p.outer_dst[o];
  return all % 64 == 0 ? Lie::kLines : all % W == 0 ? Lie::kItems : Lie::kBytes;
}

// A block of columns of one group, neither the first nor the last of its column.
template <int W, Lie Lies>
inline void turn_lines(Stage<W>& stage, const Byte* src, const I64* row_src, Byte* to,
                       const I64* col_dst, Byte* kept, I64 cols, I64 skip) {
#if defined(__AVX512BW__)
  constexpr int k = 16 / W;
  if constexpr (Lies == Lie::kLines || (Lies == Lie::kItems && W > 1)) {
    if (skip == 0 && cols % k == 0) {
      for (I64 c = 0; c < cols; c += k)
        turn_block<W, 64>(src + c * W, row_src, [&](int j, Bytes<64> v) {
          Byte* d = to + col_dst[c + j];
          if constexpr (Lies == Lie::kLines) {
            stream<64>(d, v);
          } else {
            const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(d) & 63);
            Byte* mine = kept + (c + j) * 64;
            stream<64>(d - skew, window<W>(load<64>(mine), v, 64 - skew));
            store<64>(mine, v);
          }
        });
      return;
    }
  }
#endif
  fill_stage<W>(stage, src, row_src, cols);
  write_lines(stage.bytes, kept, to, col_dst, skip, cols - skip);
}

template <int W, Lie Lies>
inline void walk_panel(const PanelShape& p, const Byte* src, Byte* dst, Byte* carry) {
  constexpr I64 group = 64 / W;
  constexpr I64 block = 64 / W;
  const I64 groups = (p.rows + group - 1) / group;
  Stage<W> stage;
  // The block of columns that is fetched, some blocks before it is turned.
  I64 scout_g = 0;
  I64 scout_o = 0;
  I64 scout_c = 0;
  const auto scout = [&] {
    if (scout_g >= groups) return;
    const Byte* at = src + p.outer_src[scout_o] + scout_c * W;
    const I64 rows = (groups - scout_g < p.visit ? groups - scout_g : p.visit) * group;
    for (I64 r = 0; r < rows; ++r) prefetch(at + p.row_src[scout_g * group + r]);
    scout_c += block;
    if (scout_c < p.cols) return;
    scout_c = 0;
    if (++scout_o < p.outers) return;
    scout_o = 0;
    scout_g += p.visit;
  };
  for (I64 i = 0; i < p.blocks_ahead; ++i) scout();
  for (I64 first = 0; first < groups; first += p.visit) {
    const I64 past = first + p.visit < groups ? first + p.visit : groups;
    for (I64 o = 0; o < p.outers; ++o) {
      for (I64 c = 0; c < p.cols; c += block) {
        scout();
        const I64 wanted = p.cols - c < block ? p.cols - c : block;
        // A short block is read with columns before it, which were written already.
        const I64 cols = wanted < block && p.cols >= block ? block : wanted;
        const I64 skip = cols - wanted;
        const Byte* from = src + p.outer_src[o] + (c - skip) * W;
        Byte* kept = carry + (o * p.cols + c) * 64;
        const I64* col_dst = p.col_dst + c;
        for (I64 g = first; g < past; ++g) {
          const I64* row_src = p.row_src + g * group;
          Byte* to = dst + p.outer_dst[o] + g * 64;
          const bool last = g + 1 == groups;
          const I64 fresh_bytes = (last ? p.rows - g * group : group) * W;
          const bool whole = Lies == Lie::kLines ? fresh_bytes == 64 : g > 0 && !last;
          if (whole) {
            turn_lines<W, Lies>(stage, from, row_src, to, col_dst, kept, cols, skip);
            continue;
          }
          fill_stage<W>(stage, from, row_src, cols);
          for (I64 j = 0; j < wanted; ++j)
            write_ends(stage.bytes[skip + j], kept + j * 64, to + col_dst[j], fresh_bytes, g == 0,
                       last);
        }
      }
    }
  }
}

template <int W>
void panel(const PanelShape& p, const Byte* src, Byte* dst, Byte* carry) {
  switch (lie_of<W>(p, dst)) {
    case Lie::kLines: return walk_panel<W, Lie::kLines>(p, src, dst, carry);
    case Lie::kItems: return walk_panel<W, Lie::kItems>(p, src, dst, carry);
    case Lie::kBytes: return walk_panel<W, Lie::kBytes>(p, src, dst, carry);
  }
}
