// Operators that make a tensor out of attributes or of a few numbers: Constant, ConstantOfShape,
// Range, EyeLike.
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/indices.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- Constant

constexpr std::string_view kConstantForms[] = {"value",        "sparse_value", "value_int",
                                               "value_ints",   "value_float",  "value_floats",
                                               "value_string", "value_strings"};

const Attr& constant_attr(const Context& op) {
  const Attr* found = nullptr;
  for (const std::string_view name : kConstantForms) {
    const Attr* a = op.attr(name);
    if (a == nullptr) continue;
    if (found != nullptr) {
      op.fail("attr-value",
              "Constant takes one value, not both " + found->name + " and " + std::string(name));
    }
    found = a;
  }
  if (found == nullptr) op.fail("attr-missing", "Constant has no value");
  return *found;
}

// Dims as a file wrote them.
Shape shape_of_tensor(const Context& op, const TensorData& tensor) {
  limit_rank(op, tensor.dims.size());
  Shape shape;
  for (const std::int64_t d : tensor.dims) {
    if (d < 0) {
      op.fail("negative-dim", std::string(op.op_type()) +
                                  " holds a tensor with the negative size " + std::to_string(d));
    }
    shape.push_back(d);
  }
  return shape;
}

Shape length_shape(std::size_t length) { return {Dim(static_cast<std::int64_t>(length))}; }

void constant_infer(Context& op) {
  const Attr& a = constant_attr(op);
  switch (a.kind) {
    case AttrKind::kTensor: return op.output(0, a.tensor.dtype, shape_of_tensor(op, a.tensor));
    case AttrKind::kInt: return op.output(0, DType::kI64, {});
    case AttrKind::kInts: return op.output(0, DType::kI64, length_shape(a.ints.size()));
    case AttrKind::kFloat: return op.output(0, DType::kF32, {});
    case AttrKind::kFloats: return op.output(0, DType::kF32, length_shape(a.floats.size()));
    case AttrKind::kString: return op.output(0, DType::kString, {});
    case AttrKind::kStrings: return op.output(0, DType::kString, length_shape(a.strings.size()));
    default:  // sparse_value, whose tensor is not read
      return op.output(0, DType::kUnknown, Shape::unknown_rank());
  }
}

template <typename T, typename Make>
void output_vector(Context& op, const std::vector<T>& values, Make make) {
  if (values.size() > Elements::kMax) return;
  std::vector<Elem> elems;
  elems.reserve(values.size());
  for (const T v : values) elems.push_back(make(v));
  op.output_elements(0, Elements::vector(std::move(elems)));
}

void constant_values(Context& op) {
  const Attr& a = constant_attr(op);
  const auto int_elem = [](std::int64_t v) { return Elem::of(v); };
  const auto real_elem = [](float v) { return Elem::of_real(v); };
  switch (a.kind) {
    case AttrKind::kTensor:
      if (auto e = elements_of(a.tensor)) op.output_elements(0, std::move(*e));
      return;
    case AttrKind::kInt: return op.output_elements(0, Elements::scalar(int_elem(a.i)));
    case AttrKind::kFloat: return op.output_elements(0, Elements::scalar(real_elem(a.f)));
    case AttrKind::kInts: return output_vector(op, a.ints, int_elem);
    case AttrKind::kFloats: return output_vector(op, a.floats, real_elem);
    default: return;
  }
}

// --- ConstantOfShape

