// Einsum: the equation decides which axes match, which are summed and what is left.
#pragma once

#include "ops/context.h"

namespace shapewright::rules {

void einsum(Context& op);
Dim einsum_flops(const Context& op);

}  // namespace shapewright::rules
