#include "memory/packer/skyline.h"

#include <algorithm>
#include <limits>

namespace shapewright {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::size_t kMaxFailed = 4'000'000;

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Sections whose set of items is no subset of another's: where the last of a run of beginnings
// comes before an end. Two items are alive at once if and only if they share one.
std::vector<std::int64_t> section_times(std::span<const PackItem> items,
                                        std::span<const std::uint32_t> index) {
  std::vector<std::pair<std::int64_t, bool>> changes;  // ends come before beginnings
  for (const std::uint32_t i : index) {
    changes.emplace_back(items[i].begin, true);
    changes.emplace_back(items[i].end, false);
  }
  std::ranges::sort(changes);
  std::vector<std::int64_t> times;
  for (std::size_t k = 0; k + 1 < changes.size(); ++k)
    if (changes[k].second && !changes[k + 1].second) times.push_back(changes[k].first);
  return times;
}

}  // namespace

SkylineSearch::SkylineSearch(std::span<const PackItem> items) {
  for (std::uint32_t i = 0; i < items.size(); ++i)
    if (items[i].bytes > 0 && items[i].begin < items[i].end) index_.push_back(i);
  const std::vector<std::int64_t> times = section_times(items, index_);
  const std::size_t n = times.size();
  begins_.resize(n);
  ends_.resize(n);
  floor_.assign(n, 0);
  rest_.assign(n, 0);
  joins_.assign(n + 1, 0);
  borders_.resize(n + 1);
  offsets_.assign(items.size(), 0);
  for (std::uint32_t k = 0; k < index_.size(); ++k) {
    const PackItem& from = items[index_[k]];
    const auto place_of = [&](std::int64_t time) {
      return static_cast<std::int32_t>(std::ranges::lower_bound(times, time) - times.begin());
    };
    Item item{place_of(from.begin), place_of(from.end), from.bytes, mixed(2 * k + 1),
              mixed(mixed(2 * k + 2))};
    item.begin_bit =
        borders_.add(static_cast<std::size_t>(item.first), Borders::Side::kBegins, item.bytes);
    item.end_bit =
        borders_.add(static_cast<std::size_t>(item.last), Borders::Side::kEnds, item.bytes);
    items_.push_back(item);
    begins_[static_cast<std::size_t>(item.first)].push_back(k);
    ends_[static_cast<std::size_t>(item.last) - 1].push_back(k);
  }
  clear();
}

SkylineSearch::Answer SkylineSearch::solve(std::int64_t height, std::int64_t max_nodes,
                                           std::uint32_t style) {
  height_ = height;
  max_nodes_ = nodes_ + max_nodes;
  style_ = style;
  need_ = kNever;
  gave_up_ = false;
  clear();
  if (const auto most = std::ranges::max_element(rest_); most != rest_.end() && *most > height) {
    need_ = *most;
    return Answer::kImpossible;
  }
  if (solve_stretch(0, static_cast<std::int32_t>(rest_.size()))) return Answer::kFound;
  return gave_up_ ? Answer::kGaveUp : Answer::kImpossible;
}

void SkylineSearch::clear() {
  std::ranges::fill(floor_, 0);
  std::ranges::fill(rest_, 0);
  std::ranges::fill(joins_, 0);
  for (std::uint32_t k = 0; k < items_.size(); ++k) {
    reopen(k);
    for (std::int32_t s = items_[k].first; s < items_[k].last; ++s)
      rest_[static_cast<std::size_t>(s)] += items_[k].bytes;
  }
}

void SkylineSearch::reopen(std::uint32_t k) {
  Item& item = items_[k];
  item.is_placed = false;
  borders_.open(static_cast<std::size_t>(item.first), Borders::Side::kBegins, item.begin_bit);
  borders_.open(static_cast<std::size_t>(item.last), Borders::Side::kEnds, item.end_bit);
  for (std::int32_t s = item.first + 1; s < item.last; ++s) ++joins_[static_cast<std::size_t>(s)];
}

// Splits where nothing is left to be placed, or nothing joins the two sides.
bool SkylineSearch::solve_stretch(std::int32_t begin, std::int32_t end) {
  std::vector<std::pair<std::int32_t, std::int32_t>> parts;
  for (std::int32_t s = begin; s < end;) {
    if (rest_[static_cast<std::size_t>(s)] == 0) {
      ++s;
      continue;
    }
    std::int32_t stop = s + 1;
    while (stop < end && joins_[static_cast<std::size_t>(stop)] > 0) ++stop;
    parts.emplace_back(s, stop);
    s = stop;
  }
  std::ranges::sort(parts, {}, [](const auto& p) { return p.second - p.first; });
  for (const auto& [first, last] : parts)
    if (!solve_connected(first, last)) return false;
  return true;
}

bool SkylineSearch::fits(std::int32_t section, std::int64_t floor) {
  const std::int64_t needed = floor + rest_[static_cast<std::size_t>(section)];
  if (needed <= height_) return true;
  need_ = std::min(need_, needed);
  return false;
}

