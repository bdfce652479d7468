#include "layout/pattern_text.h"

#include <cstdint>
#include <utility>

namespace shapewright {
namespace {

// Blocks of Unicode without letters, as far as they are met in text that was typed or pasted.
constexpr std::pair<std::uint32_t, std::uint32_t> kNoLetters[] = {
    {0x80, 0xa9},     {0xab, 0xb4},       {0xb6, 0xb6},       {0xb8, 0xb9},        {0xbb, 0xbf},
    {0xd7, 0xd7},     {0xf7, 0xf7},       {0x2000, 0x203e},   {0x2041, 0x2053},    {0x2055, 0x2070},
    {0x2072, 0x207e}, {0x2080, 0x208f},   {0x20a0, 0x20cf},   {0x2190, 0x2bff},    {0x2e00, 0x2e2e},
    {0x2e30, 0x2fff}, {0x3000, 0x3004},   {0x3008, 0x3020},   {0x3030, 0x3030},    {0xd800, 0xf8ff},
    {0xfe10, 0xfe1f}, {0xfe30, 0xfe32},   {0xfe35, 0xfe4c},   {0xfe50, 0xfe6f},    {0xfeff, 0xfeff},
    {0xff00, 0xff0f}, {0xff1a, 0xff20},   {0xff3b, 0xff3e},   {0xff40, 0xff40},    {0xff5b, 0xff65},
    {0xffe0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0xe00ff}, {0xf0000, 0x10ffff},
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t code = first & (0xffU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(character[i]) & 0x3fU);
  return code;
}

}  // namespace

std::size_t character_bytes(std::string_view text, std::size_t byte) {
  const auto first = static_cast<unsigned char>(text[byte]);
  const std::size_t size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size == 1) return 1;
  for (std::size_t i = 1; i < size; ++i)
    if (byte + i >= text.size() || !is_continuation(text[byte + i])) return 1;
  return size;
}

bool is_name_character(std::string_view character) {
  const char c = character[0];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')
    return true;
  if (character.size() == 1) return false;
  const std::uint32_t code = code_point(character);
  for (const auto& [first, last] : kNoLetters)
    if (code >= first && code <= last) return false;
  return true;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

void pattern_error(std::string_view pattern, std::size_t byte, const char* code,
                   std::string message, Facts facts, std::string hint) {
  std::string line(pattern);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  std::size_t position = 0;
  for (std::size_t i = 0; i < byte; i += character_bytes(pattern, i)) ++position;
  Facts all = {{"pattern", std::string(pattern)},
               {"position", std::to_string(position)},
               {"where", line + "\n" + std::string(position, ' ') + "^"}};
  for (auto& fact : facts) all.push_back(std::move(fact));
  throw Error(ErrorKind::kPattern, code, std::move(message), std::move(all), {}, std::move(hint));
}

}  // namespace shapewright
