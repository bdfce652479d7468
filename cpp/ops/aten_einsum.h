// einsum as ATen contracts it.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

void einsum_row(EagerCall& c);
void trilinear_row(EagerCall& c);

}  // namespace shapewright::aten
