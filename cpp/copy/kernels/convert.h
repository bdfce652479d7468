// Dense conversions between element types, with NumPy's results: integers wrap, floats are cut
// towards zero, anything that is not zero is true, and every rounding is to nearest even.
#pragma once

template <class To, class From>
inline To convert_item(From x) {
  if constexpr (sizeof(To) < 4 && __is_same(From, float)) {
    return static_cast<To>(static_cast<std::int32_t>(x));
  } else if constexpr (sizeof(To) < 4 && __is_same(From, double)) {
    return static_cast<To>(static_cast<std::int32_t>(x));
  } else {
    return static_cast<To>(x);
  }
}

template <class To, class From>
void convert(void* dst, const void* src, I64 items) {
  To* __restrict to = static_cast<To*>(dst);
  const From* __restrict from = static_cast<const From*>(src);
  for (I64 i = 0; i < items; ++i) to[i] = convert_item<To, From>(from[i]);
}
// A truth value is one byte, 0 or 1; other bytes in a source count as true.
template <class From>
void convert_to_bool(void* dst, const void* src, I64 items) {
  auto* __restrict to = static_cast<std::uint8_t*>(dst);
  const From* __restrict from = static_cast<const From*>(src);
  for (I64 i = 0; i < items; ++i) to[i] = static_cast<std::uint8_t>(from[i] != From{0});
}
template <class To>
void convert_from_bool(void* dst, const void* src, I64 items) {
  To* __restrict to = static_cast<To*>(dst);
  const auto* __restrict from = static_cast<const std::uint8_t*>(src);
  for (I64 i = 0; i < items; ++i) to[i] = static_cast<To>(from[i] != 0);
}

inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
inline float float_of(std::uint32_t x) { return __builtin_bit_cast(float, x); }

void bf16_to_f32(void* dst, const void* src, I64 items) {
  auto* __restrict to = static_cast<std::uint32_t*>(dst);
  const auto* __restrict from = static_cast<const std::uint16_t*>(src);
  for (I64 i = 0; i < items; ++i) to[i] = static_cast<std::uint32_t>(from[i]) << 16;
}
void f32_to_bf16(void* dst, const void* src, I64 items) {
  auto* __restrict to = static_cast<std::uint16_t*>(dst);
  const auto* __restrict from = static_cast<const std::uint32_t*>(src);
  for (I64 i = 0; i < items; ++i) {
    const std::uint32_t x = from[i];
    const std::uint32_t rounded = (x + 0x7fffu + ((x >> 16) & 1u)) >> 16;
    const bool nan = (x & 0x7fffffffu) > 0x7f800000u;
    to[i] = static_cast<std::uint16_t>(nan ? (x >> 16) | 0x40u : rounded);
  }
}

inline std::uint32_t half_to_float_bits(std::uint32_t h) {
  // The exponent moves by a multiplication, which is exact and knows subnormal halves; infinities
  // and NaN keep an exponent of ones.
  const std::uint32_t magnitude = (h & 0x7fffu) << 13;
  const float scaled = float_of(magnitude) * 0x1p112f;
  const std::uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
  return bits_of(scaled) | special | (h & 0x8000u) << 16;
}
inline std::uint32_t float_to_half_bits(std::uint32_t x) {
  const std::uint32_t sign = (x >> 16) & 0x8000u;
  const std::uint32_t m = x & 0x7fffffffu;
  // A subnormal half: adding 0.5 leaves its units in the last places, rounded to nearest even.
  const std::uint32_t small = bits_of(float_of(m) + 0.5f) - 0x3f000000u;
  const std::uint32_t normal = (m - 0x38000000u + 0xfffu + ((m >> 13) & 1u)) >> 13;
  const std::uint32_t special = m > 0x7f800000u ? 0x7e00u : 0x7c00u;
  const std::uint32_t finite = m < 0x38800000u ? small : normal;
  return sign | (m >= 0x47800000u ? special : finite);
}

void f16_to_f32(void* dst, const void* src, I64 items) {
  auto* to = static_cast<std::uint32_t*>(dst);
  const auto* from = static_cast<const std::uint16_t*>(src);
  I64 i = 0;
#if defined(__F16C__)
  for (; i + 8 <= items; i += 8)
    _mm256_storeu_ps(reinterpret_cast<float*>(to + i),
                     _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i))));
