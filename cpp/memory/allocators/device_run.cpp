#include "memory/allocators/device_run.h"

#include <algorithm>
#include <utility>

#include "memory/allocators/capacity.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMaxReplays = 64;

std::string why_apart(const Loop& loop, const DeviceOptions& options, const Peak& tensors) {
  std::string why = tensors.why_bounds;
  const auto add = [&](const std::string& reason) { why += (why.empty() ? "" : "; ") + reason; };
  add("lower counts tensors alone, live whole blocks");
  if (loop.has_cublas())
    add(options.cublas_bytes == options.most_cublas_bytes
            ? "live has the workspaces of cuBLAS"
            : "the workspaces of cuBLAS depend on the GPU");
  if (!loop.convolutions().empty()) add("upper has the largest workspaces that cuDNN may choose");
  return why;
}

// The most that cuDNN takes, by convolution.
std::vector<std::int64_t> most_of_cudnn(const BoundMemory& bound, const Loop& loop) {
  const Buffers& buffers = bound.memory().buffers;
  const auto operand = [&](ValueId v) {
    Operand out;
    if (const BufferId b = buffers.of_value[v]; b != kNone) out.bytes = bound.bytes(b);
    if (const auto dims = bound.shape_bounds(v))
      for (const Bounds d : *dims) out.shape.push_back(d.hi);
    return out;
  };
  std::vector<std::int64_t> out;
  for (const Convolution& c : loop.convolutions())
    out.push_back(most_workspace_bytes(c, operand(c.x), operand(c.w), operand(c.y)));
  return out;
}

RequestList requests_of(const BoundMemory& bound, const Loop& loop, const DeviceOptions& options,
                        bool with_most) {
  std::vector<std::int64_t> bytes(bound.memory().buffers.size());
  for (BufferId b = 0; b < bytes.size(); ++b) bytes[b] = bound.bytes(b);
  if (!with_most) return loop.at(bytes, {options.cublas_bytes});
  const std::vector<std::int64_t> cudnn = most_of_cudnn(bound, loop);
  return loop.at(bytes, {options.most_cublas_bytes, cudnn});
}

Replay replay_in(const RequestList& requests, const DeviceOptions& device, const Loop& loop,
                 std::int64_t capacity_bytes) {
  ReplayOptions options;
  options.capacity_bytes = capacity_bytes;
  options.peaks_from = loop.steady_from();
  return kTorchCuda.replay(requests, Settings(device.settings, kTorchCuda.settings), options);
}

}  // namespace

Loops loops_of(const Memory& memory, const Sharding& sharding) {
  Loops out;
  Sharding one = sharding;
  for (; one.rank < (sharding.is_pipeline() ? sharding.ranks : 1); ++one.rank)
    out.push_back(std::make_shared<Loop>(memory, one));
  return out;
}

bool runs_on_device(const BoundMemory& bound, const Loops& loops, const DeviceOptions& options,
                    std::int64_t capacity_bytes, bool with_most) {
  const auto runs = [&](const Loop& loop, bool most) {
    const RequestList requests = requests_of(bound, loop, options, most);
    return replay_in(requests, options, loop, capacity_bytes).runs;
  };
  // More asked for may run where less does not.
  return std::ranges::all_of(loops, [&](const auto& loop) {
    return runs(*loop, false) && (!with_most || runs(*loop, true));
  });
}

bool holds_on_device(const BoundMemory& bound, const Loops& loops, const DeviceOptions& options,
                     std::int64_t capacity_bytes) {
  return std::ranges::all_of(loops, [&](const auto& loop) {
    const RequestList requests = requests_of(bound, *loop, options, false);
    return replay_in(requests, options, *loop, kUnlimited).requested.peak <= capacity_bytes;
  });
}

std::int64_t most_spared_bytes(const Memory& memory, const DeviceOptions& options,
                               std::int64_t capacity_bytes) {
  const Sharding& sharding = options.sharding;
  // What is alive of the whole at once is alive at once in its parts.
  if (sharding.is_pipeline())
    return std::min(capacity_bytes, kMaxBytes / sharding.ranks) * (sharding.ranks - 1);
  if (sharding.stage == 0) return 0;
  std::int64_t bytes = 0;
  for (const Buffer& buffer : memory.buffers.all) {
    const bool is_divided = buffer.kind == BufferKind::kParam ||
                            buffer.kind == BufferKind::kGradient ||
                            buffer.kind == BufferKind::kOptimizer;
    if (is_divided) bytes += known(buffer.bytes).value_or(0);
  }
  return bytes;
}

DeviceRun::DeviceRun(std::shared_ptr<const BoundMemory> bound, std::shared_ptr<const Loop> loop,
                     DeviceOptions options)
    : bound_(std::move(bound)), loop_(std::move(loop)), options_(std::move(options)) {
  requests_ = requests_of(*bound_, *loop_, options_, false);
  free_running_ = replay(requests_, kUnlimited);
  peak_ = bound_->peak();
  // What one rank asks for has no formula: the requests themselves are the lower end.
  if (options_.sharding.is_asked()) peak_.lower = free_running_.requested.peak;
  peak_.live = std::max(peak_.lower, free_running_.allocated.peak);
  if (free_running_.peak_request != kNoIndex)
    peak_.event = loop_->event_of(free_running_.peak_request);
}

const Peak& DeviceRun::bounded_peak() const {
  std::call_once(bounded_->once, [&] { bounded_->peak = with_bounds(); });
  return bounded_->peak;
}

