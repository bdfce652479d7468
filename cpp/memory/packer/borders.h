// Where items begin and end between two sections, and whether their sizes can add up.
//
//   | ends | ends |                    The next item across the border lies on both sides at one
//   |######|------+ across  +------    height: what ends below it on the left, and what begins
//   |      |######| begins  |          below it on the right, lift both floors to it, but for what
//   floor     floor                    either section can waste.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace shapewright {

class Borders {
 public:
  enum class Side : std::uint8_t { kEnds, kBegins };

  // `sizes` of the items that end or begin at the border, in some order.
  void resize(std::size_t count) { borders_.resize(count); }
  // The bit of the item in the mask of its border.
  std::uint32_t add(std::size_t border, Side side, std::int64_t bytes);

  void open(std::size_t border, Side side, std::uint32_t bit) { mask(border, side) |= bit; }
  void close(std::size_t border, Side side, std::uint32_t bit) { mask(border, side) &= ~bit; }

  struct Sides {
    std::int64_t left_floor, right_floor, left_waste, right_waste;
  };
  // 0 if some of the open items, less those of the bits, can lift the floors to one height, or
  // there are too many to tell; else how much more both sections would have to waste.
  std::int64_t shortage(std::size_t border, const Sides& s, std::uint32_t ended = 0,
                        std::uint32_t begun = 0) const;

 private:
  static constexpr std::size_t kMaxItems = 12;  // of a side, that are open
  struct Border {
    std::vector<std::int64_t> sizes[2];
    std::uint32_t masks[2] = {0, 0};
  };
  std::uint32_t& mask(std::size_t border, Side side) {
    return borders_[border].masks[static_cast<std::size_t>(side)];
  }
  // All sums of some of them, ascending.
  const std::vector<std::int64_t>& sums(std::size_t border, Side side, std::uint32_t mask) const;

  std::vector<Border> borders_;
  mutable std::unordered_map<std::uint64_t, std::vector<std::int64_t>> sums_;
};

}  // namespace shapewright
