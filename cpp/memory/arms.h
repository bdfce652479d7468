// The places where the live peak may lie, as sums of symbolic sizes: what a formula is the maximum
// of.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/model.h"

namespace shapewright {

// A sum of sizes. It has several parts only where adding them up would pass the budget of one
// expression: nothing is widened.
using Arm = std::vector<Dim>;

class ArmSum {
 public:
  void add(std::int64_t count, Dim size);
  Arm take();  // {0} if nothing was added

 private:
  Arm parts_;
};

// The live peak is `common` and the largest of `arms`. Arms that fit into one expression each hold
// what is common; otherwise it stands apart.
struct PeakArms {
  Arm common;
  std::vector<Arm> arms;
};

// Of what is alive at the events, one of which is the peak at any sizes; those that another one is
// proved to reach at every size are left out. In the arena of the analysis, which must be current.
PeakArms peak_arms(const Memory& memory);

}  // namespace shapewright
