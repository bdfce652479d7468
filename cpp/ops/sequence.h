// Sequences as rules see them.
//
// The type of a sequence is that of its elements, with a length. A size of an element that only a
// run can tell may differ between elements, though it is one symbol in the type of the sequence:
// `element_of` gives it a symbol of its own each time an element is taken out.
#pragma once

#include <cstddef>

#include "ops/rules.h"

namespace shapewright::rules {

inline bool is_sequence(const TensorType& t) { return t.container == Container::kSequence; }
// A length of which nothing is known.
Dim some_length(Context& op);
// One element of a sequence.
TensorType element_of(Context& op, const TensorType& sequence);
TensorType sequence_of(TensorType element, Dim length);
// What holds of a tensor or sequence that is `a` or `b`; their dtypes agree where both are known.
TensorType join_types(Context& op, const TensorType& a, const TensorType& b);
// Fails with `dtype-unsupported` if `input` is known to be no sequence, or one of a dtype that is
// not in `allowed`.
void require_sequence(const Context& op, std::size_t input, DTypeSet allowed);

}  // namespace shapewright::rules
