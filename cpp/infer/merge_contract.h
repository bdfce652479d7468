// One statement for each symbol: several constraints on it become one, what others imply leaves.
#pragma once

#include "infer/analysis.h"

namespace shapewright {

// Replaces the constraints of `a`, in normal form, by an equivalent set: H % 4 == 0 and H % 6 == 0
// become H % 12 == 0, N in {1, 8} and N in {1, 4} become N == 1. Where nothing meets them all, that
// is a finding. The arena of `a` is current.
void merge_contract(Analysis& a);

}  // namespace shapewright
