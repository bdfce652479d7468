// Element values of operators that work element by element, as Op::values.
#pragma once

#include <optional>
#include <span>

#include "ops/context.h"
#include "ops/element_math.h"

namespace shapewright::rules {

using UnaryElem = Elem (*)(const Elem&, DType);
using BinaryElem = Elem (*)(const Elem&, const Elem&, DType);

void map_elements(Context& op, UnaryElem f);  // output 0 = f(input 0)
void fold_elements(Context& op,
                   BinaryElem f);  // output 0 = f(f(input 0, input 1), input 2)..., broadcast
void fold_partial_elements(Context& op, BinaryElem f);  // And, Or: one operand can decide alone
void where_elements(Context& op);
void clip_elements(Context& op);  // bounds as inputs
void mean_elements(Context& op);  // of all inputs
// Running result along the axis that input 1 names: CumSum and CumProd.
void scan_elements(Context& op, BinaryElem f, std::int64_t start);

template <UnaryElem kF>
void mapped(Context& op) {
  map_elements(op, kF);
}
template <BinaryElem kF>
void folded(Context& op) {
  fold_elements(op, kF);
}

// The elements of `e` that share an index but along `axes` (sorted), folded in order; the first of
// a group alone is itself. nullopt where a group is empty and `start` is absent.
std::optional<Elements> reduce_elements(const Elements& e, std::span<const int> axes, bool keepdims,
                                        BinaryElem f, std::optional<Elem> start, DType dtype);

}  // namespace shapewright::rules
