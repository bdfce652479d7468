#include <algorithm>
#include <cstdlib>

#include "graph/graph.h"

namespace shapewright {
namespace {

constexpr std::size_t kLongestWord = 256;
constexpr int kFar = 100;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Optimal string alignment: insert, delete, replace, swap neighbours, each 1; case is free.
int distance(std::string_view a, std::string_view b) {
  if (a.size() > kLongestWord || b.size() > kLongestWord) return kFar;
  const auto gap = static_cast<std::ptrdiff_t>(a.size()) - static_cast<std::ptrdiff_t>(b.size());
  if (std::abs(gap) > 2) return kFar;
  std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    int best = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]), y = lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > 2) return kFar;
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

// "conv_1" and "conv_2": two things, not one misspelt. Digits in another order ("f23") are a slip.
bool siblings(std::string_view a, std::string_view b) {
  std::string letters[2], digits[2];
  const std::string_view words[2] = {a, b};
  for (int k = 0; k < 2; ++k) {
    for (char c : words[k]) (is_digit(c) ? digits[k] : letters[k]) += c;
    std::ranges::sort(digits[k]);
  }
  return letters[0] == letters[1] && digits[0] != digits[1];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
  int best = kFar;
  std::string_view nearest;
  bool unique = true;
  for (std::string_view candidate : candidates) {
    if (candidate == word || candidate.empty() || candidate == nearest) continue;
    const int d = distance(word, candidate);
    if (d > best || d > 2 || siblings(word, candidate)) continue;
    unique = d < best;
    best = d;
    nearest = candidate;
  }
  // One slip wants three letters to be sure, two want six.
  const auto letters = static_cast<int>(std::min(word.size(), nearest.size()));
  return unique && best <= 2 && 3 * best <= letters ? std::string(nearest) : std::string();
}

}  // namespace shapewright