Peak DeviceRun::with_bounds() const {
  Peak out = bound_->peak();
  static_cast<PlannedPeak&>(out) = peak_;
  if (out.upper) {
    const bool is_open =
        !loop_->convolutions().empty() ||
        (loop_->has_cublas() && options_.most_cublas_bytes > options_.cublas_bytes);
    const std::int64_t most =
        is_open ? replay(requests_with_most(), kUnlimited).allocated.peak : out.live;
    out.upper = std::max(out.live, most);
  }
  if (out.upper != out.lower) out.why_bounds = why_apart(*loop_, options_, bound_->peak());
  return out;
}

RequestList DeviceRun::requests_with_most() const {
  return requests_of(*bound_, *loop_, options_, true);
}

Replay DeviceRun::replay(const RequestList& requests, std::int64_t capacity_bytes) const {
  return replay_in(requests, options_, *loop_, capacity_bytes);
}

Replay DeviceRun::replay(std::int64_t capacity_bytes) const {
  return replay(requests_, capacity_bytes);
}

bool DeviceRun::runs(std::int64_t capacity_bytes, bool with_most) const {
  if (capacity_bytes < free_running_.reserved.peak && !replay(requests_, capacity_bytes).runs)
    return false;
  return !with_most || replay(requests_with_most(), capacity_bytes).runs;
}

std::optional<DeviceFailure> DeviceRun::failure(std::int64_t capacity_bytes, bool with_most) const {
  Replay r = replay(requests_, capacity_bytes);
  if (r.runs && with_most) r = replay(requests_with_most(), capacity_bytes);
  if (r.runs) return std::nullopt;
  return DeviceFailure{loop_->event_of(r.failed_request), r.failed_bytes, r.failed_free_bytes};
}

std::vector<LiveItem> DeviceRun::live_set() const {
  std::vector<LiveItem> items;
  const std::uint32_t peak = free_running_.peak_request;
  if (peak == kNoIndex) return items;
  const auto sources = loop_->sources();
  std::vector<std::string> why(bound_->memory().buffers.size());
  for (const LiveItem& item : bound_->live_set_at(peak_.event)) why[item.buffer] = item.why;
  for (std::uint32_t k = 0; k < sources.size(); ++k) {
    if (requests_.first[k] > peak || requests_.last[k] <= peak) continue;
    const std::int64_t bytes = free_running_.placements[k].bytes;
    if (bytes == 0) continue;
    switch (sources[k].what) {
      case Loop::For::kBuffer:
      case Loop::For::kShare:
        items.push_back({sources[k].index, bytes, why[sources[k].index]});
        break;
      case Loop::For::kUnit:
        items.push_back({kNone, bytes, "parameters or gradients of a unit"});
        break;
      case Loop::For::kBucket: items.push_back({kNone, bytes, "bucket of gradients"}); break;
      case Loop::For::kCublas: items.push_back({kNone, bytes, "workspace of cuBLAS"}); break;
      case Loop::For::kCudnn: items.push_back({kNone, bytes, "workspace of cuDNN"}); break;
    }
  }
  std::ranges::stable_sort(items, std::ranges::greater{}, &LiveItem::bytes);
  return items;
}

std::optional<ProfileMemory> DeviceRun::memory() const {
  if (!bounded_peak().upper) return std::nullopt;
  const auto capacity_of = [&](const RequestList& requests) {
    return least_capacity(kTorchCuda, requests, options_.settings, 0, kMaxReplays);
  };
  const Capacity c = capacity_of(requests_);
  ProfileMemory out{c.least, c.least_lower, c.free_running, c.least, c.free_running};
  if (*bounded_peak().upper == peak_.live) return out;
  const Capacity most = capacity_of(requests_with_most());
  out.capacity_upper = std::max(c.least, most.least);
  out.reserved_upper = std::max(c.free_running, most.free_running);
  return out;
}

RankRuns::RankRuns(const std::shared_ptr<const BoundMemory>& bound, const Loops& loops,
                   const DeviceOptions& options) {
  for (const auto& loop : loops) runs_.emplace_back(bound, loop, options);
  const auto live = [](const DeviceRun& run) { return run.peak().live; };
  largest_ = static_cast<std::size_t>(std::ranges::max_element(runs_, {}, live) - runs_.begin());
}

std::optional<ProfileMemory> RankRuns::memory() const {
  std::optional<ProfileMemory> out;
  for (const DeviceRun& run : runs_) {
    const auto one = run.memory();
    if (!one) return std::nullopt;
    if (!out) {
      out = one;
      continue;
    }
    for (const auto field :
         {&ProfileMemory::capacity, &ProfileMemory::capacity_lower, &ProfileMemory::reserved,
          &ProfileMemory::capacity_upper, &ProfileMemory::reserved_upper})
      (*out).*field = std::max((*out).*field, (*one).*field);
  }
  return out;
}

bool RankRuns::runs(std::int64_t capacity_bytes, bool with_most) const {
  return std::ranges::all_of(
      runs_, [&](const DeviceRun& run) { return run.runs(capacity_bytes, with_most); });
}

std::optional<DeviceFailure> RankRuns::failure(std::int64_t capacity_bytes, bool with_most) const {
  for (const DeviceRun& run : runs_)
    if (const auto failure = run.failure(capacity_bytes, with_most)) return failure;
  return std::nullopt;
}

}  // namespace shapewright
