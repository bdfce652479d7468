// Pooling, resizing, padding: what moves images.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// Gradient of the operand's shape, made in one piece.
eager::Backward fresh_back(const Shape& old) {
  return [old](eager::Node&, const Tensors& g) { return Tensors{eager::empty(old, g[0].dtype())}; };
}

bool is_channels_last(const Tensor& t) {
  return t.dim() == 4 && !t.is_contiguous() &&
         t->strides == eager::channels_last_strides(t.shape());
}

Tensor laid_like(const Tensor& t, const Shape& shape, DType dtype) {
  const bool is_last = is_channels_last(t) && shape.rank() == 4;
  return eager::empty_strided(
      shape, is_last ? eager::channels_last_strides(shape) : eager::contiguous_strides(shape),
      dtype);
}

// A gradient that repeats its elements, or leaves some out, is copied first.
Tensor written_out(const Tensor& g) {
  return eager::is_dense(g.shape(), g->strides) ? g : clone(g);
}

// Gradient laid as the operand. With channels last, one that comes otherwise is worked on as it
// lies: the gradient, and the indices, are copied.
Tensor pool_grad(const Tensor& self, const Tensor& indices, const Tensor& g) {
  Tensor grad = laid_like(self, self.shape(), g.dtype());
  const Tensor dense = written_out(g);
  if (!on_cuda() && is_channels_last(self) && g.is_contiguous()) {
    const Tensor copy = indices.defined() ? eager::empty(indices.shape(), DType::kI64) : Tensor();
    const Tensor work = eager::empty(self.shape(), g.dtype());
  }
  return grad;
}

void max_pool_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = laid_like(self, c.out_shape(), self.dtype());
  // Without gradients the CPU takes a kernel that makes no indices for one dim only.
  const Tensor indices = laid_like(self, c.out_shape(), DType::kI64);
  eager::record("MaxPool", {self}, {out}, {self, indices}, [](eager::Node& n, const Tensors& g) {
    return Tensors{pool_grad(n.saved[0], n.saved[1], g[0])};
  });
  c.out(out);
  if (c.num_outputs() > 1) c.out(indices);
}

void max_pool1d_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool records = eager::Machine::current().grad_enabled && self.requires_grad();
  if (records || on_cuda()) return max_pool_row(c);
  c.out(eager::empty(c.out_shape(), self.dtype()));
}

void avg_pool_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = laid_like(self, c.out_shape(), self.dtype());
  eager::record("AvgPool", {self}, {out}, {self}, [](eager::Node& n, const Tensors& g) {
    return Tensors{pool_grad(n.saved[0], {}, g[0])};
  });
  c.out(out);
}

void adaptive_avg_pool_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const Shape& shape = c.out_shape();
  // One cell is a mean, which keeps nothing.
  const int axes = c.op()[sizeof("adaptive_avg_pool") - 1] - '0';
  bool is_mean = shape.rank() > axes;
  for (int i = shape.rank() - axes; is_mean && i < shape.rank(); ++i) is_mean = shape[i] == Dim(1);
  if (is_mean) return c.out(mean(self, shape));
  avg_pool_row(c);
}

// Keeps nothing but sizes.
void resize_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const Shape& shape = c.out_shape();
  const bool is_last = self.dim() == 4 && shape.rank() == 4 && !self.is_contiguous() &&
                       self->strides == eager::channels_last_strides(self.shape());
  const Strides lay =
      is_last ? eager::channels_last_strides(shape) : eager::contiguous_strides(shape);
  Tensor out = eager::empty_strided(shape, lay, self.dtype());
  eager::record("Upsample", {self}, {out}, {},
                [old = self.shape()](eager::Node&, const Tensors& g) {
                  Tensor grad = eager::empty(old, g[0].dtype());
                  const Tensor dense = written_out(g[0]);
                  return Tensors{grad};
                });
  c.out(out);
}

