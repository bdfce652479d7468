// Panels of runs: items of any length, put side by side in the columns of the destination.
#pragma once

// May write up to 63 bytes past the run's end.
inline void copy_loosely(Byte* to, const Byte* from, I64 bytes) {
  if (bytes < 64) {
#if defined(__AVX512BW__)
    const __mmask64 wanted = ~std::uint64_t{0} >> (64 - bytes);
    store<64>(to, (Bytes<64>)_mm512_maskz_loadu_epi8(wanted, from));
#else
    copy_part_of_line(to, from, bytes);
#endif
    return;
  }
  I64 at = 0;
  for (; at + 64 <= bytes; at += 64)
    for (int i = 0; i < 64; i += kVectorBytes)
      store<kVectorBytes>(to + at + i, load<kVectorBytes>(from + at + i));
  if (at == bytes) return;
  at = bytes - 64;
  for (int i = 0; i < 64; i += kVectorBytes)
    store<kVectorBytes>(to + at + i, load<kVectorBytes>(from + at + i));
}

template <bool Lines>
inline void walk_run_columns(const PanelPlace& now, const PanelPlace& next, PanelScout& scout,
                             Byte* room) {
  const PanelShape& p = *now.shape;
  const I64 bytes = p.item_bytes;
  Byte* const stage = room;
  Byte* const carry = room + kMostVisitBytes + 256;
  start_scout(scout, now, next);
  for (I64 visit = 0; visit < p.visits; ++visit) {
    const I64 first = visit * p.visit;
    const I64 past = first + p.visit < p.rows ? first + p.visit : p.rows;
    for (I64 o = 0; o < p.outers; ++o) {
      Ration ration(p.plan[visit].lines, p.cols);
      for (I64 c = 0; c < p.cols; ++c) {
        fetch_lines(scout, next, ration.next());
        const Byte* from = now.src + p.outer_src[o] + c * bytes;
        Byte* to = now.dst + p.outer_dst[o] + p.col_dst[c] + first * bytes;
        if constexpr (Lines) {
          for (I64 r = first; r < past; ++r, to += bytes)
            for (I64 at = 0; at < bytes; at += 64)
              store_line<kVectorBytes>(to + at, from + p.row_src[r] + at);
        } else {
          Byte* kept = carry + (o * p.cols + c) * 64;
          Ribbon ribbon(stage, to);
          if (first > 0) {
            __builtin_memcpy(stage, kept, 64);
            ribbon.begin = 0;
            // The column's own first line, if it is not full yet.
            const I64 had = first * bytes;
            if (had < ribbon.end) ribbon.begin = ribbon.end - had;
          }
          for (I64 r = first; r < past; ++r, ribbon.end += bytes)
            copy_loosely(stage + ribbon.end, from + p.row_src[r], bytes);
          if (past == p.rows) {
            ribbon.finish();
          } else {
            ribbon.flush();
            __builtin_memcpy(kept, stage, 64);
          }
        }
      }
    }
  }
}

void run_columns(const PanelPlace& now, const PanelPlace& next, PanelScout& scout, Byte* room) {
  const bool lines = lie_of(now, 1) == Lie::kLines && now.shape->item_bytes % 64 == 0;
  if (lines)
    walk_run_columns<true>(now, next, scout, room);
  else
    walk_run_columns<false>(now, next, scout, room);
}
