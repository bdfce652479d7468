// The memory of a model, symbolic: buffers, events and their sizes on the tape. Built once, then
// only read.
#pragma once

#include <memory>
#include <vector>

#include "infer/bind.h"
#include "memory/buffers.h"
#include "memory/liveness.h"
#include "memory/training/options.h"

namespace shapewright {

// The caching allocator of PyTorch gives out multiples of it.
inline constexpr std::int64_t kCudaBlockBytes = 512;

struct Memory {
  std::shared_ptr<const Program> program;
  Buffers buffers;
  Schedule schedule;  // empty where the model is run eagerly
  Timeline timeline;
  std::vector<Tape::Slot> slots;          // by BufferId: its bytes
  std::vector<Tape::Slot> event_slots;    // by event: bytes that come or go
  std::vector<std::uint8_t> event_frees;  // by event: 1 if they go
  std::int64_t block_bytes = 1;           // what is alive counts in whole blocks of so much
  bool runs_on_cuda = false;              // eagerly, with the caching allocator of a GPU

  const Analysis& analysis() const { return program->analysis(); }
  const Graph& graph() const { return *program->analysis().graph; }
};

// Uses the arena of the analysis. `options` are for models of an eager framework.
std::shared_ptr<const Memory> build_memory(std::shared_ptr<const Analysis> analysis,
                                           const RunOptions& options = {});

}  // namespace shapewright
