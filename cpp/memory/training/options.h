// How a model is run: what the events of an iteration depend on beside the graph.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "eager/machine.h"
#include "graph/dtype.h"

namespace shapewright {

// How the update of an optimizer runs over the parameters.
enum class Update : std::uint8_t {
  kLoop,     // one parameter after the other
  kForeach,  // all of a type at once: temporaries of all of them
  kFused,    // one kernel, no temporaries
};

// One tensor that an optimizer keeps for each parameter.
struct OptimizerState {
  enum class Extent : std::uint8_t {
    kLikeParam,   // as many elements
    kScalar,      // one, on the host where parameters are on a GPU
    kRow,         // the last axis reduced to 1; of parameters of 2 dims and more
    kColumn,      // the axis before it reduced to 1; likewise
    kVector,      // as many elements; of parameters of fewer than 2 dims
    kQuantised,   // a byte an element, of 4096 elements and more; else f32
    kBlockScale,  // a float for each 256 elements, of 4096 elements and more
  };
  std::string name;
  Extent extent = Extent::kLikeParam;
  DType dtype = DType::kUnknown;  // kUnknown: that of the parameter
};

struct OptimizerSpec {
  std::string name;  // "" for none: gradients are kept, nothing is updated
  std::vector<OptimizerState> states;
  // Temporaries of the size of a parameter: how many are alive at once within an update in a loop,
  // how many outlive it until the next parameter's has been made, and how many foreach makes.
  int loop_peak = 0, loop_left = 0, foreach_lists = 0;
};
OptimizerSpec find_optimizer(const std::string& name);  // throws Error{kGeneric, "option-value"}

enum class Precision : std::uint8_t { kAsIs, kBf16, kF16, kBf16Amp, kF16Amp };

// When the gradients of the step before go.
enum class ZeroGrad : std::uint8_t {
  kAfterStep,       // or at the beginning of the next iteration
  kBeforeBackward,  // they are there through forward
};

// When the caller lets go of what the model returned.
enum class Outputs : std::uint8_t {
  kDropped,  // before the step; in inference before the next call
  kKept,     // once the next call has returned
};

struct RunOptions {
  eager::Device device = eager::Device::kCuda;
  std::int64_t capability = 80;  // compute capability of a GPU: 80 is 8.0
  std::string attention;         // the kernel that attention is asked to run with, where it can
  bool trains = false;
  OptimizerSpec optimizer;
  Update update = Update::kForeach;
  Precision precision = Precision::kAsIs;
  ZeroGrad zero_grad = ZeroGrad::kAfterStep;
  Outputs outputs = Outputs::kDropped;
  bool is_first_iteration = false;       // optimizer state is made within the step
  std::int64_t accumulation = 1;         // forward and backward passes before a step
  std::vector<std::string> checkpoints;  // patterns of module paths that are run again in backward
};

}  // namespace shapewright
