// Vectors of the instruction set this file is compiled for. Included by kernels.cpp alone, inside
// the namespace of the set: nothing here may be shared between sets, inline functions of the
// standard library included.
#pragma once

using Byte = std::byte;
using I64 = std::int64_t;

template <int W>
struct IntegerOf;
template <>
struct IntegerOf<1> {
  using Type = std::uint8_t;
};
template <>
struct IntegerOf<2> {
  using Type = std::uint16_t;
};
template <>
struct IntegerOf<4> {
  using Type = std::uint32_t;
};
template <>
struct IntegerOf<8> {
  using Type = std::uint64_t;
};

// V bytes as lanes of W bytes.
template <int W, int V>
struct VectorOf {
  typedef typename IntegerOf<W>::Type Type __attribute__((vector_size(V)));
};
template <int V>
using Bytes = typename VectorOf<1, V>::Type;

template <int V>
[[gnu::always_inline]] inline Bytes<V> load(const Byte* p) {
  Bytes<V> v;
  __builtin_memcpy(&v, p, V);
  return v;
}
template <int V>
[[gnu::always_inline]] inline void store(Byte* p, Bytes<V> v) {
  __builtin_memcpy(p, &v, V);
}

// Past the cache: p is a multiple of V.
template <int V>
[[gnu::always_inline]] inline void stream(Byte* p, Bytes<V> v) {
#if defined(__AVX512F__)
  if constexpr (V == 64) return _mm512_stream_si512(reinterpret_cast<__m512i*>(p), (__m512i)v);
#endif
#if defined(__AVX2__)
  if constexpr (V == 32) return _mm256_stream_si256(reinterpret_cast<__m256i*>(p), (__m256i)v);
#endif
#if defined(__SSE2__)
  if constexpr (V == 16) return _mm_stream_si128(reinterpret_cast<__m128i*>(p), (__m128i)v);
#endif
  store<V>(p, v);
}

template <int... I>
struct Indices {};
template <int N, int... I>
struct Counted : Counted<N - 1, N - 1, I...> {};
template <int... I>
struct Counted<0, I...> {
  using Type = Indices<I...>;
};

// a in the low half, b in the high one.
[[gnu::always_inline]] inline Bytes<32> join(Bytes<16> a, Bytes<16> b) {
#if defined(__AVX2__)
  return (Bytes<32>)_mm256_inserti128_si256(_mm256_castsi128_si256((__m128i)a), (__m128i)b, 1);
#else
  Bytes<32> out;
  __builtin_memcpy(&out, &a, 16);
  __builtin_memcpy(reinterpret_cast<Byte*>(&out) + 16, &b, 16);
  return out;
#endif
}
#if defined(__AVX512F__)
[[gnu::always_inline]] inline Bytes<64> join(Bytes<32> a, Bytes<32> b) {
  return (Bytes<64>)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)a), (__m256i)b, 1);
}
#endif

// Source index of item i when the low (high) halves of each 16-byte lane of a and b interleave.
template <int W, int V>
constexpr int unpack_index(int i, bool high) {
  constexpr int k = 16 / W;
  const int lane = i / k;
  const int within = i % k;
  return lane * k + within / 2 + (high ? k / 2 : 0) + (within % 2 != 0 ? V / W : 0);
}
template <int W, int V, bool High, int... I>
[[gnu::always_inline]] inline Bytes<V> unpack(Bytes<V> a, Bytes<V> b, Indices<I...>) {
  using T = typename VectorOf<W, V>::Type;
  const T c = __builtin_shufflevector((T)a, (T)b, unpack_index<W, V>(I, High)...);
  return (Bytes<V>)c;
}
template <int W, int V, bool High>
[[gnu::always_inline]] inline Bytes<V> unpack(Bytes<V> a, Bytes<V> b) {
  return unpack<W, V, High>(a, b, typename Counted<V / W>::Type{});
}

// Sixteen bytes from each of V / 16 places, the first in the lowest lane.
template <int V>
[[gnu::always_inline]] inline Bytes<V> load_lanes(const Byte* base, const I64* offsets, I64 step) {
  if constexpr (V == 16) {
    return load<16>(base + offsets[0]);
  } else {
    return join(load_lanes<V / 2>(base, offsets, step),
                load_lanes<V / 2>(base, offsets + step * (V / 32), step));
  }
}

// Lane by lane: what load_lanes reads of P places 16 bytes apart, each row read at once.
template <int V, int P>
[[gnu::always_inline]] inline void load_squares(Bytes<V>* out, const Byte* base, const I64* offsets,
                                                I64 step) {
#if defined(__AVX512F__)
  if constexpr (V == 64 && P > 1) {
    const auto row = [&](int l) __attribute__((always_inline)) { return base + offsets[l * step]; };
    if constexpr (P == 2) {
      const __m512i a = (__m512i)join(load<32>(row(0)), load<32>(row(1)));
      const __m512i b = (__m512i)join(load<32>(row(2)), load<32>(row(3)));
      out[0] = (Bytes<64>)_mm512_shuffle_i32x4(a, b, 0x88);
      out[1] = (Bytes<64>)_mm512_shuffle_i32x4(a, b, 0xdd);
    } else {
      static_assert(P == 4);
      __m512i r[4];
      for (int l = 0; l < 4; ++l) r[l] = (__m512i)load<64>(row(l));
      const __m512i low_a = _mm512_shuffle_i32x4(r[0], r[1], 0x44);
      const __m512i low_b = _mm512_shuffle_i32x4(r[2], r[3], 0x44);
      const __m512i high_a = _mm512_shuffle_i32x4(r[0], r[1], 0xee);
      const __m512i high_b = _mm512_shuffle_i32x4(r[2], r[3], 0xee);
      out[0] = (Bytes<64>)_mm512_shuffle_i32x4(low_a, low_b, 0x88);
      out[1] = (Bytes<64>)_mm512_shuffle_i32x4(low_a, low_b, 0xdd);
      out[2] = (Bytes<64>)_mm512_shuffle_i32x4(high_a, high_b, 0x88);
      out[3] = (Bytes<64>)_mm512_shuffle_i32x4(high_a, high_b, 0xdd);
    }
    return;
  }
#endif
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p) out[p] = load_lanes<V>(base + p * 16, offsets, step);
}

[[gnu::always_inline]] inline void prefetch(const Byte* p) { __builtin_prefetch(p, 0, 3); }
// Every line that holds one of the bytes.
[[gnu::always_inline]] inline void prefetch_run(const Byte* p, I64 bytes) {
  for (I64 at = 0; at < bytes; at += 64) prefetch(p + at);
  prefetch(p + bytes - 1);
}
