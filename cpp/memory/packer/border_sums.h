// Which of the items that end or begin at a border can lie below one that crosses it.
//
// The sums of both sides may differ by what their sections can waste. All sets of items that meet
// so are listed once a border, and serve each item that crosses it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/packer/sections.h"

namespace shapewright {

class BorderSums {
 public:
  // `waste` of each section: the height less the items alive in it.
  BorderSums(const Sections& sections, std::span<const std::int64_t> waste);

  bool is_listed(std::int32_t border) const { return !border_of(border).sets.empty(); }
  // Items that end, then those that begin.
  const std::vector<std::size_t>& items(std::int32_t border) const {
    return border_of(border).items;
  }
  bool is_crossed(std::int32_t border, std::size_t item) const {
    return border > items_[item].first && border < items_[item].last;
  }

  // Which are known to lie above or below the crossing item, and which of them lie below.
  struct Known {
    std::uint32_t mask = 0, below = 0;
  };
  const Known& known(std::int32_t border, std::size_t crossing) const {
    return known_[place(border, crossing)];
  }
  void note(std::size_t item, std::size_t crossing, bool is_below, bool is_new);

  // What all sets that agree with `known` have in common; `is_any` is false if there are none.
  struct Common {
    bool is_any = false;
    std::uint32_t below = 0, above = 0;
  };
  Common common(std::int32_t border, Known known) const;
  bool has_any(std::int32_t border, Known known) const;

 private:
  struct Border {
    std::vector<std::size_t> items;
    std::size_t num_ending = 0;
    std::vector<std::uint32_t> sets;  // empty if there are too many to tell
  };
  const Border& border_of(std::int32_t border) const {
    return borders_[static_cast<std::size_t>(border)];
  }
  std::size_t place(std::int32_t border, std::size_t crossing) const {
    return bases_[crossing] + static_cast<std::size_t>(border - items_[crossing].first - 1);
  }
  void list(std::int32_t border, std::int64_t left_waste, std::int64_t right_waste);

  const std::vector<SectionItem>& items_;
  std::vector<Border> borders_;
  std::vector<std::size_t> bases_;
  std::vector<std::uint32_t> begin_bits_, end_bits_;  // by item; 0 at a border that is not listed
  std::vector<Known> known_;
};

}  // namespace shapewright
