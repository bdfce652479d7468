// One rank of a pipeline: the units of a model cut into as many parts in a row as there are ranks,
// and a batch into micro-batches that pass through one after the other (1F1B, Narayanan and others,
// arXiv 2104.04473). Of p ranks, rank r with m micro-batches:
//
//   p - 1 - r times       F               the pipeline fills
//   while any are left    F B             so that min(m, p - r) are under way at most
//   to the end            B ... B
//   the step, once
//
//   F   +received  +-what its nodes make                 -.
//   B   +gradient of what was sent  +-gradients           `-> -received -sent -gradient sent back
//
// A parameter lies with every rank that reads it, the inputs of the whole batch likewise.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/allocators/sharding.h"
#include "memory/model.h"

namespace shapewright {

// One request of a rank. Buffers of different micro-batches under way lie in different lanes; those
// of the step, and gradients of parameters, in lane 0.
struct Turn {
  std::uint32_t event = 0;  // of Timeline::events: what it is, or where it happens
  BufferId buffer = kNone;
  Action action = Action::kAlloc;
  std::uint32_t lane = 0;
};

struct PipelineRank {
  std::vector<std::uint8_t> holds;  // by BufferId: of parameters, inputs, states
  std::uint32_t lanes = 1;
  std::vector<Turn> turns;  // of an iteration
};

// `memory` is of two passes before a step where there is more than one micro-batch: one that makes
// gradients, one that adds to them.
PipelineRank plan_rank(const Memory& memory, const Units& units, const Sharding& sharding);

}  // namespace shapewright
