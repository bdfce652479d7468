// Counts of elements that only a run can tell.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/checked.h"
#include "ops/context.h"

namespace shapewright::rules {

// A count of some of `all`; at least `least` of them where there are any.
inline Dim some_of(Context& op, std::string_view why, Bounds all, std::int64_t least = 0) {
  if (all.hi == 0) return 0;
  return op.fresh(why, SymbolKind::kDataDependent, {all.lo >= 1 ? least : 0, all.hi});
}

// Of counts; kPlusInf past int64.
inline std::int64_t clamped_product(std::int64_t a, std::int64_t b) {
  const Wide product = Wide{a} * b;
  return fits_int64(product) ? static_cast<std::int64_t>(product) : kPlusInf;
}

}  // namespace shapewright::rules
