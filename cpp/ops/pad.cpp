// Operators that grow or cut a tensor at its borders: Pad, CenterCropPad.
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

// Axes an operator works on: those listed, or all of them.
struct PadAxes {
  bool known = true;
  std::vector<int> axes;  // in the order of the list
};

PadAxes axes_of(const Context& op, const IntList& list, int rank) {
  PadAxes result;
  if (!list.given()) {
    for (int k = 0; k < rank; ++k) result.axes.push_back(k);
    return result;
  }
  if (!list.has_elements()) return {false, {}};
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto axis = list.literal(i);
    if (!axis) return {false, {}};
    const int k = normalize_axis(op, *axis, rank, "axis");
    if (std::find(result.axes.begin(), result.axes.end(), k) != result.axes.end()) {
      op.fail("axis-repeated", std::string(op.op_type()) + " axes name axis " + std::to_string(k) +
                                   " more than once");
    }
    result.axes.push_back(k);
  }
  return result;
}

// --- Pad

enum class PadMode { kConstant, kReflect, kEdge, kWrap };

PadMode pad_mode(const Context& op) {
  const std::string_view mode = op.attr_string("mode", "constant");
  if (mode == "constant") return PadMode::kConstant;
  if (mode == "reflect") return PadMode::kReflect;
  if (mode == "edge") return PadMode::kEdge;
  if (mode == "wrap") return PadMode::kWrap;
  op.fail("attr-value", "Pad mode '" + std::string(mode) + "' is not known at opset " +
                            std::to_string(op.version()));
}

IntList pads_of(const Context& op) {
  return op.version() >= 11 ? IntList::of_input(op, 1, 1, 2) : IntList::of_attr(op, "pads");
}

DTypeSet pad_dtypes(std::int64_t version) {
  if (version < 11) return kFloats;
  if (version < 13) return kNumeric;
  return moved_dtypes(version, 21);
}

// One axis padded by `begin` and `end`, of which either may be negative.
Dim padded(Context& op, Dim d, const Elem& begin, const Elem& end, PadMode mode, int axis) {
  if (!begin.is_int() || !end.is_int()) return op.unknown_dim();
  const Dim out = d + begin.num + end.num;
  if (prove_lt(out, 0) == Truth::kYes) {
    op.fail("pads-invalid", "Pad cannot cut axis " + std::to_string(axis) + " of size " +
                                to_string(d) + " by " + to_string(begin.num) + " and " +
                                to_string(end.num));
  }
  op.require_at_most("pads-invalid", -(begin.num + end.num), d,
                     [&] { return "a cut of " + axis_text("data", axis); });
  if (mode == PadMode::kConstant || (begin.num == Dim(0) && end.num == Dim(0))) return out;
  // What is cut away is gone before the rest repeats; a reflection leaves out the border itself.
  const Dim cut = -(min(Dim(0), begin.num) + min(Dim(0), end.num));
  const Dim need = mode == PadMode::kReflect ? max(begin.num, end.num) + Dim(1) : Dim(1);
  const auto what = [&] {
    return std::string(mode == PadMode::kReflect ? "a reflection" : "padding") + " of " +
           to_string(begin.num) + " and " + to_string(end.num) + " into " + axis_text("data", axis);
  };
  op.require_at_most("pads-invalid", Dim(1) + cut, d, what);
  op.require_at_most("pads-invalid", need + cut, d, what);
  return out;
}

void pad_infer(Context& op) {
  require_dtype(op, 0, pad_dtypes(op.version()));
  require_moved(op, 0, 21);
  if (op.version() >= 11) require_dtype(op, 1, kInt64);
  require_dtype(op, 3, kIndices);
  const DType dtype = unify_dtypes(op, 0, 2);
  const PadMode mode = pad_mode(op);
  const IntList pads = pads_of(op);
  const IntList axes_list = IntList::of_input(op, 3);
  if (pads.has_size() && pads.size() % 2 != 0) {
    op.fail("pads-invalid",
            "Pad needs pads in pairs of begin and end, not " + std::to_string(pads.size()));
  }
  if (!op.has_rank(0)) {
    const bool tells_rank = pads.has_size() && !axes_list.given();
    if (!tells_rank) return op.output(0, dtype, Shape::unknown_rank());
    limit_rank(op, pads.size() / 2);
    return op.output(0, dtype, unknown_dims(op, static_cast<int>(pads.size() / 2)));
  }
  const int rank = op.rank(0);
  const PadAxes axes = axes_of(op, axes_list, rank);
  const std::size_t count = axes.known ? axes.axes.size() : axes_list.size();
  const bool count_known = axes.known || axes_list.has_size();
  if (pads.has_size() && count_known && pads.size() / 2 != count) {
    op.fail("pads-invalid", "Pad has " + std::to_string(pads.size()) + " pads for " +
                                std::to_string(count) + " axes: two for each are needed");
  }
  if (!axes.known) return op.output(0, dtype, unknown_dims(op, rank));
  Shape out = op.shape(0);
  for (std::size_t i = 0; i < count; ++i) {
    const int k = axes.axes[i];
    const bool told = pads.has_size();
    out[k] = padded(op, out[k], told ? pads[i] : Elem::unknown(),
                    told ? pads[i + count] : Elem::unknown(), mode, k);
  }
  op.output(0, dtype, std::move(out));
}

