// Convolutions that are not a window sliding over the input: ConvTranspose, DeformConv and
// CausalConvWithState.
#include <algorithm>
#include <string>

#include "ops/conv.h"

namespace shapewright::rules {

namespace {

constexpr ConvOperands kOperands = {0, 1, 2};

DTypeSet conv_floats(const Context& op) { return op.version() >= 22 ? kAllFloats : kFloats; }

// Output padding adds to one side only, so it must stay below a step of the windows.
std::span<const std::int64_t> output_padding(const Context& op, const Windows& windows,
                                             int spatial) {
  const auto padding = axis_attr(op, "output_padding", spatial, 0, "pads-invalid");
  for (int i = 0; i < spatial && !padding.empty(); ++i) {
    const std::int64_t value = padding[static_cast<std::size_t>(i)];
    const std::int64_t step = std::max(windows.stride(i), windows.dilation(i));
    if (value == 0 || value < step) continue;
    op.fail("pads-invalid", "ConvTranspose output_padding " + std::to_string(value) + " on axis " +
                                std::to_string(i + 2) + " is not below stride or dilation " +
                                std::to_string(step));
  }
  return padding;
}

// Size on spatial axis `i` of what spreads `in` by the stride.
Dim spread_size(Context& op, const Windows& windows, int i, Dim in, Dim kernel,
                std::int64_t padding, std::span<const std::int64_t> sizes) {
  const int axis = i + 2;
  const Dim stride = windows.stride(i);
  const Dim bare = stride * (in - 1) + windows.extent(i, kernel);
  const Dim full = bare + Dim(padding);
  if (!sizes.empty()) {
    // Pads are made to fit; past `bare` there is less than a stride to gain.
    const Dim size = sizes[static_cast<std::size_t>(i)], most = bare + stride - 1;
    if (prove_le(size, most) == Truth::kNo) {
      op.fail("attr-value", "ConvTranspose output_shape " + to_string(size) + " on axis " +
                                std::to_string(axis) + " is past what the input gives: at most " +
                                to_string(most));
    }
    op.require_at_most("attr-value", size, most, [&] {
      return "output_shape into what the input gives on axis " + std::to_string(axis);
    });
    return size;
  }
  // The specification says in * stride; ONNX Runtime cannot pad by less than nothing, so where the
  // kernel does not reach the stride the output ends with the last window.
  if (windows.same()) return min(in * stride, full);
  const Dim pads = windows.pads(i);
  if (prove_lt(pads, full) == Truth::kNo) {
    op.fail("pads-invalid", "ConvTranspose pads of " + to_string(pads) +
                                " leave nothing of the output " + to_string(full) + " on axis " +
                                std::to_string(axis));
  }
  op.require_at_most("pads-invalid", 1, full - pads, [&] {
    return "pads of " + to_string(pads) + " into the output on axis " + std::to_string(axis);
  });
  return full - pads;
}

}  // namespace

// X [N, C, d...], W [C, M/group, k...] -> Y [N, M, ...]
void conv_transpose_infer(Context& op) {
  require_dtype(op, 0, conv_floats(op));
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  const ConvSetup setup = conv_setup(op, kOperands);
  if (setup.rank < 0) return op.output(0, dtype, Shape::unknown_rank());
  const int spatial = setup.spatial();
  const Windows windows(op, spatial);
  const auto padding = output_padding(op, windows, spatial);
  const auto sizes = axis_attr(op, "output_shape", spatial, 1, "attr-value");
  const bool x_ranked = op.has_rank(0), w_ranked = op.has_rank(1);
  if (x_ranked && w_ranked) {
    op.require_equal("conv-channels", op.shape(0)[1], op.shape(1)[0],
                     [] { return std::string("X axis 1 with W axis 0"); });
  }
  if (x_ranked || w_ranked) {
    const Dim channels = x_ranked ? op.shape(0)[1] : op.shape(1)[0];
    require_group(op, setup.group, channels, "the input channels");
  }
  const Dim channels = w_ranked ? op.shape(1)[1] * Dim(setup.group) : op.unknown_dim();
  require_bias(op, kOperands.bias, channels);

  Shape out;
  out.push_back(x_ranked ? op.shape(0)[0] : op.unknown_dim());
  out.push_back(channels);
  for (int i = 0; i < spatial; ++i) {
    const std::int64_t extra = padding.empty() ? 0 : padding[static_cast<std::size_t>(i)];
    const Dim kernel = kernel_size(op, kOperands, setup, i);
    const Dim in = x_ranked ? op.shape(0)[i + 2] : op.unknown_dim();
    const bool told = x_ranked || !sizes.empty();
    out.push_back(told ? spread_size(op, windows, i, in, kernel, extra, sizes) : in);
  }
  op.output(0, dtype, std::move(out));
}

// Every input element meets each entry of its group's kernel once.
Dim conv_transpose_flops(const Context& op) {
  if (!op.has_rank(0) || !op.has_rank(1)) return 0;
  return Dim(2) * num_elements(op.shape(0)) * product(op.shape(1).dims().subspan(1));
}

// offset [N, offset_group * k... * axes, out...], mask [N, offset_group * k..., out...]
void deform_conv_infer(Context& op) {
  enum { kX, kW, kOffset, kBias, kMask };
  require_dtype(op, kX, conv_floats(op));
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  const ConvOperands operands = {kX, kW, kBias};
  const Shape out = conv_shape(op, operands);
  const std::int64_t offset_group = op.attr_int("offset_group", 1);
  if (offset_group < 1) {
    op.fail("conv-group", "DeformConv attribute offset_group is " + std::to_string(offset_group) +
                              ": at least 1 is needed");
  }
  if (op.has_rank(kX) && offset_group != 1) {
    op.require_divides("conv-group", offset_group, op.shape(kX)[1],
                       [] { return std::string("the input channels into offset groups"); });
  }
  const auto check = [&](std::size_t input, std::int64_t per_point) {
    if (!op.has_rank(input) || !out.has_rank()) return;
    require_rank(op, input, out.rank(), out.rank());
    const Shape& shape = op.shape(input);
    if (op.has_rank(kW)) {
      const Dim need = Dim(offset_group) * Dim(per_point) * product(op.shape(kW).dims().subspan(2));
      op.require_equal("shape-mismatch", shape[1], need, [&] {
        return axis_text(operand_name(op, input), 1) + " with the offset groups and the kernel";
      });
    }
    for (int axis = 0; axis < out.rank(); ++axis) {
      if (axis == 1) continue;
      op.require_equal("shape-mismatch", shape[axis], out[axis], [&] {
        return axis_text(operand_name(op, input), axis) + " with the output";
      });
    }
  };
  check(kOffset, out.rank() - 2);
  // For other than two axes the specification contradicts itself on the size of the mask.
  if (out.rank() == 4) check(kMask, 1);
  op.output(0, dtype, out);
}

// input [B, C, L], weight [C, 1, k], bias [C], past_state [B, C, k - 1]
void causal_conv_infer(Context& op) {
  enum { kInput, kWeight, kBias, kPast };
  require_dtype(op, kInput, dtypes(DType::kF32, DType::kF16, DType::kBF16));
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  word_attr(op, "activation", "none", {"none", "silu", "swish"});
  require_rank(op, kInput, 3, 3);
  require_rank(op, kWeight, 3, 3);
  require_rank(op, kPast, 3, 3);
  const bool x_ranked = op.has_rank(kInput), w_ranked = op.has_rank(kWeight);
  Shape out = x_ranked ? op.shape(kInput) : unknown_dims(op, 3);
  Dim keep;
  if (w_ranked) {
    const Shape& w = op.shape(kWeight);
    const auto channels = [] { return std::string("input axis 1 with weight axis 0"); };
    if (x_ranked) op.require_equal("conv-channels", out[1], w[0], channels);
    op.require_equal("conv-group", w[1], 1,
                     [] { return std::string("weight axis 1 with one channel a group"); });
    if (known(w[2]) == 0) op.fail("kernel-empty", "CausalConvWithState kernel is 0 on axis 2");
    keep = w[2] - 1;
    if (!x_ranked) out[1] = w[0];
  } else {
    keep = op.unknown_dim();
  }
  require_bias(op, kBias, out[1]);
  Shape state = {out[0], out[1], keep};
  if (op.has_rank(kPast)) {
    for (int axis = 0; axis < 3; ++axis) {
      state[axis] = op.unify("shape-mismatch", op.shape(kPast)[axis], state[axis], [&] {
        return axis_text("past_state", axis) + (axis == 2
                                                    ? " with the kernel less one"
                                                    : " with input axis " + std::to_string(axis));
      });
    }
  }
  op.output(0, dtype, std::move(out));
  op.output(1, dtype, std::move(state));
}

Dim causal_conv_flops(const Context& op) { return conv_macs_flops(op, 1); }

}  // namespace shapewright::rules
