// Two to four planes of short items, woven into one run or taken apart, and runs turned round.
//
// 48 bytes r g b r g b ... are three registers; plane p of 16 bytes is what a byte shuffle picks
// out of each of the three, or-ed together. Every 16-byte lane does the same for a block of its
// own.
#pragma once

// Of plane `plane` (or woven register), byte b: where it lies in register `part`; 0x80 for nowhere.
template <int W, int K, bool Weave>
constexpr int shuffle_index(int plane, int part, int b) {
  if constexpr (Weave) {
    const int at = plane * 16 + b;  // in the woven run
    const int item = at / W;
    return item % K == part ? item / K * W + at % W : 0x80;
  } else {
    const int at = (b / W * K + plane) * W + b % W;
    return at / 16 == part ? at % 16 : 0x80;
  }
}
struct ShuffleMask {
  std::uint8_t at[16];
};
template <int W, int K, bool Weave>
constexpr ShuffleMask shuffle_mask(int plane, int part) {
  ShuffleMask m{};
  for (int b = 0; b < 16; ++b)
    m.at[b] = static_cast<std::uint8_t>(shuffle_index<W, K, Weave>(plane, part, b));
  return m;
}

template <int V>
[[gnu::always_inline]] inline Bytes<V> shuffle_lanes(Bytes<V> v, const ShuffleMask& m) {
  const Bytes<16> lane = load<16>(reinterpret_cast<const Byte*>(m.at));
#if defined(__AVX512BW__)
  if constexpr (V == 64)
    return (Bytes<V>)_mm512_shuffle_epi8((__m512i)v, _mm512_broadcast_i32x4((__m128i)lane));
#endif
#if defined(__AVX2__)
  if constexpr (V == 32)
    return (Bytes<V>)_mm256_shuffle_epi8((__m256i)v, _mm256_broadcastsi128_si256((__m128i)lane));
#endif
#if defined(__SSSE3__)
  if constexpr (V == 16) return (Bytes<V>)_mm_shuffle_epi8((__m128i)v, (__m128i)lane);
#endif
  Bytes<V> out;
  for (int i = 0; i < V; ++i) {
    const int from = m.at[i % 16];
    out[i] = from == 0x80 ? 0 : v[i / 16 * 16 + from];
  }
  return out;
}

template <int V>
[[gnu::always_inline]] inline void store_lanes(Byte* to, I64 step, Bytes<V> v) {
  for (int l = 0; l < V / 16; ++l)
    __builtin_memcpy(to + l * step, reinterpret_cast<const Byte*>(&v) + l * 16, 16);
}

template <int W, int K, bool Weave, int V>
[[gnu::always_inline]] inline void combine(const Bytes<V> (&in)[K], Bytes<V> (&out)[K]) {
#pragma GCC unroll 4
  for (int p = 0; p < K; ++p) {
    Bytes<V> sum{};
#pragma GCC unroll 4
    for (int part = 0; part < K; ++part) {
      static constexpr auto kMasks = [] {
        struct {
          ShuffleMask m[K][K];
        } all{};
        for (int a = 0; a < K; ++a)
          for (int b = 0; b < K; ++b) all.m[a][b] = shuffle_mask<W, K, Weave>(a, b);
        return all;
      }();
      sum |= shuffle_lanes<V>(in[part], kMasks.m[p][part]);
    }
    out[p] = sum;
  }
}

// Rows of K items each, side by side in the source: column c is a plane.
template <int W, int K, int V>
inline void take_apart(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  constexpr I64 lane_offsets[4] = {0, 16 * K, 32 * K, 48 * K};
  const I64 bytes = t.rows * W;  // of a plane
  for (I64 at = 0;;) {
    Bytes<V> in[K];
    Bytes<V> planes[K];
    const Byte* from = src + at * K;
    if (ahead != 0)
      for (int i = 0; i < V * K; i += 64) prefetch(from + i + ahead);
    for (int i = 0; i < K; ++i) in[i] = load_lanes<V>(from + i * 16, lane_offsets, 1);
    combine<W, K, false, V>(in, planes);
    for (int p = 0; p < K; ++p) store<V>(out + t.col_out[p] + at, planes[p]);
    if (at + V == bytes) return;
    at = at + 2 * V <= bytes ? at + V : bytes - V;  // the last block may overlap the one before
  }
}

