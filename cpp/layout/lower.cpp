// From a View to pieces: index weights become strides of the destination.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "layout/checks.h"
#include "layout/view.h"

namespace shapewright {
namespace {

// Strides per axis of `shape`, and the same array seen in `stage_shape`, if that has strides.
std::optional<Sizes> strides_in(const Sizes& stage_shape, const Sizes& shape,
                                const Sizes& strides) {
  if (stage_shape == shape) return strides;
  const View seen = reshape(source_view(shape, strides), stage_shape);
  if (seen.stage.shape != stage_shape || seen.stage.boxes.size() > 1) return std::nullopt;
  Sizes out(stage_shape.size(), 0);
  for (const Box& b : seen.stage.boxes) {
    for (std::size_t k = 0; k < b.digits.size(); ++k) {
      if (k > 0 && b.digits[k].axis == b.digits[k - 1].axis) return std::nullopt;
      out[static_cast<std::size_t>(b.digits[k].axis)] = b.digits[k].src;
    }
  }
  return out;
}

// True if d1 is what one more loop around d0 would do.
bool folds(const Digit& d1, const Digit& d0) {
  return d1.src == d0.size * d0.src && d1.dst == d0.size * d0.dst && d1.param == d0.size * d0.param;
}

Piece lower_box(const Box& box, std::int64_t src_unit, const Sizes& dst, const Sizes& params) {
  Piece piece;
  piece.source = box.source;
  piece.src_offset = box.src_offset * src_unit;
  for (std::size_t a = 0; a < dst.size(); ++a) {
    piece.dst_offset += box.at[a] * dst[a];
    if (!params.empty()) piece.param_offset += box.at[a] * params[a];
  }
  std::vector<Digit>& digits = piece.digits;
  digits.reserve(box.digits.size());
  for (const AxisDigit& d : box.digits) {
    const auto a = static_cast<std::size_t>(d.axis);
    digits.push_back(
        {d.size, d.src * src_unit, d.weight * dst[a], params.empty() ? 0 : d.weight * params[a]});
  }
  std::stable_sort(digits.begin(), digits.end(), [](const Digit& x, const Digit& y) {
    return magnitude(x.dst) > magnitude(y.dst);
  });
  std::size_t kept = 0;
  for (const Digit& d : digits) {
    if (kept > 0 && folds(digits[kept - 1], d)) {
      digits[kept - 1] = {digits[kept - 1].size * d.size, d.src, d.dst, d.param};
    } else {
      digits[kept++] = d;
    }
  }
  digits.resize(kept);
  return piece;
}

Pass lower_stage(const Stage& stage, std::int64_t src_unit, const Sizes& dst, const Sizes& params) {
  Pass pass;
  pass.pieces.reserve(stage.boxes.size());
  for (const Box& b : stage.boxes) pass.pieces.push_back(lower_box(b, src_unit, dst, params));
  std::stable_sort(pass.pieces.begin(), pass.pieces.end(), [](const Piece& x, const Piece& y) {
    return std::pair(x.dst_offset, x.source) < std::pair(y.dst_offset, y.source);
  });
  return pass;
}

}  // namespace

Rearrangement lower(View view, std::int64_t src_item_bytes, const Destination& destination) {
  const std::size_t rank = view.shape.size();
  Sizes strides = destination.strides_bytes;
  if (strides.empty()) strides = dense_strides(view.shape, destination.item_bytes);
  check_rank("strides of the destination", strides.size(), rank);
  if (!destination.params.empty())
    check_rank("strides of the parameters", destination.params.size(), rank);
  const Sizes none(rank, 0);
  const Sizes& param_strides = destination.params.empty() ? none : destination.params;

  std::optional<Sizes> dst = strides_in(view.stage.shape, view.shape, strides);
  std::optional<Sizes> params = strides_in(view.stage.shape, view.shape, param_strides);
  if (!dst || !params) {
    const Sizes shape = view.shape;
    view = reshape(materialize(std::move(view), {}), shape);
    dst = std::move(strides);
    params = param_strides;
  }
  Rearrangement r;
  r.shape = view.shape;
  r.why = view.why;
  std::int64_t src_unit = 1;
  for (const Stage& stage : view.done) {
    const Sizes scratch = dense_strides(stage.shape, src_item_bytes);
    Pass& pass = r.passes.emplace_back(lower_stage(stage, src_unit, scratch, {}));
    pass.scratch_bytes = checked_mul(count_elements(stage.shape), src_item_bytes);
    src_unit = src_item_bytes;
  }
  r.passes.push_back(lower_stage(view.stage, src_unit, *dst, *params));
  return r;
}

Rearrangement lower(View view, std::int64_t item_bytes) {
  return lower(std::move(view), item_bytes, {item_bytes, {}, {}});
}

}  // namespace shapewright
