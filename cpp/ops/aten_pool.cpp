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

void max_pool_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  // Without gradients the CPU takes a kernel that makes no indices for one dim only.
  const Tensor indices = eager::empty(c.out_shape(), DType::kI64);
  eager::record("MaxPool", {self}, {out}, {self, indices}, fresh_back(self.shape()));
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
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("AvgPool", {self}, {out}, {self}, fresh_back(self.shape()));
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
  eager::record("Upsample", {self}, {out}, {}, fresh_back(self.shape()));
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

void im2col_row(EagerCall& c) { resize_row(c); }

void grid_sampler_row(EagerCall& c) {
  const Tensor self = c.in(0), grid = c.in(1);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("GridSampler", {self, grid}, {out}, {self, grid},
                [](eager::Node& n, const Tensors&) {
                  Tensors grads;
                  grads.push_back(n.needs(0) ? eager::empty_like(n.saved[0]) : Tensor());
                  grads.push_back(eager::empty_like(n.saved[1]));
                  return grads;
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
    row("upsample_nearest2d.vec", resize_row),
    row("upsample_nearest2d.default", resize_row),
    row("upsample_nearest3d.vec", resize_row),
    row("upsample_bilinear2d.vec", resize_row),
    row("upsample_bilinear2d.default", resize_row),
    row("upsample_bicubic2d.vec", resize_row),
    row("upsample_bicubic2d.default", resize_row),
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
    row("flip.default", resize_row),
    row("im2col.default", im2col_row),
    row("col2im.default", im2col_row),
    row("grid_sampler.default", grid_sampler_row),
    row("tril.default", resize_row),
    row("triu.default", resize_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_pool_ops() { return aten::kRows; }
}  // namespace shapewright::families
