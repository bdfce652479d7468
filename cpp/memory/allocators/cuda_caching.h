// PyTorch's CUDA caching allocator (c10/cuda/CUDACachingAllocator.cpp), step by step, on addresses
// that mean nothing.
//
//   malloc   round; best fit among free blocks of the stream; else a new segment; else free what is
//            cached and try again; split what is left over
//   free     join with free neighbours of the segment; segments stay until they are needed
//
// Left out: private pools of CUDA graphs, and memory that another process shares.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/allocators/allocator.h"
#include "memory/allocators/cuda_blocks.h"
#include "memory/allocators/cuda_settings.h"

namespace shapewright::cuda_caching {

class CachingAllocator {
 public:
  CachingAllocator(const CudaSettings& settings, const ReplayOptions& options);

  Block* malloc(std::int64_t bytes, std::uint32_t stream);  // null: out of memory
  void free(Block* block);
  // Used by another stream: not free until the ticket is redeemed, or a synchronisation comes.
  std::int64_t request_free(Block* block);
  void complete_free(Block* block, std::int64_t ticket);
  void empty_cache();

  Tally allocated, active, requested;
  std::int64_t num_retries = 0, failed_bytes = 0;
  const Device& device() const { return device_; }
  std::vector<BlockState> blocks() const;  // by address

 private:
  struct Search {
    std::int64_t bytes, segment_bytes;
    std::uint32_t stream;
    Pool* pool;
    Block* found = nullptr;
  };

  bool find_free(Search& s);
  bool new_segment(Search& s, bool is_retry);
  bool should_split(const Block* block, std::int64_t bytes) const;
  Block* hand_out(Search& s, std::int64_t requested_bytes);
  void make_free(Block* block);
  std::int64_t merge(Block* into, Block* neighbour);

  bool release_oversize(const Search& s);
  void release_cached();
  void release_pool(Pool& pool);
  void release(Block* segment);
  void collect_garbage();
  void finish_pending();

  // Expandable segments: cuda_expandable.cpp.
  Block* expand(Search& s);
  Block* find_address_space(const Search& s);
  bool map(Block* block, std::int64_t bytes);
  void unmap(Block* block);
  std::int64_t page_bytes(const Pool& pool) const;

  CudaSettings settings_;
  Device device_;
  std::int64_t total_bytes_, allowed_bytes_;  // allowed_bytes_: kUnlimited without a fraction
  Pool small_, large_;
  BlockStore store_;
  std::vector<Block*> pending_;  // in the order they were given back
  std::int64_t num_tickets_ = 0;
};

}  // namespace shapewright::cuda_caching
