#include "memory/fit.h"

#include <algorithm>
#include <stdexcept>

#include "memory/judge.h"
#include "memory/search.h"

namespace shapewright {

namespace {

// A search without end stops here: tensors of that size do not exist.
constexpr std::int64_t kEndless = std::int64_t{1} << 40;

// Stretches of places, each about as long as all before it: [0, 1], [2, 5], [6, 13], ... up to
// `last`. Ends when `visit` returns false.
template <typename Visit>
void in_growing_stretches(std::int64_t first, std::int64_t last, Visit visit) {
  std::int64_t length = 2;
  for (std::int64_t lo = first; lo <= last; length *= 2) {
    const std::int64_t hi = last - lo < length ? last : lo + length - 1;
    if (!visit(lo, hi) || hi == last) return;
    lo = hi + 1;
  }
}

// Searches the places 0, 1, ... of a family: place k is the size first + k * step.
class Solver {
 public:
  Solver(const Memory& memory, const Family& family, std::int64_t limit_bytes)
      : f_(family), judge_(memory, family, limit_bytes), work_(FitProblem::kMaxEvaluations) {
    const std::int64_t end = is_endless() ? std::max(f_.first(), kEndless) : f_.last();
    if (f_.first() <= end) last_ = (end - f_.first()) / f_.step();
  }

  bool is_endless() const { return f_.last() == kPlusInf; }
  std::int64_t last() const { return last_; }  // -1 if there is no place
  std::int64_t size_of(std::int64_t place) const { return f_.first() + place * f_.step(); }
  std::int64_t end_size() const { return is_endless() ? kPlusInf : size_of(last_); }
  Judge& judge() { return judge_; }
  std::int64_t evaluations() const { return work_.spent(); }

  // The first place from `from` on that the contract admits; a size past int64 counts, it does not
  // fit.
  std::optional<std::int64_t> next_admitted(std::int64_t from) {
    const Predicate admitted{
        [&](std::int64_t k) { return judge_.admit(size_of(k)) != Judge::Admission::kNo; },
        [&](std::int64_t a, std::int64_t b) { return judge_.admit_over(size_of(a), size_of(b)); }};
    std::optional<std::int64_t> found;
    in_growing_stretches(from, last_, [&](std::int64_t lo, std::int64_t hi) {
      found = smallest(lo, hi, admitted, work_);
      return !found && judge_.admit_over(size_of(lo), end_size()) != Truth::kNo;
    });
    return found;
  }

  // The last place up to `from` that the contract admits.
  std::optional<std::int64_t> previous_admitted(std::int64_t from) {
    const Predicate admitted{
        [&](std::int64_t k) { return judge_.admit(size_of(k)) == Judge::Admission::kYes; },
        [&](std::int64_t a, std::int64_t b) { return judge_.admit_over(size_of(a), size_of(b)); }};
    return from < 0 ? std::nullopt : largest(0, from, admitted, work_);
  }

  std::optional<std::int64_t> largest_fitting(PeakSide side) {
    const Predicate fits{[&](std::int64_t k) { return judge_.fits(size_of(k), side); },
                         [&](std::int64_t a, std::int64_t b) {
                           return judge_.fits_over(size_of(a), size_of(b), side);
                         }};
    // Where it pays to search: from some stretch on nothing fits.
    std::int64_t end = last_;
    in_growing_stretches(0, last_, [&](std::int64_t lo, std::int64_t) {
      work_.spend();
      if (judge_.fits_over(size_of(lo), end_size(), side) != Truth::kNo) return true;
      end = lo - 1;
      return false;
    });
    return largest(0, end, fits, work_);
  }

 private:
  const Family& f_;
  Judge judge_;
  WorkLimit work_;
  std::int64_t last_ = -1;
};

// Looks downward for the largest place that runs, where one that runs may lie above one that fails.
class Descent {
 public:
  Descent(Solver& solver, std::function<bool(std::int64_t)> runs)
      : solver_(solver), runs_(std::move(runs)) {}

  std::optional<std::int64_t> largest_running(std::int64_t first, std::int64_t from) {
    const auto [found, failed] = one_by_one(from, FitProblem::kTries);
    if (found || !failed || *failed <= first) return found;
    // Strides that double, until one runs; then halving between it and the lowest failure.
    std::int64_t high = *failed, low = high;
    for (std::int64_t stride = FitProblem::kTries; low > first; stride *= 2) {
      const auto place = solver_.previous_admitted(std::max(first, low - stride));
      if (!place) return std::nullopt;
      low = *place;
      if (runs_(low)) break;
      high = low;
      if (low <= first) return std::nullopt;
    }
    while (high - low > 1) {
      const auto middle = solver_.previous_admitted(low + (high - low) / 2);
      if (!middle || *middle <= low) {
        const auto next = solver_.next_admitted(low + 1);
        if (!next || *next >= high) break;
        (runs_(*next) ? low : high) = *next;
        continue;
      }
      (runs_(*middle) ? low : high) = *middle;
    }
    // Those right above it, for more may run where less does not.
    const std::int64_t verified = std::min(*failed, high + FitProblem::kTries);
    if (const auto above = one_by_one(verified - 1, verified - high).first; above && *above > low)
      low = *above;
    num_untried_ = std::max<std::int64_t>(0, *failed - verified);
    return low;
  }

