// Exact search for a plan of a given height.
//
//   floor |####      ########|     sections: stretches of time with one set of items alive
//         |####[ valley ]####|     floor: below it nothing more is put, by section
//
// Somewhere a valley lies lower than both its neighbours. Of the items still to be placed, the
// lowest over the valley's first section either begins there, fits into the valley and lies on its
// floor, or it rests on something higher: then the floor of that section rises to the least height
// at which it can. Both ends of every valley are looked at, and the one with the fewest answers is
// tried. Stretches of time that no item joins any more are solved apart; what has failed once is
// remembered. A plan in which every item rests on another, or on the ground, is among those tried,
// so that failing is a proof.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "memory/packer/borders.h"
#include "memory/packer/plan.h"

namespace shapewright {

class SkylineSearch {
 public:
  // Sizes may be in any unit.
  explicit SkylineSearch(std::span<const PackItem> items);

  enum class Answer : std::uint8_t { kFound, kImpossible, kGaveUp };
  // `style` turns the order in which answers are tried.
  Answer solve(std::int64_t height, std::int64_t max_nodes, std::uint32_t style);

  const std::vector<std::int64_t>& offsets() const { return offsets_; }  // after kFound
  // After kImpossible: no height below it will do.
  std::int64_t least_height() const { return need_; }
  std::int64_t nodes() const { return nodes_; }

 private:
  struct Item {
    std::int32_t first, last;  // sections [first, last)
    std::int64_t bytes;
    std::uint64_t key_a, key_b;
    std::uint32_t begin_bit = 0, end_bit = 0;  // at the borders `first` and `last`
    bool is_placed = false;
  };
  struct Choice {
    std::int32_t left = 0, right = 0;  // the valley
    bool is_left_end = true;
    std::int64_t raised = 0;  // floor of its end if no item is put there
    std::uint32_t num_items = 0;
    std::int64_t room = 0;
  };
  struct Key {
    std::uint64_t a, b;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const { return static_cast<std::size_t>(k.a); }
  };

  void clear();
  bool solve_stretch(std::int32_t begin, std::int32_t end);
  bool solve_connected(std::int32_t begin, std::int32_t end);
  bool choose(std::int32_t begin, std::int32_t end, Choice& out);
  Choice look(std::int32_t left, std::int32_t right, bool is_left_end, std::int32_t begin,
              std::int32_t end);
  std::vector<std::uint32_t> candidates(const Choice& c);
  void place(std::uint32_t item, std::int64_t floor);
  void reopen(std::uint32_t item);
  Key key_of(std::int32_t begin, std::int32_t end) const;
  bool fits(std::int32_t section, std::int64_t floor);  // else says what height it would need
  bool may_place(std::uint32_t item, const Choice& c);
  bool can_meet(std::int32_t border, std::int64_t left_floor, std::int64_t right_floor,
                std::uint32_t ended, std::uint32_t begun);

  std::vector<Item> items_;                                // those that take room
  std::vector<std::uint32_t> index_;                       // of them in the caller's list
  std::vector<std::vector<std::uint32_t>> begins_, ends_;  // by section: first, last section
  std::vector<std::int64_t> floor_, rest_;                 // by section; rest: bytes to be placed
  std::vector<std::int32_t> joins_;                        // by section: items across its beginning
  std::vector<std::int64_t> offsets_;
  std::unordered_map<Key, std::int64_t, KeyHash> failed_;  // what height it would have needed
  Borders borders_;
  std::int64_t height_ = 0, need_ = 0, nodes_ = 0, max_nodes_ = 0;
  std::uint32_t style_ = 0;
  bool gave_up_ = false;
};

}  // namespace shapewright
