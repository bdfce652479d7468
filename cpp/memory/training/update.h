// The step of an optimizer, and what it keeps between steps.
#pragma once

#include <vector>

#include "eager/tensor.h"
#include "memory/training/options.h"

namespace shapewright {

// State of one parameter, in the order of the spec.
using ParamState = std::vector<eager::Tensor>;

ParamState make_state(const OptimizerSpec& spec, const eager::Tensor& param, ValueId value);

struct UpdatedParam {
  ValueId value = kNone;
  eager::Tensor tensor;
};

// The temporaries of an update of parameters that have a gradient.
void run_update(const OptimizerSpec& spec, Update update, const std::vector<UpdatedParam>& params);

}  // namespace shapewright
