// Panels whose short columns follow one another in the destination: one long ribbon of bytes.
//
//   stage   |kept|column c   |column c + 1 |...
//   lines of dst  |64 bytes  |64 bytes     |       written once, when some KiB have come together
//
#pragma once

// Bytes on their way to a stretch of the destination that is written from low to high addresses.
// `stage` is a multiple of 64; byte i of it belongs to byte i of the line at `line`.
struct Ribbon {
  Byte* stage;
  Byte* line;  // of the destination, where the stage begins
  I64 begin;   // bytes of the stage before this one are not ours
  I64 end;     // and up to here it is filled

  Ribbon(Byte* room, Byte* dst)
      : stage(room),
        line(dst - static_cast<I64>(reinterpret_cast<std::uintptr_t>(dst) & 63)),
        begin(dst - line),
        end(begin) {}

  // Writes the whole lines and keeps what is left.
  void flush() {
    I64 at = 0;
    if (begin > 0 && end >= 64) {
      store_part_of_line(line, stage, begin, 64);
      begin = 0;
      at = 64;
    }
    for (; at + 64 <= end; at += 64) store_line<kVectorBytes>(line + at, stage + at);
    if (at == 0) return;
    for (int i = 0; i < 64; i += kVectorBytes)
      store<kVectorBytes>(stage + i, load<kVectorBytes>(stage + at + i));
    line += at;
    end -= at;
  }
  void finish() {
    flush();
    if (end > begin) store_part_of_line(line, stage, begin, end);
  }
};

// Blocks of columns of all rows to the stage, P at a time. A group of rows may write past the end
// of its column: from the last group to the first and from the left column to the right, what
// belongs there comes later.
template <int W, int V, int P>
[[gnu::always_inline]] inline void turn_short_columns(const PanelShape& p, const Byte* from,
                                                      Byte* out, I64 blocks, I64 skip) {
  constexpr I64 group = V / W;
  constexpr I64 k = 16 / W;
  const I64 pitch = p.rows * W;
  for (I64 g = (p.rows - 1) / group * group; g >= 0; g -= group)
    for (I64 n = 0; n < blocks; n += P)
      turn_block<W, V, P>(from + n * 16, p.row_src + g,
                          [=](int j, Bytes<V> v) __attribute__((always_inline)) {
                            if (j >= skip) store<V>(out + (n * k + j - skip) * pitch + g * W, v);
                          });
}

template <int W, int V>
inline void walk_ribbon(const PanelPlace& now, const PanelPlace& next, PanelScout& scout,
                        Byte* room) {
  const PanelShape& p = *now.shape;
  constexpr I64 k = 16 / W;
  constexpr I64 line = 4 * k;
  start_scout(scout, now, next);
  for (I64 visit = 0; visit < p.visits; ++visit) {
    const I64 first = visit * p.visit;
    const I64 past = first + p.visit < p.outers ? first + p.visit : p.outers;
    Ration ration(p.plan[visit].lines, (p.cols + k - 1) / k * (past - first));
    for (I64 o = first; o < past; ++o) {
      Ribbon ribbon(room, now.dst + p.outer_dst[o]);
      const Byte* src = now.src + p.outer_src[o];
      I64 c = 0;
      for (; c + line <= p.cols; c += line) {  // of every row: what is read once is soon lost
        I64 lines = 0;
        for (int i = 0; i < 4; ++i) lines += ration.next();
        fetch_lines(scout, next, lines);
        turn_short_columns<W, V, kBlocks<W>>(p, src + c * W, ribbon.stage + ribbon.end, 4, 0);
        ribbon.end += line * p.rows * W;
        if (ribbon.end >= kRibbonBytes) ribbon.flush();
      }
      for (; c < p.cols; c += k) {
        fetch_lines(scout, next, ration.next());
        // The last columns are read with some before them, which are dropped.
        const I64 skip = c + k <= p.cols ? 0 : c + k - p.cols;
        turn_short_columns<W, V, 1>(p, src + (c - skip) * W, ribbon.stage + ribbon.end, 1, skip);
        ribbon.end += (k - skip) * p.rows * W;
        if (ribbon.end >= kRibbonBytes) ribbon.flush();
      }
      ribbon.finish();
    }
  }
}

template <int W>
void ribbon(const PanelPlace& now, const PanelPlace& next, PanelScout& scout, Byte* room) {
  const I64 bytes = now.shape->rows * W;
  if constexpr (kVectorBytes >= 64)
    if (bytes > 32) return walk_ribbon<W, 64>(now, next, scout, room);
  if constexpr (kVectorBytes >= 32)
    if (bytes > 16) return walk_ribbon<W, 32>(now, next, scout, room);
  walk_ribbon<W, 16>(now, next, scout, room);
}
