#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif
#ifdef _WIN32
#include <condition_variable>
#else
#include <pthread.h>
#endif

namespace shapewright {
namespace {

constexpr int kMaxThreads = 256;
constexpr const char* kOwnVariable = "SHAPEWRIGHT_NUM_THREADS";
std::atomic<int> chosen_threads{0};
thread_local bool inside_body = false;

int available_processors() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// 0 where it is not a number, which may end at `last`.
int threads_of_environment(const char* name, char last = '\0') {
  const char* text = std::getenv(name);
  if (text == nullptr) return 0;
  char* end = nullptr;
  const long n = std::strtol(text, &end, 10);
  const bool is_sound = end != text && (*end == '\0' || *end == last) && n >= 1;
  return is_sound ? static_cast<int>(std::min<long>(n, kMaxThreads)) : 0;
}

// std::condition_variable::wait of g++ 12 asks for a runtime newer than manylinux_2_28 has.
class Signal {
 public:
#ifdef _WIN32
  void wait(std::unique_lock<std::mutex>& lock) { condition_.wait(lock); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
#else
  void wait(std::unique_lock<std::mutex>& lock) {
    pthread_cond_wait(&condition_, lock.mutex()->native_handle());
  }
  void notify_all() { pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
#endif
};

// One job at a time. Workers sleep on a condition variable and take indices from a counter.
class Pool {
 public:
  bool try_run(std::int64_t count, int threads, void (*body)(void*, std::int64_t), void* context) {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    const int helpers = threads - 1;
    grow(helpers);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      body_ = body;
      context_ = context;
      count_ = count;
      next_.store(0, std::memory_order_relaxed);
      wanted_ = std::min<int>(helpers, static_cast<int>(workers_.size()));
      joined_ = 0;
      working_ = 0;
      ++job_;
    }
    wake_.notify_all();
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    wanted_ = joined_;  // whoever has not woken by now is not waited for
    while (working_ != 0) done_.wait(lock);
    lock.unlock();
    busy_.clear(std::memory_order_release);
    return true;
  }

 private:
  void grow(int helpers) {
    while (static_cast<int>(workers_.size()) < std::min(helpers, kMaxThreads)) {
      try {
        workers_.emplace_back([this] { loop(); });
      } catch (const std::system_error&) {
        return;  // no more threads to be had: fewer do the work
      }
      workers_.back().detach();
    }
  }

  void work() {
    inside_body = true;
    for (;;) {
      const std::int64_t i = next_.fetch_add(1, std::memory_order_relaxed);
      if (i >= count_) break;
      body_(context_, i);
    }
    inside_body = false;
  }

  void loop() {
    std::uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      while (job_ == seen || joined_ >= wanted_) wake_.wait(lock);
      seen = job_;
      ++joined_;
      ++working_;
      lock.unlock();
      work();
      lock.lock();
      if (--working_ == 0) done_.notify_all();
    }
  }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  // a job is running
  std::mutex mutex_;
  Signal wake_;
  Signal done_;
  std::vector<std::thread> workers_;
  void (*body_)(void*, std::int64_t) = nullptr;
  void* context_ = nullptr;
  std::int64_t count_ = 0;
  std::atomic<std::int64_t> next_{0};
  std::uint64_t job_ = 0;
  int wanted_ = 0;
  int joined_ = 0;
  int working_ = 0;
};

// Never destroyed: workers outlive static destruction. A forked child starts with a new pool, for
// the threads of the old one did not come along.
Pool*& pool() {
  static Pool* instance = [] {
#ifndef _WIN32
    pthread_atfork(nullptr, nullptr, [] { pool() = new Pool; });
#endif
    return new Pool;
  }();
  return instance;
}

}  // namespace

int default_threads() {
  const int chosen = chosen_threads.load(std::memory_order_relaxed);
  if (chosen > 0) return chosen;
  static const int rule = [] {
    const int asked = threads_of_environment(kOwnVariable);
    return asked > 0 ? asked : available_processors();
  }();
  return rule;
}

int operator_threads() {
  static const bool is_ours = threads_of_environment(kOwnVariable) > 0;
  static const int of_openmp =
      threads_of_environment("OMP_NUM_THREADS", ',');  // of the outer level
  const bool is_chosen = is_ours || chosen_threads.load(std::memory_order_relaxed) > 0;
  return is_chosen || of_openmp == 0 ? default_threads() : of_openmp;
}

void set_default_threads(int threads) {
  chosen_threads.store(std::clamp(threads, 0, kMaxThreads), std::memory_order_relaxed);
}

void parallel_for_each(std::int64_t count, int threads, void (*body)(void*, std::int64_t),
                       void* context) {
  const int most = static_cast<int>(std::min<std::int64_t>(std::min(threads, kMaxThreads), count));
  if (most > 1 && !inside_body && pool()->try_run(count, most, body, context)) return;
  for (std::int64_t i = 0; i < count; ++i) body(context, i);
}

}  // namespace shapewright