// On failure all is as it was. On success the items stay placed: a caller that fails afterwards
// restores its whole stretch.
bool SkylineSearch::solve_connected(std::int32_t begin, std::int32_t end) {
  if (++nodes_ > max_nodes_) {
    gave_up_ = true;
    return false;
  }
  const Key key = key_of(begin, end);
  if (const auto found = failed_.find(key); found != failed_.end() && found->second > height_) {
    need_ = std::min(need_, found->second);
    return false;
  }
  const std::int64_t outer_need = need_;
  need_ = kNever;
  const auto b = static_cast<std::size_t>(begin), e = static_cast<std::size_t>(end);
  const std::vector<std::int64_t> floors(floor_.begin() + begin, floor_.begin() + end);
  const std::vector<std::int64_t> rests(rest_.begin() + begin, rest_.begin() + end);
  std::vector<std::uint32_t> open;
  for (std::size_t s = b; s < e; ++s)
    for (const std::uint32_t k : begins_[s])
      if (!items_[k].is_placed) open.push_back(k);
  const auto restore = [&] {
    for (const std::uint32_t k : open)
      if (items_[k].is_placed) reopen(k);
    std::ranges::copy(floors, floor_.begin() + begin);
    std::ranges::copy(rests, rest_.begin() + begin);
  };

  Choice choice;
  bool is_solved = false;
  if (choose(begin, end, choice)) {
    const std::int64_t floor = floor_[static_cast<std::size_t>(choice.left)];
    for (const std::uint32_t k : candidates(choice)) {
      place(k, floor);
      is_solved = solve_stretch(begin, end);
      if (is_solved || gave_up_) break;
      restore();
    }
    if (!is_solved && !gave_up_) {
      const std::int32_t at = choice.is_left_end ? choice.left : choice.right - 1;
      if (choice.raised < kNever && fits(at, choice.raised)) {
        floor_[static_cast<std::size_t>(at)] = choice.raised;
        is_solved = solve_stretch(begin, end);
      }
    }
  }
  if (is_solved) {
    need_ = outer_need;
    return true;
  }
  restore();
  if (!gave_up_ && failed_.size() < kMaxFailed) failed_[key] = need_;
  need_ = std::min(need_, outer_need);
  return false;
}

// The end of a valley with the fewest answers.
bool SkylineSearch::choose(std::int32_t begin, std::int32_t end, Choice& out) {
  bool is_any = false;
  const auto floor = [&](std::int32_t s) { return floor_[static_cast<std::size_t>(s)]; };
  const auto is_better = [&](const Choice& a, const Choice& b) {
    const auto answers = [&](const Choice& c) {
      return c.num_items + static_cast<std::uint32_t>(c.room >= 0);
    };
    if (answers(a) != answers(b)) return answers(a) < answers(b);
    if (a.room != b.room && (a.room < 0 || b.room < 0)) return a.room < b.room;
    return floor(a.left) < floor(b.left);
  };
  for (std::int32_t left = begin; left < end;) {
    std::int32_t right = left + 1;
    while (right < end && floor(right) == floor(left)) ++right;
    if ((left == begin || floor(left - 1) > floor(left)) &&
        (right == end || floor(right) > floor(left))) {
      for (const bool is_left_end : {true, false}) {
        const Choice c = look(left, right, is_left_end, begin, end);
        if (!is_any || is_better(c, out)) out = c;
        is_any = true;
      }
    }
    left = right;
  }
  return is_any;
}

SkylineSearch::Choice SkylineSearch::look(std::int32_t left, std::int32_t right, bool is_left_end,
                                          std::int32_t begin, std::int32_t end) {
  Choice c{left, right, is_left_end};
  const std::int32_t at = is_left_end ? left : right - 1;
  const auto section = static_cast<std::size_t>(at);
  const std::int64_t floor = floor_[static_cast<std::size_t>(left)];
  std::int64_t inner = kNever, near = kNever, far = kNever;  // floors on which it may rest
  std::int64_t open_bytes = 0;                               // of items that end here
  bool has_inner = false;
  for (const std::uint32_t k : is_left_end ? begins_[section] : ends_[section]) {
    const Item& item = items_[k];
    if (item.is_placed) continue;
    open_bytes += item.bytes;
    if (is_left_end ? item.last <= right : item.first >= left)
      has_inner = true, c.num_items += may_place(k, c);
    else
      far = is_left_end ? floor_[static_cast<std::size_t>(right)]
                        : floor_[static_cast<std::size_t>(left - 1)];
  }
  // Items that reach over the end rest on its neighbour, or higher.
  if (open_bytes < rest_[section])
    near = is_left_end ? (left > begin ? floor_[static_cast<std::size_t>(left - 1)] : kNever)
                       : (right < end ? floor_[static_cast<std::size_t>(right)] : kNever);
  if (has_inner) {
    // Or on an item of the valley that does not reach the end.
    for (std::int32_t s = is_left_end ? left + 1 : left; s < (is_left_end ? right : right - 1); ++s)
      for (const std::uint32_t k : begins_[static_cast<std::size_t>(s)]) {
        const Item& item = items_[k];
        if (!item.is_placed && item.last <= (is_left_end ? right : right - 1))
          inner = std::min(inner, floor + item.bytes);
      }
  }
  c.raised = std::min({inner, near, far});
  c.room = c.raised == kNever ? -1 : height_ - rest_[section] - c.raised;
  return c;
}

