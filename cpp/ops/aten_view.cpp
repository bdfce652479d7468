// Views share storage; their backward is a view of the gradient, or a copy into zeros.
#include "ops/aten.h"
#include "ops/aten_positions.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// A view and its backward. `back` gets the gradient and the shape of what was viewed.
Tensor viewed(std::string_view name, const Tensor& t, const Shape& shape, const Strides& strides,
              Tensor (*back)(const Tensor&, const Shape&)) {
  Tensor out = eager::alias(t, shape, strides);
  eager::record(name, {t}, {out}, {}, [back, old = t.shape()](eager::Node&, Tensors g) {
    return Tensors{back(g[0], old)};
  });
  return out;
}

Tensor reshape_back(const Tensor& g, const Shape& old) { return reshape(g, old); }
// Zeros of the old shape with the gradient copied in.
Tensor zeros_back(const Tensor& g, const Shape& old) { return eager::empty(old, g.dtype()); }
Tensor sum_back(const Tensor& g, const Shape& old) { return eager::sum_to(g, old); }

Strides strides_without(const Strides& strides, int axis) {
  Strides out = strides;
  out.erase(axis);
  return out;
}

}  // namespace

Tensor view(const Tensor& t, const Shape& shape) {
  if (t.shape() == shape) return viewed("View", t, shape, t->strides, reshape_back);
  const auto strides = eager::view_strides(t.shape(), t->strides, shape);
  return viewed("View", t, shape, strides.value_or(eager::contiguous_strides(shape)), reshape_back);
}

Tensor reshape(const Tensor& t, const Shape& shape) {
  if (t.shape() == shape) return t;
  if (eager::view_strides(t.shape(), t->strides, shape)) return view(t, shape);
  return view(clone(t), shape);
}

Tensor permute(const Tensor& t, const std::vector<int>& axes) {
  Shape shape;
  Strides strides;
  std::vector<int> inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape.push_back(t.shape()[axes[i]]);
    strides.push_back(t->strides[axes[i]]);
    inverse[static_cast<std::size_t>(axes[i])] = static_cast<int>(i);
  }
  Tensor out = eager::alias(t, shape, strides);
  eager::record("Permute", {t}, {out}, {},
                [inverse](eager::Node&, Tensors g) { return Tensors{permute(g[0], inverse)}; });
  return out;
}

Tensor transpose(const Tensor& t, int a, int b) {
  std::vector<int> axes(static_cast<std::size_t>(t.dim()));
  for (int i = 0; i < t.dim(); ++i) axes[static_cast<std::size_t>(i)] = i;
  if (axes.size() < 2) return viewed("T", t, t.shape(), t->strides, reshape_back);
  const auto at = [&](int i) { return static_cast<std::size_t>(i < 0 ? i + t.dim() : i); };
  std::swap(axes[at(a)], axes[at(b)]);
  return permute(t, axes);
}

Tensor expand(const Tensor& t, const Shape& shape) {
  Strides strides = Shape::of_rank(shape.rank());
  const int gap = shape.rank() - t.dim();
  for (int i = 0; i < t.dim(); ++i)
    strides[i + gap] = t.shape()[i] == shape[i + gap] ? t->strides[i] : Dim(0);
  return viewed("Expand", t, shape, strides, sum_back);
}

Tensor unsqueeze(const Tensor& t, int axis) {
  Shape shape = t.shape();
  Strides strides = t->strides;
  const Dim step = axis < t.dim() ? t->strides[axis] * t.shape()[axis] : Dim(1);
  shape.insert(axis, 1);
  strides.insert(axis, step);
  return viewed("Unsqueeze", t, shape, strides, reshape_back);
}

Tensor squeeze(const Tensor& t, int axis) {
  Shape shape = t.shape();
  shape.erase(axis);
  return viewed("Squeeze", t, shape, strides_without(t->strides, axis), reshape_back);
}

Tensor narrow(const Tensor& t, int axis, Dim length) {
  Shape shape = t.shape();
  shape[axis] = length;
  return viewed("Slice", t, shape, t->strides, zeros_back);
}

Tensor select(const Tensor& t, int axis) {
  Shape shape = t.shape();
  shape.erase(axis);
  return viewed("Select", t, shape, strides_without(t->strides, axis), zeros_back);
}

Tensors split(const Tensor& t, int axis, const std::vector<Dim>& lengths) {
  Tensors outs;
  for (const Dim length : lengths) {
    Shape shape = t.shape();
    shape[axis] = length;
    outs.push_back(eager::alias(t, shape, t->strides));
  }
  record_split("Split", t, outs);
  return outs;
}

