#include "copy/out_of_core.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <string>

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

#include "base/error.h"
#include "base/threads.h"
#include "copy/canonical.h"
#include "copy/plan.h"

namespace shapewright {
namespace {

// One side's view of a block: the axes that make its runs, and those that count them.
struct Runs {
  std::int64_t bytes = 0;  // of a run
  std::int64_t count = 1;
  std::vector<std::pair<std::int64_t, std::int64_t>> outer;  // (positions, bytes in the file)

  // Where run i lies in the file, from the block's first byte; in the buffer it is the i-th.
  std::int64_t offset(std::int64_t i) const {
    std::int64_t at = 0;
    for (const auto& [positions, step] : outer) {
      at += i % positions * step;
      i /= positions;
    }
    return at;
  }
};

using Side = std::int64_t FileAxis::*;

std::vector<int> order_by(const std::vector<FileAxis>& axes, Side side) {
  std::vector<int> order(axes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return axes[static_cast<std::size_t>(a)].*side < axes[static_cast<std::size_t>(b)].*side;
  });
  return order;
}

// `extents`: positions of the block along each axis.
Runs runs_of(const std::vector<FileAxis>& axes, const std::vector<int>& order, Side side,
             const std::vector<std::int64_t>& extents, std::int64_t item_bytes) {
  Runs runs;
  runs.bytes = item_bytes;
  bool dense = true;
  for (const int o : order) {
    const auto i = static_cast<std::size_t>(o);
    if (dense) {
      runs.bytes *= extents[i];
      dense = extents[i] == axes[i].size;
    } else if (extents[i] > 1) {
      runs.outer.emplace_back(extents[i], axes[i].*side);
      runs.count *= extents[i];
    }
  }
  return runs;
}

std::vector<std::int64_t> whole_blocks(const std::vector<FileAxis>& axes) {
  std::vector<std::int64_t> extents;
  for (const FileAxis& a : axes) extents.push_back(a.block);
  return extents;
}

// Lengthens the shorter run, turn by turn, until the block is `most` items.
void choose_blocks(FilePlan& plan, std::int64_t most) {
  const std::vector<int> dst_order = order_by(plan.axes, &FileAxis::dst);
  std::int64_t items = 1;
  const auto grow = [&](const std::vector<int>& order) {
    for (const int o : order) {
      FileAxis& a = plan.axes[static_cast<std::size_t>(o)];
      if (a.block == a.size) continue;
      const std::int64_t room = most / (items / a.block);
      const std::int64_t block = std::min({a.size, 2 * a.block, room});
      if (block <= a.block) return false;
      items = items / a.block * block;
      a.block = block;
      return true;
    }
    return false;
  };
  for (;;) {
    const auto extents = whole_blocks(plan.axes);
    plan.src_run_bytes =
        runs_of(plan.axes, plan.src_order, &FileAxis::src, extents, plan.item_bytes).bytes;
    plan.dst_run_bytes =
        runs_of(plan.axes, dst_order, &FileAxis::dst, extents, plan.item_bytes).bytes;
    const bool src_first = plan.src_run_bytes <= plan.dst_run_bytes;
    if (!grow(src_first ? plan.src_order : dst_order) &&
        !grow(src_first ? dst_order : plan.src_order))
      break;
  }
  plan.blocks = 1;
  plan.block_bytes = plan.item_bytes;
  for (FileAxis& a : plan.axes) {
    const std::int64_t blocks = (a.size + a.block - 1) / a.block;
    plan.blocks *= blocks;
    a.block = (a.size + blocks - 1) / blocks;  // equal ones, the last a little shorter
    plan.block_bytes *= a.block;
  }
  const auto extents = whole_blocks(plan.axes);
  plan.src_run_bytes =
      runs_of(plan.axes, plan.src_order, &FileAxis::src, extents, plan.item_bytes).bytes;
  plan.dst_run_bytes =
      runs_of(plan.axes, dst_order, &FileAxis::dst, extents, plan.item_bytes).bytes;
}

// From a block dense in the source's order to the same dense in the destination's.
std::shared_ptr<const CopyPlan> turn_plan(const FilePlan& plan,
                                          const std::vector<std::int64_t>& extents) {
  CopySpec spec{std::vector<Digit>(extents.size()), plan.item_bytes, {}};
  std::int64_t stride = plan.item_bytes;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    spec.digits[i].size = extents[i];
    spec.digits[i].dst = stride;
    stride *= extents[i];
  }
  stride = plan.item_bytes;
  for (const int o : plan.src_order) {
    const auto i = static_cast<std::size_t>(o);
    spec.digits[i].src = stride;
    stride *= extents[i];
  }
  return make_plan(spec);
}

#ifndef _WIN32

struct Buffer {
  std::byte* bytes;
  explicit Buffer(std::int64_t size)
      : bytes(static_cast<std::byte*>(
            std::aligned_alloc(4096, static_cast<std::size_t>((size + 4095) / 4096 * 4096)))) {
    if (bytes == nullptr) throw std::bad_alloc();
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(bytes); }
};

