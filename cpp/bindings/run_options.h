// A Python dict of options as RunOptions.
#pragma once

#include <pybind11/pybind11.h>

#include "memory/allocators/device_run.h"
#include "memory/training/options.h"

namespace shapewright {

// Keys: "device" ("cpu" | "cuda"), "trains", "optimizer" (name), "states" ((name, dtype) pairs that
// stand in for those of the optimizer), "update" ("loop" | "foreach" | "fused"), "precision",
// "first_iteration", "accumulation", "checkpoints", "zero_grad", "outputs". Throws Error{kGeneric,
// "option-value"}.
RunOptions run_options(const pybind11::dict& run);
// Keys of the same dict: "cublas_bytes", "most_cublas_bytes", "settings", "shard_stage", "ranks",
// "units" (patterns of module paths), "micro_batches".
DeviceOptions device_options(const pybind11::dict& run);

}  // namespace shapewright
