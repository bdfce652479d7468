// Texts of a file, which need not be the UTF-8 they should be.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace shapewright {

inline std::uint64_t load8(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  return word;
}

// Up to eight bytes as one word, which tells apart any two texts of one length.
inline std::uint64_t load_short(std::string_view text) {
  const char* const at = text.data();
  const std::size_t size = text.size();
  if (size >= 4) {
    std::uint32_t low, high;  // overlap below eight
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + size - 4, 4);
    return static_cast<std::uint64_t>(high) << 32 | low;
  }
  if (size == 0) return 0;
  const auto byte = [at](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i]));
  };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

inline bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ull;
  if (text.size() <= 8) return (load_short(text) & kHighBits) == 0;
  const char* const last = text.data() + text.size() - 8;  // some of it again
  std::uint64_t bits = load8(last);
  for (const char* at = text.data(); at < last; at += 8) bits |= load8(at);
  return (bits & kHighBits) == 0;
}

// What memcmp says, without the call: names are short.
inline bool same_bytes(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() <= 8) return load_short(a) == load_short(b);
  const std::size_t last = a.size() - 8;
  for (std::size_t i = 0; i < last; i += 8) {
    if (load8(a.data() + i) != load8(b.data() + i)) return false;
  }
  return load8(a.data() + last) == load8(b.data() + last);
}

// With every byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace shapewright
