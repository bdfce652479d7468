// Integers of one residue class, and where two classes meet.
#pragma once

#include <cstdint>
#include <optional>

#include "dim/dim.h"

namespace shapewright {

// The integers of both classes; nullopt if there are none. Moduli are at least 1, or 0 for a single
// integer. Where the modulus of the result would not fit, `a` is returned: a superset.
std::optional<Congruence> meet(Congruence a, Congruence b);

// The x with (scale * x + offset) % modulus == 0; nullopt if there are none. modulus >= 1.
std::optional<Congruence> solve_divides(std::int64_t modulus, std::int64_t scale,
                                        std::int64_t offset);

}  // namespace shapewright
