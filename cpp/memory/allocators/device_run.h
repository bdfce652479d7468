// What a loop takes of a GPU at given sizes: the bytes that PyTorch counts, the least memory that
// runs, and what it reserves; with and without the most that libraries may take.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "memory/allocators/loop.h"
#include "memory/allocators/profile.h"
#include "memory/peak.h"

namespace shapewright {

struct DeviceOptions {
  // Of one cuBLAS handle: as the number to plan with has it, and the most it may be.
  std::int64_t cublas_bytes = kCublasWorkspaceBytes;
  std::int64_t most_cublas_bytes = kCublasWorkspaceBytesOfHopper;
  std::string settings;  // of the allocator
  Sharding sharding;
};

// Where a device of some capacity refuses.
struct DeviceFailure {
  std::uint32_t event = 0;       // of Timeline::events
  std::int64_t asked_bytes = 0;  // of the device, in vain
  std::int64_t free_bytes = 0;   // what it still had
};

// By rank, where they differ: those of a pipeline. Else one.
using Loops = std::vector<std::shared_ptr<const Loop>>;
Loops loops_of(const Memory& memory, const Sharding& sharding);

// Whether each loop gets through with so much; with_most: with the most that libraries may take
// too.
bool runs_on_device(const BoundMemory& bound, const Loops& loops, const DeviceOptions& options,
                    std::int64_t capacity_bytes, bool with_most);

// Whether what a rank asks for, tensors alone, is never more; and how much less than the whole
// model's it may be where it is no more than that.
bool holds_on_device(const BoundMemory& bound, const Loops& loops, const DeviceOptions& options,
                     std::int64_t capacity_bytes);
std::int64_t most_spared_bytes(const Memory& memory, const DeviceOptions& options,
                               std::int64_t capacity_bytes);

class DeviceRun {
 public:
  DeviceRun(std::shared_ptr<const BoundMemory> bound, std::shared_ptr<const Loop> loop,
            DeviceOptions options);

  const BoundMemory& bound() const { return *bound_; }
  // live: whole blocks in use at once within the last iteration, with cuBLAS at its size. lower:
  // tensors alone.
  const PlannedPeak& peak() const { return peak_; }
  // The same with `upper`, the most that libraries take, and why: a replay of its own, made once.
  const Peak& bounded_peak() const;
  // Blocks alive at the peak, largest first; they add up to `live`. kNone: a workspace.
  std::vector<LiveItem> live_set() const;
  // nullopt where a size is not known.
  std::optional<ProfileMemory> memory() const;
  Replay replay(std::int64_t capacity_bytes) const;  // as the number to plan with
  bool runs(std::int64_t capacity_bytes, bool with_most) const;
  std::optional<DeviceFailure> failure(std::int64_t capacity_bytes, bool with_most) const;
  const RequestList& requests() const { return requests_; }

 private:
  struct Bounded {
    std::once_flag once;
    Peak peak;
  };

  RequestList requests_with_most() const;
  Peak with_bounds() const;
  Replay replay(const RequestList& requests, std::int64_t capacity_bytes) const;

  std::shared_ptr<const BoundMemory> bound_;
  std::shared_ptr<const Loop> loop_;
  DeviceOptions options_;
  RequestList requests_;
  Replay free_running_;
  PlannedPeak peak_;
  std::unique_ptr<Bounded> bounded_ = std::make_unique<Bounded>();
};

// What each rank takes, and of all of them what takes most.
class RankRuns {
 public:
  RankRuns(const std::shared_ptr<const BoundMemory>& bound, const Loops& loops,
           const DeviceOptions& options);

  // The one with the most alive at once.
  const DeviceRun& largest() const { return runs_[largest_]; }
  std::optional<ProfileMemory> memory() const;  // the most of any
  bool runs(std::int64_t capacity_bytes, bool with_most) const;
  std::optional<DeviceFailure> failure(std::int64_t capacity_bytes, bool with_most) const;

 private:
  std::vector<DeviceRun> runs_;
  std::size_t largest_ = 0;
};

}  // namespace shapewright
