#include "base/memory_pool.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#define SHAPEWRIGHT_HAS_MMAP 1
#endif

namespace shapewright {
namespace {

constexpr std::int64_t kDefaultLimit = std::int64_t{1} << 30;
// A kept block serves a request that fills at least this share of it.
constexpr std::int64_t kLeastFillPercent = 75;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
}

#ifdef SHAPEWRIGHT_HAS_MMAP

// A mapping longer than asked for holds an aligned block; its two ends go back at once.
std::byte* map_block(std::int64_t bytes) {
  const std::int64_t whole = bytes + kBlockAlignment;
  void* start = mmap(nullptr, static_cast<std::size_t>(whole), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(start);
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  const auto past = static_cast<std::int64_t>(address % kBlockAlignment);
  const std::int64_t head = past == 0 ? 0 : kBlockAlignment - past;
  std::byte* block = first + head;
  if (head != 0) munmap(first, static_cast<std::size_t>(head));
  munmap(block + bytes, static_cast<std::size_t>(whole - head - bytes));
#ifdef MADV_HUGEPAGE
  madvise(block, static_cast<std::size_t>(bytes), MADV_HUGEPAGE);
#endif
  return block;
}

void unmap_block(std::byte* block, std::int64_t bytes) {
  munmap(block, static_cast<std::size_t>(bytes));
}

std::int64_t machine_bytes() {
  return static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
}

#else

std::byte* map_block(std::int64_t bytes) {
  return static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes),
                                                std::align_val_t{kBlockAlignment}, std::nothrow));
}

void unmap_block(std::byte* block, std::int64_t) {
  ::operator delete(block, std::align_val_t{kBlockAlignment});
}

std::int64_t machine_bytes() { return 16 * kDefaultLimit; }

#endif

std::int64_t limit_from_environment() {
  if (const char* text = std::getenv("SHAPEWRIGHT_POOL_BYTES"); text != nullptr && *text != '\0') {
    char* end = nullptr;
    const long long bytes = std::strtoll(text, &end, 10);
    if (*end == '\0' && bytes >= 0) return bytes;
  }
  return std::min(kDefaultLimit, machine_bytes() / 16);
}

struct Kept {
  std::byte* block = nullptr;
  std::uint64_t age = 0;  // of two, the smaller was released first
};

struct Pool {
  std::mutex mutex;
  std::unordered_map<std::byte*, std::int64_t> in_use;  // -> bytes
  std::multimap<std::int64_t, Kept> kept;               // by bytes
  MemoryPool state;
  std::uint64_t releases = 0;

  Pool() {
    state.limit_bytes = limit_from_environment();
#ifdef SHAPEWRIGHT_HAS_MMAP
    // A child of fork has one thread: nobody there would unlock what another thread holds here.
    pthread_atfork([] { pool().mutex.lock(); }, [] { pool().mutex.unlock(); },
                   [] { pool().mutex.unlock(); });
#endif
  }

  // Never destroyed: arrays may outlive everything else in the process.
  static Pool& pool() {
    static Pool* const the_pool = new Pool;
    return *the_pool;
  }

  // Blocks to unmap, oldest first, until what is kept leaves room for `bytes` more.
  std::vector<std::pair<std::byte*, std::int64_t>> evict_for(std::int64_t bytes) {
    std::vector<std::pair<std::byte*, std::int64_t>> evicted;
    while (!kept.empty() && state.kept_bytes + bytes > state.limit_bytes) {
      const auto oldest = std::min_element(
          kept.begin(), kept.end(),
          [](const auto& a, const auto& b) { return a.second.age < b.second.age; });
      evicted.emplace_back(oldest->second.block, oldest->first);
      state.kept_bytes -= oldest->first;
      kept.erase(oldest);
    }
    return evicted;
  }
};

}  // namespace

std::byte* acquire_block(std::int64_t bytes) {
  const std::int64_t rounded = round_up(std::max<std::int64_t>(bytes, 1));
  Pool& pool = Pool::pool();
  {
    const std::lock_guard lock(pool.mutex);
    const auto found = pool.kept.lower_bound(rounded);
    if (found != pool.kept.end() && found->first / 100 * kLeastFillPercent <= rounded) {
      std::byte* block = found->second.block;
      pool.state.kept_bytes -= found->first;
      pool.state.in_use_bytes += found->first;
      pool.in_use.emplace(block, found->first);
      pool.kept.erase(found);
      return block;
    }
  }
  std::byte* block = map_block(rounded);
  if (block == nullptr) {
    trim_pool();
    block = map_block(rounded);
  }
  if (block == nullptr) return nullptr;
  const std::lock_guard lock(pool.mutex);
  pool.state.in_use_bytes += rounded;
  pool.in_use.emplace(block, rounded);
  return block;
}

void release_block(std::byte* block) {
  Pool& pool = Pool::pool();
  std::vector<std::pair<std::byte*, std::int64_t>> evicted;
  {
    const std::lock_guard lock(pool.mutex);
    const auto used = pool.in_use.find(block);
    const std::int64_t bytes = used->second;
    pool.in_use.erase(used);
    pool.state.in_use_bytes -= bytes;
    if (bytes > pool.state.limit_bytes) {
      evicted.emplace_back(block, bytes);
    } else {
      evicted = pool.evict_for(bytes);
      pool.kept.emplace(bytes, Kept{block, pool.releases++});
      pool.state.kept_bytes += bytes;
    }
  }
  for (const auto& [old, bytes] : evicted) unmap_block(old, bytes);
}

void trim_pool() {
  Pool& pool = Pool::pool();
  std::multimap<std::int64_t, Kept> unused;
  {
    const std::lock_guard lock(pool.mutex);
    unused.swap(pool.kept);
    pool.state.kept_bytes = 0;
  }
  for (const auto& [bytes, kept] : unused) unmap_block(kept.block, bytes);
}

MemoryPool pool_state() {
  Pool& pool = Pool::pool();
  const std::lock_guard lock(pool.mutex);
  return pool.state;
}

}  // namespace shapewright
