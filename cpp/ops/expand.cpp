// Operators that repeat elements: Expand, Tile.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- Expand: input and shape broadcast against each other, aligned at the last axis

// A size that is surely not 1 survives whatever it is expanded to.
bool surely_not_one(Dim d) {
  const Bounds b = bounds(d);
  return b.lo > 1 || b.hi < 1;
}

Dim expanded(Context& op, Dim d, const Elem& target, int in_axis, int entry) {
  if (!target.is_int()) return surely_not_one(d) ? d : op.unknown_dim();
  const Dim t = target.num;
  if (prove_lt(t, 0) == Truth::kYes) {
    op.fail("negative-dim",
            "Expand entry " + std::to_string(entry) + " of shape is negative: " + to_string(t));
  }
  const auto what = [&] {
    return axis_text("input", in_axis) + " with entry " + std::to_string(entry) + " of shape";
  };
  if (surely_not_one(d) && surely_not_one(t) && prove_eq(d, t) == Truth::kNo) {
    op.fail("expand-mismatch",
            "Expand cannot broadcast " + what() + ": " + to_string(d) + " and " + to_string(t));
  }
  op.require_at_most("negative-dim", 0, t,
                     [&] { return "0 within entry " + std::to_string(entry) + " of shape"; });
  return op.broadcast_dims(d, t, what);
}

void expand_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kInt64);
  // Runtimes read a constant scalar as a list of one.
  if (op.elements(1) == nullptr) require_rank(op, 1, 1, 1);
  const DType dtype = op.dtype(0);
  const IntList target = IntList::of_input(op, 1, 0, 1);
  if (!op.has_rank(0) || !target.has_size()) return op.output(0, dtype, Shape::unknown_rank());
  limit_rank(op, target.size());
  const Shape& in = op.shape(0);
  const int entries = static_cast<int>(target.size());
  const int rank = std::max(in.rank(), entries);
  Shape out;
  for (int k = 0; k < rank; ++k) {
    const int in_axis = k - (rank - in.rank()), entry = k - (rank - entries);
    if (entry < 0) {
      out.push_back(in[in_axis]);
    } else {
      out.push_back(expanded(op, in_axis < 0 ? Dim(1) : in[in_axis],
                             target[static_cast<std::size_t>(entry)], in_axis, entry));
    }
  }
  op.output(0, dtype, std::move(out));
}

// Regroups the dims of `e` as `rank` of them, ones in front.
std::vector<std::int64_t> padded_dims(const Elements& e, std::size_t rank) {
  std::vector<std::int64_t> dims(rank - e.dims.size(), 1);
  dims.insert(dims.end(), e.dims.begin(), e.dims.end());
  return dims;
}

void expand_values(Context& op) {
  op.output_greatest(0, op.greatest(0));
  const Elements* in = op.elements(0);
  const auto dims = in == nullptr ? std::nullopt : small_dims(op.output_type(0).shape);
  if (!dims || in->dims.size() > dims->size()) return;
  const auto in_dims = padded_dims(*in, dims->size());
  std::vector<std::vector<std::int64_t>> tables(dims->size());
  for (std::size_t k = 0; k < dims->size(); ++k)
    for (std::int64_t i = 0; i < (*dims)[k]; ++i) tables[k].push_back(in_dims[k] == 1 ? 0 : i);
  op.output_elements(0, pick(*in, in_dims, tables, Elem::unknown()));
}

// --- Tile

Dim tiled(Context& op, Dim d, const Elem& repeats, int axis) {
  if (!repeats.is_int()) return d == Dim(0) ? d : op.unknown_dim();
  if (prove_lt(repeats.num, 0) == Truth::kYes) {
    op.fail("negative-dim", "Tile cannot repeat axis " + std::to_string(axis) + " " +
                                to_string(repeats.num) + " times");
  }
  op.require_at_most("negative-dim", 0, repeats.num,
                     [&] { return "0 within repeats of axis " + std::to_string(axis); });
  return d * repeats.num;
}

void tile_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kInt64);
  const DType dtype = op.dtype(0);
  const IntList repeats = IntList::of_input(op, 1);
  if (!op.has_rank(0)) {
    if (!repeats.has_size()) return op.output(0, dtype, Shape::unknown_rank());
    limit_rank(op, repeats.size());
    return op.output(0, dtype, unknown_dims(op, static_cast<int>(repeats.size())));
  }
  const Shape& in = op.shape(0);
  if (repeats.has_size() && repeats.size() != static_cast<std::size_t>(in.rank())) {
    op.fail("rank-mismatch", "Tile repeats has " + std::to_string(repeats.size()) +
                                 " entries, but input has rank " + std::to_string(in.rank()));
  }
  Shape out;
  for (int k = 0; k < in.rank(); ++k) {
    out.push_back(tiled(
        op, in[k], repeats.has_size() ? repeats[static_cast<std::size_t>(k)] : Elem::unknown(), k));
  }
  op.output(0, dtype, std::move(out));
}

void tile_values(Context& op) {
  const Elements* in = op.elements(0);
  const auto dims = in == nullptr ? std::nullopt : small_dims(op.output_type(0).shape);
  if (!dims || in->dims.size() != dims->size()) return;
  std::vector<std::vector<std::int64_t>> tables(dims->size());
  for (std::size_t k = 0; k < dims->size(); ++k)
    for (std::int64_t i = 0; i < (*dims)[k] && in->dims[k] > 0; ++i)
      tables[k].push_back(i % in->dims[k]);
  op.output_elements(0, pick(*in, in->dims, tables, Elem::unknown()));
}

constexpr Op kOps[] = {
    {.name = "Expand",
     .since = 8,
     .inputs = {2, 2},
     .operands = "input shape",
     .infer = expand_infer,
     .values = expand_values},
    {.name = "Tile",
     .since = 6,
     .inputs = {2, 2},
     .operands = "input repeats",
     .infer = tile_infer,
     .values = tile_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> expand_ops() { return kOps; }

}  // namespace shapewright::families
