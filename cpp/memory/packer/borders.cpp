#include "memory/packer/borders.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace shapewright {

std::uint32_t Borders::add(std::size_t border, Side side, std::int64_t bytes) {
  auto& sizes = borders_[border].sizes[static_cast<std::size_t>(side)];
  sizes.push_back(bytes);
  // Past 32 they share the last bit, which then never closes: see shortage.
  const auto place = std::min<std::size_t>(sizes.size() - 1, 31);
  return std::uint32_t{1} << place;
}

const std::vector<std::int64_t>& Borders::sums(std::size_t border, Side side,
                                               std::uint32_t mask) const {
  const std::uint64_t key =
      (std::uint64_t{border} << 33) | (std::uint64_t{side == Side::kBegins} << 32) | mask;
  const auto [at, is_new] = sums_.try_emplace(key);
  std::vector<std::int64_t>& out = at->second;
  if (!is_new) return out;
  const auto& sizes = borders_[border].sizes[static_cast<std::size_t>(side)];
  out.push_back(0);
  for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const std::int64_t bytes = sizes[static_cast<std::size_t>(std::countr_zero(rest))];
    const std::size_t n = out.size();
    for (std::size_t i = 0; i < n; ++i) out.push_back(out[i] + bytes);
    std::inplace_merge(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
  }
  return out;
}

std::int64_t Borders::shortage(std::size_t border, const Sides& s, std::uint32_t ended,
                               std::uint32_t begun) const {
  // left_floor + E - (right_floor + B) has to be in [-left_waste, right_waste].
  const std::int64_t lead = s.left_floor - s.right_floor;
  if (lead >= -s.left_waste && lead <= s.right_waste) return 0;
  const Border& b = borders_[border];
  const std::uint32_t ends = b.masks[0] & ~ended, begins = b.masks[1] & ~begun;
  if (b.sizes[0].size() > 31 || b.sizes[1].size() > 31 ||
      static_cast<std::size_t>(std::popcount(ends)) > kMaxItems ||
      static_cast<std::size_t>(std::popcount(begins)) > kMaxItems)
    return 0;
  if (sums_.size() > 200'000) sums_.clear();
  const auto& lefts = sums(border, Side::kEnds, ends);
  const auto& rights = sums(border, Side::kBegins, begins);
  // Sums that are left behind meet nothing nearer further on.
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0, j = 0; i < lefts.size() && j < rights.size();) {
    const std::int64_t difference = lead + lefts[i] - rights[j];
    if (difference < -s.left_waste) {
      least = std::min(least, -s.left_waste - difference);
      ++i;
    } else if (difference > s.right_waste) {
      least = std::min(least, difference - s.right_waste);
      ++j;
    } else {
      return 0;
    }
  }
  return least;
}

}  // namespace shapewright
