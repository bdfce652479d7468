#include "copy/in_place.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "base/checked.h"
#include "base/error.h"
#include "base/threads.h"
#include "copy/cache.h"
#include "copy/exchange_runs.h"
#include "copy/plan.h"
#include "copy/swap_tiles.h"

namespace shapewright {
namespace {

constexpr std::int64_t kLine = 64;
constexpr std::int64_t kLeastDefaultBytes = 256 << 10;
constexpr std::int64_t kMostDefaultBytes = 16 << 20;
constexpr std::int64_t kRunBytes = 1 << 10;      // exchanged at nearly the speed of longer ones
constexpr std::int64_t kGroupBytes = 256 << 10;  // of whole matrices turned at once
constexpr std::int64_t kTileBytes = 64 << 10;
constexpr std::int64_t kSmallSquareBytes = 32 << 10;  // turned whole

// A scratch that says how long it is.
class Room {
 public:
  explicit Room(std::int64_t bytes) : bytes_(bytes) {
    const std::int64_t rounded = std::max<std::int64_t>(kLine, (bytes + kLine - 1) / kLine * kLine);
    data_ = static_cast<std::byte*>(std::aligned_alloc(kLine, static_cast<std::size_t>(rounded)));
    if (data_ == nullptr) throw std::bad_alloc();
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { std::free(data_); }
  std::byte* data() const { return data_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::byte* data_;
  std::int64_t bytes_;
};

std::int64_t matrix_bytes(const Matrices& m) {
  return checked_mul(checked_mul(m.rows, m.cols), m.item_bytes);
}

// The least tile has whole lines on both sides.
std::int64_t least_tile(const Matrices& m) {
  return std::min(m.rows, std::max<std::int64_t>(1, kLine / m.item_bytes));
}

std::int64_t least_scratch_bytes(const Matrices& m) {
  if (m.rows == m.cols)
    return std::min(matrix_bytes(m), tile_scratch_bytes(least_tile(m), m.item_bytes));
  const std::int64_t line = std::max<std::int64_t>(1, kLine / m.item_bytes) * m.item_bytes;
  return std::min(matrix_bytes(m), 2 * std::min(m.rows, m.cols) * line);
}

// More would not make it faster.
std::int64_t useful_scratch_bytes(const Matrices& m, std::int64_t all_bytes) {
  const std::int64_t runs = std::min(m.rows, m.cols) * kRunBytes;
  const std::int64_t most = std::clamp(all_bytes / 8, kLeastDefaultBytes, kMostDefaultBytes);
  return std::clamp(runs, kLeastDefaultBytes, most);
}

std::int64_t choose_tile(const Matrices& m, std::int64_t most_bytes) {
  const std::int64_t step = std::max<std::int64_t>(1, kLine / m.item_bytes);
  std::int64_t tile = least_tile(m);
  while (tile + step <= m.rows && tile_scratch_bytes(tile + step, m.item_bytes) <= most_bytes)
    tile += step;
  return tile;
}

// Columns of a scratch that stand a power of two apart would share few sets of the cache.
std::int64_t column_pitch(std::int64_t rows, std::int64_t item_bytes) {
  const std::int64_t bytes = rows * item_bytes;
  return bytes % 512 == 0 ? bytes + kLine : bytes;
}

struct Panels {
  std::int64_t panel = 0, panels = 0, rest = 0;
  double cost = 1e300;  // passes, as if all bytes were equal
};

// Bytes of scratch for turning one panel.
std::int64_t panel_bytes(const Matrices& m, bool by_rows, std::int64_t panel) {
  return by_rows ? m.cols * column_pitch(panel, m.item_bytes)
                 : panel * column_pitch(m.rows, m.item_bytes);
}
std::int64_t rest_bytes(const Matrices& m, bool by_rows, std::int64_t rest) {
  return rest * (by_rows ? m.cols : m.rows) * m.item_bytes;
}

// Cuts rows (columns) into panels for a scratch of `most` bytes.
Panels choose_panels(const Matrices& m, bool by_rows, std::int64_t most) {
  const std::int64_t length = by_rows ? m.rows : m.cols;
  Panels best;
  const auto consider = [&](std::int64_t panel) {
    if (panel < 1) return;
    const std::int64_t panels = length / panel;
    const std::int64_t rest = length % panel;
    if (panels < 2 || panel_bytes(m, by_rows, panel) + rest_bytes(m, by_rows, rest) > most) return;
    // A run costs what as many bytes more would cost, wherever it stands.
    constexpr double kCostOfRun = 256;
    const double runs = kCostOfRun / static_cast<double>(panel * m.item_bytes);
    const double cost = 2 + runs + (rest != 0 ? 0.7 : 0);
    if (cost < best.cost) best = {panel, panels, rest, cost};
  };
  const std::int64_t longest = most / panel_bytes(m, by_rows, 1);
  if (longest == 0) return best;
  consider((longest + 1) / 2);
  constexpr std::int64_t kTries = 4096;
  const std::int64_t fewest = std::max<std::int64_t>(2, length / longest);
  for (std::int64_t n = fewest; n <= std::min({length, 4 * fewest + 64, fewest + kTries}); ++n)
    consider(length / n);
  return best;
}

// Dense matrices of rows x cols to their transposes, columns `pitch` bytes apart.
CopySpec turned(std::int64_t rows, std::int64_t cols, std::int64_t item, std::int64_t pitch,
                std::int64_t count = 1) {
  const std::int64_t whole = rows * cols * item;
  return {{{rows, cols * item, item}, {cols, item, pitch}, {count, whole, whole}}, item, {}};
}

Stores stores_for(const InPlacePlan& plan) {
  return is_streamed(2 * plan.of.count * matrix_bytes(plan.of)) ? Stores::kStreamed
                                                                : Stores::kCached;
}

// Dense blocks of memory, each turned through the scratch.
struct Turn {
  std::int64_t bytes = 0;  // of a block
  std::int64_t scratch_bytes = 0;
  std::shared_ptr<const CopyPlan> out;   // block -> scratch
  std::shared_ptr<const CopyPlan> back;  // scratch -> block

  void operator()(std::byte* block, std::byte* scratch, int threads) const {
    run(*out, block, scratch, {}, threads);
    run(*back, scratch, block, {}, threads);
  }
};

Turn turn_matrices(const InPlacePlan& plan, std::int64_t count) {
  const Matrices& m = plan.of;
  const std::int64_t bytes = count * matrix_bytes(m);
  return {bytes, bytes,
          make_plan(turned(m.rows, m.cols, m.item_bytes, m.rows * m.item_bytes, count),
                    {Stores::kCached}),
          make_plan({{{bytes, 1, 1}}, 1, {}}, {stores_for(plan)})};
}

Turn turn_panel(const InPlacePlan& plan, std::int64_t rows, std::int64_t cols) {
  const std::int64_t item = plan.of.item_bytes;
  const std::int64_t pitch = column_pitch(rows, item);
  const std::int64_t column = rows * item;
  return {column * cols, pitch * cols,
          make_plan(turned(rows, cols, item, pitch), {Stores::kCached}),
          make_plan({{{column, 1, 1}, {cols, pitch, column}}, 1, {}}, {stores_for(plan)})};
}

void run_whole(const InPlacePlan& plan, std::byte* data, std::byte* scratch, int threads) {
  const Matrices& m = plan.of;
  const std::int64_t groups = m.count / plan.panel;
  const Turn group = turn_matrices(plan, plan.panel);
  if (plan.workers == 1) {
    for (std::int64_t g = 0; g < groups; ++g) group(data + g * group.bytes, scratch, threads);
  } else {
    std::atomic<std::int64_t> next{0};
    parallel_for(plan.workers, plan.workers, [&](std::int64_t worker) {
      std::byte* own = scratch + worker * group.bytes;
      for (std::int64_t g; (g = next.fetch_add(1, std::memory_order_relaxed)) < groups;)
        group(data + g * group.bytes, own, 1);
    });
  }
  const std::int64_t left = m.count % plan.panel;
  if (left == 0) return;
  const Turn last = turn_matrices(plan, left);
  last(data + groups * group.bytes, scratch, threads);
}

// All panels of all matrices, where nothing stands between them.
void turn_panels(const Turn& turn, std::int64_t panels, std::byte* data, std::byte* scratch,
                 int threads) {
  for (std::int64_t p = 0; p < panels; ++p) turn(data + p * turn.bytes, scratch, threads);
}

void run_row_panels(const InPlacePlan& plan, std::byte* data, std::byte* scratch, int threads) {
  const Matrices& m = plan.of;
  const std::int64_t item = m.item_bytes;
  const Turn turn = turn_panel(plan, plan.panel, m.cols);
  const std::int64_t run_bytes = plan.panel * item;
  if (plan.rest == 0) {
    turn_panels(turn, m.count * plan.panels, data, scratch, threads);
    exchange_runs(data, m.count, plan.panels, m.cols, run_bytes, scratch, m.cols, threads);
    return;
  }
  std::byte* rest = scratch + turn.scratch_bytes;  // cols x rest
  const auto lift = make_plan(turned(plan.rest, m.cols, item, plan.rest * item), {Stores::kCached});
  const std::int64_t main_bytes = plan.panels * run_bytes;  // of a column without the rest
  const std::int64_t rest_run_bytes = plan.rest * item;
  for (std::int64_t i = 0; i < m.count; ++i, data += m.cols * (main_bytes + rest_run_bytes)) {
    run(*lift, data + m.cols * main_bytes, rest, {}, threads);
    turn_panels(turn, plan.panels, data, scratch, threads);
    exchange_runs(data, 1, plan.panels, m.cols, run_bytes, scratch, m.cols, threads);
    for (std::int64_t c = m.cols - 1; c >= 0; --c) {
      std::byte* to = data + c * (main_bytes + rest_run_bytes);
      std::memmove(to, data + c * main_bytes, static_cast<std::size_t>(main_bytes));
      std::memcpy(to + main_bytes, rest + c * rest_run_bytes,
                  static_cast<std::size_t>(rest_run_bytes));
    }
  }
}

void run_col_panels(const InPlacePlan& plan, std::byte* data, std::byte* scratch, int threads) {
  const Matrices& m = plan.of;
  const std::int64_t item = m.item_bytes;
  const Turn turn = turn_panel(plan, m.rows, plan.panel);
  const std::int64_t run_bytes = plan.panel * item;
  if (plan.rest == 0) {
    exchange_runs(data, m.count, m.rows, plan.panels, run_bytes, scratch, m.rows, threads);
    turn_panels(turn, m.count * plan.panels, data, scratch, threads);
    return;
  }
  std::byte* rest = scratch + turn.scratch_bytes;  // rows x rest
  const auto drop = make_plan(turned(m.rows, plan.rest, item, m.rows * item), {stores_for(plan)});
  const std::int64_t main_bytes = plan.panels * run_bytes;  // of a row without the rest
  const std::int64_t rest_run_bytes = plan.rest * item;
  for (std::int64_t i = 0; i < m.count; ++i, data += m.rows * (main_bytes + rest_run_bytes)) {
    for (std::int64_t r = 0; r < m.rows; ++r) {
      const std::byte* from = data + r * (main_bytes + rest_run_bytes);
      std::memcpy(rest + r * rest_run_bytes, from + main_bytes,
                  static_cast<std::size_t>(rest_run_bytes));
      std::memmove(data + r * main_bytes, from, static_cast<std::size_t>(main_bytes));
    }
    exchange_runs(data, 1, m.rows, plan.panels, run_bytes, scratch, m.rows, threads);
    turn_panels(turn, plan.panels, data, scratch, threads);
    run(*drop, rest, data + m.rows * main_bytes, {}, threads);
  }
}

[[noreturn]] void refuse_scratch(const Matrices& m, std::int64_t given, std::int64_t least) {
  const std::string have = std::to_string(given);
  const std::string need = std::to_string(least);
  throw Error(ErrorKind::kLayout, "scratch-too-small",
              "max_scratch of " + have + " bytes is less than the " + need + " that matrices of " +
                  std::to_string(m.rows) + " x " + std::to_string(m.cols) + " items need",
              {{"max_scratch", have}, {"needed", need}}, {}, "give " + need + " bytes");
}

}  // namespace

InPlacePlan plan_in_place(const Matrices& m, std::optional<std::int64_t> max_scratch, int threads) {
  InPlacePlan plan{.of = m};
  if (m.count == 0 || m.rows <= 1 || m.cols <= 1) return plan;
  if (threads <= 0) threads = default_threads();
  const std::int64_t one = matrix_bytes(m);
  const std::int64_t all = checked_mul(m.count, one);
  const std::int64_t least = least_scratch_bytes(m);
  if (max_scratch.value_or(least) < least) refuse_scratch(m, *max_scratch, least);
  const std::int64_t useful = std::max(least, useful_scratch_bytes(m, all));
  const std::int64_t most = std::min(max_scratch.value_or(useful), useful);
  plan.passes = 1;
  const auto share = [&](std::int64_t bytes, std::int64_t jobs) {
    plan.workers =
        static_cast<int>(std::clamp<std::int64_t>(std::min(most / bytes, jobs), 1, threads));
    plan.scratch_bytes = plan.workers * bytes;
  };
  const bool square = m.rows == m.cols;
  if (one <= most && (!square || one <= std::max(kSmallSquareBytes, least))) {
    plan.method = InPlaceMethod::kWhole;
    plan.panel = std::clamp<std::int64_t>(std::min(most, kGroupBytes) / one, 1, m.count);
    share(plan.panel * one, m.count / plan.panel);
    return plan;
  }
  if (square) {
    plan.method = InPlaceMethod::kSwap;
    plan.panel = choose_tile(m, std::max(least, std::min(kTileBytes, most / threads)));
    plan.panels = (m.rows + plan.panel - 1) / plan.panel;
    share(tile_scratch_bytes(plan.panel, m.item_bytes), m.count * plan.panels);
    return plan;
  }
  const Panels rows = choose_panels(m, true, most);
  const Panels cols = choose_panels(m, false, most);
  const bool by_rows = rows.cost <= cols.cost;
  const Panels& best = by_rows ? rows : cols;
  plan.method = by_rows ? InPlaceMethod::kRowPanels : InPlaceMethod::kColPanels;
  plan.panel = best.panel;
  plan.panels = best.panels;
  plan.rest = best.rest;
  plan.passes = best.rest != 0 ? 3 : 2;
  plan.scratch_bytes = panel_bytes(m, by_rows, best.panel) + rest_bytes(m, by_rows, best.rest);
  return plan;
}

std::int64_t run_in_place(const InPlacePlan& plan, std::byte* data, int threads) {
  if (plan.method == InPlaceMethod::kNothing) return 0;
  if (threads <= 0) threads = default_threads();
  const Room room(plan.scratch_bytes);
  const Matrices& m = plan.of;
  switch (plan.method) {
    case InPlaceMethod::kNothing: break;
    case InPlaceMethod::kWhole: run_whole(plan, data, room.data(), threads); break;
    case InPlaceMethod::kSwap:
      swap_tiles(data, m.count, m.rows, m.item_bytes, plan.panel, plan.workers, room.data(),
                 stores_for(plan));
      break;
    case InPlaceMethod::kRowPanels: run_row_panels(plan, data, room.data(), threads); break;
    case InPlaceMethod::kColPanels: run_col_panels(plan, data, room.data(), threads); break;
  }
  return room.bytes();
}

}  // namespace shapewright
