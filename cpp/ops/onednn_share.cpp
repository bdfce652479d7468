#include "ops/onednn_share.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/checked.h"

namespace shapewright::onednn {

namespace {

using Int = std::int64_t;

Int ceil_of(Int a, Int b) { return ceil_div(a, b); }
Dim ceil_of(Dim a, Int b) { return ceildiv(a, Dim(b)); }
Int floor_of(Int a, Int b) { return a / b; }
Dim floor_of(Dim a, Int b) { return b == 1 ? a : floordiv(a, Dim(b)); }

template <typename N>
struct Costs {
  N x_parts, y_parts, x, y, w, most;
  const Work& work;

  N memory(Int m, Int o, Int i) const {
    const N out = ceil_of(work.out_blocks, o), in = ceil_of(work.in_blocks, i);
    return floor_of(ceil_of(x_parts, m) * in * x, work.x_divisor) + ceil_of(y_parts, m) * out * y +
           out * in * w;
  }
  N compute(Int m, Int o, Int i) const {
    return ceil_of(y_parts, m) * N(ceil_of(work.out_blocks, o) * ceil_of(work.in_blocks, i));
  }
  template <typename Visit>
  void each_split(Int threads, Int m, Visit visit) const {
    const Int rest = threads / m;
    for (Int o = 1; o <= std::min(rest, work.out_blocks); ++o)
      visit(o, std::min(rest / o, work.in_blocks));
  }
};

Share weighed(const Costs<Int>& c, Int threads) {
  Int m = 1, o = 1, i = 1, least = c.memory(1, 1, 1);
  const Int most = std::min(threads, c.most);
  for (Int split = 1; split <= most; ++split)
    c.each_split(threads, split, [&](Int out, Int in) {
      const Int cost = c.memory(split, out, in);
      if (cost > least) return;
      least = cost;
      std::tie(m, o, i) = std::tuple(split, out, in);
    });
  Int slowest = c.compute(m, o, i);
  for (Int split = 1; c.work.weighs_compute && split <= most; ++split)
    c.each_split(threads, split, [&](Int out, Int in) {
      const Int task = c.compute(split, out, in);
      const bool is_faster = task <= slowest && 10 * c.memory(split, out, in) < 11 * least;
      if (!is_faster && 4 * task > 3 * slowest) return;
      slowest = task;
      std::tie(m, o, i) = std::tuple(split, out, in);
    });
  if (m > threads / 2 && m < threads) m = most;
  return {Dim(m), Dim(o), Dim(i), Dim(m * o * i)};
}

Dim at_least_one_of(Dim a, Dim b) { return max(a, b); }
Dim both(Dim a, Dim b) { return min(a, b); }

// All threads along the minibatch, or all along the channels, as far as those go.
Share weighed(const Costs<Dim>& c, Int threads) {
  Dim memory = c.memory(1, 1, 1), task = c.compute(1, 1, 1);
  c.each_split(threads, 1, [&](Int o, Int i) {
    memory = min(memory, c.memory(1, o, i));
    task = min(task, c.compute(1, o, i));
  });
  const Dim shared_memory = c.memory(threads, 1, 1), shared_task = c.compute(threads, 1, 1);
  Dim is = at_least(memory, shared_memory);
  if (c.work.weighs_compute) {
    const Dim is_cheap = at_least(11 * memory, 10 * shared_memory + 1);
    const Dim is_faster = at_least_one_of(both(at_least(task, shared_task), is_cheap),
                                          at_least(3 * task, 4 * shared_task));
    const Dim is_slower = at_least_one_of(at_least(11 * shared_memory, 10 * memory + 1),
                                          at_least(3 * shared_task, 4 * task));
    is = at_least_one_of(is_faster, both(is, 1 - is_slower));
  }
  is = both(is, at_least(c.most, threads));
  const Int blocks = std::min(threads, c.work.out_blocks * c.work.in_blocks);
  return {choose(is, threads, 1), choose(is, 1, blocks), 1,
          blocks == threads ? Dim(threads) : choose(is, threads, blocks)};
}

}  // namespace

Dim at_least(Dim a, Dim b) { return min(Dim(1), max(Dim(0), a - b + 1)); }

Dim choose(Dim is, Dim yes, Dim no) { return no + is * (yes - no); }

Share share_of(const Work& work, std::int64_t threads) {
  if (threads <= 1) return {};
  const auto x_parts = known(work.x_parts), y_parts = known(work.y_parts), x = known(work.x),
             y = known(work.y), w = known(work.w), most = known(work.most);
  if (x_parts && y_parts && x && y && w && most)
    return weighed(Costs<Int>{*x_parts, *y_parts, *x, *y, *w, *most, work}, threads);
  return weighed(Costs<Dim>{work.x_parts, work.y_parts, work.x, work.y, work.w, work.most, work},
                 threads);
}

Groups groups_of(std::int64_t jobs, std::int64_t job_elements, Dim parts, std::int64_t threads) {
  constexpr Int kMostBuffer = Int{1} << 21;  // elements, of all threads
  const Int least = std::max<Int>(1, jobs / threads);
  const Int most = std::max<Int>(1, kMostBuffer / (threads * job_elements));
  const auto threads_of = [&](Int groups) { return min(Dim(threads / groups), parts); };
  Int groups = std::min(jobs / least, threads);
  Groups best{groups, threads_of(groups), ceil_of(jobs, groups)};
  Dim longest = Dim(jobs) * parts;
  Int last_groups = 0;
  for (Int each = least; each < jobs; ++each) {
    groups = std::min(jobs / each, threads);
    if (groups == last_groups || (!known(parts) && groups != 1 && each != least)) continue;
    last_groups = groups;
    const Int held = ceil_of(jobs, groups);
    const Dim mine = threads_of(groups);
    const Dim shares = at_least(mine, 2);
    const Dim task = Dim(held) * (ceil_of(parts, threads / groups) + shares);
    Dim is = at_least(longest, task + 1);
    if (held > most) is *= Dim(1) - shares;
    longest = choose(is, task, longest);
    best = {choose(is, groups, best.groups), choose(is, mine, best.threads),
            choose(is, held, best.jobs)};
  }
  return best;
}

std::int64_t best_divider(std::int64_t value, std::int64_t least, std::int64_t most,
                          bool is_largest, std::int64_t step) {
  most = std::max<Int>(1, std::min(most, value));
  least = std::max<Int>(1, std::min(least, most));
  double best = std::numeric_limits<double>::max();
  Int found = most;
  for (Int divider = most; divider >= least; divider -= step) {
    const Int whole = ceil_of(value, divider) * divider;
    const double lost = static_cast<double>(whole - value) / static_cast<double>(whole);
    if (is_largest ? lost >= best : lost > best) continue;
    best = lost;
    found = divider;
  }
  return found;
}

}  // namespace shapewright::onednn
