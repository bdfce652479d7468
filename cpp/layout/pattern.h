// The grammar of einops.rearrange: "b (h w) c -> b c h w".
//
//     pattern := side "->" side
//     side    := axes separated by spaces
//     axis    := name | "1" | "..." | "(" names ")"
//
// A name is a Python identifier that neither starts nor ends with an underscore; "1" and "()" are
// axes of size 1; "..." stands for all axes that are not named. A rejection is an Error{kPattern}
// with the fact `pattern`, and where it has a place in the text, `position` (in characters, from 0)
// and `where`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "layout/view.h"

namespace shapewright {

inline constexpr int kEllipsis = -1;

struct PatternText {
  std::size_t begin = 0, end = 0;  // bytes of the pattern
};

// One axis of an array: the members that it counts through, the last one fastest.
struct PatternGroup {
  int begin = 0, end = 0;  // into PatternSide::members
  bool in_parentheses = false;
  PatternText text;
};

struct PatternSide {
  std::vector<int> members;  // indices of names, or kEllipsis
  std::vector<PatternGroup> groups;
  int ellipsis = -1;  // the group that is or holds the ellipsis
};

struct Pattern {
  std::string text;
  std::vector<PatternText> names;  // the elementary axes, in the order of the left side
  PatternSide left, right;

  std::string_view at(PatternText t) const {
    return std::string_view(text).substr(t.begin, t.end - t.begin);
  }
  std::string_view name(int i) const { return at(names[static_cast<std::size_t>(i)]); }
};

// What the elementary axes measure in one array.
struct PatternSizes {
  Sizes named;     // of each name
  Sizes ellipsis;  // of each axis that the ellipsis stands for
};

using GivenSizes = std::span<const std::pair<std::string_view, std::int64_t>>;

Pattern parse_pattern(std::string_view text);

// Sizes of all elementary axes from the shape of the array and the sizes given.
PatternSizes solve_sizes(const Pattern& pattern, GivenSizes given,
                         std::span<const std::int64_t> shape);

View pattern_view(const Pattern& pattern, const PatternSizes& sizes,
                  std::span<const std::int64_t> strides_bytes);
View pattern_view(std::string_view pattern, GivenSizes given, std::span<const std::int64_t> shape,
                  std::span<const std::int64_t> strides_bytes);

// The pattern as one more step of a chain.
View rearrange(View view, const Pattern& pattern, const PatternSizes& sizes);

// The pattern that undoes it, and the sizes that make it say all.
struct InversePattern {
  std::string text;
  std::vector<std::pair<std::string, std::int64_t>> sizes;
};
InversePattern inverse_pattern(const Pattern& pattern, const PatternSizes& sizes);

}  // namespace shapewright
