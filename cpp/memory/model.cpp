#include "memory/model.h"

#include "memory/training/events.h"

namespace shapewright {

std::shared_ptr<const Memory> build_memory(std::shared_ptr<const Analysis> analysis,
                                           const RunOptions& options) {
  const ArenaScope scope(*analysis->arena);
  const Graph& g = *analysis->graph;
  auto program = std::make_shared<Program>(analysis);
  auto memory = std::make_shared<Memory>();
  if (is_eager(g)) {
    const Iteration iteration = run_iteration(*analysis, options);
    memory->buffers = buffers_of(*analysis, iteration);
    memory->timeline = timeline_of(g, iteration);
    memory->runs_on_cuda = options.device == eager::Device::kCuda;
    if (memory->runs_on_cuda) memory->block_bytes = kCudaBlockBytes;
  } else {
    memory->buffers = make_buffers(*analysis);
    memory->schedule = make_schedule(g, memory->buffers);
    memory->timeline = make_timeline(g, memory->buffers, memory->schedule);
  }
  for (const Buffer& b : memory->buffers.all) memory->slots.push_back(program->add(b.bytes));
  for (const Event& e : memory->timeline.events) {
    memory->event_slots.push_back(memory->slots[e.buffer]);
    memory->event_frees.push_back(e.action == Action::kFree ? 1 : 0);
  }
  program->seal();
  memory->program = std::move(program);
  return memory;
}

}  // namespace shapewright
