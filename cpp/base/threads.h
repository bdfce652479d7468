// The core's own threads: one pool a process, asleep between uses. No other file starts a thread.
#pragma once

#include <cstdint>
#include <type_traits>

namespace shapewright {

// SHAPEWRIGHT_NUM_THREADS if set and sound, else the processors this process may run on.
int default_threads();

// Those that PyTorch runs an operator on: OMP_NUM_THREADS comes after SHAPEWRIGHT_NUM_THREADS.
int operator_threads();

// Holds from here on in this process; 0 returns to the rule above.
void set_default_threads(int threads);

// Calls body(context, i) once for every i in [0, count), on up to `threads` threads, the caller
// among them; indices are handed out in ascending order. Returns when all are done. A call from
// inside a body, or while another caller holds the pool, runs on the caller alone. Bodies must not
// throw.
void parallel_for_each(std::int64_t count, int threads, void (*body)(void*, std::int64_t),
                       void* context);

template <class Body>
void parallel_for(std::int64_t count, int threads, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  parallel_for_each(
      count, threads, [](void* context, std::int64_t i) { (*static_cast<Plain*>(context))(i); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace shapewright
