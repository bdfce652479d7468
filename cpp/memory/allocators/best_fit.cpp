#include "memory/allocators/best_fit.h"

#include <algorithm>

namespace shapewright::best_fit {

Arena::Arena(const ArenaOptions& options, std::int64_t capacity_bytes)
    : options_(options),
      device_(capacity_bytes),
      next_region_bytes_(
          rounded_to(std::min(options.first_region_bytes, options.limit_bytes), kAlignment)) {}

std::int64_t Arena::alloc(std::int64_t bytes) {
  const std::int64_t rounded = rounded_to(bytes, kAlignment);
  std::int64_t address = find(rounded);
  if (address < 0 && extend(rounded)) address = find(rounded);
  if (address < 0 && release_free_regions(rounded) && extend(rounded)) address = find(rounded);
  if (address < 0) failed_bytes_ = rounded;
  return address;
}

std::int64_t Arena::find(std::int64_t rounded) {
  const auto found = free_.lower_bound({rounded, 0});
  if (found == free_.end()) return -1;
  const std::int64_t address = found->second;
  free_.erase(found);
  Chunk& chunk = chunks_.at(address);
  const std::int64_t left = chunk.bytes - rounded;
  if (chunk.bytes >= 2 * rounded || left >= options_.max_waste_bytes) {
    chunk.bytes = rounded;
    if (left > 0) {
      chunks_[address + rounded] = {left, chunk.region, false};
      free_.insert({left, address + rounded});
    }
  }
  chunk.is_used = true;
  return address;
}

// A new region of the size that is due, or, where the device refuses, of less: nine tenths, in the
// precision of a float, again and again.
bool Arena::extend(std::int64_t rounded) {
  const std::int64_t available = (options_.limit_bytes - pool_bytes_) / kAlignment * kAlignment;
  if (rounded > available) {
    if (options_.is_limit_capacity) (void)device_.has(pool_bytes_ + rounded);
    return false;
  }
  std::int64_t bytes = rounded;
  bool is_grown = options_.is_exact_growth;
  if (!options_.is_exact_growth) {
    for (; rounded > next_region_bytes_; next_region_bytes_ *= 2) is_grown = true;
    bytes = std::min(next_region_bytes_, available);
    if (options_.is_limit_capacity && bytes < next_region_bytes_)
      device_.depend_on_capacity(pool_bytes_ + bytes, pool_bytes_ + bytes + kAlignment);
  }
  while (!device_.take(bytes)) {
    std::int64_t less =
        rounded_to(static_cast<std::int64_t>(static_cast<float>(bytes) * 0.9f), kAlignment);
    if (options_.least_retry_bytes == 0) less = std::min(less, bytes - kAlignment);
    bytes = less;
    if (bytes < rounded || bytes < options_.least_retry_bytes) return false;
  }
  if (!is_grown) next_region_bytes_ = std::min(next_region_bytes_ * 2, kUnlimited);
  pool_bytes_ += bytes;
  const std::int64_t address = device_.place(bytes);
  regions_.emplace_back(address, bytes);
  chunks_[address] = {bytes, address, false};
  free_.insert({bytes, address});
  return true;
}

bool Arena::release_free_regions(std::int64_t rounded) {
  if (!options_.collects_garbage) return false;
  std::vector<std::pair<std::int64_t, std::int64_t>> unused;
  std::int64_t total = 0;
  for (const auto& [address, bytes] : regions_) {
    const Chunk& first = chunks_.at(address);
    if (first.is_used || first.bytes != bytes) continue;
    unused.emplace_back(address, bytes);
    total += bytes;
  }
  if (total == 0) return false;
  const std::int64_t needed = pool_bytes_ - total + rounded;
  if (options_.is_limit_capacity ? !device_.has(needed) : needed > options_.limit_bytes)
    return false;
  for (const auto& [address, bytes] : unused) {
    free_.erase({bytes, address});
    chunks_.erase(address);
    std::erase(regions_, std::pair(address, bytes));
    pool_bytes_ -= bytes;
    device_.give_back(bytes);
  }
  return true;
}

void Arena::free(std::int64_t address) {
  const auto at = chunks_.find(address);
  at->second.is_used = false;
  join(at);
}

// With the free neighbours of its region, and back among the free ones.
void Arena::join(Chunks::iterator at) {
  const auto is_one = [](Chunks::iterator a, Chunks::iterator b) {
    return a->second.region == b->second.region && !b->second.is_used;
  };
  if (const auto next = std::next(at); next != chunks_.end() && is_one(at, next)) {
    free_.erase({next->second.bytes, next->first});
    at->second.bytes += next->second.bytes;
    chunks_.erase(next);
  }
  if (at != chunks_.begin()) {
    if (const auto before = std::prev(at); is_one(at, before)) {
      free_.erase({before->second.bytes, before->first});
      before->second.bytes += at->second.bytes;
      chunks_.erase(at);
      at = before;
    }
  }
  free_.insert({at->second.bytes, at->first});
}

bool Arena::reserve(std::int64_t bytes) {
  if (device_.take(bytes)) {
    pool_bytes_ += bytes;
    return true;
  }
  failed_bytes_ = bytes;
  return false;
}

std::vector<BlockState> Arena::blocks() const {
  std::vector<BlockState> out;
  for (const auto& [address, chunk] : chunks_)
    out.push_back({address, chunk.bytes, chunk.is_used ? BlockUse::kUsed : BlockUse::kFree});
  return out;
}

Replay replay(Arena& arena, const RequestList& requests, bool keeps_blocks) {
  Replay out;
  out.placements.resize(requests.first.size());
  for (std::uint32_t i = 0; i < requests.all.size() && out.runs; ++i) {
    const Request& r = requests.all[i];
    if (r.kind == RequestKind::kAlloc) {
      if (r.bytes == 0) continue;
      const std::int64_t address = arena.alloc(r.bytes);
      if (address < 0) {
        out.runs = false;
        out.failed_request = i;
        continue;
      }
      const Placement p{address, arena.bytes_at(address)};
      out.placements[r.allocation] = p;
      const std::int64_t peak = out.allocated.peak;
      out.allocated.add(p.bytes);
      out.requested.add(r.bytes);
      if (out.allocated.peak > peak) out.peak_request = i;
    } else if (r.kind == RequestKind::kFree || r.kind == RequestKind::kFreeCompleted) {
      const Placement p = out.placements[r.allocation];
      if (p.address < 0) continue;
      arena.free(p.address);
      out.allocated.add(-p.bytes);
      out.requested.add(-requests.all[requests.first[r.allocation]].bytes);
    }
  }
  out.active = out.allocated;
  const Device& device = arena.device();
  out.failed_bytes = arena.failed_bytes();
  out.failed_free_bytes = out.runs ? 0 : device.capacity() - device.reserved().now;
  out.reserved = device.reserved();
  out.num_device_allocs = device.num_allocs();
  out.num_device_frees = device.num_frees();
  out.window = device.window();
  if (keeps_blocks) out.blocks = arena.blocks();
  return out;
}

}  // namespace shapewright::best_fit
