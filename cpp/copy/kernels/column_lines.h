// How the columns of a panel are written: whole lines wherever a column starts, its ends in part or
// together with the column that shares the line.
#pragma once

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
#endif
