#include "memory/packer/order.h"

#include <algorithm>
#include <utility>

namespace shapewright {

namespace {

// In [0, 1), by splitmix64.
double draw(std::uint64_t x) {
  x *= 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

OrderSearch::OrderSearch(const Sections& sections, std::int64_t height,
                         std::span<const std::int64_t> hints, std::uint32_t seed)
    : items_(sections.items),
      pairs_(sections),
      search_(pairs_.size(), *this),
      bounds_(sections, height),
      borders_(sections, bounds_.waste()) {
  for (std::size_t q = 0; q < pairs_.size(); ++q) {
    const auto [i, j] = pairs_.ends(static_cast<Literal>(2 * q));
    const auto share = [&](std::size_t k) {
      return static_cast<double>(items_[k].bytes) / static_cast<double>(height);
    };
    const std::uint64_t key = (std::uint64_t{seed} << 32) + 2 * q + 1;
    const double weight = seed == 0 ? 1 : 0.2 + draw(key);
    const bool is_turned = seed != 0 && draw(key + 1) < 0.05;
    const bool is_hinted = hints[sections.index[i]] < hints[sections.index[j]];
    search_.prefer(q, 1e-3 * weight * share(i) * share(j), is_hinted != is_turned);
  }
}

ClauseSearch::Answer OrderSearch::solve(std::int64_t max_nodes, double decay) {
  if (!is_begun_) is_refuted_ = !begin();
  is_begun_ = true;
  return is_refuted_ ? ClauseSearch::Answer::kNo : search_.solve(max_nodes, decay);
}

bool OrderSearch::begin() {
  for (std::size_t i = 0; i < items_.size(); ++i)
    for (std::int32_t border = items_[i].first + 1; border < items_[i].last; ++border)
      if (borders_.is_listed(border) && !infer_border(border, i)) return false;
  return true;
}

bool OrderSearch::assign(Literal literal) {
  place_ = search_.place_of(literal);
  note(literal, true);
  const auto [below, above] = pairs_.ends(literal);
  return infer_order(below, above, literal) && infer_borders(below, above) &&
         infer_borders(above, below) && infer_bounds(below, above);
}

void OrderSearch::retract(Literal literal) { note(literal, false); }

void OrderSearch::retracted(std::int32_t trail_size) { bounds_.retract(trail_size); }

void OrderSearch::note(Literal literal, bool is_new) {
  const auto [below, above] = pairs_.ends(literal);
  pairs_.set(below, above, is_new);
  bounds_.add(below, above, is_new ? 1 : -1);
  borders_.note(below, above, true, is_new);
  borders_.note(above, below, false, is_new);
}

bool OrderSearch::infer_order(std::size_t below, std::size_t above, Literal literal) {
  const auto imply = [&](std::size_t low, std::size_t high, Literal other) {
    return search_.imply(pairs_.literal(low, high), {kTransitive, literal, other});
  };
  for (std::size_t w = 0; w < pairs_.words(); ++w) {
    const std::uint64_t alive = pairs_.alive(below)[w] & pairs_.alive(above)[w];
    const std::uint64_t higher = alive & pairs_.above(above)[w] & ~pairs_.above(below)[w];
    const std::uint64_t lower = alive & pairs_.below(below)[w] & ~pairs_.below(above)[w];
    if (!Pairs::all_of(higher, w,
                       [&](std::size_t k) { return imply(below, k, pairs_.literal(above, k)); }) ||
        !Pairs::all_of(lower, w,
                       [&](std::size_t k) { return imply(k, above, pairs_.literal(k, below)); }))
      return false;
  }
  return true;
}

// At the borders of `item` that the other one crosses.
bool OrderSearch::infer_borders(std::size_t item, std::size_t other) {
  return std::ranges::all_of(std::initializer_list{items_[item].first, items_[item].last},
                             [&](std::int32_t border) {
                               return !borders_.is_crossed(border, other) ||
                                      !borders_.is_listed(border) || infer_border(border, other);
                             });
}

bool OrderSearch::infer_border(std::int32_t border, std::size_t crossing) {
  const BorderSums::Common common = borders_.common(border, borders_.known(border, crossing));
  if (!common.is_any) {
    search_.contradiction().clear();
    explain_border(border, crossing, -1, search_.contradiction());
    return false;
  }
  const Reason reason{kBorder, border, static_cast<std::int32_t>(crossing)};
  const auto& items = borders_.items(border);
  return Pairs::all_of(common.below, 0,
                       [&](std::size_t k) {
                         return search_.imply(pairs_.literal(items[k], crossing), reason);
                       }) &&
         Pairs::all_of(common.above, 0, [&](std::size_t k) {
           return search_.imply(pairs_.literal(crossing, items[k]), reason);
         });
}

bool OrderSearch::infer_bounds(std::size_t below, std::size_t above) {
  using Side = OrderBounds::Side;
  auto& changes = bounds_.changes();
  changes.clear();
  bounds_.tighten_by_sums(below, above, place_);
  bounds_.tighten_by_item(Side::kLower, above, below, place_);
  bounds_.tighten_by_item(Side::kUpper, below, above, place_);
  for (std::size_t next = 0; next < changes.size(); ++next) {
    const auto [side, item] = changes[next];
    if (bounds_.lower(item) > bounds_.upper(item)) return refuse_bounds(item);
    const bool is_lower = side == Side::kLower;
    for (std::size_t w = 0; w < pairs_.words(); ++w) {
      const std::uint64_t above_it = pairs_.above(item)[w], below_it = pairs_.below(item)[w];
      Pairs::all_of(is_lower ? above_it : below_it, w, [&](std::size_t k) {
        bounds_.tighten_by_item(side, k, item, place_);
        return true;
      });
      // Of two items, the one that cannot lie below the other lies above it.
      const auto separate = [&](std::size_t k) {
        const auto [low, high] = is_lower ? std::pair{item, k} : std::pair{k, item};
        if (bounds_.lower(low) + items_[low].bytes <= bounds_.upper(high)) return true;
        return search_.imply(pairs_.literal(high, low), {kBounds, place_, 0});
      };
      if (!Pairs::all_of(pairs_.alive(item)[w] & ~above_it & ~below_it, w, separate)) return false;
    }
  }
  return true;
}

bool OrderSearch::refuse_bounds(std::size_t item) {
  using Side = OrderBounds::Side;
  auto& out = search_.contradiction();
  out.clear();
  const std::int64_t upper = bounds_.upper(item);
  bounds_.explain(Side::kLower, item, upper + 1, place_, pairs_, search_, out);
  bounds_.explain(Side::kUpper, item, upper, place_, pairs_, search_, out);
  return false;
}

void OrderSearch::explain(Literal literal, Reason reason, std::vector<Literal>& out) {
  using Side = OrderBounds::Side;
  if (reason.kind == kTransitive) {
    out.insert(out.end(), {reason.a, reason.b});
  } else if (reason.kind == kBorder) {
    explain_border(reason.a, static_cast<std::size_t>(reason.b), literal, out);
  } else {
    const auto [high, low] = pairs_.ends(literal);  // `high` lies below, since `low` cannot
    const std::int64_t upper = bounds_.upper_at(high, reason.a);
    bounds_.explain(Side::kUpper, high, upper, reason.a, pairs_, search_, out);
    bounds_.explain(Side::kLower, low, upper - items_[low].bytes + 1, reason.a, pairs_, search_,
                    out);
  }
}

// The literal, if there is one, is what follows; of what was known the latest is left out first.
void OrderSearch::explain_border(std::int32_t border, std::size_t crossing, Literal literal,
                                 std::vector<Literal>& out) {
  const bool is_any = literal >= 0;
  const std::int32_t end =
      is_any && search_.holds(literal) ? search_.place_of(literal) : search_.trail_size();
  const auto& items = borders_.items(border);
  BorderSums::Known known, refuted;
  std::vector<std::pair<std::int32_t, std::uint32_t>> latest;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const Literal below = pairs_.literal(items[k], crossing);
    const std::uint32_t bit = std::uint32_t{1} << k;
    if (is_any && question_of(below) == question_of(literal)) {
      refuted = {bit, below == literal ? 0 : bit};
    } else if (!search_.is_open(below) && search_.place_of(below) < end) {
      known.mask |= bit;
      if (search_.holds(below)) known.below |= bit;
      latest.emplace_back(-search_.place_of(below), bit);
    }
  }
  std::ranges::sort(latest);
  for (const auto& [place, bit] : latest) {
    const std::uint32_t mask = known.mask & ~bit;
    const BorderSums::Known fewer{mask | refuted.mask, (known.below & mask) | refuted.below};
    if (!borders_.has_any(border, fewer)) known = {mask, known.below & mask};
  }
  for (std::size_t k = 0; k < items.size(); ++k) {
    if ((known.mask >> k & 1) == 0) continue;
    const Literal below = pairs_.literal(items[k], crossing);
    out.push_back((known.below >> k & 1) != 0 ? below : negated(below));
  }
}

}  // namespace shapewright
