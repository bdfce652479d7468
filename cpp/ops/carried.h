// Types of what a Loop carries from pass to pass.
//
// A run of the body, inferred on what holds of the states before pass r, holds for pass r and, once
// nothing changes any more, for all after it. What a run demands is a demand on the inputs where
// its pass surely happens.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "ops/context.h"

namespace shapewright::rules {

using Operands = std::vector<OperandType>;

struct Carried {
  Operands final;           // states after the last pass
  Operands body_outputs;    // of the run of the body that holds for every pass
  std::optional<Dim> trip;  // number of passes, if it is known exactly
};

struct Passes {
  bool starts = false;       // the condition before the first is true
  bool has_one = false;      // the first surely happens
  std::optional<Dim> limit;  // of their number; exact where the condition stays true
  // Infers the body on states and gives all its outputs: the condition, then the states.
  std::function<Operands(const Operands&, Runs, Pass)> run;
};

Carried carry(Context& op, const Operands& initial, const Passes& passes);

}  // namespace shapewright::rules
