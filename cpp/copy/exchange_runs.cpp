#include "copy/exchange_runs.h"

#include <algorithm>
#include <atomic>

#include "base/threads.h"
#include "copy/kernels.h"

namespace shapewright {
namespace {

// A thread's part of every run is at least this long.
constexpr std::int64_t kLeastPartBytes = 512;
// How many moves ahead a run is fetched, and how much of it: its stream feeds itself from there.
constexpr int kAhead = 4;
constexpr std::int64_t kFetchBytes = 1024;

struct Grid {
  std::int64_t rows, cols;

  // Where in the matrix as it was the run stands that belongs at `position` of the transpose.
  std::int64_t source(std::int64_t position) const {
    return position % rows * cols + position / rows;
  }
};

struct Part {
  std::byte* data;     // the part's first byte in run 0
  std::int64_t pitch;  // of the runs
  std::int64_t bytes;  // of the part
  std::byte* spare;    // room for one part
  RunFn copy;

  std::byte* at(std::int64_t run) const { return data + run * pitch; }
  void fetch(std::int64_t run) const {
    for (std::int64_t b = 0; b < std::min(bytes, kFetchBytes); b += 64)
      __builtin_prefetch(at(run) + b, 0, 3);
  }
};

// Moves the runs of the cycle of `start`.
std::int64_t follow(const Grid& grid, const Part& part, std::int64_t start) {
  part.copy(part.spare, part.at(start), part.bytes);
  std::int64_t moved = 1;
  std::int64_t dst = start;
  std::int64_t ahead = start;
  for (int i = 0; i < kAhead; ++i) ahead = grid.source(ahead);
  for (std::int64_t src = grid.source(dst); src != start; src = grid.source(src)) {
    ahead = grid.source(ahead);
    part.fetch(ahead);
    part.copy(part.at(dst), part.at(src), part.bytes);
    dst = src;
    ++moved;
  }
  part.copy(part.at(dst), part.spare, part.bytes);
  return moved;
}

// A cycle is moved when its lowest position comes up. To tell whether a position is its cycle's
// lowest, the cycle is walked until one as low turns up: log(runs) steps on average, no memory.
void follow_all(const Grid& grid, const Part& part) {
  std::int64_t left = grid.rows * grid.cols - 2;  // the first and the last stay
  for (std::int64_t start = 1; left > 0; ++start) {
    std::int64_t lowest = grid.source(start);
    while (lowest > start) lowest = grid.source(lowest);
    if (lowest < start) continue;
    left -= grid.source(start) == start ? 1 : follow(grid, part, start);
  }
}

}  // namespace

void exchange_runs(std::byte* data, std::int64_t count, std::int64_t rows, std::int64_t cols,
                   std::int64_t run_bytes, std::byte* scratch, std::int64_t scratch_runs,
                   int threads) {
  if (rows <= 1 || cols <= 1) return;
  // Through the cache, where the move before has left the place a run goes to.
  const RunFn copy = kernels().copy;
  const Grid grid{rows, cols};
  const std::int64_t matrix_bytes = rows * cols * run_bytes;
  const std::int64_t workers = std::min<std::int64_t>({count, threads, scratch_runs});
  if (workers >= threads) {  // whole runs, a matrix each
    std::atomic<std::int64_t> next{0};
    parallel_for(workers, threads, [&](std::int64_t worker) {
      for (std::int64_t m; (m = next.fetch_add(1, std::memory_order_relaxed)) < count;)
        follow_all(grid, {data + m * matrix_bytes, run_bytes, run_bytes,
                          scratch + worker * run_bytes, copy});
    });
    return;
  }
  // A part of each run, whole lines where it can be.
  const std::int64_t parts = std::clamp<std::int64_t>(run_bytes / kLeastPartBytes, 1, threads);
  const std::int64_t part_bytes = (run_bytes / parts + 63) / 64 * 64;
  parallel_for(parts, threads, [&](std::int64_t p) {
    const std::int64_t begin = std::min(run_bytes, p * part_bytes);
    const std::int64_t end = p + 1 == parts ? run_bytes : std::min(run_bytes, begin + part_bytes);
    if (begin == end) return;
    for (std::int64_t m = 0; m < count; ++m)
      follow_all(grid,
                 {data + m * matrix_bytes + begin, run_bytes, end - begin, scratch + begin, copy});
  });
}

}  // namespace shapewright