void record_split(std::string_view name, const Tensor& t, const Tensors& outs) {
  std::vector<Shape> shapes;
  for (const Tensor& out : outs) shapes.push_back(out.shape());
  eager::record(name, {t}, outs, {}, [shapes, old = t.shape()](eager::Node&, const Tensors& g) {
    DType dtype = DType::kF32;
    for (const Tensor& each : g)
      if (each.defined()) dtype = each.dtype();
    Tensors zeros;
    for (std::size_t i = 0; i < g.size(); ++i)
      if (!g[i].defined()) zeros.push_back(eager::empty(shapes[i], dtype));
    return Tensors{eager::empty(old, dtype)};
  });
}

Tensor clone(const Tensor& t) {
  Tensor out = eager::empty(t.shape(), t.dtype());
  eager::record("Clone", {t}, {out}, {}, [](eager::Node&, Tensors g) { return g; });
  return out;
}

Tensor contiguous(const Tensor& t) { return t.is_contiguous() ? t : clone(t); }

Tensor to(const Tensor& t, DType dtype) {
  if (t.dtype() == dtype) return t;
  Tensor out = eager::empty_like(t, dtype);
  eager::record("ToCopy", {t}, {out}, {}, [old = t.dtype()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty_like(g[0], old)};
  });
  return out;
}

