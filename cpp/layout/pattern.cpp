#include "layout/pattern.h"

#include <algorithm>
#include <cstdint>

#include "layout/pattern_text.h"

namespace shapewright {
namespace {

// More than any array has axes; it bounds the work of looking names up.
constexpr std::size_t kMaxNames = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) { pattern_.text = text; }

  Pattern parse() {
    const std::size_t arrow = text().find("->");
    if (arrow == std::string_view::npos)
      fail(text().size(), "pattern-arrow", "the pattern has no '->'");
    const std::size_t second = text().find("->", arrow + 2);
    if (second != std::string_view::npos)
      fail(second, "pattern-arrow", "the pattern has a second '->'");
    pattern_.names.reserve(8);
    parse_side(pattern_.left, 0, arrow);
    is_right_ = true;
    on_right_.assign(pattern_.names.size(), 0);
    parse_side(pattern_.right, arrow + 2, text().size());
    check_sides();
    return std::move(pattern_);
  }

 private:
  std::string_view text() const { return pattern_.text; }

  [[noreturn]] void fail(std::size_t byte, const char* code, std::string message,
                         std::string hint = {}) const {
    pattern_error(text(), byte, code, std::move(message), {}, std::move(hint));
  }

  void parse_side(PatternSide& side, std::size_t begin, std::size_t end) {
    side.members.reserve(8);
    side.groups.reserve(8);
    bool is_open = false;
    for (std::size_t i = begin; i < end;) {
      const char c = text()[i];
      if (c == ' ') {
        ++i;
      } else if (c == '(') {
        if (is_open) fail(i, "pattern-nested", "parentheses inside parentheses");
        is_open = true;
        open_group(side, {i, end}).in_parentheses = true;
        ++i;
      } else if (c == ')') {
        if (!is_open) fail(i, "pattern-parentheses", "')' closes nothing");
        is_open = false;
        side.groups.back().text.end = ++i;
      } else {
        const PatternText token{i, token_end(i, end)};
        if (!is_open) open_group(side, token);
        add_token(side, token);
        i = token.end;
      }
    }
    if (is_open) fail(side.groups.back().text.begin, "pattern-parentheses", "'(' is never closed");
  }

  static PatternGroup& open_group(PatternSide& side, PatternText at) {
    const int first = static_cast<int>(side.members.size());
    return side.groups.emplace_back(PatternGroup{first, first, false, at});
  }

  std::size_t token_end(std::size_t i, std::size_t end) const {
    const std::size_t begin = i;
    while (i < end) {
      const std::size_t size = character_bytes(text(), i);
      const std::string_view character = text().substr(i, size);
      if (character != "." && !is_name_character(character)) break;
      i += size;
    }
    if (i == begin || (i < end && text()[i] != ' ' && text()[i] != '(' && text()[i] != ')')) {
      const std::string_view character = text().substr(i, character_bytes(text(), i));
      fail(i, "pattern-character", quoted(character) + " has no meaning in a pattern",
           character == "…" ? "an ellipsis is three dots" : "axes are separated by spaces");
    }
    return i;
  }

  void add_token(PatternSide& side, PatternText token) {
    const std::string_view word = pattern_.at(token);
    if (word.find('.') != std::string_view::npos) return add_ellipsis(side, token);
    if (is_digit(word.front())) return check_number(word, token);
    if (word.front() == '_' || word.back() == '_')
      fail(token.begin, "pattern-name",
           "the name " + quoted(word) + " starts or ends with an underscore");
    add_member(side, is_right_ ? found(word, token) : added(word, token));
  }

  static void add_member(PatternSide& side, int member) {
    side.members.push_back(member);
    side.groups.back().end = static_cast<int>(side.members.size());
  }

  int added(std::string_view word, PatternText token) {
    const int n = static_cast<int>(pattern_.names.size());
    for (int i = 0; i < n; ++i)
      if (pattern_.name(i) == word) duplicate(word, token);
    if (pattern_.names.size() == kMaxNames)
      fail(token.begin, "pattern-too-long",
           "the pattern has more than " + std::to_string(kMaxNames) + " names");
    pattern_.names.push_back(token);
    return n;
  }

  int found(std::string_view word, PatternText token) {
    const int n = static_cast<int>(pattern_.names.size());
    for (int i = 0; i < n; ++i) {
      if (pattern_.name(i) != word) continue;
      char& is_seen = on_right_[static_cast<std::size_t>(i)];
      if (is_seen != 0) duplicate(word, token);
      is_seen = 1;
      return i;
    }
    fail(token.begin, "pattern-one-sided", "axis " + quoted(word) + " is on the right side alone",
         "a rearrangement makes no new axes; expand the array before");
  }

  [[noreturn]] void duplicate(std::string_view word, PatternText token) const {
    fail(token.begin, "pattern-duplicate",
         "axis " + quoted(word) + " stands twice on the " + (is_right_ ? "right" : "left") +
             " side");
  }

  void add_ellipsis(PatternSide& side, PatternText token) {
    if (pattern_.at(token) != "...")
      fail(token.begin, "pattern-ellipsis", "dots have a meaning only as a separate '...'");
    if (side.ellipsis >= 0) fail(token.begin, "pattern-ellipsis", "a second '...' on one side");
    if (!is_right_ && side.groups.back().in_parentheses)
      fail(token.begin, "pattern-ellipsis", "'...' in parentheses on the left side",
           "how many axes it stands for cannot be told from one axis: name them");
    side.ellipsis = static_cast<int>(side.groups.size()) - 1;
    add_member(side, kEllipsis);
  }

  // 1 adds no member: its group is empty, or is what it would be without it.
  void check_number(std::string_view word, PatternText token) const {
    if (!std::all_of(word.begin(), word.end(), is_digit))
      fail(token.begin, "pattern-name", "the name " + quoted(word) + " starts with a digit");
    const std::size_t zeros = std::min(word.find_first_not_of('0'), word.size());
    if (word.substr(zeros) == "1") return;
    fail(token.begin, "pattern-anonymous",
         "the axis " + quoted(word) + " has no name, so the other side cannot say where it goes",
         "name it and give the size: a=" + std::string(word) + "; only 1 needs no name");
  }

  void check_sides() const {
    for (std::size_t i = 0; i < on_right_.size(); ++i)
      if (on_right_[i] == 0)
        fail(pattern_.names[i].begin, "pattern-one-sided",
             "axis " + quoted(pattern_.name(static_cast<int>(i))) + " is on the left side alone",
             "a rearrangement drops no axes; select or reduce the array before");
    const int left = pattern_.left.ellipsis, right = pattern_.right.ellipsis;
    if ((left < 0) == (right < 0)) return;
    const PatternSide& side = left < 0 ? pattern_.right : pattern_.left;
    const PatternText& at = side.groups[static_cast<std::size_t>(std::max(left, right))].text;
    fail(text().find("...", at.begin), "pattern-one-sided",
         std::string("'...' is on the ") + (left < 0 ? "right" : "left") + " side alone");
  }

  Pattern pattern_;
  std::vector<char> on_right_;  // of each name: was it met there
  bool is_right_ = false;
};

}  // namespace

Pattern parse_pattern(std::string_view text) { return Parser(text).parse(); }

}  // namespace shapewright
