// Complex tensors: their types, and their real parts as views.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

DType complex_of(DType d);  // whose parts are of type d; a complex type is its own
DType real_of(DType d);     // of the parts; a real type is its own

// The real parts, or the imaginary ones, where they stand.
Tensor part_of(const Tensor& t);

}  // namespace shapewright::aten
