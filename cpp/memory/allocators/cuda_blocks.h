// Blocks of the CUDA caching allocator and the pools of its free ones.
//
//   segment   |  used  | free |   used   |  free  |        prev <-> next, by address
//   expandable segment   |  used | free |      unmapped address space      |
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <vector>

namespace shapewright::cuda_caching {

struct Pool;

struct Block {
  std::uint32_t stream = 0;
  std::int64_t bytes = 0, address = 0;
  std::int64_t age = 0;  // rises with every block made
  Pool* pool = nullptr;
  Block *prev = nullptr, *next = nullptr;  // within the segment
  std::int64_t requested = 0;
  std::int64_t segment = -1;         // of the expandable segments: its first address; -1: none
  std::int64_t searches_before = 0;  // of its pool, when it became free
  std::int64_t ticket = 0;           // of the free that it waits for
  bool is_used = false, is_pending = false;
  bool is_mapped = true;

  bool is_expandable() const { return segment >= 0; }
  bool is_split() const { return prev != nullptr || next != nullptr; }
  bool is_available() const { return !is_used && !is_pending; }
};

// Smallest first; ties go to the older block, or to the lower address.
struct BySize {
  bool is_by_address = false;
  bool operator()(const Block* a, const Block* b) const {
    if (a->stream != b->stream) return a->stream < b->stream;
    if (a->bytes != b->bytes) return a->bytes < b->bytes;
    return is_by_address ? a->address < b->address : a->age < b->age;
  }
};

struct ByAddress {
  bool operator()(const Block* a, const Block* b) const {
    return a->stream != b->stream ? a->stream < b->stream : a->address < b->address;
  }
};

using FreeBlocks = std::set<Block*, BySize>;

struct Pool {
  bool is_small;
  FreeBlocks free;
  std::set<Block*, ByAddress> unmapped;
  std::int64_t num_searches = 0;

  Pool(bool small, bool is_by_address) : is_small(small), free(BySize{is_by_address}) {}
  void insert(Block* block) {
    block->searches_before = num_searches;
    free.insert(block);
  }
};

class BlockStore {
 public:
  Block* make(std::uint32_t stream, std::int64_t bytes, Pool& pool, std::int64_t address) {
    if (unused_.empty()) {
      store_.emplace_back();
      unused_.push_back(&store_.back());
    }
    Block* block = unused_.back();
    unused_.pop_back();
    *block = Block{};
    block->stream = stream;
    block->bytes = bytes;
    block->pool = &pool;
    block->address = address;
    block->age = next_age_++;
    return block;
  }
  void drop(Block* block) {
    block->pool = nullptr;
    unused_.push_back(block);
  }
  const std::deque<Block>& all() const { return store_; }  // those without a pool are dropped

 private:
  std::deque<Block> store_;
  std::vector<Block*> unused_;
  std::int64_t next_age_ = 0;
};

// Puts `block` between two neighbours of one segment.
inline void link(Block* block, Block* before, Block* after) {
  block->prev = before;
  block->next = after;
  if (before != nullptr) before->next = block;
  if (after != nullptr) after->prev = block;
}

}  // namespace shapewright::cuda_caching