namespace {

// A result that is a view to autograd, if it is one at all and not the tensor itself.
void out_view(EagerCall& c, const Tensor& out) {
  const Tensor t = c.in(0);
  if (!out.is(t) && out->storage == t->storage) out->is_view = true;
  c.out(out);
}

void view_row(EagerCall& c) { out_view(c, view(c.in(0), c.out_shape())); }
void unsafe_view_row(EagerCall& c) { c.out(view(c.in(0), c.out_shape())); }
void reshape_row(EagerCall& c) { out_view(c, reshape(c.in(0), c.out_shape())); }
void expand_row(EagerCall& c) { out_view(c, expand(c.in(0), c.out_shape())); }

void permute_row(EagerCall& c) {
  std::vector<int> axes;
  for (const std::int64_t i : c.ints_of("dims"))
    axes.push_back(static_cast<int>(i < 0 ? i + c.in(0).dim() : i));
  out_view(c, permute(c.in(0), axes));
}

void transpose_row(EagerCall& c) {
  const int rank = c.in(0).dim();
  const bool by_number = c.has("dim0");
  out_view(c, by_number ? transpose(c.in(0), c.axis_of("dim0", 0, rank), c.axis_of("dim1", 1, rank))
                        : transpose(c.in(0), -2, -1));
}

void unsqueeze_row(EagerCall& c) {
  out_view(c, unsqueeze(c.in(0), c.axis_of("dim", 0, c.in(0).dim() + 1)));
}

void squeeze_row(EagerCall& c) {
  const Tensor t = c.in(0);
  if (c.out_shape() == t.shape()) return out_view(c, view(t, t.shape()));
  if (c.has("dim") && c.ints_of("dim").size() == 1)
    return out_view(c, squeeze(t, c.axis_of("dim", 0, t.dim())));
  Tensor out = t;
  for (int i = t.dim(); i-- > 0 && out.dim() > c.out_shape().rank();)
    if (out.size(i) == Dim(1)) out = squeeze(out, i);
  out_view(c, out);
}

void slice_row(EagerCall& c) {
  const Tensor t = c.in(0);
  const int axis = c.axis_of("dim", 0, t.dim());
  // Python's indexing leaves out a slice that takes all.
  if (c.out_shape() == t.shape() && c.int_of("step", 1) == 1) return c.out(t);
  Tensor out = narrow(t, axis, c.out_shape()[axis]);
  if (c.int_of("step", 1) > 1) out->strides[axis] = out->strides[axis] * Dim(c.int_of("step", 1));
  out_view(c, out);
}

void select_row(EagerCall& c) { out_view(c, select(c.in(0), c.axis_of("dim", 0, c.in(0).dim()))); }

// split, chunk, tensor_split: pieces along one axis, each of its declared length
void split_row(EagerCall& c) {
  const Tensor t = c.in(0);
  const int axis = c.axis_of("dim", 0, t.dim());
  std::vector<Dim> lengths;
  for (std::size_t i = 0; i < c.num_outputs(); ++i) lengths.push_back(c.out_shape(i)[axis]);
  c.out(split(t, axis, lengths));
}

void unbind_row(EagerCall& c) {
  const Tensor t = c.in(0);
  const int axis = c.axis_of("dim", 0, t.dim());
  Shape shape = t.shape();
  shape.erase(axis);
  Tensors outs;
  for (std::size_t i = 0; i < c.num_outputs(); ++i)
    outs.push_back(eager::alias(t, shape, strides_without(t->strides, axis)));
  eager::record("Unbind", {t}, outs, {}, [shape, old = t.shape()](eager::Node&, const Tensors& g) {
    DType dtype = DType::kF32;
    for (const Tensor& each : g)
      if (each.defined()) dtype = each.dtype();
    return Tensors{eager::empty(old, dtype)};
  });
  c.out(std::move(outs));
}

void detach_row(EagerCall& c) { c.out(eager::detach(c.in(0))); }
void contiguous_row(EagerCall& c) { c.out(contiguous(c.in(0))); }
void same_row(EagerCall& c) { c.out(c.in(0)); }

void clone_row(EagerCall& c) {
  const Tensor t = c.in(0);
  if (c.text_of("memory_format") == "contiguous_format") return c.out(clone(t));
  Tensor out = eager::empty_like(t);
  eager::record("Clone", {t}, {out}, {}, [](eager::Node&, Tensors g) { return g; });
  c.out(out);
}

// A module in halves, traced in floats: `.to(device)` names the type of the trace, and so does
// `.to(x.dtype)`, which takes back what was widened before. `.to(torch.float32)` reads alike, but
// comes to halves.
DType named_dtype(const EagerCall& c, const Tensor& t) {
  const DType named = c.dtype_of().value_or(t.dtype());
  const DType halves = eager::Machine::current().halves;
  const bool does_nothing = c.context().input(0).dtype == named;
  if (halves == DType::kUnknown || named != DType::kF32 || !does_nothing) return named;
  if (c.op() == "float.default") return named;
  const bool is_for_device = c.op() == "to.dtype_layout" || c.op() == "to.device";
  if (is_for_device) return t.dtype();
  return t.dtype() == halves ? DType::kF32 : halves;
}

void to_row(EagerCall& c) {
  const Tensor t = c.in(0);
  DType dtype = named_dtype(c, t);
  if (c.num_inputs() > 1 && c.in(1).defined()) dtype = c.in(1).dtype();  // to.other, type_as
  if (c.flag("copy", false) && dtype == t.dtype()) return clone_row(c);
  c.out(to(t, dtype));
}

void copy_row(EagerCall& c) {  // _to_copy: always a copy
  const Tensor t = c.in(0);
  const DType dtype = named_dtype(c, t);
  if (dtype == t.dtype()) return clone_row(c);
  c.out(to(t, dtype));
}

void unfold_view_row(EagerCall& c) {  // Tensor.unfold: windows over one axis
  const Tensor t = c.in(0);
  const int axis = c.axis_of("dimension", 0, t.dim());
  Strides strides = t->strides;
  strides[axis] = strides[axis] * Dim(c.int_of("step", 1));
  strides.push_back(t->strides[axis]);
  out_view(c, viewed("Unfold", t, c.out_shape(), strides, zeros_back));
}

// as_strided_backward: the storage of the view in zeros, gradients added where its elements lie;
// where several lie in one place, by their indices.
Tensor storage_back(const Tensor& g, const Shape& old, const Strides& old_strides,
                    const Strides& strides) {
  const Dim count = max(eager::extent(old, old_strides), eager::extent(g.shape(), strides));
  const Tensor storage = eager::empty(Shape{count}, g.dtype());
  if (eager::may_overlap(g.shape(), strides)) {
    const Tensor indices = eager::empty(Shape{count}, DType::kI64);
    const Tensor taken = eager::empty(Shape{g.numel()}, DType::kI64);
    const Tensor flat = contiguous(g);
  }
  return eager::alias(storage, old, old_strides);
}

void as_strided_row(EagerCall& c) {
  const Tensor t = c.in(0);
  Strides strides = c.dims_of("stride");
  if (strides.rank() != c.out_shape().rank()) strides = eager::contiguous_strides(c.out_shape());
  Tensor out = eager::alias(t, c.out_shape(), strides);
  eager::record("AsStrided", {t}, {out}, {},
                [old = t.shape(), old_strides = t->strides, strides](eager::Node&, Tensors g) {
                  return Tensors{storage_back(g[0], old, old_strides, strides)};
                });
  out_view(c, out);
}

void diagonal_row(EagerCall& c) {
  const Tensor t = c.in(0);
  out_view(c, viewed("Diagonal", t, c.out_shape(), eager::contiguous_strides(c.out_shape()),
                     zeros_back));
}

// Zeros but on a diagonal, which lies over the axes dim1 and dim2 of the result.
void diag_embed_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  const int rank = out.dim();
  const int one = c.axis_of("dim1", -2, rank), two = c.axis_of("dim2", -1, rank);
  eager::record("DiagEmbed", {self}, {out}, {},
                [shape = self.shape(), one, two](eager::Node&, const Tensors& g) {
                  Strides strides = g[0]->strides;
                  strides.push_back(strides[one] + strides[two]);
                  strides.erase(std::max(one, two));
                  strides.erase(std::min(one, two));
                  return Tensors{eager::alias(g[0], shape, strides)};
                });
  c.out(out);
}

