// Runs of bytes: copied through the cache, or past it in whole lines.
#pragma once

// From N to 2 * N bytes in two moves that may overlap.
template <int N>
inline void move_between(Byte* to, const Byte* from, I64 bytes) {
  Byte low[N];
  Byte high[N];
  __builtin_memcpy(low, from, N);
  __builtin_memcpy(high, from + bytes - N, N);
  __builtin_memcpy(to, low, N);
  __builtin_memcpy(to + bytes - N, high, N);
}

void copy_run(Byte* dst, const Byte* src, I64 bytes) {
  if (bytes > 512 || bytes < kVectorBytes) {
    __builtin_memcpy(dst, src, static_cast<std::size_t>(bytes));
    return;
  }
  for (I64 at = 0; at + kVectorBytes <= bytes; at += kVectorBytes)
    store<kVectorBytes>(dst + at, load<kVectorBytes>(src + at));
  store<kVectorBytes>(dst + bytes - kVectorBytes, load<kVectorBytes>(src + bytes - kVectorBytes));
}

template <int V>
inline void store_line(Byte* p, const Byte* from) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(p), (__m512i)load<64>(from));
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p), (__m256i)load<32>(from));
  _mm256_stream_si256(reinterpret_cast<__m256i*>(p + 32), (__m256i)load<32>(from + 32));
#elif defined(__SSE2__)
  for (int i = 0; i < 64; i += 16)
    _mm_stream_si128(reinterpret_cast<__m128i*>(p + i), (__m128i)load<16>(from + i));
#else
  for (int i = 0; i < 64; i += V) store<V>(p + i, load<V>(from + i));
#endif
}

// Up to 63 bytes.
inline void copy_part_of_line(Byte* dst, const Byte* src, I64 bytes) {
  if (bytes >= 32) {
    move_between<32>(dst, src, bytes);
  } else if (bytes >= 16) {
    move_between<16>(dst, src, bytes);
  } else if (bytes >= 8) {
    move_between<8>(dst, src, bytes);
  } else if (bytes >= 4) {
    move_between<4>(dst, src, bytes);
  } else {
    for (I64 i = 0; i < bytes; ++i) dst[i] = src[i];
  }
}

// Bytes [begin, end) of one line, through the cache.
inline void store_part_of_line(Byte* line, const Byte* from, I64 begin, I64 end) {
#if defined(__AVX512BW__)
  const __mmask64 wanted = (~std::uint64_t{0} >> (64 - (end - begin))) << begin;
  _mm512_mask_storeu_epi8(line, wanted, _mm512_maskz_loadu_epi8(wanted, from));
#else
  copy_part_of_line(line + begin, from + begin, end - begin);
#endif
}

// Lines that the run covers whole go past the cache, the ends through it.
void stream_run(Byte* dst, const Byte* src, I64 bytes) {
  const I64 skew = static_cast<I64>(reinterpret_cast<std::uintptr_t>(dst) & 63);
  Byte* line = dst - skew;
  const Byte* from = src - skew;
  const I64 end = skew + bytes;
  I64 at = 0;
  if (skew != 0) {
    store_part_of_line(line, from, skew, end < 64 ? end : 64);
    at = 64;
  }
  // Streaming stores wait for their loads one by one: those of a long run come early enough.
  constexpr I64 kAhead = 1024;
  for (; at + kAhead + 64 <= end; at += 64) {
    prefetch(from + at + kAhead);
    store_line<kVectorBytes>(line + at, from + at);
  }
  for (; at + 64 <= end; at += 64) store_line<kVectorBytes>(line + at, from + at);
  if (at < end) store_part_of_line(line + at, from + at, 0, end - at);
}

void copy_flushes(const Flush* flushes, I64 count, Byte* dst, const Byte* out, I64 bytes) {
  for (I64 i = 0; i < count; ++i) copy_run(dst + flushes[i].dst, out + flushes[i].out, bytes);
}
void stream_flushes(const Flush* flushes, I64 count, Byte* dst, const Byte* out, I64 bytes) {
  for (I64 i = 0; i < count; ++i) stream_run(dst + flushes[i].dst, out + flushes[i].out, bytes);
}

// Tiles whose columns stand side by side on both sides: one run an outer position.
template <bool Stream>
void runs(const TileShape& t, const Byte* src, Byte* out, I64 ahead) {
  const I64 bytes = t.cols * t.item_bytes;
  if constexpr (!Stream) {
    if (bytes >= 64 && bytes <= 128) {
      for (I64 o = 0; o < t.outers; ++o) {
        const Byte* from = src + t.outer_src[o];
        Byte* to = out + t.outer_out[o];
        if (ahead != 0) prefetch_run(from + ahead, bytes);
        move_between<64>(to, from, bytes);
      }
      return;
    }
  }
  for (I64 o = 0; o < t.outers; ++o) {
    const Byte* from = src + t.outer_src[o];
    if (ahead != 0) prefetch_run(from + ahead, bytes);
    if constexpr (Stream)
      stream_run(out + t.outer_out[o], from, bytes);
    else
      copy_run(out + t.outer_out[o], from, bytes);
  }
}

void fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}
