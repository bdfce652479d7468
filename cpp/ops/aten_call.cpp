// What a row of domain "aten" reads of its node, and the types of results.
#include <algorithm>

#include "ops/aten.h"

namespace shapewright {

std::int64_t EagerCall::int_of(std::string_view name, std::int64_t fallback) const {
  const Attr* a = context_.attr(name);
  if (a == nullptr) return fallback;
  if (a->kind == AttrKind::kFloat) return static_cast<std::int64_t>(a->f);
  return a->kind == AttrKind::kInt ? a->i : fallback;
}

double EagerCall::real_of(std::string_view name, double fallback) const {
  const Attr* a = context_.attr(name);
  if (a == nullptr) return fallback;
  if (a->kind == AttrKind::kInt) return static_cast<double>(a->i);
  return a->kind == AttrKind::kFloat ? static_cast<double>(a->f) : fallback;
}

std::vector<std::int64_t> EagerCall::ints_of(std::string_view name) const {
  const Attr* a = context_.attr(name);
  if (a == nullptr) return {};
  if (a->kind == AttrKind::kInt) return {a->i};
  return a->kind == AttrKind::kInts ? a->ints : std::vector<std::int64_t>{};
}

Shape EagerCall::dims_of(std::string_view name) const {
  Shape out;
  for (const std::int64_t number : ints_of(name)) out.push_back(Dim(number));
  const Attr* a = context_.attr(name);
  if (a != nullptr && a->kind == AttrKind::kStrings)
    for (const std::string& text : a->strings) out.push_back(parse_dim(text));
  return out;
}

std::optional<DType> EagerCall::dtype_of(std::string_view name) const {
  const std::string_view text = text_of(name);
  return text.empty() ? std::nullopt : dtype_from_name(text);
}

int EagerCall::axis_of(std::string_view name, std::int64_t fallback, int rank) const {
  const auto axis = static_cast<int>(int_of(name, fallback));
  return axis < 0 ? axis + rank : axis;
}

namespace aten {

namespace {

int category(DType d) {
  switch (info(d).kind) {
    case DTypeClass::kBool: return 0;
    case DTypeClass::kSigned:
    case DTypeClass::kUnsigned: return 1;
    case DTypeClass::kFloat: return 2;
    case DTypeClass::kComplex: return 3;
    default: return 0;
  }
}

DType promote(DType a, DType b) {
  if (a == b || b == DType::kUnknown) return a;
  if (a == DType::kUnknown) return b;
  if (category(a) != category(b)) return category(a) > category(b) ? a : b;
  const bool are_halves = info(a).bits == 16 && info(b).bits == 16 && category(a) == 2;
  if (are_halves) return DType::kF32;
  return info(a).bits >= info(b).bits ? a : b;
}

}  // namespace

DType result_type(const Tensors& operands) {
  DType by_class[3] = {DType::kUnknown, DType::kUnknown, DType::kUnknown};
  for (const Tensor& t : operands) {
    if (!t.defined()) continue;
    DType& d = by_class[t->is_wrapped_number ? 2 : t.dim() == 0 ? 1 : 0];
    d = promote(d, t.dtype());
  }
  DType out = by_class[0];
  for (const DType lower : {by_class[1], by_class[2]})
    if (lower != DType::kUnknown && (out == DType::kUnknown || category(lower) > category(out)))
      out = lower;
  return out;
}

DType float_of(DType d) { return category(d) < 2 ? DType::kF32 : d; }

Tensor elementwise_out(const Tensors& operands, DType dtype) {
  Shape shape;
  for (const Tensor& t : operands)
    if (t.defined()) shape = eager::broadcast_shape(shape, t.shape());
  // On the CPU an operand of another type is converted first.
  const DType common = result_type(operands);
  Tensors converted;
  if (!on_cuda())
    for (const Tensor& t : operands)
      if (t.defined() && t.dtype() != common && t.dim() > 0)
        converted.push_back(eager::empty_like(t, common));
  Strides strides = eager::contiguous_strides(shape);
  for (const Tensor& t : operands)
    if (t.defined() && t.shape() == shape) {
      strides = eager::dense_like(shape, t->strides);
      break;
    }
  return eager::empty_strided(shape, strides, dtype);
}

Tensor elementwise_out(const Tensors& operands) {
  return elementwise_out(operands, result_type(operands));
}

}  // namespace aten
}  // namespace shapewright
