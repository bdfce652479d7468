// Normal form of a division.
#pragma once

#include "dim/poly.h"

namespace shapewright::algebra {

enum class Rounding { kFloor, kExact };

// nullopt if an intermediate form overflows or is past the budget.
std::optional<Dim> normal_quotient(State& s, Rounding rounding, Dim a, Dim b);
// quotient + sign * (a / b), the division an atom as it stands.
std::optional<Dim> single_atom(State& s, AtomKind kind, Dim a, Dim b, PolyView quotient,
                               std::int64_t sign);

}  // namespace shapewright::algebra
