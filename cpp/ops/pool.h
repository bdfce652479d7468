// Pooling rules that live outside pool.cpp: regions of interest.
#pragma once

#include "ops/rules.h"

namespace shapewright::rules {

void max_roi_pool_infer(Context& op);
void roi_align_infer(Context& op);

}  // namespace shapewright::rules
