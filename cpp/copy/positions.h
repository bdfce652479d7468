// Every combination of positions of some digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "layout/piece.h"

namespace shapewright {

// `visit(sum)`: the offsets of the position from that of all zeros; the first digit is the fastest.
template <class Visit>
void for_each_position(const std::vector<Digit>& digits, const std::vector<std::int64_t>& extents,
                       Visit visit) {
  std::vector<std::int64_t> at(digits.size(), 0);
  Digit sum{.size = 1};
  for (;;) {
    visit(sum);
    std::size_t i = 0;
    for (; i < digits.size(); ++i) {
      sum.src += digits[i].src;
      sum.dst += digits[i].dst;
      sum.param += digits[i].param;
      if (++at[i] < extents[i]) break;
      sum.src -= at[i] * digits[i].src;
      sum.dst -= at[i] * digits[i].dst;
      sum.param -= at[i] * digits[i].param;
      at[i] = 0;
    }
    if (i == digits.size()) return;
  }
}

}  // namespace shapewright
