#include "copy/tile.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "copy/positions.h"

namespace shapewright {
namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t ceil_of(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

Tile::Tile(const CanonicalCopy& copy, const Sizes& extents, std::int64_t dst_item_bytes) {
  const std::int64_t item = copy.item_bytes;
  shape.item_bytes = item;
  // The digits of the tile, in the order of the destination, each with its place in the scratch.
  struct Part {
    Digit d;
    std::int64_t extent;
    std::int64_t out = 0;
    bool taken = false;
  };
  std::vector<Part> parts;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] <= 1) continue;
    Digit d = copy.digits[i];
    parts.push_back({d, extents[i], 0});
  }
  // Runs of the destination: the leading digits that continue one another.
  run_items = 1;
  std::size_t in_run = 0;
  while (in_run < parts.size() && parts[in_run].d.dst == run_items * dst_item_bytes) {
    parts[in_run].out = run_items * item;
    run_items *= parts[in_run++].extent;
  }
  // Runs stand apart by whole lines and an odd number of them, for the sake of the cache's sets.
  std::int64_t pitch = run_items * item;
  if (in_run < parts.size()) {
    pitch = ceil_of(pitch + 16, 64) * 64;
    if ((pitch / 64) % 2 == 0) pitch += 64;
  }
  std::int64_t place = pitch;
  for (std::size_t i = in_run; i < parts.size(); ++i) {
    parts[i].out = place;
    place *= parts[i].extent;
  }
  scratch_bytes = place + kScratchPadding;
  items = 1;
  for (const Part& p : parts) {
    items *= p.extent;
    if (p.d.src < 0) src_offset += (p.extent - 1) * p.d.src;
    src_last += (p.extent - 1) * std::abs(p.d.src);
  }
  src_last += item;

  std::vector<Digit> digits;
  Sizes sizes;
  bool param_varies = false;
  for (std::size_t i = 0; i < in_run; ++i) {
    digits.push_back(parts[i].d);
    sizes.push_back(parts[i].extent);
    param_varies |= parts[i].d.param != 0;
  }
  if (param_varies)
    for_each_position(digits, sizes, [&](const Digit& at) { run_param.push_back(at.param); });
  digits.clear();
  sizes.clear();
  for (std::size_t i = in_run; i < parts.size(); ++i) {
    Digit d = parts[i].d;
    d.src = parts[i].out;
    digits.push_back(d);
    sizes.push_back(parts[i].extent);
  }
  for_each_position(digits, sizes,
                    [&](const Digit& at) { flushes.push_back({at.src, at.dst, at.param}); });

  // Columns: digits that continue one another in the source, from single items on. Rows: digits of
  // the run before the first column digit. What a digit is first asked for, it is.
  std::vector<std::size_t> order(parts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(parts[a].d.src) < std::abs(parts[b].d.src);
  });
  std::size_t first_column = parts.size();
  for (const std::size_t i : order) {
    if (parts[i].d.src == 0) continue;
    if (std::abs(parts[i].d.src) == item) first_column = i;
    break;
  }
  digits.clear();
  sizes.clear();
  for (std::size_t i = 0; i < std::min(in_run, first_column); ++i) {
    parts[i].taken = true;
    digits.push_back(parts[i].d);
    sizes.push_back(parts[i].extent);
  }
  std::int64_t low = 0;  // rows from the lowest address
  for (std::size_t i = 0; i < digits.size(); ++i)
    if (digits[i].src < 0) low -= (sizes[i] - 1) * digits[i].src;
  for_each_position(digits, sizes, [&](const Digit& at) { row_src_.push_back(low + at.src); });

  digits.clear();
  sizes.clear();
  std::int64_t dense = item;
  bool whole = false;  // the columns are a run of the scratch, too
  std::int64_t out_start = 0;
  std::int64_t dst_start = 0;
  for (const std::size_t i : order) {
    const Part& p = parts[i];
    if (p.d.src == 0) continue;
    if (p.taken || std::abs(p.d.src) != dense) break;
    if (whole && p.out != dense) break;
    // Two to four rows are woven, as long as their columns stand at one distance.
    const bool weaves = row_src_.size() >= 2 && row_src_.size() <= 4 && item <= 4;
    if (weaves && !digits.empty() && p.out != digits.back().src * sizes.back()) break;
    whole |= p.d.src == item && p.out == item;
    parts[i].taken = true;
    // By ascending source address, whichever way the digit runs.
    Digit d{.size = p.extent, .src = p.out, .dst = p.d.dst};
    if (p.d.src < 0) {
      out_start += (p.extent - 1) * d.src;
      dst_start += (p.extent - 1) * d.dst;
      d.src = -d.src;
      d.dst = -d.dst;
    }
    digits.push_back(d);
    sizes.push_back(p.extent);
    dense *= p.extent;
  }
  for_each_position(digits, sizes, [&](const Digit& at) {
    col_out_.push_back(out_start + at.src);
    col_dst_.push_back(dst_start + at.dst);
  });

  digits.clear();
  sizes.clear();
  // In the order of the source, which reads whole lines soonest; in that of the scratch where a
  // short block of rows writes into the next.
  if (static_cast<std::int64_t>(row_src_.size()) * item >= 16 || whole)
    std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
      return std::abs(a.d.src) < std::abs(b.d.src);
    });
  for (const Part& p : parts) {
    if (p.taken) continue;
    digits.push_back({.size = p.extent, .src = p.d.src, .dst = p.d.dst, .param = p.out});
    sizes.push_back(p.extent);
  }
  low = 0;
  for (std::size_t i = 0; i < digits.size(); ++i)
    if (digits[i].src < 0) low -= (sizes[i] - 1) * digits[i].src;
  for_each_position(digits, sizes, [&](const Digit& at) {
    outer_src_.push_back(low + at.src);
    outer_out_.push_back(at.param);
    outer_dst_.push_back(at.dst);
  });

  std::int64_t last = -1;
  for (const std::int64_t o : outer_out_) {
    for (const std::int64_t c : col_out_) {
      ascending &= o + c > last;
      last = o + c;
    }
  }
  shape.rows = static_cast<std::int64_t>(row_src_.size());
  shape.cols = static_cast<std::int64_t>(col_out_.size());
  shape.outers = static_cast<std::int64_t>(outer_src_.size());
  const auto step_of = [](const Sizes& offsets) -> std::int64_t {
    if (offsets.size() < 2) return 0;
    const std::int64_t step = offsets[1] - offsets[0];
    for (std::size_t i = 0; i < offsets.size(); ++i)
      if (offsets[i] != static_cast<std::int64_t>(i) * step) return 0;
    return step;
  };
  shape.row_step = step_of(row_src_);
  shape.col_step = step_of(col_out_);
  row_src_.resize(row_src_.size() + kRowPadding, row_src_.back());
  shape.row_src = row_src_.data();
  shape.col_out = col_out_.data();
  shape.outer_src = outer_src_.data();
  shape.outer_out = outer_out_.data();
  direct = shape;
  direct.col_out = col_dst_.data();
  direct.outer_out = outer_dst_.data();
  direct.col_step = step_of(col_dst_);
}

}  // namespace shapewright
