// Shapes as data and operators that only regroup sizes: Shape, Size, Identity, Flatten, Squeeze,
// Unsqueeze.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/shape.h"

namespace shapewright::families {

void regrouped_values(Context& op) {
  op.output_greatest(0, op.greatest(0));
  const Elements* e = op.elements(0);
  if (e == nullptr) return;
  auto dims = small_dims(op.output_type(0).shape);
  if (dims) op.output_elements(0, {std::move(*dims), e->elems});
}

namespace {

using namespace rules;

// --- Shape, Size, Identity

struct Span {
  int first, last;
};

// Axes [start, end) that Shape reads, clamped to the rank.
Span shape_span(const Context& op) {
  const int rank = op.rank(0);
  const auto clamped = [rank](std::int64_t axis) {
    if (axis < 0) axis += rank;
    return static_cast<int>(std::clamp<std::int64_t>(axis, 0, rank));
  };
  const int first = clamped(op.attr_int("start", 0));
  const int last = clamped(op.attr_int("end", rank));
  return {first, std::max(first, last)};
}

void shape_infer(Context& op) {
  require_moved(op, 0, 19);
  if (!op.has_rank(0))
    return op.output(0, DType::kI64, {op.fresh("", SymbolKind::kUnknown, {0, kMaxRank})});
  const Span span = shape_span(op);
  op.output(0, DType::kI64, {Dim(span.last - span.first)});
}

void shape_values(Context& op) {
  if (!op.has_rank(0)) return;
  const Span span = shape_span(op);
  std::vector<Elem> elems;
  elems.reserve(static_cast<std::size_t>(span.last - span.first));
  for (int axis = span.first; axis < span.last; ++axis)
    elems.push_back(Elem::of(op.shape(0)[axis]));
  op.output_elements(0, Elements::vector(std::move(elems)));
}

void size_infer(Context& op) {
  require_moved(op, 0, 19);
  op.output(0, DType::kI64, {});
}

void size_values(Context& op) {
  if (op.has_rank(0)) op.output_elements(0, Elements::scalar(Elem::of(num_elements(op.shape(0)))));
}

void identity_infer(Context& op) {
  if (op.input(0).container == Container::kTensor) require_moved(op, 0, 19);
  same_as_input(op);
}

// --- Flatten

void flatten_infer(Context& op) {
  if (op.version() < 9) require_dtype(op, 0, kFloats);
  require_moved(op, 0, 21);
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), unknown_dims(op, 2));
  const int rank = op.rank(0);
  const std::int64_t axis = op.attr_int("axis", 1);
  const std::int64_t lowest = op.version() >= 11 ? -rank : 0;
  if (axis < lowest || axis > rank) {
    op.fail("axis-out-of-range", "Flatten axis " + std::to_string(axis) +
                                     " is out of range for rank " + std::to_string(rank) + ": " +
                                     std::to_string(lowest) + " to " + std::to_string(rank) +
                                     " are allowed");
  }
  const auto split = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
  const auto dims = op.shape(0).dims();
  op.output(0, op.dtype(0), {product(dims.first(split)), product(dims.subspan(split))});
}

// --- Squeeze, Unsqueeze

IntList axes_list(const Context& op, int least_rank) {
  return op.version() >= 13 ? IntList::of_input(op, 1, least_rank, 1)
                            : IntList::of_attr(op, "axes");
}

// Bit a set for each axis a. Every element is literal and `rank` at most kMaxRank.
std::uint64_t axis_mask(const Context& op, const IntList& axes, int rank, bool repeats_allowed) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis(op, *axes.literal(i), rank, "axis");
    const std::uint64_t bit = std::uint64_t{1} << axis;
    if ((mask & bit) != 0 && !repeats_allowed) {
      op.fail("axis-repeated", std::string(op.op_type()) + " axes name axis " +
                                   std::to_string(axis) + " more than once");
    }
    mask |= bit;
  }
  return mask;
}

bool all_literal(const IntList& list) {
  if (!list.has_elements()) return false;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!list.literal(i)) return false;
  return true;
}

bool in_mask(std::uint64_t mask, int axis) { return ((mask >> axis) & 1) != 0; }

// Without axes: drops every size that is 1. Whether a symbolic size is decides the rank.
Shape squeeze_all(const Shape& in) {
  Shape out;
  for (const Dim d : in) {
    const Truth is_one = prove_eq(d, 1);
    if (is_one == Truth::kUnknown) return Shape::unknown_rank();
    if (is_one == Truth::kNo) out.push_back(d);
  }
  return out;
}

