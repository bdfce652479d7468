// Tensors joined along an axis, there or new.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

Tensor cat(const Tensors& ts, int axis, const Shape& shape) {
  bool is_last = shape.rank() == 4;
  for (const Tensor& t : ts)
    is_last = is_last && t.dim() == 4 && !t.is_contiguous() &&
              t->strides == eager::channels_last_strides(t.shape());
  const Strides lay =
      is_last ? eager::channels_last_strides(shape) : eager::contiguous_strides(shape);
  Tensor out = eager::empty_strided(shape, lay, result_type(ts));
  std::vector<Dim> lengths;
  for (const Tensor& t : ts) lengths.push_back(t.dim() > axis ? t.shape()[axis] : Dim(0));
  eager::record("Cat", ts, {out}, {}, [lengths, axis](eager::Node& n, const Tensors& g) {
    Tensors parts;
    for (std::size_t i = 0; i < lengths.size(); ++i)
      parts.push_back(n.needs(i) ? narrow(g[0], axis, lengths[i]) : Tensor());
    return parts;
  });
  return out;
}

namespace {

void cat_row(EagerCall& c) {
  Tensors ts;
  for (const Tensor& t : c.inputs())
    if (t.defined()) ts.push_back(t);
  c.out(cat(ts, c.axis_of("dim", 0, c.out_shape().rank()), c.out_shape()));
}

void stack_row(EagerCall& c) {
  const Tensors& ts = c.inputs();
  const int axis = c.axis_of("dim", 0, c.out_shape().rank());
  Tensor out = eager::empty(c.out_shape(), result_type(ts));
  eager::record("Stack", ts, {out}, {}, [axis](eager::Node& n, const Tensors& g) {
    Tensors parts;
    for (std::size_t i = 0; i < n.next.size(); ++i)
      parts.push_back(n.needs(i) ? select(g[0], axis) : Tensor());
    return parts;
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("cat.default", cat_row),
    row("concat.default", cat_row),
    row("stack.default", stack_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_join_ops() { return aten::kRows; }
}  // namespace shapewright::families
