// A training loop, or batch after batch of inference, as the allocator of a GPU is asked.
//
//   the model        parameters and buffers, module by module   +params
//   its input        once                                       +inputs
//   iteration 1      its step makes the optimizer's state       +- ... +states ...
//   iterations 2, 3  steady                                     +- ...
//
// What an iteration leaves and the next one meets, as gradients that go before backward, lies where
// it was made; the first iteration meets nothing.
//
// Workspaces of cuBLAS come with the first product of matrices of each thread and stay; those of
// cuDNN come and go within the call.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "memory/allocators/allocator.h"
#include "memory/allocators/pipeline.h"
#include "memory/allocators/sharding.h"
#include "memory/model.h"
#include "memory/training/libraries.h"

namespace shapewright {

// What libraries take.
struct LibraryBytes {
  std::int64_t cublas = 0;                   // of one handle
  std::span<const std::int64_t> cudnn = {};  // by convolution; empty: nothing
};

class Loop {
 public:
  // The memory of a first iteration is a loop of one. With sharding: what one rank asks for.
  explicit Loop(const Memory& memory, const Sharding& sharding = {});

  // Sizes by BufferId.
  RequestList at(std::span<const std::int64_t> buffer_bytes, const LibraryBytes& libraries) const;

  // Where the last iteration begins: index of a request.
  std::uint32_t steady_from() const { return steady_from_; }
  // Of Timeline::events: the change that a request is, or that a workspace follows.
  std::uint32_t event_of(std::uint32_t request) const { return event_of_[request]; }

  enum class For : std::uint8_t { kBuffer, kShare, kUnit, kBucket, kCublas, kCudnn };
  struct Source {
    For what = For::kBuffer;
    std::uint32_t index = kNone;  // BufferId, unit, bucket, handle of cuBLAS, or convolution
  };
  std::span<const Source> sources() const { return sources_; }  // by allocation
  bool has_cublas() const { return has_cublas_; }
  std::span<const Convolution> convolutions() const { return uses_.convolutions; }

 private:
  void add_model(const Memory& memory);
  void add_buckets(const Memory& memory);
  void add_iteration(const Memory& memory, bool makes_states);
  void add_turns(const Memory& memory, bool makes_states);
  void make_states(const Memory& memory);
  bool lies_in_bucket(const Memory& memory, const Event& event) const;
  bool is_of_before(const Memory& memory, const Event& event) const;
  void call_library(const Memory& memory, std::uint32_t event);
  void enter(const Memory& memory, std::uint32_t event);
  void gather(std::uint32_t unit, std::uint32_t event);
  void drop(std::uint32_t unit, std::uint32_t event);
  void reduce(const Memory& memory, std::uint32_t unit, std::uint32_t event);
  Source source_of(const Memory& memory, const Event& event) const;
  std::uint32_t alloc(Source source, std::uint32_t event);
  void release(std::uint32_t allocation, std::uint32_t event);

  Sharding sharding_;
  Units units_;
  PipelineRank rank_;  // of a pipeline
  std::vector<std::vector<BufferId>> buckets_;
  LibraryUses uses_;
  RequestList requests_;  // of no bytes
  std::vector<Source> sources_;
  std::vector<std::uint32_t> event_of_;
  std::vector<std::uint32_t> alive_;      // by BufferId: its allocation; kNone
  std::vector<std::uint32_t> gathered_;   // by unit: its allocation; kNone
  std::vector<std::uint32_t> states_;     // events that make the optimizer's state
  std::vector<std::uint8_t> is_reduced_;  // by BufferId, within the iteration
  std::uint32_t unit_ = 0;                // the one that runs
  Phase phase_ = Phase::kForward;
  bool has_handle_[2] = {false, false};
  bool has_cublas_ = false;
  std::uint32_t steady_from_ = 0;
};

}  // namespace shapewright