void constant_of_shape_infer(Context& op) {
  require_dtype(op, 0, kInt64);
  DType dtype = DType::kF32;
  if (const Attr* value = op.attr("value")) {
    dtype = value->tensor.dtype;
    if ((kComplex | dtypes(DType::kString)).has(dtype)) {
      op.fail("dtype-unsupported",
              "ConstantOfShape cannot fill with " + std::string(name_of(dtype)));
    }
    if (num_elements(shape_of_tensor(op, value->tensor)) != Dim(1)) {
      op.fail("attr-value", "ConstantOfShape fills with one value, not with a tensor of " +
                                to_string(num_elements(shape_of_tensor(op, value->tensor))) +
                                " elements");
    }
  }
  const IntList target = IntList::of_input(op, 0);
  if (!target.has_size()) return op.output(0, dtype, Shape::unknown_rank());
  limit_rank(op, target.size());
  Shape shape;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const Dim d = dim_of(op, target[i]);
    op.require_at_most("negative-dim", 0, d,
                       [&] { return "0 within size " + std::to_string(i) + " of the shape"; });
    shape.push_back(d);
  }
  op.output(0, dtype, std::move(shape));
}

void constant_of_shape_values(Context& op) {
  auto dims = small_dims(op.output_type(0).shape);
  if (!dims) return;
  Elem fill = Elem::of_real(0);
  if (const Attr* value = op.attr("value")) {
    const auto e = elements_of(value->tensor);
    if (!e) return;
    fill = e->elems[0];
  }
  std::size_t count = 1;
  for (const std::int64_t d : *dims) count *= static_cast<std::size_t>(d);
  op.output_elements(0, {std::move(*dims), std::vector<Elem>(count, fill)});
}

// --- Range: max(0, ceil((limit - start) / delta)) elements

// ceil(n / d) where that has a form; d is not 0.
std::optional<Dim> ceil_quotient(Dim n, Dim d) {
  const Bounds b = bounds(d);
  if (b.lo > 0) return floordiv(n - Dim(1), d) + Dim(1);
  if (b.hi < 0) return floordiv(-n - Dim(1), -d) + Dim(1);
  return std::nullopt;
}

std::optional<Dim> range_length(const Context& op, DType dtype) {
  const Elem start = scalar_of(op, 0), limit = scalar_of(op, 1), delta = scalar_of(op, 2);
  if (delta.number() == 0.0) op.fail("range-step", "Range steps by delta 0");
  const auto s = start.number(), l = limit.number(), d = delta.number();
  if (is_float(dtype) && s && l && d) {
    // As runtimes do it: the difference in the type of the operands, the quotient in double.
    const double span = dtype == DType::kF64
                            ? *l - *s
                            : static_cast<double>(static_cast<float>(*l) - static_cast<float>(*s));
    const double count = std::ceil(span / *d);
    if (!(count < 9.0e18)) {
      op.fail("range-step", "Range has no length from " + std::to_string(*s) + " to " +
                                std::to_string(*l) + " by " + std::to_string(*d));
    }
    return Dim(count > 0 ? static_cast<std::int64_t>(count) : 0);
  }
  const auto a = start.fraction(), b = limit.fraction(), c = delta.fraction();
  if (!a || !b || !c) return std::nullopt;
  const Dim span = b->num * Dim(a->den) - a->num * Dim(b->den);  // times a->den * b->den
  const auto length = ceil_quotient(span * Dim(c->den), c->num * Dim(a->den) * Dim(b->den));
  if (!length) return std::nullopt;
  return max(Dim(0), *length);
}

void range_infer(Context& op) {
  const DType dtype = unify_all_dtypes(op, 0, 3);
  constexpr DTypeSet kRange =
      dtypes(DType::kF32, DType::kF64, DType::kI16, DType::kI32, DType::kI64);
  for (std::size_t i = 0; i < 3; ++i) {
    require_dtype(op, i, op.version() >= 27 ? kRange | dtypes(DType::kF16, DType::kBF16) : kRange);
    require_one_value(op, i);
  }
  const auto length = range_length(op, dtype);
  op.output(0, dtype, {length ? *length : op.unknown_dim()});
}