  std::int64_t num_untried() const { return num_untried_; }

 private:
  // (the first that runs from `from` downward, the last that failed)
  std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>> one_by_one(
      std::int64_t from, std::int64_t tries) {
    std::optional<std::int64_t> failed;
    auto place = solver_.previous_admitted(from);
    for (; place && tries > 0; --tries) {
      if (runs_(*place)) return {place, failed};
      failed = place;
      place = solver_.previous_admitted(*place - 1);
    }
    if (!place) failed.reset();
    return {std::nullopt, failed};
  }

  Solver& solver_;
  std::function<bool(std::int64_t)> runs_;
  std::int64_t num_untried_ = 0;
};

// Halving between the first place and one beyond which nothing fits.
template <typename At>
std::optional<std::int64_t> last_that_holds(Solver& solver, std::int64_t first, std::int64_t last,
                                            const At& at, const SizeTest& holds) {
  if (holds(at(last))) return last;
  if (!holds(at(first))) return std::nullopt;
  std::int64_t low = first, high = last;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto place = solver.previous_admitted(middle);
    if (!place || *place <= low) {
      const auto above = solver.next_admitted(middle);
      if (!above || *above >= high) break;
      (holds(at(*above)) ? low : high) = *above;
    } else if (holds(at(*place))) {
      low = *place;
    } else {
      high = *place;
    }
  }
  return low;
}

}  // namespace

FitProblem::FitProblem(std::shared_ptr<const Memory> memory, const FitQuery& query)
    : memory_(std::move(memory)),
      family_(memory_->program, query.solve, query.sizes, query.ties, query.multiple_of),
      budget_bytes_(query.budget_bytes) {}

std::shared_ptr<const BoundMemory> FitProblem::bind(std::int64_t size) const {
  return std::make_shared<BoundMemory>(memory_, family_.sizes_at(size));
}

void FitProblem::refuse_smallest() const {
  try {
    bind(family_.smallest());
  } catch (const Error& e) {
    Facts facts = e.facts;
    facts.emplace_back("tried", family_.text());
    throw Error(ErrorKind::kConstraint, e.code,
                "no size of '" + family_.solve() + "' can be used: " + e.message, facts, e.node,
                e.hint);
  }
  throw std::logic_error("the smallest size binds, and is not admitted");
}

Fit FitProblem::solve() const { return solve({}); }

Fit FitProblem::solve(const RunTest& runs) const {
  Solver solver(*memory_, family_, budget_bytes_ + runs.spared_bytes);
  const auto first = solver.next_admitted(0);
  if (!first) refuse_smallest();

  const auto at_first = bind(solver.size_of(*first));
  if (!at_first->peak().upper) {
    const auto known = solver.largest_fitting(PeakSide::kLower);
    const std::string sizes =
        known ? family_.solve() + " <= " + std::to_string(solver.size_of(*known)) : "no size";
    const std::string& why = at_first->peak().why_bounds;
    throw Error(ErrorKind::kInconclusive, "peak-unbounded",
                "the live peak has no upper bound: " + why,
                {{"why", why}, {"what is known fits for", sizes}});
  }

  auto found = solver.largest_fitting(PeakSide::kUpper);
  if (found && *found == solver.last() && solver.is_endless())
    throw Error(
        ErrorKind::kInconclusive, "fit-unbounded",
        "every size of '" + family_.solve() + "' fits: it does not change the live peak",
        {{"live peak", std::to_string(bind(solver.size_of(*found))->peak().live) + " bytes"}}, "",
        "give '" + family_.solve() + "' an upper bound");
  Fit fit;
  const auto at = [&](std::int64_t place) { return bind(solver.size_of(place)); };
  if (found && runs.holds) found = last_that_holds(solver, *first, *found, at, runs.holds);
  if (found && runs.runs) {
    Descent descent(solver, [&](std::int64_t place) { return runs.runs(at(place)); });
    found = descent.largest_running(*first, *found);
    fit.num_untried = descent.num_untried();
  }
  if (found) {
    fit.value = solver.size_of(*found);
    fit.at_value = bind(fit.value);
    fit.slack_bytes = budget_bytes_ - fit.at_value->peak().live;
  }
  if (const auto next = found ? solver.next_admitted(*found + 1) : first) {
    fit.next = solver.size_of(*next);
    try {
      fit.at_next = bind(*fit.next);
    } catch (const Error& e) {
      if (e.kind != ErrorKind::kDimOverflow) throw;
    }
  }
  fit.evaluations = solver.evaluations();
  return fit;
}

}  // namespace shapewright
