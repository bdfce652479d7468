// Slice, exact for symbolic sizes, starts and ends.
//
// For a step t > 0 on an axis of size d the length is max(0, ceil((e' - s') / t)) with s' and e'
// clamped to [0, d]. Only two of the four clamps matter, the outer max takes the others: e' is the
// least of {e, d} (or of {e + d}, for a negative e), s' the greatest of {s} (or of {0, s + d}). A
// negative step mirrors this.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
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

constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kInt32Min = std::numeric_limits<std::int32_t>::min();
// Beyond any size: added to a symbolic one such a number means "all the way" and would only
// overflow.
constexpr std::int64_t kFar = std::int64_t{1} << 40;

// --- the numbers of a slice

struct SliceLists {
  IntList starts, ends, axes, steps;
};

SliceLists lists_of(const Context& op) {
  if (op.version() < 10)
    return {IntList::of_attr(op, "starts"),
            IntList::of_attr(op, "ends"),
            IntList::of_attr(op, "axes"),
            {}};
  return {IntList::of_input(op, 1), IntList::of_input(op, 2), IntList::of_input(op, 3),
          IntList::of_input(op, 4)};
}

// How many axes are named; nullopt if no list tells. Lists that differ in length fail.
std::optional<std::size_t> count_of(const Context& op, const SliceLists& lists) {
  std::optional<std::size_t> count;
  const char* first_name = "";
  const std::pair<const char*, const IntList*> named[] = {{"starts", &lists.starts},
                                                          {"ends", &lists.ends},
                                                          {"axes", &lists.axes},
                                                          {"steps", &lists.steps}};
  for (const auto& [name, list] : named) {
    if (!list->has_size()) continue;
    if (count && *count != list->size()) {
      op.fail("slice-lists", std::string("Slice ") + first_name + " and " + name +
                                 " differ in length: " + std::to_string(*count) +
                                 " != " + std::to_string(list->size()));
    }
    if (!count) first_name = name;
    count = list->size();
  }
  return count;
}

// --- literal slices

struct LiteralSlice {
  std::int64_t first = 0, step = 1, length = 0;
};

// As runtimes compute it: an end of INT_MAX stands for "all the way" whatever the sign of the step.
LiteralSlice literal_slice(std::int64_t start, std::int64_t end, std::int64_t step,
                           std::int64_t d) {
  if (d <= 0) return {0, step, 0};
  const bool forward = step > 0;
  const bool all_the_way = end == kInt32Max || end == kPlusInf;
  if (start < 0) start += d;
  start = std::clamp<std::int64_t>(start, 0, forward ? d : d - 1);
  if (all_the_way) {
    end = forward ? d : -1;
  } else {
    if (end < 0) end += d;
    end = std::clamp<std::int64_t>(end, forward ? 0 : -1, d);
  }
  const std::int64_t span = forward ? end - start : start - end;
  if (span <= 0) return {start, step, 0};
  const std::int64_t stride = forward ? step : step == kMinusInf ? kPlusInf : -step;
  return {start, step, (span - 1) / stride + 1};
}

// --- symbolic slices

// One or two sizes of which the least (or greatest) counts.
struct Ends {
  std::array<Dim, 2> dims{};
  int count = 0;
  void add(Dim d) { dims[static_cast<std::size_t>(count++)] = d; }
};

enum class Sign { kNonNegative, kNegative, kUnknown };

Sign sign_of(Dim d) {
  const Bounds b = bounds(d);
  return b.lo >= 0 ? Sign::kNonNegative : b.hi < 0 ? Sign::kNegative : Sign::kUnknown;
}

// ceil(span / stride), in the form that windows have too.
Dim steps_in(Dim span, std::int64_t stride) {
  return stride == 1 ? span : floordiv(span - Dim(1), Dim(stride)) + Dim(1);
}

// Least (or greatest) of all differences a - b, then the number of steps in it.
Dim steps_between(const Ends& a, const Ends& b, std::int64_t stride) {
  std::optional<Dim> least;
  for (int i = 0; i < a.count; ++i) {
    for (int k = 0; k < b.count; ++k) {
      const Dim span = a.dims[static_cast<std::size_t>(i)] - b.dims[static_cast<std::size_t>(k)];
      least = least ? min(*least, span) : span;
    }
  }
  return max(Dim(0), steps_in(*least, stride));
}

