#include "memory/arms.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <unordered_map>

namespace shapewright {

namespace {

// How many live buffers have a size, by index of the distinct size, in order.
using Counts = std::vector<std::pair<std::uint32_t, std::int32_t>>;

bool covers(const Counts& big, const Counts& small) {
  auto at = big.begin();
  for (const auto& [size, count] : small) {
    while (at != big.end() && at->first < size) ++at;
    if (at == big.end() || at->first != size || at->second < count) return false;
  }
  return true;
}

struct Places {
  std::vector<Dim> sizes;      // distinct
  Counts common;               // alive at every place
  std::vector<Counts> beside;  // alive at one place besides, each once
};

// The events that are followed by a free: nothing between two of them is larger.
std::vector<std::size_t> tops_of(const std::vector<Event>& events) {
  std::vector<std::size_t> tops;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i].action == Action::kAlloc &&
        (i + 1 == events.size() || events[i + 1].action == Action::kFree))
      tops.push_back(i);
  return tops;
}

Places places_of(const Memory& m) {
  Places out;
  std::unordered_map<Dim, std::uint32_t> index;
  std::vector<std::uint32_t> size_of;  // by BufferId
  for (const Buffer& b : m.buffers.all) {
    const auto [it, is_new] =
        index.try_emplace(b.bytes, static_cast<std::uint32_t>(out.sizes.size()));
    if (is_new) out.sizes.push_back(b.bytes);
    size_of.push_back(it->second);
  }
  const auto& events = m.timeline.events;
  const std::vector<std::size_t> tops = tops_of(events);
  // Calls `at_top(alive, sizes whose count has changed since the last one)`.
  const auto replay = [&](auto at_top) {
    std::vector<std::int32_t> alive(out.sizes.size(), 0);
    std::vector<std::uint32_t> changed;
    std::size_t i = 0;
    for (const std::size_t top : tops) {
      changed.clear();
      for (; i <= top; ++i) {
        const std::uint32_t size = size_of[events[i].buffer];
        alive[size] += events[i].action == Action::kAlloc ? 1 : -1;
        changed.push_back(size);
      }
      at_top(alive, changed);
    }
  };
  std::vector<std::int32_t> least;
  replay([&](const auto& alive, const auto& changed) {
    if (least.empty()) least = alive;
    for (const std::uint32_t s : changed) least[s] = std::min(least[s], alive[s]);
  });
  for (std::uint32_t s = 0; s < least.size(); ++s)
    if (least[s] > 0) out.common.emplace_back(s, least[s]);
  std::map<std::uint32_t, std::int32_t> beside;
  std::set<Counts> seen;
  replay([&](const auto& alive, const auto& changed) {
    for (const std::uint32_t s : changed) {
      if (alive[s] == least[s]) {
        beside.erase(s);
      } else {
        beside[s] = alive[s] - least[s];
      }
    }
    Counts counts(beside.begin(), beside.end());
    if (seen.insert(counts).second) out.beside.push_back(std::move(counts));
  });
  return out;
}

// Sizes are at least 0, so a place where no more of every size is alive is never above.
void drop_covered(std::vector<Counts>& counts) {
  std::ranges::stable_sort(counts, std::ranges::greater{}, [](const Counts& c) {
    std::int64_t total = 0;
    for (const auto& [size, count] : c) total += count;
    return total;
  });
  std::vector<Counts> kept;
  for (Counts& c : counts)
    if (std::ranges::none_of(kept, [&](const Counts& k) { return covers(k, c); }))
      kept.push_back(std::move(c));
  counts = std::move(kept);
}

// The value of an arm at a few points. Where one arm is larger at some point, no proof of the
// contrary is tried. The first few give the order of the arms, too; at the others sizes are as good
// as random, so that of many symbols hardly two take the same.
constexpr std::size_t kFirstPoints = 6, kPoints = 22;
using Samples = std::array<double, kPoints>;

