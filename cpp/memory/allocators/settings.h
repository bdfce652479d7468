// Settings of an allocator as one text: "expandable_segments:True,max_split_size_mb:128".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shapewright {

struct SettingRow {
  std::string_view name, meaning;
};

class Settings {
 public:
  // Throws Error{kGeneric}: "setting-syntax", "setting-unknown" for a name that has no row.
  Settings(std::string_view text, std::span<const SettingRow> rows);

  // Throw Error{kGeneric, "setting-value"} for what is no such value.
  bool flag(std::string_view name, bool otherwise) const;
  std::int64_t integer(std::string_view name, std::int64_t otherwise, std::int64_t least) const;
  double share(std::string_view name, double otherwise) const;  // in [0, 1]
  bool word(std::string_view name, std::string_view one,
            std::string_view other) const;  // is `one`?
  // "[256:1,512:2,>:4]" as pairs, "4" as {{"", "4"}}, none if it is not given.
  std::vector<std::pair<std::string, std::string>> pairs(std::string_view name) const;

  [[noreturn]] static void refuse(std::string_view name, std::string_view value,
                                  std::string_view expected);
  static std::int64_t to_integer(std::string_view name, std::string_view text, std::int64_t least);

 private:
  const std::string* find(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> values_;  // the last one of a name counts
};

}  // namespace shapewright
