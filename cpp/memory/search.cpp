#include "memory/search.h"

#include <string>

#include "base/error.h"

namespace shapewright {

void WorkLimit::spend() {
  if (++spent_ <= limit_) return;
  throw Error(ErrorKind::kInconclusive, "search-limit",
              "the search was given up after " + std::to_string(limit_) + " evaluations",
              {{"limit", std::to_string(limit_)}}, "",
              "give the symbol narrower bounds, or multiple_of");
}

namespace {

enum class End { kLow, kHigh };

std::optional<std::int64_t> search(std::int64_t lo, std::int64_t hi, End from, const Predicate& p,
                                   WorkLimit& work) {
  while (lo <= hi) {
    work.spend();
    if (lo == hi) return p.at(lo) ? std::optional(lo) : std::nullopt;
    const Truth t = p.over(lo, hi);
    if (t == Truth::kNo) return std::nullopt;
    const std::int64_t end = from == End::kHigh ? hi : lo;
    if (t == Truth::kYes && p.at(end))
      return end;  // at() also sees overflow, which intervals saturate over
    const std::int64_t mid = lo + (hi - lo) / 2;
    if (from == End::kHigh) {
      if (const auto found = search(mid + 1, hi, from, p, work)) return found;
      hi = mid;
    } else {
      if (const auto found = search(lo, mid, from, p, work)) return found;
      lo = mid + 1;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> largest(std::int64_t lo, std::int64_t hi, const Predicate& p,
                                    WorkLimit& work) {
  return search(lo, hi, End::kHigh, p, work);
}

std::optional<std::int64_t> smallest(std::int64_t lo, std::int64_t hi, const Predicate& p,
                                     WorkLimit& work) {
  return search(lo, hi, End::kLow, p, work);
}

}  // namespace shapewright
