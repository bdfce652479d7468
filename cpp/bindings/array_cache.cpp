// The two caches in front of make_job.
#include <array>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

#include "bindings/array_job.h"

namespace shapewright {
namespace {

constexpr std::size_t kOwnSlots = 64;  // of a thread, by hash
constexpr std::size_t kShards = 8;
constexpr std::size_t kShardCapacity = 128;  // jobs
constexpr std::size_t kLongestOwnKey = 512;  // words

std::uint64_t hash_of(const JobKey& key) {
  std::uint64_t hash = 0x9e3779b97f4a7c15u ^ key.size();
  for (const std::int64_t word : key) {
    hash = (hash ^ static_cast<std::uint64_t>(word)) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return hash;
}

struct Entry {
  std::uint64_t hash = 0;
  JobKey key;
  std::shared_ptr<const Job> job;

  bool is(std::uint64_t other_hash, const JobKey& other) const {
    return hash == other_hash && key.size() == other.size() &&
           std::memcmp(key.data(), other.data(), key.size() * sizeof(std::int64_t)) == 0;
  }
};

struct Shard {
  std::mutex mutex;
  std::list<Entry> entries;                                               // latest first
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_hash;  // the latest of a hash

  std::shared_ptr<const Job> find(std::uint64_t hash, const JobKey& key) {
    const std::lock_guard lock(mutex);
    const auto found = by_hash.find(hash);
    if (found == by_hash.end() || !found->second->is(hash, key)) return nullptr;
    entries.splice(entries.begin(), entries, found->second);
    return found->second->job;
  }

  void insert(Entry entry) {
    const std::lock_guard lock(mutex);
    if (const auto old = by_hash.find(entry.hash); old != by_hash.end()) {
      entries.erase(old->second);
      by_hash.erase(old);
    }
    entries.push_front(std::move(entry));
    by_hash.emplace(entries.front().hash, entries.begin());
    if (entries.size() <= kShardCapacity) return;
    by_hash.erase(entries.back().hash);
    entries.pop_back();
  }
};

Shard& shard_of(std::uint64_t hash) {
  static auto* const shards = new std::array<Shard, kShards>;  // outlives every thread
  return (*shards)[hash >> 32 & (kShards - 1)];
}

}  // namespace

std::shared_ptr<const Job> cached_job(const JobKey& key, Job (*make)(void*), void* context) {
  static thread_local std::array<Entry, kOwnSlots> own;
  const std::uint64_t hash = hash_of(key);
  Entry& slot = own[hash & (kOwnSlots - 1)];
  if (slot.job != nullptr && slot.is(hash, key)) return slot.job;
  Shard& shard = shard_of(hash);
  std::shared_ptr<const Job> job = shard.find(hash, key);
  if (job == nullptr) {
    job = std::make_shared<const Job>(make(context));
    shard.insert({hash, key, job});
  }
  if (key.size() <= kLongestOwnKey) slot = {hash, key, job};
  return job;
}

}  // namespace shapewright