// Nearest and bilinear, of two axes. Where the result is small, or lies with channels last, the
// CPU's kernel works with channels last: it copies what does not.
Dim copied_for_kernel(const Tensor& t, Dim height, Dim width) {
  constexpr std::int64_t kSmall = 128;  // rows and columns together
  if (known(t.size(1)) == 1 || !t.is_contiguous()) return 0;
  const Dim is_large = min(Dim(1), floordiv(height + width, Dim(kSmall + 1)));
  return (1 - is_large) * eager::bytes_of(t.dtype(), t.shape());
}

Tensor scratch(Dim bytes) {
  return known(bytes) == 0 ? Tensor() : eager::empty({bytes}, DType::kU8);
}

// A piece of channels of a gradient with channels last: not dense, but its gradient lies so too.
Tensor resized_grad(const Shape& old, const Tensor& g) {
  if (g.is_contiguous()) return eager::empty(old, g.dtype());
  const bool is_last = g.dim() == 4 && g->strides[1] == Dim(1);
  const Strides lay = is_last ? eager::channels_last_strides(old) : eager::contiguous_strides(old);
  Tensor grad = eager::empty_strided(old, lay, g.dtype());
  if (on_cuda() || is_channels_last(g)) return grad;
  const Tensor dense = eager::empty(g.shape(), g.dtype());
  const Tensor work = is_last ? eager::empty(old, g.dtype()) : Tensor();
  return grad;
}

void resize_plane_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const Shape& shape = c.out_shape();
  Tensor out = laid_like(self, shape, self.dtype());
  if (!on_cuda()) {
    const Tensor x = scratch(copied_for_kernel(self, shape[2], shape[3]));
    const Tensor y = scratch(copied_for_kernel(out, shape[2], shape[3]));
  }
  eager::record("Upsample", {self}, {out}, {},
                [old = self.shape()](eager::Node&, const Tensors& g) {
                  return Tensors{resized_grad(old, g[0])};
                });
  c.out(out);
}

void pad_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const std::string_view mode = c.text_of("mode");
  const bool keeps = !mode.empty() && mode != "constant";
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Pad", {self}, {out}, {keeps ? self : Tensor()}, fresh_back(self.shape()));
  c.out(out);
}

void pixel_row(EagerCall& c) {  // reshape, permute, a copy
  resize_row(c);
}

void flip_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = laid_like(self, c.out_shape(), self.dtype());
  eager::record("Flip", {self}, {out}, {}, fresh_back(self.shape()));
  c.out(out);
}

void roll_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const std::size_t turns = c.ints_of("shifts").size();
  Tensor out;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, turns); ++i) out = eager::empty_like(self);
  eager::record("Roll", {self}, {out}, {}, [turns](eager::Node&, const Tensors& g) {
    Tensor back;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, turns); ++i)
      back = eager::empty_like(g[0]);
    return Tensors{back};
  });
  c.out(out);
}

// Results of both are made as large as the operand and then given their size: a larger one in a
// new piece, a smaller one in the old.
Tensor sized_anew(const Tensor& operand, const Shape& shape) {
  const Dim before = operand.numel(), after = num_elements(shape);
  const Tensor first = eager::empty({before}, operand.dtype());
  const Truth fits = prove_le(after, before);
  if (fits == Truth::kNo) return eager::empty(shape, operand.dtype());
  const Tensor storage =
      fits == Truth::kYes ? first : eager::empty({max(before, after)}, operand.dtype());
  return eager::detach(eager::alias(storage, shape, eager::contiguous_strides(shape)));
}

void im2col_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = sized_anew(self, c.out_shape());
  eager::record("Im2Col", {self}, {out}, {}, [old = self.shape()](eager::Node&, const Tensors& g) {
    const Tensor dense = written_out(g[0]);
    return Tensors{sized_anew(dense, old)};
  });
  c.out(out);
}

void grid_sampler_row(EagerCall& c) {
  const Tensor self = c.in(0), grid = c.in(1);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("GridSampler", {self, grid}, {out}, {self, grid},
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads;
                  grads.push_back(n.needs(0) ? eager::empty_like(n.saved[0]) : Tensor());
                  grads.push_back(eager::empty_like(n.saved[1]));
                  const Tensor dense = written_out(g[0]);
                  return grads;
                });
  c.out(out);
}

