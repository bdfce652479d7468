#include "memory/arms.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <unordered_map>

namespace shapewright {

namespace {

// How many live buffers have each size, by index of the distinct size.
using Counts = std::vector<std::int32_t>;

bool covers(const Counts& big, const Counts& small) {
  for (std::size_t i = 0; i < big.size(); ++i)
    if (small[i] > big[i]) return false;
  return true;
}

struct Candidates {
  std::vector<Dim> sizes;  // distinct
  std::vector<Counts> counts;
};

// What is alive where the next event frees: nothing between two such places is larger.
Candidates candidates_of(const Memory& m) {
  Candidates out;
  std::unordered_map<Dim, std::size_t> index;
  std::vector<std::size_t> size_of;  // by BufferId
  for (const Buffer& b : m.buffers.all) {
    const auto [it, is_new] = index.try_emplace(b.bytes, out.sizes.size());
    if (is_new) out.sizes.push_back(b.bytes);
    size_of.push_back(it->second);
  }
  const auto& events = m.timeline.events;
  Counts alive(out.sizes.size(), 0);
  std::set<Counts> seen;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool is_alloc = events[i].action == Action::kAlloc;
    alive[size_of[events[i].buffer]] += is_alloc ? 1 : -1;
    const bool is_top =
        is_alloc && (i + 1 == events.size() || events[i + 1].action == Action::kFree);
    if (is_top && seen.insert(alive).second) out.counts.push_back(alive);
  }
  return out;
}

// Sizes are at least 0, so a place where no more of every size is alive is never above.
void drop_covered(std::vector<Counts>& counts) {
  std::ranges::stable_sort(counts, std::ranges::greater{}, [](const Counts& c) {
    return std::reduce(c.begin(), c.end(), std::int64_t{0});
  });
  std::vector<Counts> kept;
  for (Counts& c : counts)
    if (std::ranges::none_of(kept, [&](const Counts& k) { return covers(k, c); }))
      kept.push_back(std::move(c));
  counts = std::move(kept);
}

// The value of an arm at a few points. Where one arm is larger at some point, no proof of the
// contrary is tried.
constexpr std::size_t kPoints = 6;
using Samples = std::array<double, kPoints>;

std::vector<Samples> sample(const std::vector<Arm>& arms) {
  constexpr std::array<std::int64_t, kPoints> kSizes = {1, 2, 7, 64, 224, 1000};
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
      const std::int64_t x = std::clamp(kSizes[(k * (j + 1) + j) % kPoints], b.lo, b.hi);
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

std::vector<Arm> drop_dominated(std::vector<Arm> arms) {
  const std::vector<Samples> samples = sample(arms);
  const auto is_below = [&](std::size_t a, std::size_t b) {
    return may_be_below(samples[a], samples[b]) && arms[a].size() == 1 && arms[b].size() == 1 &&
           prove_le(arms[a][0], arms[b][0]) == Truth::kYes;
  };
  // Arms that are large somewhere come first: they are the ones that others are below of.
  std::vector<std::size_t> order(arms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return *std::ranges::max_element(samples[i]); });
  std::vector<std::size_t> kept;
  for (const std::size_t i : order)
    if (std::ranges::none_of(kept, [&](std::size_t k) { return is_below(i, k); }))
      kept.push_back(i);
  for (std::size_t at = kept.size(); at-- > 0;) {
    const std::size_t i = kept[at];
    if (std::ranges::any_of(kept, [&](std::size_t k) { return k != i && is_below(i, k); }))
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::vector<Arm> out;
  for (const std::size_t i : kept) out.push_back(std::move(arms[i]));
  return out;
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

std::vector<Arm> peak_arms(const Memory& memory) {
  Candidates candidates = candidates_of(memory);
  drop_covered(candidates.counts);
  std::vector<Arm> arms;
  for (const Counts& c : candidates.counts) {
    ArmSum sum;
    for (std::size_t i = 0; i < c.size(); ++i) sum.add(c[i], candidates.sizes[i]);
    arms.push_back(sum.take());
  }
  return drop_dominated(std::move(arms));
}

}  // namespace shapewright
