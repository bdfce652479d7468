// Shared by the operators that only regroup sizes.
#pragma once

#include "ops/context.h"

namespace shapewright::families {

// Op::values of what keeps the elements of its first input and their order.
void regrouped_values(Context& op);

}  // namespace shapewright::families
