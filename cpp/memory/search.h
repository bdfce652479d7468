// Exact search over a range of integers for a predicate that can be judged at a point and over an
// interval.
//
// Branch and bound: an interval over which the predicate surely fails is dropped, one over which it
// surely holds is taken whole, any other is split in two. For sizes that grow with the integer this
// is bisection.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "dim/dim.h"

namespace shapewright {

struct Predicate {
  std::function<bool(std::int64_t)> at;
  std::function<Truth(std::int64_t, std::int64_t)> over;  // of every point of [lo, hi]
};

// Judgements left; past them the search ends with Error{kInconclusive, "search-limit"}.
class WorkLimit {
 public:
  explicit WorkLimit(std::int64_t limit) : limit_(limit) {}
  void spend();
  std::int64_t spent() const { return spent_; }

 private:
  std::int64_t limit_, spent_ = 0;
};

// The largest or smallest integer of [lo, hi] for which the predicate holds; nullopt if there is
// none.
std::optional<std::int64_t> largest(std::int64_t lo, std::int64_t hi, const Predicate& p,
                                    WorkLimit& work);
std::optional<std::int64_t> smallest(std::int64_t lo, std::int64_t hi, const Predicate& p,
                                     WorkLimit& work);

}  // namespace shapewright