// index, plus d where it is negative: min(1, max(0, -index)) says whether it is.
Dim from_either_end(Dim index, Dim d) {
  switch (sign_of(index)) {
    case Sign::kNonNegative: return index;
    case Sign::kNegative: return index + d;
    case Sign::kUnknown: break;
  }
  return index + d * min(Dim(1), max(Dim(0), -index));
}

// Length of d[start:end:step] for step > 0.
Dim forward_length(Dim start, Dim end, std::int64_t step, Dim d) {
  Ends from, to;  // the greatest of `from`, the least of `to`
  const auto s = known(start), e = known(end);
  if (s && *s >= kFar) return Dim(0);
  if (e && *e <= -kFar) return Dim(0);
  switch (sign_of(start)) {
    case Sign::kNonNegative: from.add(start); break;
    case Sign::kNegative:
      from.add(0);
      if (!s || *s > -kFar) from.add(start + d);
      break;
    case Sign::kUnknown:
      from.add(0);
      from.add(from_either_end(start, d));
      break;
  }
  if (e && (*e == kInt32Max || *e >= kFar)) {
    to.add(d);
  } else if (sign_of(end) == Sign::kNegative) {
    to.add(end + d);
  } else {
    to.add(sign_of(end) == Sign::kUnknown ? from_either_end(end, d) : end);
    if (end != d) to.add(d);
  }
  return steps_between(to, from, step);
}

// The same for step < 0, `stride` being -step: from start down to, but without, end.
Dim backward_length(Dim start, Dim end, std::int64_t stride, Dim d) {
  const auto s = known(start), e = known(end);
  Dim from;
  if (s && (*s == -1 || *s == kInt32Max || *s >= kFar)) {
    from = d - Dim(1);
  } else if (s && *s <= kInt32Min) {
    from = min(Dim(0), d - Dim(1));
  } else if (sign_of(start) == Sign::kNonNegative) {
    from = min(start, d - Dim(1));
  } else {
    from = min(max(Dim(0), from_either_end(start, d)), d - Dim(1));
  }
  Dim to;  // the greatest element that is left out
  if (e && (*e == kInt32Max || *e == kPlusInf || *e <= kInt32Min)) {
    to = -1;
  } else if (e && *e >= kFar) {
    return Dim(0);
  } else if (sign_of(end) == Sign::kNonNegative) {
    to = end;
  } else {
    to = max(Dim(-1), from_either_end(end, d));
  }
  return max(Dim(0), steps_in(from - to, stride));
}

Dim sliced(Context& op, const Elem& start, const Elem& end, const Elem& step, Dim d, int axis) {
  const auto t = step.literal();
  if (t == std::int64_t{0})
    op.fail("strides-invalid", "Slice step on axis " + std::to_string(axis) + " is 0");
  if (t && start.is_int() && end.is_int()) {
    const auto s = known(start.num), e = known(end.num), size = known(d);
    if (s && e && size) return literal_slice(*s, *e, *t, *size).length;
    const std::int64_t stride = *t == kMinusInf ? kPlusInf : *t > 0 ? *t : -*t;
    return *t > 0 ? forward_length(start.num, end.num, stride, d)
                  : backward_length(start.num, end.num, stride, d);
  }
  return op.fresh("slice", SymbolKind::kDataDependent, {0, bounds(d).hi});
}

