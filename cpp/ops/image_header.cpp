#include "ops/image_header.h"

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace shapewright {

namespace {

using Stream = std::span<const std::int64_t>;

bool has(Stream s, std::size_t at, std::string_view text) {
  if (s.size() < at + text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (s[at + i] != static_cast<unsigned char>(text[i])) return false;
  return true;
}

// The number in `bytes` bytes, lowest first; the caller has checked that they are there.
std::int64_t little(Stream s, std::size_t at, std::size_t bytes) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= s[at + i] << (8 * i);
  return value;
}

std::int64_t big(Stream s, std::size_t at, std::size_t bytes) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | s[at + i];
  return value;
}

// Signature, then the chunk IHDR: length, name, width, height.
std::optional<ImageSize> of_png(Stream s) {
  if (s.size() < 24 || !has(s, 12, "IHDR")) return std::nullopt;
  return ImageSize{big(s, 20, 4), big(s, 16, 4)};
}

// File header of 14 bytes, then the size of the next header, which tells its form. A negative
// height is of rows from top to bottom.
std::optional<ImageSize> of_bmp(Stream s) {
  if (s.size() < 26) return std::nullopt;
  if (little(s, 14, 4) == 12) return ImageSize{little(s, 20, 2), little(s, 18, 2)};
  const auto height = static_cast<std::int32_t>(little(s, 22, 4));
  return ImageSize{std::abs(static_cast<std::int64_t>(height)), little(s, 18, 4)};
}

// RIFF: the first chunk is one lossy frame, one lossless frame, or the canvas.
std::optional<ImageSize> of_webp(Stream s) {
  if (s.size() < 30) return std::nullopt;
  if (has(s, 12, "VP8 ")) {
    if (!has(s, 23, "\x9d\x01\x2a")) return std::nullopt;
    return ImageSize{little(s, 28, 2) & 0x3fff, little(s, 26, 2) & 0x3fff};
  }
  if (has(s, 12, "VP8L")) {
    const std::int64_t bits = little(s, 21, 4);
    return ImageSize{((bits >> 14) & 0x3fff) + 1, (bits & 0x3fff) + 1};
  }
  if (has(s, 12, "VP8X")) return ImageSize{little(s, 27, 3) + 1, little(s, 24, 3) + 1};
  return std::nullopt;
}

// Segments, each a marker and a length, up to the frame header: length, precision, height, width.
std::optional<ImageSize> of_jpeg(Stream s) {
  std::size_t at = 2;
  while (at + 9 <= s.size() && s[at] == 0xff) {
    const std::int64_t marker = s[at + 1];
    if (marker == 0xff) {  // a fill byte
      ++at;
      continue;
    }
    const bool is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) return ImageSize{big(s, at + 5, 2), big(s, at + 7, 2)};
    if (has(s, at + 4, "Exif")) return std::nullopt;  // some decoders turn it as that says
    at += 2 + static_cast<std::size_t>(big(s, at + 2, 2));
  }
  return std::nullopt;
}

// "P6", then width and height as decimal numbers; a comment runs to the end of its line.
std::optional<ImageSize> of_pnm(Stream s) {
  std::int64_t sizes[2] = {0, 0};
  std::size_t at = 2;
  for (std::int64_t& size : sizes) {
    const auto is_space = [](std::int64_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (at < s.size() && (is_space(s[at]) || s[at] == '#')) {
      if (s[at] == '#')
        while (at < s.size() && s[at] != '\n') ++at;
      else
        ++at;
    }
    const std::size_t first = at;
    while (at < s.size() && s[at] >= '0' && s[at] <= '9' && at < first + 9)
      size = size * 10 + (s[at++] - '0');
    if (at == first || at == s.size() || !is_space(s[at])) return std::nullopt;
  }
  return ImageSize{sizes[1], sizes[0]};
}

}  // namespace

std::optional<ImageSize> image_size(Stream s) {
  if (has(s, 0, "\x89PNG\r\n\x1a\n")) return of_png(s);
  if (has(s, 0, "BM")) return of_bmp(s);
  if (has(s, 0, "RIFF") && has(s, 8, "WEBP")) return of_webp(s);
  if (has(s, 0, "\xff\xd8\xff")) return of_jpeg(s);
  for (const std::string_view magic : {"P1", "P2", "P3", "P4", "P5", "P6"})
    if (has(s, 0, magic)) return of_pnm(s);
  return std::nullopt;
}

}  // namespace shapewright
