// Arithmetic on single elements: the exact result, or unknown. `out` is the element type of the
// result.
//
// Integers are expressions of any sign. A size that goes through floating point is kept as an exact
// ratio only where the rounding of the format cannot change what Floor, Ceil or a comparison later
// sees.
#pragma once

#include "dim/dim.h"
#include "graph/dtype.h"
#include "ops/elements.h"

namespace shapewright::elem {

Elem add(const Elem& a, const Elem& b, DType out);
Elem sub(const Elem& a, const Elem& b, DType out);
Elem mul(const Elem& a, const Elem& b, DType out);
Elem div(const Elem& a, const Elem& b, DType out);  // integers round toward zero
Elem floor_mod(const Elem& a, const Elem& b, DType out);
Elem trunc_mod(const Elem& a, const Elem& b, DType out);
Elem pow(const Elem& a, const Elem& b, DType out);
Elem min(const Elem& a, const Elem& b, DType out);
Elem max(const Elem& a, const Elem& b, DType out);

Elem neg(const Elem& a, DType out);
Elem abs(const Elem& a, DType out);
Elem sign(const Elem& a, DType out);
Elem relu(const Elem& a, DType out);
Elem floor(const Elem& a, DType out);
Elem ceil(const Elem& a, DType out);
Elem round(const Elem& a, DType out);  // halves to even
Elem sqrt(const Elem& a, DType out);
Elem reciprocal(const Elem& a, DType out);
Elem is_nan(const Elem& a, DType out);

// Results 0, 1 or unknown.
Elem equal(const Elem& a, const Elem& b, DType out);
Elem less(const Elem& a, const Elem& b, DType out);
Elem less_or_equal(const Elem& a, const Elem& b, DType out);
Elem greater(const Elem& a, const Elem& b, DType out);
Elem greater_or_equal(const Elem& a, const Elem& b, DType out);
Elem logical_and(const Elem& a, const Elem& b, DType out);
Elem logical_or(const Elem& a, const Elem& b, DType out);
Elem logical_xor(const Elem& a, const Elem& b, DType out);
Elem logical_not(const Elem& a, DType out);
// `a` where `condition` holds, `b` where it does not; also known if both are the same.
Elem select(const Elem& condition, const Elem& a, const Elem& b);

}  // namespace shapewright::elem
