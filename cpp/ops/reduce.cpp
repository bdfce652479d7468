// Reductions over axes, and selections along one: ArgMax, ArgMin, TopK.
#include <algorithm>
#include <string>

#include "ops/elementwise_values.h"
#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kFloatsAndWide = kFloats | kWideIntegers;
constexpr DTypeSet kAllFloatsAndWide = kAllFloats | kWideIntegers;
constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);

// The axes that go, sorted; nullopt where they are an input that is not known. No axes at all mean
// every axis, or none with `noop_with_empty_axes`.
std::optional<std::vector<int>> reduced_axes(const Context& op, int input_since) {
  const Axes given = axes_from(op, "axes", 1, input_since);
  if (!given.known) return std::nullopt;
  std::vector<int> axes;
  if (given.values.empty() && op.attr_int("noop_with_empty_axes", 0) == 0) {
    for (int i = 0; i < op.rank(0); ++i) axes.push_back(i);
  }
  for (const std::int64_t axis : given.values) {
    axes.push_back(normalize_axis(op, axis, op.rank(0), "axes"));
  }
  // Runtimes take an axis that is named twice as one.
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

// The axes are not known: each dim stays or becomes 1; without `keepdims` one axis goes, or
// several.
Shape reduced_somewhere(Context& op, bool keepdims) {
  const Shape& in = op.shape(0);
  if (!keepdims) {
    const bool one = op.has_rank(1) && known(op.shape(1)[0]) == 1;
    return one && in.rank() > 0 ? unknown_dims(op, in.rank() - 1) : Shape::unknown_rank();
  }
  Shape out;
  for (const Dim d : in) {
    const Bounds b = bounds(d);
    const Bounds kept_or_1{std::min<std::int64_t>(b.lo, 1), std::max<std::int64_t>(b.hi, 1)};
    out.push_back(d == Dim(1) ? d : op.fresh("reduced", SymbolKind::kDataDependent, kept_or_1));
  }
  return out;
}

template <DTypeSet kAllowed, int kInputSince>
void reduce(Context& op) {
  require_dtype(op, 0, kAllowed);
  require_dtype(op, 1, dtypes(DType::kI64));
  require_rank(op, 1, 1, 1);
  const bool keepdims = op.attr_int("keepdims", 1) != 0;
  if (!op.has_rank(0)) {
    const Axes axes = axes_from(op, "axes", 1, kInputSince);
    const bool all = axes.known && axes.values.empty() && !op.attr_int("noop_with_empty_axes", 0);
    op.output(0, op.dtype(0), all && !keepdims ? Shape{} : Shape::unknown_rank());
    return;
  }
  const auto axes = reduced_axes(op, kInputSince);
  if (!axes) {
    op.output(0, op.dtype(0), reduced_somewhere(op, keepdims));
    return;
  }
  Shape out;
  for (int i = 0; i < op.rank(0); ++i) {
    const bool gone = std::binary_search(axes->begin(), axes->end(), i);
    if (!gone) out.push_back(op.shape(0)[i]);
    if (gone && keepdims) out.push_back(1);
  }
  op.output(0, op.dtype(0), std::move(out));
}

// --- elements
// ---------------------------------------------------------------------------------------

template <int kInputSince>
std::optional<Elements> reduced_by(Context& op, BinaryElem f, std::optional<Elem> start) {
  const Elements* e = op.elements(0);
  if (e == nullptr || !op.has_rank(0)) return std::nullopt;
  const auto axes = reduced_axes(op, kInputSince);
  if (!axes) return std::nullopt;
  return reduce_elements(*e, *axes, op.attr_int("keepdims", 1) != 0, f, start, op.dtype(0));
}

template <BinaryElem kF, int kStart, int kInputSince>
void fold_values(Context& op) {
  if (auto e = reduced_by<kInputSince>(op, kF, Elem::of(kStart))) {
    op.output_elements(0, std::move(*e));
  }
}

template <BinaryElem kF, int kInputSince>
void extreme_values(Context& op) {
  if (auto e = reduced_by<kInputSince>(op, kF, std::nullopt)) op.output_elements(0, std::move(*e));
}

template <int kInputSince>
void mean_values(Context& op) {
  auto e = reduced_by<kInputSince>(op, elem::add, std::nullopt);
  if (!e || e->elems.empty()) return;
  const auto count = op.elements(0)->elems.size() / e->elems.size();
  for (Elem& x : e->elems) {
    x = elem::div(x, Elem::of(static_cast<std::int64_t>(count)), op.dtype(0));
  }
  op.output_elements(0, std::move(*e));
}

Dim one_flop_per_input(const Context& op) { return elements_or_zero(op.shape(0)); }
Dim two_flops_per_input(const Context& op) { return 2 * elements_or_zero(op.shape(0)); }

// --- ArgMax, ArgMin, TopK
// -----------------------------------------------------------------------------

template <DTypeSet kAllowed>
void arg_extreme(Context& op) {
  require_dtype(op, 0, kAllowed);
  if (!op.has_rank(0)) {
    op.output(0, DType::kI64, Shape::unknown_rank());
    return;
  }
  Shape out = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", 0), out.rank(), "axis");
  if (op.attr_int("keepdims", 1) != 0) {
    out[axis] = 1;
  } else {
    out.erase(axis);
  }
  op.output(0, DType::kI64, std::move(out));
}

void output_top(Context& op, Shape shape) {
  op.output(0, op.dtype(0), shape);
  op.output(1, DType::kI64, std::move(shape));
}

// `k` is absent where it is not known.
void top(Context& op, std::optional<Dim> k) {
  if (k && bounds(*k).hi < 0)
    op.fail("topk-size", "TopK K is " + to_string(*k) + ", which is no count");
  if (k) op.require_at_most("topk-size", 0, *k, "0 in K");
  if (!op.has_rank(0)) return output_top(op, Shape::unknown_rank());
  Shape out = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", -1), out.rank(), "axis");
  if (k) {
    op.require_at_most("topk-size", *k, out[axis], [&] { return "K in " + axis_text("X", axis); });
  } else {
    k = op.fresh("k", SymbolKind::kDataDependent, {0, bounds(out[axis]).hi});
  }
  out[axis] = *k;
  output_top(op, std::move(out));
}

void top_k_by_attribute(Context& op) {
  require_dtype(op, 0, kFloats);
  top(op, Dim(op.attr_int("k", 0)));
}

template <DTypeSet kAllowed>
void top_k(Context& op) {
  require_dtype(op, 0, kAllowed);
  require_dtype(op, 1, dtypes(DType::kI64));
  require_rank(op, 1, 1, 1);
  if (op.has_rank(1)) {
    op.require_equal("topk-size", op.shape(1)[0], 1, "the length of K with one count");
  }
  const auto k = op.int_elements(1);
  top(op, k && k->size() == 1 ? std::optional(k->front()) : std::nullopt);
}

// --- the table
// --------------------------------------------------------------------------------------

constexpr AttrSpec kAxesKeep[] = {{"axes", AttrKind::kInts}, {"keepdims", AttrKind::kInt}};
constexpr AttrSpec kKeepNoop[] = {{"keepdims", AttrKind::kInt},
                                  {"noop_with_empty_axes", AttrKind::kInt}};
constexpr AttrSpec kAxisKeep[] = {{"axis", AttrKind::kInt}, {"keepdims", AttrKind::kInt}};
constexpr AttrSpec kAxisKeepLast[] = {
    {"axis", AttrKind::kInt}, {"keepdims", AttrKind::kInt}, {"select_last_index", AttrKind::kInt}};
constexpr AttrSpec kAxisK[] = {{"axis", AttrKind::kInt}, {"k", AttrKind::kInt, true}};
constexpr AttrSpec kAxis[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kAxisLargestSorted[] = {
    {"axis", AttrKind::kInt}, {"largest", AttrKind::kInt}, {"sorted", AttrKind::kInt}};

using Rule = void (*)(Context&);
using Flops = Dim (*)(const Context&);

// Axes as an attribute, then as an input.
constexpr Op old_row(std::string_view name, int since, Rule infer, Rule values, Flops flops) {
  return {.name = name,
          .since = since,
          .operands = "data",
          .attrs = kAxesKeep,
          .infer = infer,
          .values = values,
          .flops = flops};
}

constexpr Op new_row(std::string_view name, int since, Rule infer, Rule values, Flops flops) {
  return {.name = name,
          .since = since,
          .inputs = {1, 2},
          .operands = "data axes",
          .attrs = kKeepNoop,
          .infer = infer,
          .values = values,
          .flops = flops};
}

constexpr Op arg_row(std::string_view name, int since, Rule infer,
                     std::span<const AttrSpec> attrs) {
  return {.name = name, .since = since, .operands = "data", .attrs = attrs, .infer = infer};
}

constexpr Op top_row(int since, Arity inputs, std::string_view operands, Rule infer,
                     std::span<const AttrSpec> attrs) {
  return {.name = "TopK",
          .since = since,
          .inputs = inputs,
          .outputs = {2, 2},
          .operands = operands,
          .attrs = attrs,
          .infer = infer};
}

constexpr Rule kOld = reduce<kFloatsAndWide, 18>, kOldB = reduce<kAllFloatsAndWide, 18>;
constexpr Rule kNew = kOldB;  // the same rule asks the version where the axes are
constexpr Rule kFloatsOnly = reduce<kAllFloats, 18>;
constexpr Rule kOldX = reduce<kFloatsAndWide | kBytes, 18>;
constexpr Rule kOldXB = reduce<kAllFloatsAndWide | kBytes, 18>;
constexpr Rule kNewX = reduce<kAllFloatsAndWide | kBytes | kBools, 18>;
constexpr Rule kMaxOf = extreme_values<elem::max, 18>, kMinOf = extreme_values<elem::min, 18>;
constexpr Rule kProdOf = fold_values<elem::mul, 1, 18>, kSumOf = fold_values<elem::add, 0, 13>;
constexpr Flops k1 = one_flop_per_input, k2 = two_flops_per_input;

constexpr Op kOps[] = {
    arg_row("ArgMax", 1, arg_extreme<kNumeric>, kAxisKeep),
    arg_row("ArgMax", 12, arg_extreme<kNumeric>, kAxisKeepLast),
    arg_row("ArgMax", 13, arg_extreme<kAllNumeric>, kAxisKeepLast),
    arg_row("ArgMin", 1, arg_extreme<kNumeric>, kAxisKeep),
    arg_row("ArgMin", 12, arg_extreme<kNumeric>, kAxisKeepLast),
    arg_row("ArgMin", 13, arg_extreme<kAllNumeric>, kAxisKeepLast),
    old_row("ReduceL1", 1, kOld, nullptr, k2),
    old_row("ReduceL1", 13, kOldB, nullptr, k2),
    new_row("ReduceL1", 18, kNew, nullptr, k2),
    old_row("ReduceL2", 1, kOld, nullptr, k2),
    old_row("ReduceL2", 13, kOldB, nullptr, k2),
    new_row("ReduceL2", 18, kNew, nullptr, k2),
    old_row("ReduceLogSum", 1, kOld, nullptr, k1),
    old_row("ReduceLogSum", 13, kOldB, nullptr, k1),
    new_row("ReduceLogSum", 18, kNew, nullptr, k1),
    new_row("ReduceLogSum", 28, kFloatsOnly, nullptr, k1),
    old_row("ReduceLogSumExp", 1, kOld, nullptr, k2),
    old_row("ReduceLogSumExp", 13, kOldB, nullptr, k2),
    new_row("ReduceLogSumExp", 18, kNew, nullptr, k2),
    new_row("ReduceLogSumExp", 28, kFloatsOnly, nullptr, k2),
    old_row("ReduceMax", 1, kOld, kMaxOf, k1),
    old_row("ReduceMax", 12, kOldX, kMaxOf, k1),
    old_row("ReduceMax", 13, kOldXB, kMaxOf, k1),
    new_row("ReduceMax", 18, kOldXB, kMaxOf, k1),
    new_row("ReduceMax", 20, kNewX, kMaxOf, k1),
    old_row("ReduceMean", 1, kOld, mean_values<18>, k1),
    old_row("ReduceMean", 13, kOldB, mean_values<18>, k1),
    new_row("ReduceMean", 18, kNew, mean_values<18>, k1),
    old_row("ReduceMin", 1, kOld, kMinOf, k1),
    old_row("ReduceMin", 12, kOldX, kMinOf, k1),
    old_row("ReduceMin", 13, kOldXB, kMinOf, k1),
    new_row("ReduceMin", 18, kOldXB, kMinOf, k1),
    new_row("ReduceMin", 20, kNewX, kMinOf, k1),
    old_row("ReduceProd", 1, kOld, kProdOf, k1),
    old_row("ReduceProd", 13, kOldB, kProdOf, k1),
    new_row("ReduceProd", 18, kNew, kProdOf, k1),
    // ReduceSum took its axes as an input five versions before the others did.
    old_row("ReduceSum", 1, reduce<kFloatsAndWide, 13>, kSumOf, k1),
    new_row("ReduceSum", 13, reduce<kAllFloatsAndWide, 13>, kSumOf, k1),
    old_row("ReduceSumSquare", 1, kOld, nullptr, k2),
    old_row("ReduceSumSquare", 13, kOldB, nullptr, k2),
    new_row("ReduceSumSquare", 18, kNew, nullptr, k2),
    top_row(1, {1, 1}, "X", top_k_by_attribute, kAxisK),
    top_row(10, {2, 2}, "X K", top_k<kFloats>, kAxis),
    top_row(11, {2, 2}, "X K", top_k<kNumeric>, kAxisLargestSorted),
    top_row(24, {2, 2}, "X K", top_k<kAllNumeric>, kAxisLargestSorted),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> reduce_ops() { return kOps; }

}  // namespace shapewright::families