// What is left without `count` axes of size 1, whichever they are: where those that may be 1 stand
// together, and all of them surely are but one at an end of the stretch.
std::optional<Shape> squeezed_anyhow(const Shape& in, std::size_t count) {
  int first = in.rank(), last = -1;
  std::size_t ones = 0, open = 0;
  for (int axis = 0; axis < in.rank(); ++axis) {
    const Truth is_one = prove_eq(in[axis], 1);
    if (is_one == Truth::kNo) continue;
    ++(is_one == Truth::kYes ? ones : open);
    first = std::min(first, axis);
    last = axis;
  }
  const bool stands_together = static_cast<std::size_t>(last - first + 1) == ones + open;
  if (count > ones || open > 1 || !stands_together) return std::nullopt;
  const bool keeps_last = prove_eq(in[last], 1) != Truth::kYes;
  if (open == 1 && !keeps_last && prove_eq(in[first], 1) == Truth::kYes) return std::nullopt;
  Shape out = in;
  for (std::size_t i = 0; i < count; ++i)
    out.erase(keeps_last ? first : first + static_cast<int>(open));
  return out;
}

Shape squeezed(Context& op) {
  if (!op.has_rank(0)) return Shape::unknown_rank();
  const Shape& in = op.shape(0);
  const IntList axes = axes_list(op, 1);
  if (!axes.given() || (axes.has_size() && axes.size() == 0)) return squeeze_all(in);
  if (!all_literal(axes)) {
    if (!axes.has_size() || axes.size() > static_cast<std::size_t>(in.rank()))
      return Shape::unknown_rank();
    if (auto out = squeezed_anyhow(in, axes.size())) return *std::move(out);
    return unknown_dims(op, in.rank() - static_cast<int>(axes.size()));
  }
  const std::uint64_t mask = axis_mask(op, axes, in.rank(), true);
  Shape out;
  for (int axis = 0; axis < in.rank(); ++axis) {
    if (!in_mask(mask, axis)) {
      out.push_back(in[axis]);
      continue;
    }
    if (prove_eq(in[axis], 1) == Truth::kNo) {
      op.fail("squeeze-size", "Squeeze cannot drop axis " + std::to_string(axis) + " of size " +
                                  to_string(in[axis]));
    }
    op.require_equal("squeeze-size", in[axis], 1,
                     [&] { return axis_text("data", axis) + " with size 1"; });
  }
  return out;
}

void squeeze_infer(Context& op) {
  require_moved(op, 0, 21);
  if (op.version() >= 13) require_dtype(op, 1, kInt64);
  op.output(0, op.dtype(0), squeezed(op));
}

Shape unsqueezed(Context& op) {
  const IntList axes = axes_list(op, 0);
  if (!op.has_rank(0) || !axes.has_size()) return Shape::unknown_rank();
  const Shape& in = op.shape(0);
  limit_rank(op, axes.size());
  const int rank = in.rank() + static_cast<int>(axes.size());
  limit_rank(op, static_cast<std::size_t>(rank));
  if (!all_literal(axes)) return unknown_dims(op, rank);
  const std::uint64_t mask = axis_mask(op, axes, rank, false);
  Shape out;
  for (int axis = 0, next = 0; axis < rank; ++axis)
    out.push_back(in_mask(mask, axis) ? Dim(1) : in[next++]);
  return out;
}

void unsqueeze_infer(Context& op) {
  require_moved(op, 0, 21);
  if (op.version() >= 13) require_dtype(op, 1, kInt64);
  op.output(0, op.dtype(0), unsqueezed(op));
}

constexpr AttrSpec kShape15[] = {{"start", AttrKind::kInt}, {"end", AttrKind::kInt}};
constexpr AttrSpec kFlatten[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kSqueeze1[] = {{"axes", AttrKind::kInts}};
constexpr AttrSpec kUnsqueeze1[] = {{"axes", AttrKind::kInts, true}};

constexpr Op kOps[] = {
    {.name = "Shape", .since = 1, .operands = "data", .infer = shape_infer, .values = shape_values},
    {.name = "Shape",
     .since = 15,
     .operands = "data",
     .attrs = kShape15,
     .infer = shape_infer,
     .values = shape_values},
    {.name = "Size", .since = 1, .operands = "data", .infer = size_infer, .values = size_values},
    {.name = "Identity",
     .since = 1,
     .operands = "input",
     .infer = identity_infer,
     .values = pass_elements,
     .alias = view_of_first},
    {.name = "Flatten",
     .since = 1,
     .operands = "input",
     .attrs = kFlatten,
     .infer = flatten_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Flatten",
     .since = 11,
     .operands = "input",
     .attrs = kFlatten,
     .infer = flatten_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Squeeze",
     .since = 1,
     .operands = "data",
     .attrs = kSqueeze1,
     .infer = squeeze_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Squeeze",
     .since = 13,
     .inputs = {1, 2},
     .operands = "data axes",
     .infer = squeeze_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Unsqueeze",
     .since = 1,
     .operands = "data",
     .attrs = kUnsqueeze1,
     .infer = unsqueeze_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Unsqueeze",
     .since = 13,
     .inputs = {2, 2},
     .operands = "data axes",
     .infer = unsqueeze_infer,
     .values = regrouped_values,
     .alias = view_of_first},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> shape_ops() { return kOps; }

}  // namespace shapewright::families
