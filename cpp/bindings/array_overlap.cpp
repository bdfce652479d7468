#include "bindings/array_overlap.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace shapewright {
namespace {

constexpr int kMaxSteps = 100'000;

// One term of  sum step * n = target,  0 <= n <= most;  step > 0.
struct Term {
  std::int64_t step = 0;
  std::int64_t most = 0;
};

// Looks for n that solve the sum: terms by falling step, each level tries only the n that the terms
// below it can still complete, and gives up where the greatest common divisor does not divide.
class Search {
 public:
  explicit Search(std::vector<Term> terms) : terms_(std::move(terms)) {
    std::erase_if(terms_, [](const Term& t) { return t.most == 0; });
    std::ranges::sort(terms_, [](const Term& a, const Term& b) { return a.step > b.step; });
    // Two terms of one step are one term.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      if (kept > 0 && terms_[kept - 1].step == terms_[i].step) {
        terms_[kept - 1].most += terms_[i].most;
      } else {
        terms_[kept++] = terms_[i];
      }
    }
    terms_.resize(kept);
    reach_.assign(kept + 1, 0);
    divisor_.assign(kept + 1, 0);
    for (std::size_t i = kept; i-- > 0;) {
      reach_[i] = reach_[i + 1] + terms_[i].step * terms_[i].most;
      divisor_[i] = std::gcd(divisor_[i + 1], terms_[i].step);
    }
  }

  Overlap solve(std::int64_t target) { return level(0, target); }

 private:
  Overlap level(std::size_t i, std::int64_t target) {
    if (target < 0 || target > reach_[i]) return Overlap::kNo;
    if (target == 0) return Overlap::kYes;
    if (i == terms_.size() || target % divisor_[i] != 0) return Overlap::kNo;
    const Term& term = terms_[i];
    const std::int64_t below = target - reach_[i + 1];
    const std::int64_t least = below <= 0 ? 0 : (below + term.step - 1) / term.step;
    const std::int64_t most = std::min<std::int64_t>(term.most, target / term.step);
    for (std::int64_t n = most; n >= least; --n) {
      if (++steps_ > kMaxSteps) return Overlap::kUnknown;
      const Overlap found = level(i + 1, target - n * term.step);
      if (found != Overlap::kNo) return found;
    }
    return Overlap::kNo;
  }

  std::vector<Term> terms_;
  std::vector<std::int64_t> reach_;    // the largest sum of the terms from i on
  std::vector<std::int64_t> divisor_;  // of the steps from i on
  int steps_ = 0;
};

bool is_empty(const StridedBytes& a) { return std::ranges::find(a.sizes, 0) != a.sizes.end(); }

void add_terms(const StridedBytes& a, std::vector<Term>& terms) {
  for (std::size_t i = 0; i < a.sizes.size(); ++i) {
    if (a.strides[i] != 0) terms.push_back({std::abs(a.strides[i]), a.sizes[i] - 1});
  }
  terms.push_back({1, a.item_bytes - 1});
}

}  // namespace

ByteRange byte_range(const StridedBytes& array) {
  if (is_empty(array)) return {array.start, array.start};
  std::uintptr_t first = array.start;
  std::uintptr_t last = array.start + static_cast<std::uintptr_t>(array.item_bytes);
  for (std::size_t i = 0; i < array.sizes.size(); ++i) {
    const std::int64_t span = (array.sizes[i] - 1) * array.strides[i];
    (span < 0 ? first : last) += static_cast<std::uintptr_t>(span);
  }
  return {first, last};
}

// Every byte of an array is  first + sum |stride| * n + byte  with 0 <= n < size. A shared byte
// solves first_a + A = first_b + B;  with B turned round, B = whole_b - B', that is  A + B' = a
// target.
Overlap shared_memory(const StridedBytes& a, const StridedBytes& b) {
  if (is_empty(a) || is_empty(b)) return Overlap::kNo;
  const ByteRange in_a = byte_range(a);
  const ByteRange in_b = byte_range(b);
  if (in_a.last <= in_b.first || in_b.last <= in_a.first) return Overlap::kNo;
  std::vector<Term> terms;
  add_terms(a, terms);
  add_terms(b, terms);
  return Search(std::move(terms)).solve(static_cast<std::int64_t>(in_b.last - 1 - in_a.first));
}

// Two positions meet where  |sum stride * d| < item,  -size < d < size, not all d zero. Nothing
// meets where each axis, by rising stride, steps past all that the ones before it reach.
Overlap self_overlap(const StridedBytes& array) {
  if (is_empty(array)) return Overlap::kNo;
  std::vector<Term> axes;
  for (std::size_t i = 0; i < array.sizes.size(); ++i) {
    if (array.sizes[i] > 1) axes.push_back({std::abs(array.strides[i]), array.sizes[i] - 1});
  }
  std::ranges::sort(axes, [](const Term& a, const Term& b) { return a.step < b.step; });
  std::int64_t reach = array.item_bytes;
  bool nested = true;
  for (const Term& axis : axes) {
    if (axis.step == 0) return Overlap::kYes;
    nested = nested && axis.step >= reach;
    reach += axis.step * axis.most;
  }
  if (nested) return Overlap::kNo;
  // Of the axes on which two positions differ, let k be the last and d_k > 0. With d = n - most for
  // the axes below k, d_k = n + 1, and the distance of the bytes b - b' turned round likewise, all
  // n are at least 0.
  bool unknown = false;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    std::vector<Term> terms{{axes[k].step, axes[k].most - 1}, {1, 2 * (array.item_bytes - 1)}};
    std::int64_t target = array.item_bytes - 1 - axes[k].step;
    for (std::size_t i = 0; i < k; ++i) {
      terms.push_back({axes[i].step, 2 * axes[i].most});
      target += axes[i].step * axes[i].most;
    }
    const Overlap found = Search(std::move(terms)).solve(target);
    if (found == Overlap::kYes) return found;
    unknown = unknown || found == Overlap::kUnknown;
  }
  return unknown ? Overlap::kUnknown : Overlap::kNo;
}

void for_each_meeting(std::span<const ByteRange> ranges,
                      const std::function<void(std::size_t, std::size_t)>& meet) {
  std::vector<std::size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return ranges[i].first; });
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = a + 1; b < order.size(); ++b) {
      if (ranges[order[b]].first >= ranges[order[a]].last) break;
      if (ranges[order[b]].first == ranges[order[b]].last) continue;
      meet(std::min(order[a], order[b]), std::max(order[a], order[b]));
    }
  }
}

}  // namespace shapewright