void range_values(Context& op) {
  const Elem first = scalar_of(op, 0), step = scalar_of(op, 2);
  if (first.is_int() && step.is_int())
    op.output_greatest(0, greatest_of_range(first.num, op.output_type(0).shape[0], step.num));
  const auto dims = small_dims(op.output_type(0).shape);
  if (!dims) return;
  const std::int64_t count = (*dims)[0];
  const Elem start = scalar_of(op, 0), delta = scalar_of(op, 2);
  std::vector<Elem> elems;
  elems.reserve(static_cast<std::size_t>(count));
  if (start.is_int() && delta.is_int()) {
    for (std::int64_t i = 0; i < count; ++i)
      elems.push_back(Elem::of(start.num + Dim(i) * delta.num));
  } else {
    const auto s = start.number(), d = delta.number();
    if (!s || !d) return;
    const DType dtype = op.output_type(0).dtype;
    for (std::int64_t i = 0; i < count; ++i)
      elems.push_back(
          cast_elem(Elem::of_real(*s + *d * static_cast<double>(i)), DType::kF64, dtype));
  }
  op.output_elements(0, Elements::vector(std::move(elems)));
}

// --- EyeLike

void eye_like_infer(Context& op) {
  const DTypeSet allowed = op.version() >= 22 ? kAllNumeric | kBools : kNumeric | kBools;
  require_dtype(op, 0, allowed);
  require_rank(op, 0, 2, 2);
  const DType dtype = dtype_attr(op, "dtype", op.dtype(0));
  if (dtype != DType::kUnknown && !allowed.has(dtype)) {
    op.fail("dtype-unsupported", "EyeLike cannot make a matrix of " + std::string(name_of(dtype)) +
                                     " at opset " + std::to_string(op.version()));
  }
  op.output(0, dtype, op.has_rank(0) ? op.shape(0) : unknown_dims(op, 2));
}

constexpr AttrSpec kConstant1[] = {{"value", AttrKind::kTensor, true}};
constexpr AttrSpec kConstant11[] = {{"value", AttrKind::kTensor},
                                    {"sparse_value", AttrKind::kOther}};
constexpr AttrSpec kConstant12[] = {
    {"value", AttrKind::kTensor},        {"sparse_value", AttrKind::kOther},
    {"value_int", AttrKind::kInt},       {"value_ints", AttrKind::kInts},
    {"value_float", AttrKind::kFloat},   {"value_floats", AttrKind::kFloats},
    {"value_string", AttrKind::kString}, {"value_strings", AttrKind::kStrings}};
constexpr AttrSpec kConstantOfShape[] = {{"value", AttrKind::kTensor}};
constexpr AttrSpec kRange27[] = {{"stash_type", AttrKind::kInt}};
constexpr AttrSpec kEyeLike[] = {{"dtype", AttrKind::kInt}, {"k", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Constant",
     .since = 1,
     .inputs = {0, 0},
     .attrs = kConstant1,
     .infer = constant_infer,
     .values = constant_values},
    {.name = "Constant",
     .since = 11,
     .inputs = {0, 0},
     .attrs = kConstant11,
     .infer = constant_infer,
     .values = constant_values},
    {.name = "Constant",
     .since = 12,
     .inputs = {0, 0},
     .attrs = kConstant12,
     .infer = constant_infer,
     .values = constant_values},
    {.name = "ConstantOfShape",
     .since = 9,
     .operands = "input",
     .attrs = kConstantOfShape,
     .infer = constant_of_shape_infer,
     .values = constant_of_shape_values},
    {.name = "Range",
     .since = 11,
     .inputs = {3, 3},
     .operands = "start limit delta",
     .infer = range_infer,
     .values = range_values},
    {.name = "Range",
     .since = 27,
     .inputs = {3, 3},
     .operands = "start limit delta",
     .attrs = kRange27,
     .infer = range_infer,
     .values = range_values},
    {.name = "EyeLike",
     .since = 9,
     .operands = "input",
     .attrs = kEyeLike,
     .infer = eye_like_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> source_ops() { return kOps; }

}  // namespace shapewright::families
