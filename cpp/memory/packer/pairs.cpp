#include "memory/packer/pairs.h"

namespace shapewright {

namespace {

void put(std::uint64_t* row, std::size_t i, bool is_set) {
  const std::uint64_t bit = std::uint64_t{1} << (i % 64);
  row[i / 64] = is_set ? row[i / 64] | bit : row[i / 64] & ~bit;
}

}  // namespace

Pairs::Pairs(const Sections& sections)
    : count_(sections.items.size()),
      words_((count_ + 63) / 64),
      questions_(count_ * count_, -1),
      alive_(count_ * words_, 0),
      above_(count_ * words_, 0),
      below_(count_ * words_, 0) {
  for (std::size_t i = 0; i < count_; ++i)
    for (std::size_t j = i + 1; j < count_; ++j) {
      const SectionItem &a = sections.items[i], &b = sections.items[j];
      if (a.last <= b.first || b.last <= a.first) continue;
      questions_[i * count_ + j] = questions_[j * count_ + i] =
          static_cast<std::int32_t>(ends_.size());
      ends_.emplace_back(i, j);
      put(&alive_[i * words_], j, true);
      put(&alive_[j * words_], i, true);
    }
}

void Pairs::set(std::size_t below, std::size_t above, bool is_known) {
  put(&above_[below * words_], above, is_known);
  put(&below_[above * words_], below, is_known);
}

}  // namespace shapewright
