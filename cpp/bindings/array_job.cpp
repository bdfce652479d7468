#include "bindings/array_job.h"

#include <algorithm>

#include "base/threads.h"
#include "bindings/array_result.h"

namespace shapewright {
namespace {

// A step this long is worth all threads by itself; shorter ones share a parallel region.
constexpr std::int64_t kLongStepBytes = std::int64_t{4} << 20;

struct Move {
  const Step* step = nullptr;
  const std::byte* src = nullptr;
  std::byte* dst = nullptr;
  Params params;
};

const void* at(const void* params, std::int64_t bytes) {
  return params == nullptr ? nullptr : static_cast<const std::byte*>(params) + bytes;
}

void run_move(const Move& move, int threads) {
  run(*move.step->plan, move.src, move.dst, move.params, threads);
}

void run_moves(std::span<const Move> moves, int threads) {
  if (moves.size() == 1) return run_move(moves.front(), threads);
  std::vector<const Move*> shared;
  shared.reserve(moves.size());
  for (const Move& move : moves) {
    if (move.step->bytes >= kLongStepBytes) {
      run_move(move, threads);
    } else {
      shared.push_back(&move);
    }
  }
  parallel_for(static_cast<std::int64_t>(shared.size()), threads == 0 ? default_threads() : threads,
               [&](std::int64_t i) { run_move(*shared[static_cast<std::size_t>(i)], 1); });
}

// `previous` is what the pass before wrote, null in the first.
Move move_of(const Job& job, const Step& step, const JobBuffers& buffers, const std::byte* previous,
             std::byte* dst) {
  const std::byte* src = step.source == kFill ? buffers.fill
                         : previous != nullptr
                             ? previous
                             : buffers.sources[static_cast<std::size_t>(step.source)];
  const std::int64_t param = step.param_offset * job.compute_bytes;
  return {&step,
          src + step.src_offset,
          dst + step.dst_offset,
          {at(buffers.params.scale, param), at(buffers.params.bias, param)}};
}

void add_moves(const Job& job, const JobPass& pass, const JobBuffers& buffers,
               const std::byte* previous, std::byte* dst, std::vector<Move>& moves) {
  for (const Step& step : pass.steps) moves.push_back(move_of(job, step, buffers, previous, dst));
}

}  // namespace

Job make_job(const Rearrangement& moves, std::int64_t item_bytes, const std::optional<Cast>& cast) {
  Job job;
  job.shape = moves.shape;
  if (cast) job.compute_bytes = shapewright::item_bytes(cast->compute());
  for (const Pass& pass : moves.passes) {
    const bool is_last = &pass == &moves.passes.back();
    JobPass& made = job.passes.emplace_back();
    made.scratch_bytes = pass.scratch_bytes;
    for (const Piece& piece : pass.pieces) {
      const bool empty =
          std::ranges::any_of(piece.digits, [](const Digit& d) { return d.size == 0; });
      if (empty) continue;
      Step& step = made.steps.emplace_back();
      step.plan = make_plan({piece.digits, item_bytes, is_last ? cast : std::nullopt});
      step.src_offset = piece.src_offset;
      step.dst_offset = piece.dst_offset;
      step.param_offset = piece.param_offset;
      step.source = piece.source;
      step.bytes = bytes_moved(*step.plan);
      job.bytes += step.bytes;
    }
  }
  return job;
}

void run_job(const Job& job, const JobBuffers& buffers, int threads) {
  const bool one_step = job.passes.size() == 1 && job.passes.front().steps.size() == 1;
  if (one_step) {
    run_move(move_of(job, job.passes.front().steps.front(), buffers, nullptr, buffers.dst),
             threads);
    return;
  }
  std::vector<Block> scratch;  // of the passes before
  scratch.reserve(job.passes.size());
  std::vector<Move> moves;
  const std::byte* previous = nullptr;
  for (const JobPass& pass : job.passes) {
    std::byte* dst =
        pass.scratch_bytes == 0 ? buffers.dst : scratch.emplace_back(pass.scratch_bytes).data();
    moves.clear();
    add_moves(job, pass, buffers, previous, dst, moves);
    run_moves(moves, threads);
    previous = dst;
  }
}

void run_jobs(std::span<const JobCall> calls, int threads) {
  std::vector<Move> moves;
  for (const JobCall& call : calls) {
    if (call.job->passes.size() > 1) {
      run_job(*call.job, call.buffers, threads);
    } else if (!call.job->passes.empty()) {
      add_moves(*call.job, call.job->passes.front(), call.buffers, nullptr, call.buffers.dst,
                moves);
    }
  }
  run_moves(moves, threads);
}

}  // namespace shapewright
