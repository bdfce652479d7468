// What a pattern does to an array: as a View of it, as a step of a chain, and backwards.
#include <numeric>

#include "base/checked.h"
#include "layout/checks.h"
#include "layout/pattern.h"

namespace shapewright {
namespace {

// The axes of one side with the ellipsis spelt out: elementary axes in order, and how many of them
// each axis of the array counts through. Those of the ellipsis follow the names in number.
struct Spelt {
  std::vector<int> elementary;
  std::vector<int> counts;
};

Spelt spell(const Pattern& p, const PatternSide& side, const PatternSizes& sizes) {
  const int num_names = static_cast<int>(p.names.size());
  const int num_dots = static_cast<int>(sizes.ellipsis.size());
  Spelt s;
  s.elementary.reserve(static_cast<std::size_t>(num_names + num_dots));
  s.counts.reserve(side.groups.size() + sizes.ellipsis.size());
  for (const PatternGroup& g : side.groups) {
    int count = 0;
    for (int m = g.begin; m < g.end; ++m) {
      const int member = side.members[static_cast<std::size_t>(m)];
      if (member != kEllipsis) {
        s.elementary.push_back(member);
        ++count;
        continue;
      }
      for (int i = 0; i < num_dots; ++i) {
        s.elementary.push_back(num_names + i);
        if (g.in_parentheses) {
          ++count;
        } else {
          s.counts.push_back(1);
        }
      }
    }
    const bool is_dots = !g.in_parentheses && g.begin < g.end &&
                         side.members[static_cast<std::size_t>(g.begin)] == kEllipsis;
    if (!is_dots) s.counts.push_back(count);
  }
  return s;
}

std::int64_t size_of(const Pattern& p, const PatternSizes& sizes, int elementary) {
  const auto i = static_cast<std::size_t>(elementary);
  return i < p.names.size() ? sizes.named[i] : sizes.ellipsis[i - p.names.size()];
}

// Sizes of the axes of a side.
Sizes shape_of(const Pattern& p, const PatternSizes& sizes, const Spelt& side) {
  Sizes shape;
  shape.reserve(side.counts.size());
  auto e = side.elementary.begin();
  for (const int count : side.counts) {
    std::int64_t size = 1;
    for (int k = 0; k < count; ++k) size = checked_mul(size, size_of(p, sizes, *e++));
    shape.push_back(size);
  }
  return shape;
}

Sizes elementary_sizes(const Pattern& p, const PatternSizes& sizes, const Spelt& side) {
  Sizes shape;
  shape.reserve(side.elementary.size());
  for (const int e : side.elementary) shape.push_back(size_of(p, sizes, e));
  return shape;
}

}  // namespace

View pattern_view(const Pattern& pattern, const PatternSizes& sizes,
                  std::span<const std::int64_t> strides_bytes) {
  const Spelt left = spell(pattern, pattern.left, sizes);
  const Spelt right = spell(pattern, pattern.right, sizes);
  const Sizes shape = shape_of(pattern, sizes, left);
  check_strides(shape, strides_bytes);
  View view;
  view.sources.push_back(shape);
  view.shape = shape_of(pattern, sizes, right);
  view.stage.shape = view.shape;
  if (count_elements(view.shape) == 0) return view;
  Sizes strides(left.elementary.size());  // of the elementary axes
  std::size_t k = left.elementary.size();
  for (std::size_t a = shape.size(); a-- > 0;) {
    std::int64_t stride = strides_bytes[a];
    for (int i = 0; i < left.counts[a]; ++i) {
      const int e = left.elementary[--k];
      strides[static_cast<std::size_t>(e)] = stride;
      if (i + 1 < left.counts[a]) stride *= size_of(pattern, sizes, e);
    }
  }
  Box& box = view.stage.boxes.emplace_back();
  box.at.assign(view.shape.size(), 0);
  box.digits.resize(right.elementary.size());
  k = right.elementary.size();
  for (std::size_t a = view.shape.size(); a-- > 0;) {
    std::int64_t weight = 1;
    for (int i = 0; i < right.counts[a]; ++i) {
      const int e = right.elementary[--k];
      const std::int64_t size = size_of(pattern, sizes, e);
      box.digits[k] = {static_cast<std::int32_t>(a), size, weight,
                       strides[static_cast<std::size_t>(e)]};
      weight *= size;
    }
  }
  canonicalize(box);
  return view;
}

View pattern_view(std::string_view text, GivenSizes given, std::span<const std::int64_t> shape,
                  std::span<const std::int64_t> strides_bytes) {
  const Pattern pattern = parse_pattern(text);
  return pattern_view(pattern, solve_sizes(pattern, given, shape), strides_bytes);
}

View rearrange(View view, const Pattern& pattern, const PatternSizes& sizes) {
  const Spelt left = spell(pattern, pattern.left, sizes);
  const Spelt right = spell(pattern, pattern.right, sizes);
  std::vector<int> place(left.elementary.size());
  for (std::size_t k = 0; k < place.size(); ++k)
    place[static_cast<std::size_t>(left.elementary[k])] = static_cast<int>(k);
  std::vector<int> perm;
  perm.reserve(place.size());
  for (const int e : right.elementary) perm.push_back(place[static_cast<std::size_t>(e)]);
  view = reshape(std::move(view), elementary_sizes(pattern, sizes, left));
  return reshape(permute(std::move(view), perm), shape_of(pattern, sizes, right));
}

InversePattern inverse_pattern(const Pattern& pattern, const PatternSizes& sizes) {
  InversePattern out;
  for (std::size_t i = 0; i < pattern.names.size(); ++i)
    out.sizes.emplace_back(pattern.name(static_cast<int>(i)), sizes.named[i]);
  // An ellipsis in parentheses may not stand on the left: its axes get names.
  std::string dots = "...";
  const int group = pattern.right.ellipsis;
  if (group >= 0 && pattern.right.groups[static_cast<std::size_t>(group)].in_parentheses) {
    std::string prefix = "e";
    for (std::size_t i = 0; i < pattern.names.size(); ++i)
      while (pattern.name(static_cast<int>(i)).starts_with(prefix)) prefix += 'e';
    dots.clear();
    for (std::size_t i = 0; i < sizes.ellipsis.size(); ++i) {
      const std::string name = prefix + std::to_string(i);
      dots += (dots.empty() ? "" : " ") + name;
      out.sizes.emplace_back(name, sizes.ellipsis[i]);
    }
  }
  const auto add = [&](std::string_view word) {
    if (!out.text.empty() && !word.empty()) out.text += ' ';
    out.text += word;
  };
  const auto write = [&](const PatternSide& side) {
    for (const PatternGroup& g : side.groups) {
      std::string members;
      for (int m = g.begin; m < g.end; ++m) {
        const int member = side.members[static_cast<std::size_t>(m)];
        const std::string_view word = member == kEllipsis ? dots : pattern.name(member);
        if (!members.empty() && !word.empty()) members += ' ';
        members += word;
      }
      if (g.in_parentheses) {
        add("(" + members + ")");
      } else if (g.begin == g.end) {
        add("1");
      } else {
        add(members);  // empty for an ellipsis that stands for no axes
      }
    }
  };
  write(pattern.right);
  add("->");
  write(pattern.left);
  return out;
}

}  // namespace shapewright
