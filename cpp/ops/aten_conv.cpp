// Convolutions keep input and weight, whatever asks for a gradient. On the CPU oneDNN works on
// copies of its operands, and one small image is unfolded into columns.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"
#include "ops/gpu_conv.h"
#include "ops/onednn.h"

namespace shapewright::aten {

namespace {

using onednn::Convolution;
using onednn::Plan;

Tensor scratch(Dim bytes) {
  if (known(bytes) == 0) return {};
  const Shape shape = {bytes};
  const eager::StorageId s = eager::Machine::current().alloc(bytes);
  return Tensor(
      std::make_shared<eager::TensorBody>(s, DType::kU8, shape, eager::contiguous_strides(shape)));
}

Tensor workspace(const Convolution& c, const Plan& plan) {
  const Dim again = c.is_nested ? min(Dim(1), plan.scratch) * onednn::kBooking : Dim(0);
  return scratch(plan.scratch + again);
}

Tensor image_copy(const Shape& image, std::int64_t block, DType dtype) {
  return block == onednn::kAsItLies ? Tensor() : scratch(onednn::image_bytes(image, block, dtype));
}

Tensor weight_copy(const Convolution& c, const Plan& plan) {
  return plan.is_plain() ? Tensor() : scratch(onednn::weight_bytes(c, plan));
}

// --- channels last: the result is made in place, and the weights are turned first
Tensor last_empty(const Shape& shape, DType dtype) {
  return eager::empty_strided(shape, eager::channels_last_strides(shape), dtype);
}

Tensor run_forward_last(const Convolution& c) {
  // The weights of a depthwise one lie alike either way.
  const Tensor turned = c.has_one_weight() ? Tensor() : last_empty(c.w, c.dtype);
  Tensor y = last_empty(c.y, c.dtype);
  const Plan plan = plan_forward(c);
  const Tensor work = workspace(c, plan), w = weight_copy(c, plan);
  return y;
}

Tensors last_grads(const Convolution& c, const eager::Node& n, const Tensor& g) {
  Tensors grads(3);
  const Tensor turned = c.has_one_weight() ? Tensor() : last_empty(c.w, c.dtype);
  const bool lies_so = g->strides == eager::channels_last_strides(c.y);
  const Tensor gy = lies_so ? Tensor() : last_empty(c.y, c.dtype);
  const Plan plan = plan_backward_data(c);
  if (n.needs(0)) {
    grads[0] = last_empty(c.x, c.dtype);
    const Tensor w = weight_copy(c, plan), work = workspace(c, plan);
  }
  if (n.needs(1) || n.needs(2)) {
    const Tensor w = weight_copy(c, plan_backward_weights(c));
    {
      Tensor b;
      if (n.needs(2)) b = eager::empty({c.w[0]}, c.dtype);
    }
    if (n.needs(2)) grads[2] = eager::empty({c.w[0]}, c.dtype);
    const Tensor made = last_empty(c.w, c.dtype);
    if (n.needs(1)) grads[1] = last_empty(c.w, c.dtype);
  }
  return grads;
}

// y of x and w
Tensor run_forward(const Convolution& c) {
  if (!onednn::is_asked(c)) {
    const Tensor columns = scratch(onednn::column_bytes(c));
    return eager::empty(c.y, c.dtype);
  }
  const Plan plan = plan_forward(c);
  Tensor y;
  {
    const Tensor work = workspace(c, plan);
    const Tensor x = image_copy(c.x, plan.x_block, c.dtype), w = weight_copy(c, plan);
    if (plan.is_plain()) return eager::empty(c.y, c.dtype);
    y = image_copy(c.y, plan.y_block, c.dtype);
  }
  return eager::empty(c.y, c.dtype);
}

// x of y and w: the gradient of an image, or a transposed convolution
Tensor run_data(const Convolution& c) {
  const Plan plan = plan_backward_data(c);
  Tensor x;
  {
    const Tensor y = image_copy(c.y, plan.y_block, c.dtype), w = weight_copy(c, plan);
    x = plan.is_plain() ? eager::empty(c.x, c.dtype) : image_copy(c.x, plan.x_block, c.dtype);
    const Tensor work = workspace(c, plan);
  }
  const bool is_channels_last = plan.x_block == 1 && known(c.x[1]) != 1;
  const Tensor turned = is_channels_last ? eager::empty(c.x, c.dtype) : Tensor();
  return eager::empty(c.x, c.dtype);
}

struct WeightGrads {
  Tensor weight, bias;
};

WeightGrads run_weights(const Convolution& c, const Shape& bias, bool needs_bias) {
  const Plan plan = plan_backward_weights(c);
  Tensor w, b;
  {
    const Tensor y = image_copy(c.y, plan.y_block, c.dtype);
    const Tensor x = image_copy(c.x, plan.x_block, c.dtype);
    w = plan.is_plain() ? eager::empty(c.w, c.dtype) : weight_copy(c, plan);
    const Tensor work = workspace(c, plan);
    if (needs_bias) b = eager::empty(bias, c.dtype);
  }
  WeightGrads grads;
  if (needs_bias) grads.bias = eager::empty(bias, c.dtype);
  grads.weight = eager::empty(c.w, c.dtype);
  return grads;
}

// --- one image that oneDNN is not asked for: columns, then a product of matrices
Tensors column_grads(const Convolution& c, const eager::Node& n) {
  Tensors grads(3);
  if (n.needs(0)) {
    grads[0] = eager::empty(c.x, c.dtype);
    if (!n.needs(1)) const Tensor columns = scratch(onednn::column_bytes(c));
  }
  if (n.needs(2)) grads[2] = eager::empty({c.w[0]}, c.dtype);
  if (n.needs(1)) {
    grads[1] = eager::empty(c.w, c.dtype);
    const Tensor columns = scratch(onednn::column_bytes(c));
  }
  return grads;
}

Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                   const Convolution& c, bool is_transposed) {
  if (on_cuda())
    return gpu_convolution(input, weight, bias, {c.x, c.w, c.y, c.groups, is_transposed});
  Tensor out;
  {
    const bool is_copied = !input.is_contiguous() && !c.is_channels_last;
    const Tensor dense = is_copied ? eager::empty(input.shape(), c.dtype) : input;
    out = c.is_channels_last ? run_forward_last(c) : is_transposed ? run_data(c) : run_forward(c);
  }
  eager::record(
      "Convolution", {input, weight, bias}, {out}, {input, weight},
      [c, is_transposed](eager::Node& n, const Tensors& g) {
        const Tensor x = n.saved[0];
        if (c.is_channels_last) return last_grads(c, n, g[0]);
        const Tensor dense = x.is_contiguous() ? Tensor() : eager::empty(x.shape(), c.dtype);
        const Tensor gy = g[0].is_contiguous() ? Tensor() : eager::empty(g[0].shape(), c.dtype);
        if (!is_transposed && !onednn::is_asked(c)) return column_grads(c, n);
        Tensors grads(3);
        if (n.needs(0)) grads[0] = is_transposed ? run_forward(c) : run_data(c);
        if (n.needs(1) || n.needs(2)) {
          const Shape bias_shape = {is_transposed ? c.x[1] : c.w[0]};
          WeightGrads made = run_weights(c, bias_shape, n.needs(2));
          if (n.needs(1)) grads[1] = std::move(made.weight);
          grads[2] = std::move(made.bias);
        }
        return grads;
      });
  return out;
}

Convolution geometry(const EagerCall& c, const Shape& x, const Shape& w, const Shape& y,
                     bool is_transposed) {
  Convolution out{x, w, y, c.ints_of("stride"), c.ints_of("dilation"), {}, c.int_of("groups", 1)};
  if (c.text_of("padding") == "same") {
    for (int i = 0; i < out.num_axes(); ++i)
      out.padding.push_back(out.dilation_of(i) * (out.kernel(i) - 1) / 2);
  } else if (c.text_of("padding").empty()) {
    out.padding = c.ints_of("padding");
  }
  out.is_nested = is_transposed;
  out.has_bias = c.in(2).defined() && !is_transposed;
  out.dtype = c.in(0).dtype();
  return out;
}

// A batch of one in front where there is none.
Shape with_batch(const Shape& shape, int rank) {
  if (shape.rank() == rank) return shape;
  Shape out = {Dim(1)};
  for (int i = 0; i < shape.rank(); ++i) out.push_back(shape[i]);
  return out;
}

void conv_row(EagerCall& c) {
  Tensor input = c.in(0);
  const Tensor weight = c.in(1);
  const int rank = weight.dim();
  if (c.text_of("padding") == "same") {  // an even kernel wants one more on one side
    Shape shape = input.shape();
    bool grows = false;
    for (int i = 2; i < rank; ++i) {
      const auto k = known(weight.size(i));
      if (!k || *k % 2 != 0) continue;
      shape[shape.rank() - rank + i] += 1;
      grows = true;
    }
    if (grows) {
      const Tensor padded = eager::empty(shape, input.dtype());
      eager::record("ConstantPadNd", {input}, {padded}, {},
                    [old = input.shape()](eager::Node&, const Tensors& g) {
                      return Tensors{eager::empty(old, g[0].dtype())};
                    });
      input = padded;
    }
  }
  const Shape x = with_batch(input.shape(), rank), y = with_batch(c.out_shape(), rank);
  Convolution geometry_of = geometry(c, x, weight.shape(), y, false);
  geometry_of.is_channels_last = input.dim() == 4 && !input.is_contiguous() &&
                                 input->strides == eager::channels_last_strides(input.shape());
  Tensor out = convolution(input, weight, c.in(2), geometry_of, false);
  c.out(out.dim() == c.out_shape().rank() ? out : view(out, c.out_shape()));
}

void conv_transpose_row(EagerCall& c) {
  const Tensor input = c.in(0), weight = c.in(1);
  const int rank = weight.dim();
  // The convolution whose backward this is: it reads the output and makes the input.
  const Shape x = with_batch(c.out_shape(), rank), y = with_batch(input.shape(), rank);
  Tensor out = convolution(input, weight, c.in(2), geometry(c, x, weight.shape(), y, true), true);
  c.out(out.dim() == c.out_shape().rank() ? out : view(out, c.out_shape()));
}

constexpr Op kRows[] = {
    row("conv1d.default", conv_row),
    row("conv2d.default", conv_row),
    row("conv3d.default", conv_row),
    row("conv1d.padding", conv_row),
    row("conv2d.padding", conv_row),
    row("conv3d.padding", conv_row),
    row("conv_transpose1d.default", conv_transpose_row),
    row("conv_transpose2d.input", conv_transpose_row),
    row("conv_transpose3d.input", conv_transpose_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_conv_ops() { return aten::kRows; }
}  // namespace shapewright::families