// In the order of trying; of items that are alike, the first.
std::vector<std::uint32_t> SkylineSearch::candidates(const Choice& c) {
  std::vector<std::uint32_t> out;
  const auto section = static_cast<std::size_t>(c.is_left_end ? c.left : c.right - 1);
  for (const std::uint32_t k : c.is_left_end ? begins_[section] : ends_[section]) {
    const Item& item = items_[k];
    if (item.is_placed || item.first < c.left || item.last > c.right) continue;
    const bool is_alike = std::ranges::any_of(out, [&](std::uint32_t other) {
      return items_[other].first == item.first && items_[other].last == item.last &&
             items_[other].bytes == item.bytes;
    });
    if (!is_alike && may_place(k, c)) out.push_back(k);
  }
  const auto floor = [&](std::int32_t s) {
    return s < 0 || s >= static_cast<std::int32_t>(floor_.size())
               ? kNever
               : floor_[static_cast<std::size_t>(s)];
  };
  // From the fourth order on each score is scaled by a draw of its own. In every other order items
  // that level the skyline come first: they leave fewer valleys.
  const auto score = [&](std::uint32_t k) {
    const Item& item = items_[k];
    const auto bytes = static_cast<double>(item.bytes);
    const auto width = static_cast<double>(item.last - item.first);
    double weight = 1;
    if (style_ >= 3) weight = 0.3 + static_cast<double>(mixed(item.key_a + style_) >> 11) * 0x1p-53;
    if (style_ % 2 == 0) {
      const std::int64_t top = floor(c.left) + item.bytes;
      const bool is_at_left = item.first == c.left, is_at_right = item.last == c.right;
      if (is_at_left && floor(c.left - 1) == top) weight *= 8;
      if (is_at_right && floor(c.right) == top) weight *= 8;
      if (is_at_left && is_at_right) weight *= 4;
    }
    switch (style_ % 3) {
      case 0: return weight * bytes * width;
      case 1: return weight * bytes;
      default: return weight * width;
    }
  };
  std::ranges::stable_sort(out, std::ranges::greater{}, score);
  return out;
}

void SkylineSearch::place(std::uint32_t k, std::int64_t floor) {
  Item& item = items_[k];
  item.is_placed = true;
  offsets_[index_[k]] = floor;
  borders_.close(static_cast<std::size_t>(item.first), Borders::Side::kBegins, item.begin_bit);
  borders_.close(static_cast<std::size_t>(item.last), Borders::Side::kEnds, item.end_bit);
  for (std::int32_t s = item.first; s < item.last; ++s) {
    const auto section = static_cast<std::size_t>(s);
    floor_[section] = floor + item.bytes;
    rest_[section] -= item.bytes;
    if (s > item.first) --joins_[section];
  }
}

// Whether, with the item on the valley's floor, what is left can still add up at both its ends.
bool SkylineSearch::may_place(std::uint32_t k, const Choice& c) {
  const Item& item = items_[k];
  const std::int64_t top = floor_[static_cast<std::size_t>(c.left)] + item.bytes;
  const auto floor = [&](std::int32_t s) { return floor_[static_cast<std::size_t>(s)]; };
  const auto joins = [&](std::int32_t s) { return joins_[static_cast<std::size_t>(s)] > 0; };
  return (!joins(item.first) ||
          can_meet(item.first, floor(item.first - 1), top, 0, item.begin_bit)) &&
         (!joins(item.last) || can_meet(item.last, top, floor(item.last), item.end_bit, 0));
}

bool SkylineSearch::can_meet(std::int32_t border, std::int64_t left_floor, std::int64_t right_floor,
                             std::uint32_t ended, std::uint32_t begun) {
  const auto at = static_cast<std::size_t>(border);
  const auto waste = [&](std::size_t s) { return height_ - floor_[s] - rest_[s]; };
  const std::int64_t shortage =
      borders_.shortage(at, {left_floor, right_floor, waste(at - 1), waste(at)}, ended, begun);
  if (shortage > 0) need_ = std::min(need_, height_ + shortage);
  return shortage == 0;
}

SkylineSearch::Key SkylineSearch::key_of(std::int32_t begin, std::int32_t end) const {
  Key key{mixed(static_cast<std::uint64_t>(begin)), mixed(static_cast<std::uint64_t>(end))};
  for (auto s = static_cast<std::size_t>(begin); s < static_cast<std::size_t>(end); ++s) {
    const auto floor = static_cast<std::uint64_t>(floor_[s]);
    key.a ^= mixed(floor * 0x10001u + s);
    key.b ^= mixed(~floor * 0x100003u + 3 * s);
    for (const std::uint32_t k : begins_[s])
      if (!items_[k].is_placed) {
        key.a ^= items_[k].key_a;
        key.b ^= items_[k].key_b;
      }
  }
  return key;
}

}  // namespace shapewright
