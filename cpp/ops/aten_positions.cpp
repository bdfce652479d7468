#include "ops/aten_positions.h"

#include "ops/indices.h"

namespace shapewright::aten {

namespace {

std::optional<std::int64_t> number_of(const Context& op, std::string_view name,
                                      std::int64_t fallback) {
  const Attr* a = op.attr(name);
  if (a == nullptr) return fallback;
  return a->kind == AttrKind::kInt ? std::optional(a->i) : std::nullopt;
}

bool is_number(const TensorType& t) {
  return t.container == Container::kTensor && t.dtype != DType::kBool && t.dtype != DType::kU8;
}

void moved(Context& op, std::int64_t sign) {
  const auto by = number_of(op, "other", 0);
  if (op.has_input(1) || !by || op.has_attr("alpha")) return;
  if (const auto greatest = op.greatest(0)) op.output_greatest(0, *greatest + Dim(sign * *by));
}

}  // namespace

void arange_values(Context& op) {
  const auto start = number_of(op, "start", 0), step = number_of(op, "step", 1);
  const Shape& shape = op.output_type(0).shape;
  if (start && step && shape.has_rank())
    op.output_greatest(0, rules::greatest_of_range(*start, shape[0], *step));
}

void kept_values(Context& op) { op.output_greatest(0, op.greatest(0)); }

void whole_values(Context& op) {
  if (op.has_rank(0) && op.shape(0) == op.output_type(0).shape) kept_values(op);
}

void add_values(Context& op) { moved(op, 1); }
void sub_values(Context& op) { moved(op, -1); }

void embedding_values(Context& op) {
  if (op.has_rank(0)) rules::require_greatest_in_range(op, 1, op.shape(0)[0], 0, 0);
}

void index_values(Context& op) {
  if (!op.has_rank(0)) return;
  for (std::size_t i = 1; i < op.num_inputs() && i <= static_cast<std::size_t>(op.rank(0)); ++i) {
    if (!op.has_input(i)) continue;
    if (!is_number(op.input(i))) return;  // a mask, which takes as many axes as it has
    const int axis = static_cast<int>(i) - 1;
    rules::require_greatest_in_range(op, i, op.shape(0)[axis], 0, axis);
  }
}

void index_select_values(Context& op) {
  if (!op.has_rank(0) || op.rank(0) == 0) return;
  auto axis = static_cast<int>(op.attr_int("dim", 0));
  if (axis < 0) axis += op.rank(0);
  if (axis >= 0 && axis < op.rank(0))
    rules::require_greatest_in_range(op, 1, op.shape(0)[axis], 0, axis);
}

}  // namespace shapewright::aten
