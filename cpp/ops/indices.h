// Known indices into an axis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "ops/context.h"

namespace shapewright::rules {

// Checks elements first, first + stride, ... of `indices` against axis `axis` of input `data`,
// which has size `d`: each must be in [-d, d). Fails with `index-out-of-range`; a demand on a
// symbolic size enters the contract.
void require_in_range(Context& op, const Elements& indices, std::size_t first, std::size_t stride,
                      Dim d, std::size_t data, int axis);

// The same of the greatest element, where that is all that is known of `indices`.
void require_greatest_in_range(Context& op, std::size_t indices, Dim d, std::size_t data, int axis);

// Of start, start + step, ...: so many. nullopt for a step of unknown sign.
std::optional<Dim> greatest_of_range(Dim start, Dim count, Dim step);

// The element as a place on an axis of size d; nullopt if it is not a literal in [-d, d).
std::optional<std::size_t> place_of(const Elem& index, std::int64_t d);

}  // namespace shapewright::rules
