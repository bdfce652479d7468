#include "memory/allocators/cuda_caching.h"

#include <algorithm>

namespace shapewright::cuda_caching {

namespace {
constexpr std::int64_t kTotalUnknown = std::int64_t{1} << 40;
}

CachingAllocator::CachingAllocator(const CudaSettings& settings, const ReplayOptions& options)
    : settings_(settings),
      device_(options.capacity_bytes),
      total_bytes_(options.total_bytes > 0 ? options.total_bytes : kTotalUnknown),
      allowed_bytes_(kUnlimited),
      small_(true, settings.is_by_address),
      large_(false, settings.is_by_address) {
  if (settings.memory_fraction >= 1) return;
  if (options.total_bytes <= 0)
    Settings::refuse("per_process_memory_fraction", "set", "of use only with the device's total");
  allowed_bytes_ = static_cast<std::int64_t>(settings.memory_fraction *
                                             static_cast<double>(options.total_bytes));
}

Block* CachingAllocator::malloc(std::int64_t bytes, std::uint32_t stream) {
  const std::int64_t size = settings_.rounded(bytes);
  Pool& pool = size <= kSmallSize ? small_ : large_;
  Search s{size, settings_.segment_bytes(size), stream, &pool};
  bool is_found = find_free(s);
  if (!is_found) {
    if (allowed_bytes_ != kUnlimited && settings_.garbage_collection_threshold > 0)
      collect_garbage();
    is_found = new_segment(s, false) || (release_oversize(s) && new_segment(s, false));
    if (!is_found) {
      release_cached();
      is_found = new_segment(s, true);
    }
  }
  if (!is_found) {
    failed_bytes = s.segment_bytes;
    return nullptr;
  }
  return hand_out(s, bytes);
}

bool CachingAllocator::find_free(Search& s) {
  if (allowed_bytes_ != kUnlimited && settings_.garbage_collection_threshold > 0)
    ++s.pool->num_searches;
  Block key;
  key.stream = s.stream;
  key.bytes = s.bytes;
  key.age = key.address = -1;
  auto& free = s.pool->free;
  auto at = free.lower_bound(&key);
  const auto is_there = [&](auto it) { return it != free.end() && (*it)->stream == s.stream; };
  if (!is_there(at)) return false;
  if ((*at)->is_expandable()) {
    if (settings_.expandable_segments) {
      // A block before unmapped space counts as large as it can grow, so that a larger one may be
      // the better fit.
      const auto reach = [](const Block* b) {
        return b->bytes + (b->next != nullptr && !b->next->is_mapped ? b->next->bytes : 0);
      };
      for (auto next = std::next(at);
           (*at)->is_expandable() && is_there(next) && reach(*next) < reach(*at); ++next)
        at = next;
    } else {
      do ++at;
      while (is_there(at) && (*at)->is_expandable());
      if (!is_there(at)) return false;
    }
  }
  const bool is_oversize = s.bytes >= settings_.max_split_bytes;
  if (!is_oversize && (*at)->bytes >= settings_.max_split_bytes) return false;
  if (is_oversize && (*at)->bytes >= s.bytes + settings_.max_non_split_rounding_bytes) return false;
  s.found = *at;
  free.erase(at);
  return true;
}

bool CachingAllocator::new_segment(Search& s, bool is_retry) {
  num_retries += is_retry;
  if (device_.reserved().now + s.segment_bytes > allowed_bytes_) return false;
  if (settings_.expandable_segments) {
    s.found = expand(s);
    return s.found != nullptr;
  }
  if (!device_.take(s.segment_bytes)) return false;
  s.found = store_.make(s.stream, s.segment_bytes, *s.pool, device_.place(s.segment_bytes));
  return true;
}

bool CachingAllocator::should_split(const Block* block, std::int64_t bytes) const {
  const std::int64_t left = block->bytes - bytes;
  if (block->pool->is_small || settings_.expandable_segments) return left >= kMinBlock;
  return bytes < settings_.max_split_bytes && left > kSmallSize;
}

Block* CachingAllocator::hand_out(Search& s, std::int64_t requested_bytes) {
  Block* block = s.found;
  if (should_split(block, s.bytes)) {
    Block* rest = block;
    block = store_.make(s.stream, s.bytes, *s.pool, rest->address);
    block->segment = rest->segment;
    link(block, rest->prev, rest);
    rest->address += s.bytes;
    rest->bytes -= s.bytes;
    s.pool->insert(rest);
  }
  block->is_used = true;
  block->requested = requested_bytes;
  allocated.add(block->bytes);
  active.add(block->bytes);
  requested.add(requested_bytes);
  return block;
}

void CachingAllocator::free(Block* block) {
  block->is_used = false;
  allocated.add(-block->bytes);
  make_free(block);
}

std::int64_t CachingAllocator::request_free(Block* block) {
  block->is_used = false;
  block->is_pending = true;
  block->ticket = ++num_tickets_;
  allocated.add(-block->bytes);
  pending_.push_back(block);
  return block->ticket;
}

void CachingAllocator::complete_free(Block* block, std::int64_t ticket) {
  if (!block->is_pending || block->ticket != ticket) return;  // a synchronisation came first
  std::erase(pending_, block);
  block->is_pending = false;
  make_free(block);
}

void CachingAllocator::finish_pending() {
  for (Block* block : pending_) {
    block->is_pending = false;
    make_free(block);
  }
  pending_.clear();
}

void CachingAllocator::make_free(Block* block) {
  active.add(-block->bytes);
  requested.add(-block->requested);
  merge(block, block->prev);
  merge(block, block->next);
  block->pool->insert(block);
}

// Takes in a neighbour that is as free, or as unmapped, as `into`; the bytes it had, or 0.
std::int64_t CachingAllocator::merge(Block* into, Block* neighbour) {
  if (neighbour == nullptr || !neighbour->is_available() || neighbour->is_mapped != into->is_mapped)
    return 0;
  Pool& pool = *into->pool;
  if (neighbour->is_mapped)
    pool.free.erase(neighbour);
  else
    pool.unmapped.erase(neighbour);
  if (into->prev == neighbour) {
    into->address = neighbour->address;
    into->prev = neighbour->prev;
    if (into->prev != nullptr) into->prev->next = into;
  } else {
    into->next = neighbour->next;
    if (into->next != nullptr) into->next->prev = into;
  }
  const std::int64_t bytes = neighbour->bytes;
  into->bytes += bytes;
  store_.drop(neighbour);
  return bytes;
}

// With max_split_size_mb alone: gives back one oversize block that is large enough, else several,
// the largest first.
bool CachingAllocator::release_oversize(const Search& s) {
  if (settings_.max_split_bytes == kUnlimited) return false;
  Block key;
  key.stream = s.stream;
  key.bytes = std::max(s.bytes, settings_.max_split_bytes);
  key.age = key.address = -1;
  auto& free = s.pool->free;
  auto at = free.lower_bound(&key);
  if (at != free.end() && (*at)->stream == s.stream && !(*at)->is_expandable()) {
    release(*at);
    return true;
  }
  std::int64_t released = 0;
  while (at != free.begin() && released < key.bytes) {
    Block* block = *std::prev(at);
    if (block->bytes < settings_.max_split_bytes || block->stream != s.stream) break;
    --at;
    if (block->is_expandable()) continue;
    released += block->bytes;
    at = std::next(at);
    release(block);
  }
  return released >= key.bytes;
}

void CachingAllocator::release_cached() {
  finish_pending();
  release_pool(large_);
  release_pool(small_);
}

void CachingAllocator::empty_cache() { release_cached(); }

void CachingAllocator::release_pool(Pool& pool) {
  std::vector<Block*> expandable;
  for (auto at = pool.free.begin(); at != pool.free.end();) {
    Block* block = *at++;
    if (block->is_expandable())
      expandable.push_back(block);
    else if (!block->is_split())
      release(block);
  }
  for (Block* block : expandable) unmap(block);
}

void CachingAllocator::release(Block* segment) {
  device_.give_back(segment->bytes);
  segment->pool->free.erase(segment);
  store_.drop(segment);
}

// Frees the whole cached segments that have not been used for longest, until the share is met.
void CachingAllocator::collect_garbage() {
  const auto threshold = static_cast<std::int64_t>(settings_.garbage_collection_threshold *
                                                   static_cast<double>(allowed_bytes_));
  const std::int64_t target = device_.reserved().now - threshold;
  if (target <= 0) return;
  const auto age_of = [](const Block* b) { return b->pool->num_searches - b->searches_before; };
  std::int64_t total_age = 0, count = 0, reclaimed = 0;
  for (const Block* block : large_.free)
    if (!block->is_split()) {
      total_age += age_of(block);
      ++count;
    }
  for (bool is_any = true; reclaimed < target && is_any && count > 0;) {
    const double mean = static_cast<double>(total_age) / static_cast<double>(count);
    is_any = false;
    for (auto at = large_.free.begin(); at != large_.free.end();) {
      Block* block = *at++;
      if (block->is_split() || block->is_expandable() || static_cast<double>(age_of(block)) < mean)
        continue;
      is_any = true;
      reclaimed += block->bytes;
      total_age -= age_of(block);
      --count;
      release(block);
    }
  }
}

std::vector<BlockState> CachingAllocator::blocks() const {
  std::vector<BlockState> out;
  for (const Block& b : store_.all())
    if (b.pool != nullptr)
      out.push_back({b.address, b.bytes,
                     !b.is_mapped   ? BlockUse::kUnmapped
                     : b.is_used    ? BlockUse::kUsed
                     : b.is_pending ? BlockUse::kPending
                                    : BlockUse::kFree});
  std::ranges::sort(out, {}, &BlockState::address);
  return out;
}

}  // namespace shapewright::cuda_caching
