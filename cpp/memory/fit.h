// The largest size that fits a budget, exactly: the next size the contract allows does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "memory/family.h"
#include "memory/peak.h"

namespace shapewright {

struct FitQuery {
  std::string solve;  // symbol whose size is sought, within its bounds
  NamedSizes sizes;   // fixed sizes of other symbols
  Ties ties;          // sizes that follow the solved one
  std::int64_t multiple_of = 1;
  std::int64_t budget_bytes = 0;
};

struct Fit {
  std::int64_t value = 0;  // 0 if nothing fits
  // The next size the contract allows, which does not fit; nullopt if there is none.
  std::optional<std::int64_t> next;
  std::shared_ptr<const BoundMemory> at_value;  // null if nothing fits
  // What stops it: node, phase, live set. Null also if the next size does not fit in int64.
  std::shared_ptr<const BoundMemory> at_next;
  std::int64_t slack_bytes = 0;  // budget less the peak at `value`
  std::int64_t evaluations = 0;
  std::int64_t num_untried = 0;  // sizes above `value` that may run: given up (FitProblem::kTries)
};

// What has to hold of a size beside its live peak.
using SizeTest = std::function<bool(const std::shared_ptr<const BoundMemory>&)>;
struct RunTest {
  SizeTest runs;  // that an allocator gets through
  // Of what one of several ranks holds: the live peak of the whole may exceed the limit by
  // `spared_bytes` at most, and `holds` says whether the rank's own tensors fit. It holds for every
  // size below one for which it does.
  std::int64_t spared_bytes = 0;
  SizeTest holds = {};
};

class FitProblem {
 public:
  // Uses the arena of the analysis; `solve` only to say why no size will do. Throws what Family
  // throws.
  FitProblem(std::shared_ptr<const Memory> memory, const FitQuery& query);

  // Throws Error: kConstraint if no size meets the contract; kInconclusive "fit-unbounded" if every
  // size fits, "peak-unbounded" if the peak has no upper bound, "search-limit" past
  // kMaxEvaluations.
  Fit solve() const;
  // The same where the live peak is a lower bound only, and `runs` decides: it may hold for a size
  // and not for a smaller one. Sizes are tried from the largest that the live peak admits, one by
  // one; after kTries, the rest is bracketed and the sizes above the answer are verified.
  Fit solve(const RunTest& runs) const;

  static constexpr std::int64_t kMaxEvaluations = 100'000;
  static constexpr std::int64_t kTries = 32;

 private:
  std::shared_ptr<const BoundMemory> bind(std::int64_t size) const;
  [[noreturn]] void refuse_smallest() const;  // which no size is better than

  std::shared_ptr<const Memory> memory_;
  Family family_;
  std::int64_t budget_bytes_;
};

}  // namespace shapewright