void copy_into_row(EagerCall& c) {  // copy_(self, src): src is cast as it goes
  const Tensor self = c.in(0), src = c.in(1);
  eager::record("Copy", {self, src}, {self}, {}, [](eager::Node& n, const Tensors& g) {
    return Tensors{n.needs(0) ? eager::empty_like(g[0]) : Tensor(), n.needs(1) ? g[0] : Tensor()};
  });
  c.out(self);
}

constexpr Op kRows[] = {
    with_values(row("view.default", view_row), kept_values),
    with_values(row("_unsafe_view.default", unsafe_view_row), kept_values),
    with_values(row("reshape.default", reshape_row), kept_values),
    row("view_as.default", view_row),
    with_values(row("reshape_as.default", reshape_row), kept_values),
    with_values(row("flatten.using_ints", reshape_row), kept_values),
    row("unflatten.int", view_row),
    with_values(row("expand.default", expand_row), kept_values),
    row("expand_as.default", expand_row),
    row("broadcast_to.default", expand_row),
    with_values(row("permute.default", permute_row), kept_values),
    with_values(row("transpose.int", transpose_row), kept_values),
    with_values(row("swapaxes.default", transpose_row), kept_values),
    with_values(row("t.default", transpose_row), kept_values),
    row("mT.default", transpose_row),
    row("mH.default", transpose_row),
    row("matrix_H.default", transpose_row),
    row("numpy_T.default", transpose_row),
    with_values(row("unsqueeze.default", unsqueeze_row), kept_values),
    with_values(row("squeeze.default", squeeze_row), kept_values),
    with_values(row("squeeze.dim", squeeze_row), kept_values),
    with_values(row("squeeze.dims", squeeze_row), kept_values),
    row("unsqueeze_.default", unsqueeze_row),
    row("squeeze_.default", squeeze_row),
    row("squeeze_.dim", squeeze_row),
    row("squeeze_.dims", squeeze_row),
    row("transpose_.default", transpose_row),
    row("t_.default", transpose_row),
    with_values(row("slice.Tensor", slice_row), whole_values),
    row("narrow.default", slice_row),
    row("select.int", select_row),
    row("split.Tensor", split_row),
    row("split.default", split_row),
    row("split.sizes", split_row),
    row("split_with_sizes.default", split_row),
    row("chunk.default", split_row),
    row("tensor_split.sections", split_row),
    row("unbind.int", unbind_row),
    row("unfold.default", unfold_view_row),
    row("as_strided.default", as_strided_row),
    row("diagonal.default", diagonal_row),
    row("diag_embed.default", diag_embed_row),
    with_values(row("detach.default", detach_row), kept_values),
    row("detach_.default", detach_row),
    with_values(row("alias.default", view_row), kept_values),
    with_values(row("lift_fresh_copy.default", clone_row), kept_values),
    with_values(row("contiguous.default", contiguous_row), kept_values),
    with_values(row("clone.default", clone_row), kept_values),
    with_values(row("to.dtype", to_row), kept_values),
    with_values(row("to.dtype_layout", to_row), kept_values),
    with_values(row("to.device", to_row), kept_values),
    with_values(row("to.other", to_row), kept_values),
    row("type_as.default", to_row),
    with_values(row("_to_copy.default", copy_row), kept_values),
    row("copy_.default", copy_into_row),
    row("requires_grad_.default", same_row),
    row("lift_fresh.default", same_row),
    row("float.default", to_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_view_ops() { return aten::kRows; }
}  // namespace shapewright::families
