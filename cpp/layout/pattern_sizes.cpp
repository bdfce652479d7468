// The sizes of the elementary axes: those given, and one unknown in each group from the array.
#include <algorithm>
#include <limits>
#include <optional>

#include "base/checked.h"
#include "layout/checks.h"
#include "layout/pattern.h"
#include "layout/pattern_text.h"

namespace shapewright {
namespace {

constexpr std::int64_t kUnknown = -1;

std::string text(std::int64_t n) { return std::to_string(n); }

[[noreturn]] void fail(const Pattern& p, PatternText at, const char* code, std::string message,
                       Facts facts = {}, std::string hint = {}) {
  pattern_error(p.text, at.begin, code, std::move(message), std::move(facts), std::move(hint));
}

void check_array_rank(const Pattern& p, std::span<const std::int64_t> shape) {
  const std::size_t groups = p.left.groups.size();
  const bool is_open = p.left.ellipsis >= 0;
  if (is_open ? shape.size() + 1 >= groups : shape.size() == groups) return;
  const std::size_t wanted = groups - static_cast<std::size_t>(is_open);
  // The first axis of the pattern that the array lacks, or where one more would stand.
  PatternText at{p.text.find("->"), 0};
  if (!is_open && shape.size() < groups) at = p.left.groups[shape.size()].text;
  if (is_open) at = p.left.groups[static_cast<std::size_t>(p.left.ellipsis)].text;
  const std::string rank = text(static_cast<std::int64_t>(shape.size()));
  fail(p, at, "pattern-rank",
       std::string("the pattern wants ") + (is_open ? "at least " : "") +
           text(static_cast<std::int64_t>(wanted)) + " axes, the array has " + rank,
       {{"rank", rank}, {"shape", to_text(shape)}});
}

void take_given(const Pattern& p, GivenSizes given, Sizes& sizes) {
  const int num_names = static_cast<int>(p.names.size());
  for (const auto& [name, size] : given) {
    int i = 0;
    while (i < num_names && p.name(i) != name) ++i;
    if (i == num_names)
      throw Error(ErrorKind::kPattern, "pattern-size-unknown",
                  "a size is given for " + quoted(name) + ", which is no axis of the pattern",
                  {{"pattern", p.text}, {"name", std::string(name)}, {"size", text(size)}});
    if (size < 0)
      fail(p, p.names[static_cast<std::size_t>(i)], "pattern-size-value",
           std::string(name) + " = " + text(size) + " is no size");
    sizes[static_cast<std::size_t>(i)] = size;
  }
}

// What one group knows about its axis of the array.
struct Known {
  std::int64_t product = 1;  // of the sizes given; the largest int64 where it does not fit
  int unknown = -1;
  int second_unknown = -1;
};

Known known_of(const Pattern& p, const PatternGroup& g, const Sizes& sizes) {
  Known k;
  for (int m = g.begin; m < g.end; ++m) {
    const int name = p.left.members[static_cast<std::size_t>(m)];
    const std::int64_t size = sizes[static_cast<std::size_t>(name)];
    if (size == kUnknown) {
      (k.unknown < 0 ? k.unknown : k.second_unknown) = name;
      continue;
    }
    if (mul_overflows(k.product, size, k.product))
      k.product = std::numeric_limits<std::int64_t>::max();
  }
  return k;
}

std::string factors_of(const Pattern& p, const PatternGroup& g, const Sizes& sizes) {
  std::string s;
  for (int m = g.begin; m < g.end; ++m) {
    const int name = p.left.members[static_cast<std::size_t>(m)];
    const std::int64_t size = sizes[static_cast<std::size_t>(name)];
    if (size == kUnknown) continue;
    s += (s.empty() ? "" : ", ") + std::string(p.name(name)) + " = " + text(size);
  }
  return s;
}

[[noreturn]] void cannot_split(const Pattern& p, const PatternGroup& g, std::int64_t length,
                               std::int64_t divisor, Facts facts) {
  const std::string axis = "axis " + std::string(p.at(g.text)) + " = " + text(length);
  if (divisor == 0)
    fail(p, g.text, "pattern-divide", axis + " cannot be split by 0", std::move(facts));
  const std::int64_t below = length / divisor * divisor;
  const std::string message = axis + " cannot be split by " + text(divisor);
  std::int64_t above;
  if (add_overflows(below, divisor, above))
    fail(p, g.text, "pattern-divide", message, std::move(facts));
  const std::string pad = "pad by " + text(above - length);
  fail(p, g.text, "pattern-divide",
       message + (below == 0 ? ": the least is " + text(above) + "; " + pad
                             : ": nearest are " + text(below) + " and " + text(above) + "; " + pad +
                                   " or crop by " + text(length - below)),
       std::move(facts));
}

void solve_group(const Pattern& p, const PatternGroup& g, std::size_t axis, std::int64_t length,
                 Sizes& sizes) {
  const Known known = known_of(p, g, sizes);
  const auto facts = [&] {
    Facts f = {{"axis", text(static_cast<std::int64_t>(axis))}, {"size", text(length)}};
    if (std::string given = factors_of(p, g, sizes); !given.empty())
      f.emplace_back("given", std::move(given));
    return f;
  };
  if (known.second_unknown >= 0) {
    const std::string a(p.name(known.unknown)), b(p.name(known.second_unknown));
    fail(p, g.text, "pattern-two-unknown",
         "the sizes of " + a + " and " + b + " cannot both be found from axis " +
             text(static_cast<std::int64_t>(axis)) + " = " + text(length),
         facts(), "give one of them: " + b + "=...");
  }
  if (known.unknown >= 0) {
    if (known.product == 0 || length % known.product != 0)
      cannot_split(p, g, length, known.product, facts());
    sizes[static_cast<std::size_t>(known.unknown)] = length / known.product;
  } else if (known.product != length) {
    const std::string what(p.at(g.text));
    fail(p, g.text, "pattern-contradiction",
         "axis " + text(static_cast<std::int64_t>(axis)) + " of the array has size " +
             text(length) + ", the pattern says " + what +
             (g.begin == g.end && what == "1" ? "" : " = " + text(known.product)),
         facts());
  }
}

}  // namespace

PatternSizes solve_sizes(const Pattern& pattern, GivenSizes given,
                         std::span<const std::int64_t> shape) {
  check_shape(shape);
  check_array_rank(pattern, shape);
  PatternSizes out;
  out.named.assign(pattern.names.size(), kUnknown);
  take_given(pattern, given, out.named);
  std::size_t axis = 0;
  for (int g = 0; g < static_cast<int>(pattern.left.groups.size()); ++g) {
    if (g == pattern.left.ellipsis) {
      const std::size_t count = shape.size() + 1 - pattern.left.groups.size();
      const auto axes = shape.subspan(axis, count);
      out.ellipsis.assign(axes.begin(), axes.end());
      axis += count;
      continue;
    }
    solve_group(pattern, pattern.left.groups[static_cast<std::size_t>(g)], axis, shape[axis],
                out.named);
    ++axis;
  }
  return out;
}

}  // namespace shapewright