#endif
  for (; i < items; ++i) to[i] = half_to_float_bits(from[i]);
}
void f32_to_f16(void* dst, const void* src, I64 items) {
  auto* to = static_cast<std::uint16_t*>(dst);
  const auto* from = static_cast<const std::uint32_t*>(src);
  I64 i = 0;
#if defined(__F16C__)
  for (; i + 8 <= items; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(reinterpret_cast<const float*>(from + i)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#endif
  for (; i < items; ++i) to[i] = static_cast<std::uint16_t>(float_to_half_bits(from[i]));
}
// Rounded once: the float between is rounded to odd, which cannot tip the second rounding.
void f64_to_odd_f32(void* dst, const void* src, I64 items) {
  auto* __restrict to = static_cast<std::uint32_t*>(dst);
  const auto* __restrict from = static_cast<const double*>(src);
  for (I64 i = 0; i < items; ++i) {
    const double x = from[i];
    const float f = static_cast<float>(x);
    std::uint32_t b = bits_of(f);
    const double back = static_cast<double>(f);
    const bool inexact = back != x && x == x;
    const bool outward = __builtin_fabs(back) > __builtin_fabs(x);
    b = inexact ? (b - static_cast<std::uint32_t>(outward)) | 1u : b;
    to[i] = b;
  }
}

// x * scale + bias in place, each rounded; a step of 0 repeats the first parameter.
template <class T>
void scale_items(void* data, I64 items, const void* scale, I64 step) {
  T* __restrict x = static_cast<T*>(data);
  const T* __restrict s = static_cast<const T*>(scale);
  if (step == 0) {
    const T one = *s;
    for (I64 i = 0; i < items; ++i) x[i] = x[i] * one;
  } else {
    for (I64 i = 0; i < items; ++i) x[i] = x[i] * s[i];
  }
}
template <class T>
void add_items(void* data, I64 items, const void* bias, I64 step) {
  T* __restrict x = static_cast<T*>(data);
  const T* __restrict b = static_cast<const T*>(bias);
  if (step == 0) {
    const T one = *b;
    for (I64 i = 0; i < items; ++i) x[i] = x[i] + one;
  } else {
    for (I64 i = 0; i < items; ++i) x[i] = x[i] + b[i];
  }
}
// (x / 255 - mean) / std in place, each rounded.
template <class T>
void normalize_items(void* data, I64 items, const void* mean, const void* std, I64 step) {
  T* __restrict x = static_cast<T*>(data);
  const T* __restrict m = static_cast<const T*>(mean);
  const T* __restrict s = static_cast<const T*>(std);
  if (step == 0) {
    const T one_mean = *m;
    const T one_std = *s;
    for (I64 i = 0; i < items; ++i) x[i] = (x[i] / T{255} - one_mean) / one_std;
  } else {
    for (I64 i = 0; i < items; ++i) x[i] = (x[i] / T{255} - m[i]) / s[i];
  }
}

inline float fused_multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;  // differs in the last place at times: `holds` then says no
#endif
}
inline float normalize_byte(float x, const ByteNormalization& n) {
  const float unit = fused_multiply_add(x, n.by_255, x * n.by_255_low) - n.mean;
  return fused_multiply_add(unit, n.by_std, unit * n.by_std_low);
}
void normalize_bytes(void* dst, const void* src, I64 items, const ByteNormalization& n) {
  float* __restrict to = static_cast<float*>(dst);
  const auto* __restrict from = static_cast<const std::uint8_t*>(src);
  const ByteNormalization c = n;
  for (I64 i = 0; i < items; ++i) to[i] = normalize_byte(static_cast<float>(from[i]), c);
}

#define SHAPEWRIGHT_FROM(From)   \
  {convert_to_bool<From>,        \
   convert<std::uint8_t, From>,  \
   convert<std::int8_t, From>,   \
   convert<std::uint16_t, From>, \
   convert<std::int16_t, From>,  \
   convert<std::int32_t, From>,  \
   convert<std::int64_t, From>,  \
   nullptr,                      \
   nullptr,                      \
   convert<float, From>,         \
   convert<double, From>}
