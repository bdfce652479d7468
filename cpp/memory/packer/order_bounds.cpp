#include "memory/packer/order_bounds.h"

#include <algorithm>
#include <utility>

namespace shapewright {

OrderBounds::OrderBounds(const Sections& sections, std::int64_t height)
    : items_(sections.items),
      height_(height),
      waste_(static_cast<std::size_t>(sections.count), height),
      alive_(static_cast<std::size_t>(sections.count)) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    bases_.push_back(size);
    size += static_cast<std::size_t>(items_[i].last - items_[i].first);
    for (auto s = static_cast<std::size_t>(items_[i].first);
         s < static_cast<std::size_t>(items_[i].last); ++s) {
      alive_[s].push_back(i);
      waste_[s] -= items_[i].bytes;
    }
    bounds_[0].push_back(0);
    bounds_[1].push_back(height - items_[i].bytes);
  }
  for (auto& sums : sums_) sums.assign(size, 0);
  for (auto& latest : latest_) latest.assign(items_.size(), -1);
}

void OrderBounds::add(std::size_t below, std::size_t above, int sign) {
  const SectionItem &low = items_[below], &high = items_[above];
  const std::int32_t end = std::min(low.last, high.last);
  for (std::int32_t s = std::max(low.first, high.first); s < end; ++s) {
    sums_[0][bases_[above] + static_cast<std::size_t>(s - high.first)] += sign * low.bytes;
    sums_[1][bases_[below] + static_cast<std::size_t>(s - low.first)] += sign * high.bytes;
  }
}

void OrderBounds::tighten_by_sums(std::size_t below, std::size_t above, std::int32_t place) {
  const SectionItem &low = items_[below], &high = items_[above];
  const std::int32_t begin = std::max(low.first, high.first), end = std::min(low.last, high.last);
  std::int64_t most_below = 0, most_above = 0;
  std::int32_t at_below = begin, at_above = begin;
  for (std::int32_t s = begin; s < end; ++s) {
    const std::int64_t b = sums_[0][bases_[above] + static_cast<std::size_t>(s - high.first)];
    const std::int64_t a = sums_[1][bases_[below] + static_cast<std::size_t>(s - low.first)];
    if (b > most_below) most_below = b, at_below = s;
    if (a > most_above) most_above = a, at_above = s;
  }
  tighten(Side::kLower, above, most_below, true, static_cast<std::size_t>(at_below), place);
  tighten(Side::kUpper, below, widest(Side::kUpper, below) - most_above, true,
          static_cast<std::size_t>(at_above), place);
}

void OrderBounds::tighten_by_item(Side side, std::size_t item, std::size_t by, std::int32_t place) {
  const std::int64_t value =
      side == Side::kLower ? lower(by) + items_[by].bytes : upper(by) - items_[item].bytes;
  tighten(side, item, value, false, by, place);
}

void OrderBounds::tighten(Side side, std::size_t item, std::int64_t value, bool is_sum,
                          std::size_t from, std::int32_t place) {
  const auto k = static_cast<std::size_t>(side);
  std::int64_t& bound = bounds_[k][item];
  if (reaches(side, bound, value)) return;
  events_.push_back({side, is_sum, item, from, bound, value, place, latest_[k][item]});
  latest_[k][item] = static_cast<std::int32_t>(events_.size()) - 1;
  bound = value;
  changes_.push_back({side, item});
}

void OrderBounds::retract(std::int32_t place) {
  for (; !events_.empty() && events_.back().place >= place; events_.pop_back()) {
    const Event& event = events_.back();
    const auto k = static_cast<std::size_t>(event.side);
    bounds_[k][event.item] = event.before;
    latest_[k][event.item] = event.previous;
  }
}

std::int64_t OrderBounds::upper_at(std::size_t item, std::int32_t place) const {
  std::int32_t at = latest_[1][item];
  while (at >= 0 && events_[static_cast<std::size_t>(at)].place > place)
    at = events_[static_cast<std::size_t>(at)].previous;
  return at < 0 ? widest(Side::kUpper, item) : events_[static_cast<std::size_t>(at)].value;
}

void OrderBounds::explain(Side side, std::size_t item, std::int64_t value, std::int32_t place,
                          const Pairs& pairs, const ClauseSearch& search,
                          std::vector<Literal>& out) const {
  while (!reaches(side, widest(side, item), value)) {
    // The first event that sufficed.
    const Event* first = nullptr;
    for (std::int32_t at = latest_[static_cast<std::size_t>(side)][item]; at >= 0;) {
      const Event& event = events_[static_cast<std::size_t>(at)];
      if (!reaches(side, event.value, value)) break;
      if (event.place <= place) first = &event;
      at = event.previous;
    }
    if (first->is_sum) {
      const std::int64_t least = side == Side::kLower ? value : widest(Side::kUpper, item) - value;
      return explain_sum(*first, least, pairs, search, out);
    }
    const std::size_t by = first->from;
    const bool is_lower = side == Side::kLower;
    out.push_back(is_lower ? pairs.literal(by, item) : pairs.literal(item, by));
    value += is_lower ? -items_[by].bytes : items_[item].bytes;
    item = by;
    place = first->place;
  }
}

// Enough items of the section to make the sum, the earliest known first.
void OrderBounds::explain_sum(const Event& event, std::int64_t least, const Pairs& pairs,
                              const ClauseSearch& search, std::vector<Literal>& out) const {
  std::vector<std::pair<std::int32_t, std::size_t>> known;
  const auto literal = [&](std::size_t other) {
    return event.side == Side::kLower ? pairs.literal(other, event.item)
                                      : pairs.literal(event.item, other);
  };
  for (const std::size_t other : alive_[event.from]) {
    if (other == event.item) continue;
    const Literal l = literal(other);
    if (search.holds(l) && search.place_of(l) <= event.place)
      known.emplace_back(search.place_of(l), other);
  }
  std::ranges::sort(known);
  std::size_t count = 0;
  std::int64_t sum = 0;
  while (count < known.size() && sum < least) sum += items_[known[count++].second].bytes;
  for (std::int64_t spare = sum - least; count-- > 0;) {
    const std::size_t other = known[count].second;
    if (items_[other].bytes <= spare)
      spare -= items_[other].bytes;
    else
      out.push_back(literal(other));
  }
}

}  // namespace shapewright
