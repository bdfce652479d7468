#include "memory/allocators/settings.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace shapewright {

namespace {

[[noreturn]] void malformed(std::string_view text) {
  throw Error(ErrorKind::kGeneric, "setting-syntax", "'" + std::string(text) + "' is no setting",
              {}, {}, "write name:value, with commas between them");
}

// Cuts at commas outside of brackets.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (depth < 0 || depth > 1) malformed(text);
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (depth != 0) malformed(text);
  return parts;
}

}  // namespace

Settings::Settings(std::string_view text, std::span<const SettingRow> rows) {
  for (const std::string& part : parts_of(text)) {
    if (part.empty()) continue;
    const std::size_t colon = part.find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == part.size()) malformed(part);
    const std::string name = part.substr(0, colon);
    if (std::ranges::find(rows, name, &SettingRow::name) == rows.end()) {
      std::string known;
      for (const SettingRow& row : rows)
        known += (known.empty() ? "" : ", ") + std::string(row.name);
      throw Error(ErrorKind::kGeneric, "setting-unknown",
                  "the allocator has no setting '" + name + "'",
                  {{"settings", known.empty() ? "none" : known}});
    }
    values_.emplace_back(name, part.substr(colon + 1));
  }
}

const std::string* Settings::find(std::string_view name) const {
  const std::string* found = nullptr;
  for (const auto& [key, value] : values_)
    if (key == name) found = &value;
  return found;
}

void Settings::refuse(std::string_view name, std::string_view value, std::string_view expected) {
  throw Error(
      ErrorKind::kGeneric, "setting-value",
      std::string(name) + " is " + std::string(expected) + ", not '" + std::string(value) + "'");
}

std::int64_t Settings::to_integer(std::string_view name, std::string_view text,
                                  std::int64_t least) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end || number < least || number > kMost)
    refuse(name, text, "an integer of at least " + std::to_string(least));
  return number;
}

bool Settings::flag(std::string_view name, bool otherwise) const {
  const std::string* value = find(name);
  if (value == nullptr) return otherwise;
  if (*value != "True" && *value != "False") refuse(name, *value, "True or False");
  return *value == "True";
}

std::int64_t Settings::integer(std::string_view name, std::int64_t otherwise,
                               std::int64_t least) const {
  const std::string* value = find(name);
  return value == nullptr ? otherwise : to_integer(name, *value, least);
}

double Settings::share(std::string_view name, double otherwise) const {
  const std::string* value = find(name);
  if (value == nullptr) return otherwise;
  // Digits and one point; std::from_chars of double is not in every C++ library yet.
  std::size_t points = 0;
  bool is_number = !value->empty();
  for (const char c : *value) {
    points += c == '.';
    is_number = is_number && (c == '.' || (c >= '0' && c <= '9'));
  }
  double number = 0, scale = 1;
  bool is_behind = false;
  for (const char c : *value) {
    if (c == '.') {
      is_behind = true;
      continue;
    }
    number = number * 10 + (c - '0');
    if (is_behind) scale *= 10;
  }
  if (!is_number || points > 1 || value->size() > 18 || number / scale > 1)
    refuse(name, *value, "a number from 0 to 1");
  return number / scale;
}

bool Settings::word(std::string_view name, std::string_view one, std::string_view other) const {
  const std::string* value = find(name);
  if (value == nullptr) return true;
  if (*value != one && *value != other)
    refuse(name, *value, std::string(one) + " or " + std::string(other));
  return *value == one;
}

std::vector<std::pair<std::string, std::string>> Settings::pairs(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return {};
  if (value->front() != '[') return {{"", *value}};
  if (value->back() != ']') refuse(name, *value, "a list in brackets");
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& part : parts_of(value->substr(1, value->size() - 2))) {
    const std::size_t colon = part.find(':');
    if (colon == std::string::npos) refuse(name, *value, "a list of size:divisions");
    out.emplace_back(part.substr(0, colon), part.substr(colon + 1));
  }
  return out;
}

}  // namespace shapewright