// -1 to 1 in so many steps, at the centres of pixels or from corner to corner.
Tensor steps_along(Dim count, bool at_corners, DType dtype) {
  Tensor range = eager::empty({count}, dtype);
  if (at_corners) return range;
  const Tensor scaled = eager::empty({count}, dtype);  // range * (count - 1) / count
  return eager::empty({count}, dtype);
}

Tensor base_grid(const Shape& out, bool at_corners, DType dtype) {
  Shape shape = out;
  shape[shape.rank() - 1] = Dim(shape.rank() - 1);  // homogeneous coordinates
  Tensor grid = eager::empty(shape, dtype);
  for (int axis = shape.rank() - 2; axis >= 1; --axis) steps_along(shape[axis], at_corners, dtype);
  return grid;
}

// A product of the grid of an image with a matrix for each.
void affine_grid_row(EagerCall& c) {
  const Tensor theta = c.in(0);
  const Shape out_shape = c.out_shape();
  const bool at_corners = c.flag("align_corners", false);
  Tensor out;
  {
    const Tensor grid = base_grid(out_shape, at_corners, theta.dtype());
    out = eager::empty(out_shape, theta.dtype());
  }
  eager::record("AffineGridGenerator", {theta}, {out}, {},
                [out_shape, at_corners, shape = theta.shape()](eager::Node&, const Tensors& g) {
                  const Tensor grid = base_grid(out_shape, at_corners, g[0].dtype());
                  return Tensors{eager::empty(shape, g[0].dtype())};
                });
  c.out(out);
}

constexpr Op kRows[] = {
    row("max_pool2d.default", max_pool_row),
    row("max_pool3d.default", max_pool_row),
    row("max_pool1d.default", max_pool1d_row),
    row("max_pool2d_with_indices.default", max_pool_row),
    row("adaptive_max_pool2d.default", max_pool_row),
    row("adaptive_max_pool1d.default", max_pool_row),
    row("avg_pool1d.default", avg_pool_row),
    row("avg_pool2d.default", avg_pool_row),
    row("avg_pool3d.default", avg_pool_row),
    row("adaptive_avg_pool1d.default", adaptive_avg_pool_row),
    row("adaptive_avg_pool2d.default", adaptive_avg_pool_row),
    row("adaptive_avg_pool3d.default", adaptive_avg_pool_row),
    row("upsample_nearest1d.vec", resize_row),
    row("upsample_nearest2d.vec", resize_plane_row),
    row("upsample_nearest2d.default", resize_plane_row),
    row("upsample_nearest3d.vec", resize_row),
    row("upsample_bilinear2d.vec", resize_plane_row),
    row("upsample_bilinear2d.default", resize_plane_row),
    row("upsample_bicubic2d.vec", resize_row),
    row("upsample_bicubic2d.default", resize_row),
    row("_upsample_nearest_exact2d.vec", resize_plane_row),
    row("_upsample_bicubic2d_aa.vec", resize_row),
    row("_upsample_bicubic2d_aa.default", resize_row),
    row("_upsample_bilinear2d_aa.default", resize_row),
    row("_upsample_bilinear2d_aa.vec", resize_row),
    row("upsample_linear1d.vec", resize_row),
    row("upsample_trilinear3d.vec", resize_row),
    row("pad.default", pad_row),
    row("constant_pad_nd.default", pad_row),
    row("reflection_pad2d.default", avg_pool_row),
    row("replication_pad2d.default", avg_pool_row),
    row("pixel_shuffle.default", pixel_row),
    row("pixel_unshuffle.default", pixel_row),
    row("channel_shuffle.default", pixel_row),
    row("roll.default", roll_row),
    row("flip.default", flip_row),
    row("im2col.default", im2col_row),
    row("col2im.default", im2col_row),
    row("grid_sampler.default", grid_sampler_row),
    row("affine_grid_generator.default", affine_grid_row),
    row("tril.default", resize_row),
    row("triu.default", resize_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_pool_ops() { return aten::kRows; }
}  // namespace shapewright::families
