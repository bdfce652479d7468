// A part of the forward that is run again in backward instead of keeping what it saves: activation
// checkpointing, as torch.utils.checkpoint does it with use_reentrant=False.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "eager/tensor.h"

namespace shapewright::eager {

struct Segment {
  Tensors held;               // what it is run again from, and the state of the random generator
  std::function<void()> run;  // the forward of its nodes
  // What each of its autograd nodes saves, in the order of their making; filled by `run`.
  std::vector<Tensors> saved;
  std::size_t num_nodes = 0;   // made in the first run
  std::size_t num_saving = 0;  // up to the last one that saves anything
  bool last_saves_output = false;
  bool is_running_again = false, is_run_again = false;
};

// Thrown by a run once everything has been saved: what follows is not run again.
struct SegmentDone {};

}  // namespace shapewright::eager
