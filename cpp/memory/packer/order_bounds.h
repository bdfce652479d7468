// Between which offsets each item lies, given what is known to lie below and above it, and why.
//
// Every bound is kept with what raised or lowered it, so that it can be explained by literals that
// held at that time, and taken back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/packer/clauses.h"
#include "memory/packer/pairs.h"
#include "memory/packer/sections.h"

namespace shapewright {

class OrderBounds {
 public:
  OrderBounds(const Sections& sections, std::int64_t height);

  enum class Side : std::uint8_t { kLower, kUpper };
  std::int64_t lower(std::size_t i) const { return bounds_[0][i]; }
  std::int64_t upper(std::size_t i) const { return bounds_[1][i]; }
  std::span<const std::int64_t> waste() const { return waste_; }

  // Counts the sizes of a pair below and above each other, or no longer.
  void add(std::size_t below, std::size_t above, int sign);
  // From what is alive with both; `place` is that of the literal that is being assigned.
  void tighten_by_sums(std::size_t below, std::size_t above, std::int32_t place);
  void tighten_by_item(Side side, std::size_t item, std::size_t by, std::int32_t place);
  void retract(std::int32_t place);  // what came at that place or later

  // Items whose bound on one side has changed, to be looked at.
  struct Change {
    Side side;
    std::size_t item;
  };
  std::vector<Change>& changes() { return changes_; }

  // Literals, up to `place`, by which the item lies at `value` or above it, or below it.
  void explain(Side side, std::size_t item, std::int64_t value, std::int32_t place,
               const Pairs& pairs, const ClauseSearch& search, std::vector<Literal>& out) const;
  // As it was then.
  std::int64_t upper_at(std::size_t item, std::int32_t place) const;

 private:
  struct Event {
    Side side;
    bool is_sum;  // of the section `from`; else the item `from` pushes
    std::size_t item, from;
    std::int64_t before, value;
    std::int32_t place, previous;  // event of the same bound
  };
  void tighten(Side side, std::size_t item, std::int64_t value, bool is_sum, std::size_t from,
               std::int32_t place);
  std::int64_t widest(Side side, std::size_t item) const {
    return side == Side::kLower ? 0 : height_ - items_[item].bytes;
  }
  bool reaches(Side side, std::int64_t bound, std::int64_t value) const {
    return side == Side::kLower ? bound >= value : bound <= value;
  }
  void explain_sum(const Event& event, std::int64_t least, const Pairs& pairs,
                   const ClauseSearch& search, std::vector<Literal>& out) const;

  const std::vector<SectionItem>& items_;
  std::int64_t height_;
  std::vector<std::int64_t> waste_;                // by section
  std::vector<std::vector<std::size_t>> alive_;    // by section
  std::vector<std::size_t> bases_;                 // of an item's sections
  std::vector<std::int64_t> sums_[2], bounds_[2];  // sums: below, above, by item and section
  std::vector<std::int32_t> latest_[2];            // event, by item
  std::vector<Event> events_;
  std::vector<Change> changes_;
};

}  // namespace shapewright
