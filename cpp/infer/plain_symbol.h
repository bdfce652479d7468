// All constraints on one symbol as one plain statement about it: found by trying sizes, then proved
// for the sizes that were not tried.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "infer/analysis.h"

namespace shapewright {

// The sizes that a conjunction admits: first, first + step, ..., up to last, and perhaps 1.
struct Admitted {
  std::int64_t first = 0, step = 1, last = kPlusInf;  // first > last: none
  bool and_one = false;
};

struct PlainSymbol {
  Admitted sizes;
  std::vector<Constraint> constraints;  // equivalent to those given
};

// `constraints` depend on the symbol `id` alone. `stand_in` is a symbol of at least 0 that occurs
// in none of them. Nothing where the sizes follow no plain rule, or none that can be proved.
std::optional<PlainSymbol> state_plainly(std::uint32_t id, std::span<const Constraint> constraints,
                                         Dim stand_in);

}  // namespace shapewright
