// Comparisons and logic: nothing is differentiated.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// Comparisons and other results without gradient, in the declared type.
void plain_row(EagerCall& c) {
  Tensors operands;
  for (const Tensor& t : c.inputs())
    if (t.defined()) operands.push_back(t);
  Tensor out = elementwise_out(operands, c.out_dtype());
  c.out(std::move(out));
}

void first_row(EagerCall& c) { c.out(c.in(0)); }  // in place, and nothing is differentiated

constexpr Op kRows[] = {
    row("eq.Tensor", plain_row),
    row("eq.Scalar", plain_row),
    row("ne.Tensor", plain_row),
    row("ne.Scalar", plain_row),
    row("lt.Tensor", plain_row),
    row("lt.Scalar", plain_row),
    row("le.Tensor", plain_row),
    row("le.Scalar", plain_row),
    row("gt.Tensor", plain_row),
    row("gt.Scalar", plain_row),
    row("ge.Tensor", plain_row),
    row("ge.Scalar", plain_row),
    row("not_equal.Tensor", plain_row),
    row("not_equal.Scalar", plain_row),
    row("less.Tensor", plain_row),
    row("less.Scalar", plain_row),
    row("less_equal.Tensor", plain_row),
    row("less_equal.Scalar", plain_row),
    row("greater.Tensor", plain_row),
    row("greater.Scalar", plain_row),
    row("greater_equal.Tensor", plain_row),
    row("greater_equal.Scalar", plain_row),
    row("logical_and.default", plain_row),
    row("logical_or.default", plain_row),
    row("logical_xor.default", plain_row),
    row("logical_not.default", plain_row),
    row("bitwise_and.Tensor", plain_row),
    row("bitwise_or.Tensor", plain_row),
    row("bitwise_not.default", plain_row),
    row("__and__.Tensor", plain_row),
    row("__or__.Tensor", plain_row),
    row("bitwise_and_.Tensor", first_row),
    row("bitwise_or_.Tensor", first_row),
    row("logical_and_.default", first_row),
    row("logical_or_.default", first_row),
    row("logical_not_.default", first_row),
    row("isnan.default", plain_row),
    row("isinf.default", plain_row),
    row("isfinite.default", plain_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_compare_ops() { return aten::kRows; }
}  // namespace shapewright::families
