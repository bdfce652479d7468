#include "memory/packer/border_sums.h"

#include <algorithm>
#include <bit>

namespace shapewright {

namespace {

constexpr std::size_t kMaxItems = 16;   // that end or begin at a border: 2^16 sets
constexpr std::size_t kMaxSets = 3000;  // more of them say little

}  // namespace

BorderSums::BorderSums(const Sections& sections, std::span<const std::int64_t> waste)
    : items_(sections.items),
      borders_(static_cast<std::size_t>(sections.count) + 1),
      begin_bits_(items_.size(), 0),
      end_bits_(items_.size(), 0) {
  std::size_t size = 0;
  for (const SectionItem& item : items_) {
    bases_.push_back(size);
    size += static_cast<std::size_t>(item.last - item.first - 1);
  }
  known_.resize(size);
  for (std::size_t i = 0; i < items_.size(); ++i)
    borders_[static_cast<std::size_t>(items_[i].last)].items.push_back(i);
  for (Border& border : borders_) border.num_ending = border.items.size();
  for (std::size_t i = 0; i < items_.size(); ++i)
    borders_[static_cast<std::size_t>(items_[i].first)].items.push_back(i);
  for (std::int32_t t = 1; t < sections.count; ++t)
    list(t, waste[static_cast<std::size_t>(t) - 1], waste[static_cast<std::size_t>(t)]);
}

void BorderSums::list(std::int32_t at, std::int64_t left_waste, std::int64_t right_waste) {
  Border& border = borders_[static_cast<std::size_t>(at)];
  if (border.items.size() > kMaxItems) return;
  const std::uint32_t num_sets = std::uint32_t{1} << border.items.size();
  std::vector<std::int64_t> excess(num_sets, 0);  // of what begins over what ends
  for (std::uint32_t set = 0; set < num_sets; ++set) {
    if (set != 0) {
      const auto k = static_cast<std::size_t>(std::countr_zero(set));
      const std::int64_t bytes = items_[border.items[k]].bytes;
      excess[set] = excess[set & (set - 1)] + (k < border.num_ending ? -bytes : bytes);
    }
    if (excess[set] >= -right_waste && excess[set] <= left_waste) border.sets.push_back(set);
  }
  if (border.sets.size() == num_sets || border.sets.size() > kMaxSets) {
    border.sets.clear();
    return;
  }
  for (std::size_t k = 0; k < border.items.size(); ++k)
    (k < border.num_ending ? end_bits_ : begin_bits_)[border.items[k]] = std::uint32_t{1} << k;
}

void BorderSums::note(std::size_t item, std::size_t crossing, bool is_below, bool is_new) {
  const auto at = [&](std::int32_t border, std::uint32_t bit) {
    if (bit == 0 || !is_crossed(border, crossing)) return;
    Known& known = known_[place(border, crossing)];
    known.mask = is_new ? known.mask | bit : known.mask & ~bit;
    known.below = is_new && is_below ? known.below | bit : known.below & ~bit;
  };
  at(items_[item].first, begin_bits_[item]);
  at(items_[item].last, end_bits_[item]);
}

BorderSums::Common BorderSums::common(std::int32_t border, Known known) const {
  const std::uint32_t open =
      ((std::uint32_t{1} << border_of(border).items.size()) - 1) & ~known.mask;
  Common out{false, open, open};
  for (const std::uint32_t set : border_of(border).sets) {
    if ((set & known.mask) != known.below) continue;
    out.is_any = true;
    out.below &= set;
    out.above &= ~set;
  }
  return out;
}

bool BorderSums::has_any(std::int32_t border, Known known) const {
  return std::ranges::any_of(border_of(border).sets,
                             [&](std::uint32_t set) { return (set & known.mask) == known.below; });
}

}  // namespace shapewright