// All of `bytes`, or the error number; EIO where the file ends before.
template <class Call>
int transfer(Call call, int descriptor, std::byte* data, std::int64_t bytes, std::int64_t offset) {
  while (bytes > 0) {
    const ssize_t done = call(descriptor, data, static_cast<std::size_t>(bytes), offset);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return done < 0 ? errno : EIO;
    data += done;
    bytes -= done;
    offset += done;
  }
  return 0;
}

// Every run of a block between its file and its buffer. Throws after the first failure.
template <class Call>
void transfer_runs(const Runs& runs, FilePlace file, std::byte* buffer, int threads, Call call,
                   const char* what) {
  constexpr std::int64_t kShareBytes = 256 << 10;
  const std::int64_t per_share = std::max<std::int64_t>(1, kShareBytes / runs.bytes);
  std::atomic<int> error{0};
  parallel_for((runs.count + per_share - 1) / per_share, threads, [&](std::int64_t share) {
    const std::int64_t end = std::min(runs.count, (share + 1) * per_share);
    for (std::int64_t i = share * per_share; i < end; ++i) {
      if (error.load(std::memory_order_relaxed) != 0) return;
      const int failed = transfer(call, file.descriptor, buffer + i * runs.bytes, runs.bytes,
                                  file.offset + runs.offset(i));
      if (failed != 0) error.store(failed, std::memory_order_relaxed);
    }
  });
  if (error == 0) return;
  const std::string reason = std::strerror(error);
  throw Error(ErrorKind::kGeneric, "file-access", std::string(what) + " failed: " + reason,
              {{"reason", reason}});
}

#endif

}  // namespace

FilePlan plan_file(const std::vector<std::int64_t>& shape, const std::vector<int>& axes,
                   std::int64_t item_bytes, std::int64_t budget_bytes) {
  const std::int64_t least = std::max(kLeastFileBudget, 2 * item_bytes);
  if (budget_bytes < least) {
    const std::string have = std::to_string(budget_bytes);
    const std::string need = std::to_string(least);
    throw Error(ErrorKind::kLayout, "budget-too-small",
                "a budget of " + have + " bytes is less than the " + need + " of two buffers",
                {{"budget", have}, {"needed", need}});
  }
  CopySpec spec{std::vector<Digit>(shape.size()), item_bytes, {}};
  std::int64_t stride = item_bytes;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) {
    spec.digits[i].size = shape[i];
    spec.digits[i].src = stride;
  }
  stride = item_bytes;
  for (std::size_t i = axes.size(); i-- > 0;) {
    Digit& d = spec.digits[static_cast<std::size_t>(axes[i])];
    d.dst = stride;
    stride *= d.size;
  }
  const CanonicalCopy copy = canonicalize(spec);
  FilePlan plan;
  if (copy.empty) return plan;
  plan.item_bytes = copy.item_bytes;
  for (const Digit& d : copy.digits) plan.axes.push_back({d.size, d.src, d.dst, 1});
  plan.src_order = order_by(plan.axes, &FileAxis::src);
  choose_blocks(plan, budget_bytes / 2 / plan.item_bytes);
  return plan;
}

void run_file(const FilePlan& plan, FilePlace src, FilePlace dst, int threads) {
  if (plan.block_bytes == 0) return;
#ifdef _WIN32
  throw Error(ErrorKind::kGeneric, "file-access", "this system has no pread and pwrite");
#else
  if (threads <= 0) threads = default_threads();
  const Buffer in(plan.block_bytes);
  const Buffer out(plan.block_bytes);
  const std::size_t rank = plan.axes.size();
  const std::vector<int> dst_order = order_by(plan.axes, &FileAxis::dst);
  std::vector<std::int64_t> at(rank, 0);
  std::vector<std::int64_t> extents;
  std::shared_ptr<const CopyPlan> turn;
  for (bool more = true; more;) {
    std::vector<std::int64_t> now;
    FilePlace from = src;
    FilePlace to = dst;
    for (std::size_t i = 0; i < rank; ++i) {
      const FileAxis& a = plan.axes[i];
      now.push_back(std::min(a.block, a.size - at[i]));
      from.offset += at[i] * a.src;
      to.offset += at[i] * a.dst;
    }
    if (turn == nullptr || now != extents) {
      extents = now;
      turn = turn_plan(plan, extents);
    }
    transfer_runs(runs_of(plan.axes, plan.src_order, &FileAxis::src, extents, plan.item_bytes),
                  from, in.bytes, threads, ::pread, "reading");
    run(*turn, in.bytes, out.bytes, {}, threads);
    transfer_runs(runs_of(plan.axes, dst_order, &FileAxis::dst, extents, plan.item_bytes), to,
                  out.bytes, threads, ::pwrite, "writing");
    more = false;
    for (std::size_t i = 0; i < rank && !more; ++i) {
      at[i] += plan.axes[i].block;
      more = at[i] < plan.axes[i].size;
      if (!more) at[i] = 0;
    }
  }
#endif
}

}  // namespace shapewright
