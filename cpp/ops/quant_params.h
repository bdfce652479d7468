// Scales and zero points of quantised tensors.
#pragma once

#include "ops/context.h"

namespace shapewright::rules {

// A scale and its zero point (which may be omitted) have one shape; [] and [1] count as the same.
// Fails with `quant-scale`.
void require_same_parameter_shape(Context& op, std::size_t scale, std::size_t zero_point);

}  // namespace shapewright::rules
