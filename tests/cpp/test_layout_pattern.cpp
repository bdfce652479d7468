// Patterns of random characters: parsed or refused, never worse; and the two ways to a view agree.
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "check.h"
#include "layout/pattern.h"

using namespace shapewright;

namespace {

using Given = std::vector<std::pair<std::string_view, std::int64_t>>;

void any_text_is_parsed_or_refused() {
  std::mt19937 random(3);
  const std::vector<std::string> words = {
      "a",    "b",     "c",   " ",    " ",   "(",  ")",
      "->",   "..",    "...", "1",    "2",   "_",  "\xc3",
      "\xa9", "é",     "→",   "\xf0", "x_1", "\t", std::string(1, '\0'),
      "-",    "a -> a"};
  int parsed = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text;
    for (std::size_t k = random() % 12; k > 0; --k) text += words[random() % words.size()];
    try {
      const Pattern p = parse_pattern(text);
      ++parsed;
      const Sizes shape(random() % 4, 1 + static_cast<std::int64_t>(random() % 3));
      const Sizes strides(shape.size(), 4);
      const Given given = {{"a", static_cast<std::int64_t>(random() % 3)}};
      const PatternSizes sizes = solve_sizes(p, given, shape);
      const View direct = pattern_view(p, sizes, strides);
      const View stepwise = rearrange(source_view(shape, strides), p, sizes);
      CHECK(direct.shape == stepwise.shape);
      CHECK(direct.stage.boxes == stepwise.stage.boxes);
      const InversePattern inverse = inverse_pattern(p, sizes);
      const Given all(inverse.sizes.begin(), inverse.sizes.end());
      CHECK(pattern_view(inverse.text, all, direct.shape, Sizes(direct.shape.size(), 4)).shape ==
            shape);
    } catch (const Error& e) {
      const bool has_place = e.code != "pattern-size-unknown";
      CHECK(e.kind == ErrorKind::kPattern);
      CHECK(e.code.starts_with("pattern-"));
      CHECK_EQ(e.facts[0].second, text);
      if (has_place)
        CHECK(std::stoul(e.facts[1].second) <= text.size());
      else
        CHECK(e.facts[1].first != "position");
    }
  }
  CHECK(parsed > 500);
}

void text_that_is_no_utf8_has_positions() {
  CHECK_THROWS(parse_pattern("\xc3 -> "), Error, error.facts[1].second == "0");
  CHECK_THROWS(parse_pattern("a é \xff -> "), Error, error.facts[1].second == "4");
}

}  // namespace

int main() {
  any_text_is_parsed_or_refused();
  text_that_is_no_utf8_has_positions();
  return check::report();
}
