// As PyTorch runs MKL on a CPU: the axes that are transformed lie last in memory, before and after.
// On a GPU cuFFT works in memory that its plans alone know.
#include "ops/aten_spectral.h"

#include <algorithm>

#include "ops/aten_complex.h"

namespace shapewright::aten {

namespace {

using Axes = std::vector<int>;

// One call of the library: the result, then the operand as it is read, unless it lies so.
Tensor transformed(const Tensor& t, const Axes& axes, const Shape& shape, DType dtype) {
  const auto is_batch = [&](int axis) { return std::ranges::find(axes, axis) == axes.end(); };
  Axes order;
  for (const int axis : eager::axis_order(t.shape(), t->strides))
    if (is_batch(axis)) order.push_back(axis);
  const auto num_batch = order.size();
  order.insert(order.end(), axes.begin(), axes.end());
  Shape old_shape, new_shape, lies, joined = {1};
  for (std::size_t i = 0; i < order.size(); ++i) {
    old_shape.push_back(t.size(order[i]));
    lies.push_back(t->strides[order[i]]);
    new_shape.push_back(shape[order[i]]);
    if (i < num_batch)
      joined[0] *= t.size(order[i]);
    else
      joined.push_back(t.size(order[i]));
  }
  const Tensor out = eager::empty(new_shape, dtype);
  const Strides dense = eager::contiguous_strides(new_shape);
  Strides strides = dense;
  for (std::size_t i = 0; i < order.size(); ++i) strides[order[i]] = dense[static_cast<int>(i)];
  const bool repeats = std::ranges::any_of(lies, [](Dim stride) { return known(stride) == 0; });
  Tensor copy;
  if (repeats || !eager::view_strides(old_shape, lies, joined))
    copy = eager::empty(joined, t.dtype());
  return eager::detach(eager::alias(out, shape, strides));
}

Axes axes_of(const EagerCall& c, int rank) {
  Axes axes;
  const std::string_view op = c.op();
  for (const std::int64_t axis : c.ints_of("dim"))
    axes.push_back(static_cast<int>(axis < 0 ? axis + rank : axis));
  if (!axes.empty()) return axes;
  const bool is_plane = op.find("fft2") != std::string_view::npos;
  const bool is_whole = op.find("fftn") != std::string_view::npos;
  const auto sizes = static_cast<int>(c.ints_of("s").size());
  const int count = is_plane ? 2 : !is_whole ? 1 : sizes > 0 ? sizes : rank;
  for (int axis = rank - count; axis < rank; ++axis) axes.push_back(axis);
  return axes;
}

// The size that is asked for of an axis; that of the operand where none is.
Dim asked_size(EagerCall& c, std::size_t which, Dim size) {
  const bool has = c.has("n") || c.has("s");
  const std::vector<std::int64_t> sizes = c.ints_of(c.has("n") ? "n" : "s");
  if (which < sizes.size()) return sizes[which] < 0 ? size : Dim(sizes[which]);
  if (has) c.count_in_part();  // a symbol
  return size;
}

// Cut, or with zeros behind.
Tensor resized(EagerCall& c, Tensor t, const Axes& axes, const std::vector<Dim>& sizes) {
  Shape shape = t.shape();
  bool grows = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim old = t.size(axes[i]);
    const auto more = known(sizes[i] - old);
    if (!more) c.count_in_part();
    if (more && *more < 0) t = narrow(t, axes[i], sizes[i]);
    grows = grows || (more && *more > 0);
    if (more) shape[axes[i]] = sizes[i];
  }
  if (!grows) return t;
  Tensor out = eager::empty(shape, t.dtype());
  eager::record("ConstantPadNd", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(old, g[0].dtype())};
  });
  return out;
}

Tensor c2c(const Tensor& t, const Axes& axes) {
  Tensor out = transformed(t, axes, t.shape(), t.dtype());
  eager::record("FftC2C", {t}, {out}, {}, [axes](eager::Node&, const Tensors& g) {
    return Tensors{transformed(g[0], axes, g[0].shape(), g[0].dtype())};
  });
  return out;
}

// Backward of half a spectrum fills the other half with zeros; it keeps the operand for a size.
Tensor r2c(const Tensor& t, const Axes& axes, const Shape& shape) {
  Tensor out = transformed(t, axes, shape, complex_of(t.dtype()));
  eager::record("FftR2C", {t}, {out}, {t},
                [axes, whole = t.shape()](eager::Node&, const Tensors& g) {
                  Tensor gradient = g[0];
                  if (g[0].shape() != whole) gradient = eager::empty(whole, g[0].dtype());
                  return Tensors{part_of(transformed(gradient, axes, whole, gradient.dtype()))};
                });
  return out;
}

Tensor c2r(const Tensor& t, int axis, const Shape& shape) {
  Tensor out = transformed(t, {axis}, shape, real_of(t.dtype()));
  eager::record("FftC2R", {t}, {out}, {}, [axis, half = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{transformed(g[0], {axis}, half, complex_of(g[0].dtype()))};
  });
  return out;
}

}  // namespace

void fft_row(EagerCall& c) {
  if (on_cuda()) c.count_in_part();
  Tensor t = c.in(0);
  const Axes axes = axes_of(c, t.dim());
  std::vector<Dim> sizes;
  for (const int axis : axes) sizes.push_back(c.out_shape()[axis]);
  const bool has_parts = is_complex(t.dtype());
  const bool is_one = axes.size() == 1 && c.op().find("fftn") == std::string_view::npos;
  if (!has_parts && !is_one) t = to(t, complex_of(t.dtype()));
  t = resized(c, std::move(t), axes, sizes);
  c.out(has_parts || !is_one ? c2c(t, axes) : r2c(t, axes, c.out_shape()));
}

void rfft_row(EagerCall& c) {
  if (on_cuda()) c.count_in_part();
  Tensor t = c.in(0);
  const Axes axes = axes_of(c, t.dim());
  std::vector<Dim> sizes;
  for (std::size_t i = 0; i < axes.size(); ++i) sizes.push_back(asked_size(c, i, t.size(axes[i])));
  t = resized(c, std::move(t), axes, sizes);
  c.out(r2c(t, axes, c.out_shape()));
}

void irfft_row(EagerCall& c) {
  if (on_cuda()) c.count_in_part();
  Tensor t = c.in(0);
  if (!is_complex(t.dtype())) t = to(t, complex_of(t.dtype()));
  const Axes axes = axes_of(c, t.dim());
  std::vector<Dim> sizes;
  for (const int axis : axes) sizes.push_back(c.out_shape()[axis]);
  // Of the last one half is read, and one more.
  sizes.back() = c.has("n") || c.has("s") ? floordiv(sizes.back(), 2) + 1 : t.size(axes.back());
  t = resized(c, std::move(t), axes, sizes);
  if (axes.size() > 1) t = c2c(t, Axes(axes.begin(), axes.end() - 1));
  c.out(c2r(t, axes.back(), c.out_shape()));
}

}  // namespace shapewright::aten
