// Expandable segments: address space for the whole device and more, mapped page by page.
#include <algorithm>

#include "memory/allocators/cuda_caching.h"

namespace shapewright::cuda_caching {

std::int64_t CachingAllocator::page_bytes(const Pool& pool) const {
  return pool.is_small ? kSmallSegment : settings_.large_segment_bytes;
}

// The lowest place with room for `s.bytes`: unmapped space, with the free block before it if there
// is one, and what follows; a new segment if there is none.
Block* CachingAllocator::find_address_space(const Search& s) {
  Block key;
  key.stream = s.stream;
  key.address = -1;
  Pool& pool = *s.pool;
  for (auto at = pool.unmapped.lower_bound(&key);
       at != pool.unmapped.end() && (*at)->stream == s.stream; ++at) {
    Block* first = *at;
    if (first->prev != nullptr && first->prev->is_available()) first = first->prev;
    std::int64_t room = 0;
    for (const Block* b = first; b != nullptr && b->is_available() && room < s.bytes; b = b->next)
      room += b->bytes;
    if (room >= s.bytes) return first;
  }
  const std::int64_t page = page_bytes(pool);
  const std::int64_t space = (total_bytes_ + total_bytes_ / 8 + page - 1) / page * page;
  Block* block = store_.make(s.stream, space, pool, device_.place(space));
  block->segment = block->address;
  block->is_mapped = false;
  pool.unmapped.insert(block);
  return block;
}

bool CachingAllocator::map(Block* block, std::int64_t bytes) {
  const std::int64_t page = page_bytes(*block->pool);
  const std::int64_t mapped = (bytes + page - 1) / page * page;
  if (!device_.take(mapped)) return false;
  Pool& pool = *block->pool;
  pool.unmapped.erase(block);
  block->is_mapped = true;
  if (mapped < block->bytes) {
    Block* rest = store_.make(block->stream, block->bytes - mapped, pool, block->address + mapped);
    rest->segment = block->segment;
    rest->is_mapped = false;
    link(rest, block, block->next);
    pool.unmapped.insert(rest);
    block->bytes = mapped;
  }
  merge(block, block->prev);
  merge(block, block->next);
  pool.insert(block);
  return true;
}

Block* CachingAllocator::expand(Search& s) {
  Block* block = find_address_space(s);
  if (!block->is_mapped && !map(block, std::min(block->bytes, s.bytes))) return nullptr;
  while (block->bytes < s.bytes) {
    Block* next = block->next;
    if (!map(next, std::min(s.bytes - block->bytes, next->bytes))) return nullptr;
    block = next;
  }
  s.pool->free.erase(block);
  return block;
}

// Gives back the whole pages of a free block; what is left of it before and after stays free.
void CachingAllocator::unmap(Block* block) {
  Pool& pool = *block->pool;
  const std::int64_t page = page_bytes(pool);
  const std::int64_t offset = block->address - block->segment;
  const std::int64_t begin = block->segment + (offset + page - 1) / page * page;
  const std::int64_t end = block->segment + (offset + block->bytes) / page * page;
  if (begin < end) {
    pool.free.erase(block);
    const std::int64_t before = begin - block->address, after = block->address + block->bytes - end;
    if (before > 0) {
      Block* left = store_.make(block->stream, before, pool, block->address);
      left->segment = block->segment;
      link(left, block->prev, block);
      pool.insert(left);
    }
    if (after > 0) {
      Block* right = store_.make(block->stream, after, pool, end);
      right->segment = block->segment;
      link(right, block, block->next);
      pool.insert(right);
    }
    block->address = begin;
    block->bytes = end - begin;
    block->is_mapped = false;
    merge(block, block->prev);
    merge(block, block->next);
    pool.unmapped.insert(block);
    device_.give_back(end - begin);
  }
  if (!block->is_split() && !block->is_mapped) {
    pool.unmapped.erase(block);
    store_.drop(block);
  }
}

}  // namespace shapewright::cuda_caching
