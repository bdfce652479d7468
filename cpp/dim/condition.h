// Normal forms of conditions on sizes: the same truth, said of fewer divisions.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "dim/dim.h"

namespace shapewright {

// lhs <= rhs as a bound of one symbol: {27, H} for 1 <= (H + 1)//4 - 6, or {H, 512} the other way
// round. nullopt where it is no such bound.
std::optional<std::pair<Dim, Dim>> bound_of_symbol(Dim lhs, Dim rhs);

// lhs <= rhs where it says of one symbol alone, by no division, that it is at least so much:
// {symbol, least}. Makes no expression: most demands of a model of images are such.
std::optional<std::pair<std::uint32_t, std::int64_t>> least_of_symbol(Dim lhs, Dim rhs);

// {m, d} where lhs == rhs says just that m divides d: {2, H} for 2*(H//2) == H, {2, H + 1} for
// 2*(H//2) + 1 == H, {2, H//4} for 2*(H//8) == H//4. nullopt where it says something else.
std::optional<std::pair<std::int64_t, Dim>> divisibility_of(Dim lhs, Dim rhs);

}  // namespace shapewright