// Where element `i` of a padded axis comes from, negative for the constant. 0 < size.
std::int64_t source_index(std::int64_t i, std::int64_t size, PadMode mode) {
  switch (mode) {
    case PadMode::kConstant: return i < size ? i : -1;
    case PadMode::kEdge: return std::clamp<std::int64_t>(i, 0, size - 1);
    case PadMode::kWrap: return ((i % size) + size) % size;
    case PadMode::kReflect: {
      if (size == 1) return 0;
      const std::int64_t period = 2 * (size - 1);
      const std::int64_t r = ((i % period) + period) % period;
      return r < size ? r : period - r;
    }
  }
  return -1;
}

// Of an axis whose elements are known: larger ones cut it away, or do not fit.
constexpr std::int64_t kMaxBegin = std::int64_t{1} << 31;

void pad_values(Context& op) {
  const Elements* in = op.elements(0);
  const auto dims = in == nullptr ? std::nullopt : small_dims(op.output_type(0).shape);
  if (!dims || in->dims.size() != dims->size()) return;
  const PadMode mode = pad_mode(op);
  const IntList pads = pads_of(op);
  const PadAxes axes = axes_of(op, IntList::of_input(op, 3), static_cast<int>(dims->size()));
  if (!axes.known || !pads.has_elements()) return;
  std::vector<std::int64_t> begins(dims->size(), 0);
  for (std::size_t i = 0; i < axes.axes.size(); ++i) {
    const auto begin = pads.literal(i);
    if (!begin || *begin < -kMaxBegin || *begin > kMaxBegin) return;
    begins[static_cast<std::size_t>(axes.axes[i])] = *begin;
  }
  Elem fill = is_float(op.dtype(0)) ? Elem::of_real(0) : Elem::of(0);
  if (op.version() >= 11 && op.has_input(2)) {
    const Elements* value = op.elements(2);
    fill = value != nullptr && value->size() == 1 ? value->elems[0] : Elem::unknown();
  } else if (op.version() < 11) {
    fill = Elem::of_real(op.attr_float("value", 0));
  }
  std::vector<std::vector<std::int64_t>> tables(dims->size());
  for (std::size_t k = 0; k < dims->size(); ++k) {
    for (std::int64_t i = 0; i < (*dims)[k]; ++i) {
      const bool empty = in->dims[k] == 0;
      tables[k].push_back(empty ? -1 : source_index(i - begins[k], in->dims[k], mode));
    }
  }
  op.output_elements(0, pick(*in, in->dims, tables, fill));
}

// --- CenterCropPad

void center_crop_pad_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kIndices);
  const DType dtype = op.dtype(0);
  const IntList target = IntList::of_input(op, 1);
  const IntList axes_list = IntList::of_attr(op, "axes");
  if (!op.has_rank(0)) {
    if (axes_list.given() || !target.has_size()) return op.output(0, dtype, Shape::unknown_rank());
    limit_rank(op, target.size());
    return op.output(0, dtype, unknown_dims(op, static_cast<int>(target.size())));
  }
  const PadAxes axes = axes_of(op, axes_list, op.rank(0));
  if (target.has_size() && target.size() != axes.axes.size()) {
    op.fail("rank-mismatch", "CenterCropPad has " + std::to_string(target.size()) + " sizes for " +
                                 std::to_string(axes.axes.size()) + " axes");
  }
  Shape out = op.shape(0);
  for (std::size_t i = 0; i < axes.axes.size(); ++i) {
    const Dim d = target.has_size() ? dim_of(op, target[i]) : op.unknown_dim();
    op.require_at_most("negative-dim", 0, d,
                       [&] { return "0 within entry " + std::to_string(i) + " of shape"; });
    out[axes.axes[i]] = d;
  }
  op.output(0, dtype, std::move(out));
}

constexpr AttrSpec kPad2[] = {
    {"mode", AttrKind::kString}, {"pads", AttrKind::kInts, true}, {"value", AttrKind::kFloat}};
constexpr AttrSpec kPad11[] = {{"mode", AttrKind::kString}};
constexpr AttrSpec kCenterCropPad[] = {{"axes", AttrKind::kInts}};

constexpr Op kOps[] = {
    {.name = "Pad",
     .since = 2,
     .operands = "data",
     .attrs = kPad2,
     .infer = pad_infer,
     .values = pad_values},
    {.name = "Pad",
     .since = 11,
     .inputs = {2, 3},
     .operands = "data pads constant_value",
     .attrs = kPad11,
     .infer = pad_infer,
     .values = pad_values},
    {.name = "Pad",
     .since = 18,
     .inputs = {2, 4},
     .operands = "data pads constant_value axes",
     .attrs = kPad11,
     .infer = pad_infer,
     .values = pad_values},
    {.name = "CenterCropPad",
     .since = 18,
     .inputs = {2, 2},
     .operands = "input_data shape",
     .attrs = kCenterCropPad,
     .infer = center_crop_pad_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> pad_ops() { return kOps; }

}  // namespace shapewright::families
