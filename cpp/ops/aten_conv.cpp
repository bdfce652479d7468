// Convolutions keep input and weight, whatever asks for a gradient. On the CPU oneDNN works on
// blocked copies of its operands.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// A copy of a tensor in oneDNN's blocked layout: channels in blocks.
constexpr std::int64_t kBlock = 16;

Dim blocked_bytes(const Shape& shape, int channel_axis, DType dtype) {
  Shape padded = shape;
  if (const auto n = known(shape[channel_axis]))
    if (*n > 3) padded[channel_axis] = (*n + kBlock - 1) / kBlock * kBlock;
  return eager::bytes_of(dtype, padded);
}

Tensor blocked(const Shape& shape, DType dtype, int channel_axis = 1) {
  const Dim bytes = blocked_bytes(shape, channel_axis, dtype);
  const eager::StorageId s = eager::Machine::current().alloc(bytes);
  return Tensor(std::make_shared<eager::TensorBody>(s, dtype, shape, eager::contiguous_strides(shape)));
}

// An image of at most 3 channels is read as it lies.
bool is_copied(const Shape& shape) {
  const auto channels = known(shape[1]);
  return !channels || *channels > 3;
}

Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Shape& out_shape) {
  const DType dtype = input.dtype();
  Tensor out;
  if (on_cuda()) {
    out = eager::empty(out_shape, dtype);
  } else {
    Tensor y;
    {
      const Tensor x = is_copied(input.shape()) ? blocked(input.shape(), dtype) : Tensor();
      const Tensor w = blocked(weight.shape(), dtype, 0);
      y = blocked(out_shape, dtype);
    }
    out = eager::empty(out_shape, dtype);
  }
  eager::record(
      "Convolution", {input, weight, bias}, {out}, {input, weight},
      [](eager::Node& n, const Tensors& g) {
        const Tensor x_saved = n.saved[0], w_saved = n.saved[1];
        const DType type = g[0].dtype();
        Tensors grads(3);
        if (n.needs(0)) {
          Tensor gx;
          if (!on_cuda()) {
            const Tensor gy = blocked(g[0].shape(), type);
            const Tensor w = blocked(w_saved.shape(), type, 0);
            gx = blocked(x_saved.shape(), type);
          }
          grads[0] = eager::empty(x_saved.shape(), type);
        }
        if (n.needs(1) || n.needs(2)) {
          Tensor gw;
          if (!on_cuda()) {
            const Tensor gy = blocked(g[0].shape(), type);
            const Tensor x = is_copied(x_saved.shape()) ? blocked(x_saved.shape(), type) : Tensor();
            gw = blocked(w_saved.shape(), type, 0);
          }
          if (n.needs(2)) grads[2] = eager::empty({g[0].size(1)}, type);
          if (n.needs(1)) grads[1] = eager::empty(w_saved.shape(), type);
        }
        return grads;
      });
  return out;
}

void conv_row(EagerCall& c) {
  const Tensor input = contiguous(c.in(0));
  c.out(convolution(input, c.in(1), c.in(2), c.out_shape()));
}

constexpr Op kRows[] = {
    row("conv1d.default", conv_row),
    row("conv2d.default", conv_row),
    row("conv3d.default", conv_row),
    row("conv1d.padding", conv_row),
    row("conv2d.padding", conv_row),
    row("conv3d.padding", conv_row),
    row("convolution.default", conv_row),
    row("conv_transpose1d.default", conv_row),
    row("conv_transpose2d.input", conv_row),
    row("conv_transpose3d.input", conv_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_conv_ops() { return aten::kRows; }
}  // namespace shapewright::families
