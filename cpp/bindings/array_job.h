// A rearrangement ready to run on any buffers of one layout, and the caches that keep such jobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "copy/plan.h"
#include "layout/piece.h"

namespace shapewright {

struct Step {
  std::shared_ptr<const CopyPlan> plan;
  std::int64_t src_offset = 0;    // bytes
  std::int64_t dst_offset = 0;    // bytes
  std::int64_t param_offset = 0;  // elements
  std::int32_t source = 0;        // or kFill
  std::int64_t bytes = 0;
};

struct JobPass {
  std::vector<Step> steps;
  std::int64_t scratch_bytes = 0;  // written by this pass; 0: the destination
};

struct Job {
  std::vector<JobPass> passes;  // none: nothing to move
  std::vector<std::int64_t> shape;
  std::int64_t bytes = 0;          // read and written
  std::int64_t compute_bytes = 4;  // of an element of the parameters
  bool overlaps_itself = false;    // two positions of the destination may share a byte
};

// `item_bytes` of the source; the cast, if any, happens in the last pass.
Job make_job(const Rearrangement& moves, std::int64_t item_bytes, const std::optional<Cast>& cast);

// What one call reads and writes.
struct JobBuffers {
  std::span<const std::byte* const> sources;
  const std::byte* fill = nullptr;  // one element of the sources
  std::byte* dst = nullptr;
  Params params;
};

// Throws std::bad_alloc where there is no scratch.
void run_job(const Job& job, const JobBuffers& buffers, int threads);

// Several jobs in one parallel region, each with its own buffers.
struct JobCall {
  const Job* job = nullptr;
  JobBuffers buffers;
};
void run_jobs(std::span<const JobCall> calls, int threads);

// Everything a job depends on, spelled as words.
using JobKey = std::vector<std::int64_t>;

// The job under `key`: first of 64 that this thread used last, then of those that any thread used,
// else as `make` builds it.
std::shared_ptr<const Job> cached_job(const JobKey& key, Job (*make)(void*), void* context);

template <class Make>
std::shared_ptr<const Job> cached_job(const JobKey& key, Make&& make) {
  return cached_job(
      key, [](void* context) { return (*static_cast<std::remove_reference_t<Make>*>(context))(); },
      const_cast<void*>(static_cast<const void*>(&make)));
}

}  // namespace shapewright