// K rows of the source, one item of each in turn.
template <int W, int K, int V>
inline void weave(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  const I64 bytes = t.cols * W;  // of a plane
  for (I64 at = 0;;) {
    Bytes<V> in[K];
    Bytes<V> woven[K];
    for (int p = 0; p < K; ++p) {
      const Byte* from = src + t.row_src[p] + at;
      if (ahead != 0) prefetch(from + ahead);
      in[p] = load<V>(from);
    }
    combine<W, K, true, V>(in, woven);
    for (int i = 0; i < K; ++i) store_lanes<V>(out + at * K + i * 16, 16 * K, woven[i]);
    if (at + V == bytes) return;
    at = at + 2 * V <= bytes ? at + V : bytes - V;
  }
}

template <int W, int K, bool Weave>
inline void planes_of(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  const I64 bytes = (Weave ? t.cols : t.rows) * W;
  for (I64 o = 0; o < t.outers; ++o) {
    const Byte* from = src + t.outer_src[o];
    Byte* to = out + t.outer_out[o] + (Weave ? t.col_out[0] : 0);
    if (bytes >= kVectorBytes) {
      if constexpr (Weave)
        weave<W, K, kVectorBytes>(t, from, to, ahead);
      else
        take_apart<W, K, kVectorBytes>(t, from, to, ahead);
    } else {
      if constexpr (Weave)
        weave<W, K, 16>(t, from, to, ahead);
      else
        take_apart<W, K, 16>(t, from, to, ahead);
    }
  }
}

template <int W, bool Weave>
inline void planes_of_item(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  switch (Weave ? t.rows : t.cols) {
    case 2: return planes_of<W, 2, Weave>(t, src, out, ahead);
    case 3: return planes_of<W, 3, Weave>(t, src, out, ahead);
    default: return planes_of<W, 4, Weave>(t, src, out, ahead);
  }
}

template <bool Weave>
void planes(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  switch (t.item_bytes) {
    case 1: return planes_of_item<1, Weave>(t, src, out, ahead);
    case 2: return planes_of_item<2, Weave>(t, src, out, ahead);
    default: return planes_of_item<4, Weave>(t, src, out, ahead);
  }
}

// Runs written from their end.
template <int W, int V, int... I>
[[gnu::always_inline]] inline Bytes<V> reversed(Bytes<V> v, Indices<I...>) {
  using T = typename VectorOf<W, V>::Type;
  const T r = __builtin_shufflevector((T)v, (T)v, (V / W - 1 - I)...);
  return (Bytes<V>)r;
}
template <int W>
inline void reverse_items(const TileShape& t, const Byte* src, Byte* out) {
  constexpr int V = W > 8 ? 16 : kVectorBytes;
  const I64 bytes = t.cols * W;
  for (I64 o = 0; o < t.outers; ++o) {
    const Byte* from = src + t.outer_src[o];
    Byte* end = out + t.outer_out[o] + t.col_out[0] + W;
    I64 at = 0;
    if constexpr (W <= 8)
      for (; at + V <= bytes; at += V)
        store<V>(end - at - V, reversed<W, V>(load<V>(from + at), typename Counted<V / W>::Type{}));
    for (; at < bytes; at += W) __builtin_memcpy(end - at - W, from + at, W);
  }
}
void reverse(const TileShape& t, const Byte* src, Byte* out, I64) {
  switch (t.item_bytes) {
    case 1: return reverse_items<1>(t, src, out);
    case 2: return reverse_items<2>(t, src, out);
    case 4: return reverse_items<4>(t, src, out);
    case 8: return reverse_items<8>(t, src, out);
    default: return reverse_items<16>(t, src, out);
  }
}
