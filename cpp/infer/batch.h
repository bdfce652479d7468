// Which nodes stop a model from taking another batch.
#pragma once

#include <cstdint>
#include <optional>

#include "infer/analysis.h"

namespace shapewright {

// The symbol of the first axis of the first input that has one.
std::optional<std::uint32_t> batch_symbol(const Analysis& a);

// Adds a finding `batch-fixed` for each constraint that gives the first axis of the inputs one
// size, and `batch-folded` for each Reshape that moves it into another axis. The arena of `a` is
// current.
void report_batch(Analysis& a);

}  // namespace shapewright
