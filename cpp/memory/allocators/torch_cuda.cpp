// The row of PyTorch's CUDA caching allocator.
#include "memory/allocators/cuda_caching.h"

namespace shapewright {

namespace {

using cuda_caching::Block;
using cuda_caching::CachingAllocator;
using cuda_caching::CudaSettings;

struct Held {
  Block* block = nullptr;
  std::int64_t ticket = 0;
};

Replay replay_torch_cuda(const RequestList& requests, const Settings& settings,
                         const ReplayOptions& options) {
  CachingAllocator allocator(CudaSettings(settings), options);
  Replay out;
  out.placements.resize(requests.first.size());
  std::vector<Held> held(requests.first.size());
  for (std::uint32_t i = 0; i < requests.all.size() && out.runs; ++i) {
    const Request& r = requests.all[i];
    if (i == options.peaks_from && i > 0) {
      allocator.allocated.peak = allocator.allocated.now;
      allocator.active.peak = allocator.active.now;
      allocator.requested.peak = allocator.requested.now;
      out.peak_request = i;
    }
    switch (r.kind) {
      case RequestKind::kAlloc: {
        if (r.bytes == 0) break;
        const std::int64_t peak = allocator.allocated.peak;
        Block* block = allocator.malloc(r.bytes, r.stream);
        if (block == nullptr) {
          out.runs = false;
          out.failed_request = i;
          break;
        }
        held[r.allocation] = {block, 0};
        out.placements[r.allocation] = {block->address, block->bytes};
        if (allocator.allocated.peak > peak) out.peak_request = i;
        break;
      }
      case RequestKind::kFree:
        if (held[r.allocation].block != nullptr) allocator.free(held[r.allocation].block);
        break;
      case RequestKind::kFreeRequested:
        if (held[r.allocation].block != nullptr)
          held[r.allocation].ticket = allocator.request_free(held[r.allocation].block);
        break;
      case RequestKind::kFreeCompleted:
        if (held[r.allocation].block != nullptr)
          allocator.complete_free(held[r.allocation].block, held[r.allocation].ticket);
        break;
      case RequestKind::kEmptyCache: allocator.empty_cache(); break;
    }
  }
  const Device& device = allocator.device();
  out.failed_bytes = allocator.failed_bytes;
  out.failed_free_bytes = out.runs ? 0 : device.capacity() - device.reserved().now;
  out.allocated = allocator.allocated;
  out.active = allocator.active;
  out.requested = allocator.requested;
  out.reserved = device.reserved();
  out.num_device_allocs = device.num_allocs();
  out.num_device_frees = device.num_frees();
  out.num_retries = allocator.num_retries;
  out.window = device.window();
  if (options.keeps_blocks) out.blocks = allocator.blocks();
  return out;
}

}  // namespace

// The rows of its settings are data of another file: not known at compile time.
const AllocatorRow kTorchCuda{"torch-cuda", "PyTorch's CUDA caching allocator", replay_torch_cuda,
                              CudaSettings::rows()};

}  // namespace shapewright