std::vector<Samples> sample(const std::vector<Arm>& arms) {
  constexpr std::array<std::int64_t, kFirstPoints> kSizes = {1, 2, 7, 64, 224, 1000};
  const auto size_at = [&](std::uint64_t k, std::uint64_t symbol) {
    if (k < kFirstPoints) return kSizes[(k * (symbol + 1) + symbol) % kFirstPoints];
    const std::uint64_t h = (k << 32 ^ symbol) * 0x9E3779B97F4A7C15ull;
    return kSizes[((h ^ h >> 29) * 0xBF58476D1CE4E5B9ull >> 32) % kFirstPoints];
  };
  Tape tape;
  std::vector<std::vector<Tape::Slot>> slots;
  for (const Arm& arm : arms) {
    slots.emplace_back();
    for (const Dim part : arm) slots.back().push_back(tape.add(part));
  }
  std::vector<Samples> out(arms.size(), Samples{});
  std::vector<Bounds> at(tape.symbols().size()), values(tape.num_slots());
  for (std::size_t k = 0; k < kPoints; ++k) {
    for (std::size_t j = 0; j < at.size(); ++j) {
      const Bounds b = Arena::current().symbol_info(tape.symbols()[j]).bounds;
      const std::int64_t x = std::clamp(size_at(k, j), b.lo, b.hi);
      at[j] = {x, x};
    }
    tape.run_bounds(at, values);
    for (std::size_t i = 0; i < out.size(); ++i)
      for (const Tape::Slot s : slots[i]) out[i][k] += static_cast<double>(values[s].lo);
  }
  return out;
}

bool may_be_below(const Samples& a, const Samples& b) {
  for (std::size_t k = 0; k < kPoints; ++k)
    if (a[k] > b[k]) return false;
  return true;
}

// Which arms stay, all of which have `common` besides; the largest first.
std::vector<std::size_t> not_dominated(const Arm& common, const std::vector<Arm>& arms) {
  std::vector<Arm> all = arms;
  all.push_back(common);
  std::vector<Samples> samples = sample(all);
  for (std::size_t i = 0; i < arms.size(); ++i)
    for (std::size_t k = 0; k < kPoints; ++k) samples[i][k] += samples.back()[k];
  samples.pop_back();
  const auto is_below = [&](std::size_t a, std::size_t b) {
    return may_be_below(samples[a], samples[b]) && arms[a].size() == 1 && arms[b].size() == 1 &&
           prove_le(arms[a][0], arms[b][0]) == Truth::kYes;
  };
  // Arms that are large somewhere come first: they are the ones that others are below of.
  std::vector<std::size_t> order(arms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) {
    return std::ranges::max(std::span(samples[i]).first(kFirstPoints));
  });
  std::vector<std::size_t> kept;
  for (const std::size_t i : order)
    if (std::ranges::none_of(kept, [&](std::size_t k) { return is_below(i, k); }))
      kept.push_back(i);
  for (std::size_t at = kept.size(); at-- > 0;) {
    const std::size_t i = kept[at];
    if (std::ranges::any_of(kept, [&](std::size_t k) { return k != i && is_below(i, k); }))
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return kept;
}

}  // namespace

void ArmSum::add(std::int64_t count, Dim size) {
  if (count == 0 || size == Dim(0)) return;
  const Arena& arena = Arena::current();
  const std::size_t widened = arena.num_widened();
  const Dim term = Dim(count) * size;
  if (parts_.empty()) {
    parts_.push_back(term);
    return;
  }
  const Dim sum = parts_.back() + term;
  if (arena.num_widened() == widened) {
    parts_.back() = sum;
  } else {
    parts_.push_back(term);
  }
}

Arm ArmSum::take() {
  if (parts_.empty()) parts_.push_back(Dim(0));
  return std::move(parts_);
}

PeakArms peak_arms(const Memory& memory) {
  Places places = places_of(memory);
  drop_covered(places.beside);
  const auto add = [&](ArmSum& sum, const Counts& counts) {
    for (const auto& [size, count] : counts) sum.add(count, places.sizes[size]);
  };
  ArmSum common;
  add(common, places.common);
  std::vector<Arm> beside;
  for (const Counts& c : places.beside) {
    ArmSum sum;
    add(sum, c);
    beside.push_back(sum.take());
  }
  PeakArms out;
  out.common = ArmSum(common).take();
  const std::vector<std::size_t> kept = not_dominated(out.common, beside);
  for (const std::size_t i : kept) {
    ArmSum whole = common;
    add(whole, places.beside[i]);
    out.arms.push_back(whole.take());
    if (kept.size() > 1 && out.arms.back().size() > 1) break;
  }
  if (kept.size() == 1 || (out.arms.size() == kept.size() && out.arms.back().size() == 1)) {
    out.common.clear();
    return out;
  }
  out.arms.clear();
  for (const std::size_t i : kept) out.arms.push_back(std::move(beside[i]));
  return out;
}

}  // namespace shapewright
