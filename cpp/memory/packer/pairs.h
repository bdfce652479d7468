// Pairs of items that are alive at once, and which of them are known to lie above which.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "memory/packer/clauses.h"
#include "memory/packer/sections.h"

namespace shapewright {

class Pairs {
 public:
  explicit Pairs(const Sections& sections);

  std::size_t size() const { return ends_.size(); }
  // That `below` lies below `above`.
  Literal literal(std::size_t below, std::size_t above) const {
    const Literal yes = 2 * questions_[below * count_ + above];
    return below < above ? yes : negated(yes);
  }
  std::pair<std::size_t, std::size_t> ends(Literal l) const {  // below, above
    const auto [i, j] = ends_[question_of(l)];
    return (l & 1) != 0 ? std::pair{j, i} : std::pair{i, j};
  }

  void set(std::size_t below, std::size_t above, bool is_known);

  // Rows of bits, `words` long: items alive with one, known to lie above it, and below it.
  std::size_t words() const { return words_; }
  const std::uint64_t* alive(std::size_t i) const { return &alive_[i * words_]; }
  const std::uint64_t* above(std::size_t i) const { return &above_[i * words_]; }
  const std::uint64_t* below(std::size_t i) const { return &below_[i * words_]; }

  // Whether every item of the bits satisfies it; the first that does not ends it.
  template <typename Take>
  static bool all_of(std::uint64_t bits, std::size_t word, Take take) {
    for (; bits != 0; bits &= bits - 1)
      if (!take(64 * word + static_cast<std::size_t>(std::countr_zero(bits)))) return false;
    return true;
  }

 private:
  std::size_t count_, words_;
  std::vector<std::int32_t> questions_;  // of two items; -1 if they are never alive at once
  std::vector<std::pair<std::size_t, std::size_t>> ends_;
  std::vector<std::uint64_t> alive_, above_, below_;
};

}  // namespace shapewright