void slice_infer(Context& op) {
  require_moved(op, 0);
  const DType dtype = op.dtype(0);
  if (op.version() >= 10) {
    for (std::size_t i = 1; i < 5; ++i) require_dtype(op, i, kIndices);
    unify_all_dtypes(op, 1, op.num_inputs());
  }
  const SliceLists lists = lists_of(op);
  const auto count = count_of(op, lists);
  if (!op.has_rank(0)) return op.output(0, dtype, Shape::unknown_rank());
  require_rank(op, 0, 1);
  Shape out = op.shape(0);
  if (count && *count > static_cast<std::size_t>(out.rank())) {
    op.fail("axis-out-of-range", "Slice names " + std::to_string(*count) +
                                     " axes, but data has rank " + std::to_string(out.rank()));
  }
  const auto lose = [&](int axis) {
    out[axis] = op.fresh("slice", SymbolKind::kDataDependent, {0, bounds(out[axis]).hi});
  };
  const bool axes_known = count && (!lists.axes.given() || lists.axes.has_elements());
  if (!axes_known) {
    for (int k = 0; k < out.rank(); ++k) lose(k);
    return op.output(0, dtype, std::move(out));
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < *count; ++i) {
    std::int64_t axis = static_cast<std::int64_t>(i);
    if (lists.axes.given()) {
      const auto literal = lists.axes.literal(i);
      if (!literal) {  // any axis
        for (int k = 0; k < out.rank(); ++k) lose(k);
        continue;
      }
      axis = *literal;
    }
    const int k = normalize_axis(op, axis, out.rank(), "axis");
    if (((seen >> k) & 1) != 0) {
      op.fail("axis-repeated", "Slice axes name axis " + std::to_string(k) + " more than once");
    }
    seen |= std::uint64_t{1} << k;
    out[k] = sliced(op, lists.starts.has_size() ? lists.starts[i] : Elem::unknown(),
                    lists.ends.has_size() ? lists.ends[i] : Elem::unknown(),
                    !lists.steps.given()     ? Elem::of(1)
                    : lists.steps.has_size() ? lists.steps[i]
                                             : Elem::unknown(),
                    out[k], k);
  }
  op.output(0, dtype, std::move(out));
}

// --- elements

void slice_values(Context& op) {
  const Elements* in = op.elements(0);
  if (in == nullptr || in->dims.empty()) return;
  const SliceLists lists = lists_of(op);
  const auto count = count_of(op, lists);
  if (!count || *count > in->dims.size() || !lists.starts.has_size() || !lists.ends.has_size())
    return;
  const int rank = static_cast<int>(in->dims.size());
  std::vector<LiteralSlice> slices;
  for (const std::int64_t d : in->dims) slices.push_back({0, 1, d});
  for (std::size_t i = 0; i < *count; ++i) {
    const auto axis = lists.axes.given() ? lists.axes.literal(i) : static_cast<std::int64_t>(i);
    const auto start = lists.starts.literal(i), end = lists.ends.literal(i);
    const auto step = lists.steps.given() ? lists.steps.literal(i) : std::int64_t{1};
    if (!axis || !start || !end || !step || *step == 0) return;
    const auto k = static_cast<std::size_t>(normalize_axis(op, *axis, rank, "axis"));
    slices[k] = literal_slice(*start, *end, *step, in->dims[k]);
  }
  if (rank == 1) {
    const LiteralSlice& s = slices[0];
    Elements out;
    out.dims = {s.length};
    out.elems.reserve(static_cast<std::size_t>(s.length));
    for (std::int64_t i = 0; i < s.length; ++i)
      out.elems.push_back(in->elems[static_cast<std::size_t>(s.first + i * s.step)]);
    return op.output_elements(0, std::move(out));
  }
  std::vector<std::vector<std::int64_t>> tables(slices.size());
  for (std::size_t k = 0; k < slices.size(); ++k)
    for (std::int64_t i = 0; i < slices[k].length; ++i)
      tables[k].push_back(slices[k].first + i * slices[k].step);
  op.output_elements(0, pick(*in, in->dims, tables, Elem::unknown()));
}

constexpr AttrSpec kSlice1[] = {
    {"axes", AttrKind::kInts}, {"starts", AttrKind::kInts, true}, {"ends", AttrKind::kInts, true}};

constexpr Op kOps[] = {
    {.name = "Slice",
     .since = 1,
     .operands = "data",
     .attrs = kSlice1,
     .infer = slice_infer,
     .values = slice_values},
    {.name = "Slice",
     .since = 10,
     .inputs = {3, 5},
     .operands = "data starts ends axes steps",
     .infer = slice_infer,
     .values = slice_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> slice_ops() { return kOps; }

}  // namespace shapewright::families
