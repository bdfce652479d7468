// One iteration of a model as an eager framework runs it: forward, backward, the optimizer's step,
// zero_grad. The machine records every storage that comes and goes.
#pragma once

#include <memory>
#include <vector>

#include "eager/machine.h"
#include "infer/analysis.h"
#include "memory/training/options.h"

namespace shapewright {

struct Iteration {
  std::vector<eager::Storage> storages;
  std::vector<eager::Change> changes;
  std::vector<eager::StorageId> of_value;  // by ValueId; kNone for what holds none
  std::vector<std::uint32_t> unmodelled;   // operators without a row: indices of Graph::op_names
  std::vector<eager::KernelChoice> kernels;
};

// Whether the model is one that a machine runs: of domain "aten".
bool is_eager(const Graph& g);

// In the arena of the analysis, which must be current.
Iteration run_iteration(const Analysis& a, const RunOptions& options);

}  // namespace shapewright
