// Allocators replayed: where each would put what it is asked for, and what it takes of the device.
//
// One row an allocator, one file a row; registry.cpp lists them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "memory/allocators/device.h"
#include "memory/allocators/request.h"
#include "memory/allocators/settings.h"

namespace shapewright {

// Where an allocation was put. A request of 0 bytes gets none: address -1.
struct Placement {
  std::int64_t address = -1, bytes = 0;  // of the whole block
};

enum class BlockUse : std::uint8_t { kFree, kUsed, kPending, kUnmapped };

struct BlockState {
  std::int64_t address = 0, bytes = 0;
  BlockUse use = BlockUse::kFree;
};

struct Replay {
  bool runs = true;
  std::uint32_t failed_request = kNoIndex;  // index of the request that was refused
  std::int64_t failed_bytes = 0;            // what was asked of the device in vain
  std::int64_t failed_free_bytes = 0;       // what the device still had then
  Tally allocated;                          // whole blocks in use
  Tally active;                             // and those that another stream still uses
  Tally requested;                          // as asked for
  Tally reserved;                           // taken of the device
  std::uint32_t peak_request = kNoIndex;    // where `allocated` was highest first
  std::int64_t num_device_allocs = 0, num_device_frees = 0, num_retries = 0;
  Window window;
  std::vector<Placement> placements;  // by allocation
  std::vector<BlockState> blocks;     // at the end, by address
};

struct ReplayOptions {
  std::int64_t capacity_bytes = kUnlimited;  // what the allocator can get of the device
  std::int64_t total_bytes = 0;              // of the device; 0: not known
  bool keeps_blocks = false;                 // whether `Replay::blocks` is filled
  std::uint32_t peaks_from =
      0;  // torch-cuda: request from which peaks of what is in use count anew
};

struct AllocatorRow {
  std::string_view name, summary;
  Replay (*replay)(const RequestList& requests, const Settings& settings,
                   const ReplayOptions& options) = nullptr;
  std::span<const SettingRow> settings;
};

std::span<const AllocatorRow> allocators();
// Throws Error{kGeneric, "allocator-unknown"}.
const AllocatorRow& find_allocator(std::string_view name);

// One declaration a file.
extern const AllocatorRow kTorchCuda, kBfc, kOrtArena, kOrtPattern, kStaticPlan;

}  // namespace shapewright
