// Tiles of items of 1, 2, 4, 8 or 16 bytes, rows against columns.
//
// A block is V / W rows of 16 bytes (k = 16 / W columns). Lane l of register r takes the row
// l * k + r; log2(k) rounds of unpacking turn the k x k items of every lane at once, and register j
// then holds column j of all rows of the block, in order.
#pragma once

// The k x k items of every lane. A round turns the index (register, item) by one bit; log2(k)
// rounds exchange the two.
template <int W, int V>
[[gnu::always_inline]] inline void turn_squares(Bytes<V>* a) {
  constexpr int k = 16 / W;
  constexpr int kUnit = W < 16 ? W : 8;
  Bytes<V> b[k];
#pragma GCC unroll 4
  for (int n = 1; n < k; n *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < k / 2; ++i) {
      b[2 * i] = unpack<kUnit, V, false>(a[i], a[i + k / 2]);
      b[2 * i + 1] = unpack<kUnit, V, true>(a[i], a[i + k / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < k; ++i) a[i] = b[i];
  }
}

// P blocks side by side: of every row, all that is wanted is read at once, for rows at a distance
// of a power of two take each other's place in the cache.
template <int W, int V, int P = 1, class Sink>
[[gnu::always_inline]] inline void turn_block(const Byte* src, const I64* row_src, Sink sink) {
  constexpr int k = 16 / W;
  Bytes<V> a[P][k];
#pragma GCC unroll 16
  for (int r = 0; r < k; ++r) {
    Bytes<V> squares[P];
    load_squares<V, P>(squares, src, row_src + r, k);
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) a[p][r] = squares[p];
  }
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) {
    turn_squares<W, V>(a[p]);
#pragma GCC unroll 16
    for (int j = 0; j < k; ++j) sink(p * k + j, a[p][j]);
  }
}

// As many blocks side by side as the registers hold.
template <int W>
inline constexpr int kBlocks = W == 1   ? 1
                               : W == 2 ? 2
                                        : 4;

// `cols` columns of a block, where that is fewer than it has: the others are read and dropped.
template <int W, int V, bool Stream>
[[gnu::always_inline]] inline void turn_columns(const Byte* src, const I64* row_src, Byte* out,
                                                const I64* col_out, I64 cols = 16 / W) {
  turn_block<W, V>(src, row_src, [=](int j, Bytes<V> v) {
    if (j >= cols) return;
    if constexpr (Stream)
      stream<V>(out + col_out[j], v);
    else
      store<V>(out + col_out[j], v);
  });
}

template <int W, int V, bool Stream>
inline void transpose_rows(const TileShape& t, const Byte* src, Byte* out, const I64* row_src,
                           I64 ahead) {
  constexpr int k = 16 / W;
  constexpr int group = V / W;
  if (ahead != 0)
    for (int r = 0; r < group; ++r)
      for (I64 at = 0; at < t.cols * W; at += 64) prefetch(src + row_src[r] + at + ahead);
  if (t.cols < k) return turn_columns<W, V, false>(src, row_src, out, t.col_out, t.cols);
  I64 c = 0;
  for (; c + k <= t.cols; c += k)
    turn_columns<W, V, Stream>(src + c * W, row_src, out, t.col_out + c);
  if (c < t.cols)
    turn_columns<W, V, Stream>(src + (t.cols - k) * W, row_src, out, t.col_out + t.cols - k);
}

template <int W, int V, bool Stream>
inline void transpose_tile(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  constexpr int group = V / W;
  for (I64 o = 0; o < t.outers; ++o) {
    const Byte* from = src + t.outer_src[o];
    Byte* to = out + t.outer_out[o];
    I64 r = 0;
    for (; r + group <= t.rows; r += group)
      transpose_rows<W, V, Stream>(t, from, to + r * W, t.row_src + r, ahead);
    if (r == t.rows) continue;
    // The last rows again with some before them; fewer than a group: repeats of the last row are
    // written behind, where later columns or nothing stands.
    if (r > 0) r = t.rows - group;
    transpose_rows<W, V, false>(t, from, to + r * W, t.row_src + r, ahead);
  }
}

template <int W>
void transpose(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  if constexpr (kVectorBytes >= 64)
    if (t.rows * W >= 64) return transpose_tile<W, 64, false>(t, src, out, ahead);
  if constexpr (kVectorBytes >= 32)
    if (t.rows * W >= 32) return transpose_tile<W, 32, false>(t, src, out, ahead);
  transpose_tile<W, 16, false>(t, src, out, ahead);
}

// Straight to the destination, where every column starts a line and rows fill whole lines.
template <int W>
void transpose_lines(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  transpose_tile<W, kVectorBytes, true>(t, src, out, ahead);
}
