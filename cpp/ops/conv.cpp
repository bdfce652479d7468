// Conv, ConvInteger and QLinearConv; the table of all convolutions.
#include "ops/conv.h"

#include <string>

#include "ops/families.h"

namespace shapewright {

namespace rules {

namespace {

std::string name_of_input(const Context& op, int input) {
  return operand_name(op, static_cast<std::size_t>(input));
}

bool ranked(const Context& op, int input) {
  return input >= 0 && op.has_rank(static_cast<std::size_t>(input));
}

const Shape& shape_of(const Context& op, int input) {
  return op.shape(static_cast<std::size_t>(input));
}

// X axis 1 must be W axis 1 times the number of groups.
void require_channels(Context& op, const ConvOperands& in, std::int64_t group) {
  const Dim have = shape_of(op, in.x)[1], per_group = shape_of(op, in.w)[1];
  const Dim need = per_group * Dim(group);
  if (have == need) return;
  const auto x = known(have), w = known(per_group), m = known(shape_of(op, in.w)[0]);
  if (x && w && m && prove_eq(have, need) == Truth::kNo) {
    std::string hint;
    if (*w > 0 && *x % *w == 0 && *x > *w && *m % (*x / *w) == 0)
      hint = "group=" + std::to_string(*x / *w) + " satisfies the rule";
    else if (*x % group == 0)
      hint = axis_text(name_of_input(op, in.w), 1) + " must be " + std::to_string(*x / group);
    const std::string left = to_string(have), right = to_string(need);
    op.fail("conv-channels",
            std::string(op.op_type()) + " needs " + axis_text(name_of_input(op, in.x), 1) +
                " to be " + axis_text(name_of_input(op, in.w), 1) + " times group: " + left +
                " != " + to_string(per_group) + " * " + std::to_string(group),
            {{"left", left}, {"right", right}}, std::move(hint));
  }
  op.require_equal("conv-channels", have, need, [&] {
    return axis_text(name_of_input(op, in.x), 1) + " with " +
           axis_text(name_of_input(op, in.w), 1) + " times group " + std::to_string(group);
  });
}

}  // namespace

ConvSetup conv_setup(Context& op, const ConvOperands& in) {
  require_rank(op, static_cast<std::size_t>(in.x), 3);
  require_rank(op, static_cast<std::size_t>(in.w), 3);
  ConvSetup setup;
  if (ranked(op, in.x) && ranked(op, in.w)) {
    const int a = shape_of(op, in.x).rank(), b = shape_of(op, in.w).rank();
    if (a != b) {
      op.fail("rank-mismatch", std::string(op.op_type()) + " needs " + name_of_input(op, in.x) +
                                   " and " + name_of_input(op, in.w) + " of one rank: " +
                                   std::to_string(a) + " != " + std::to_string(b));
    }
  }
  if (ranked(op, in.x)) {
    setup.rank = shape_of(op, in.x).rank();
  } else if (ranked(op, in.w)) {
    setup.rank = shape_of(op, in.w).rank();
  } else if (const Attr* kernel = op.attr("kernel_shape")) {
    const std::size_t axes = kernel->ints.size();
    if (axes > 0 && axes + 2 <= static_cast<std::size_t>(kMaxRank))
      setup.rank = static_cast<int>(axes) + 2;
  }
  if (setup.rank >= 0)
    setup.kernel_attr = axis_attr(op, "kernel_shape", setup.spatial(), 1, "attr-value");
  setup.group = op.attr_int("group", 1);
  if (setup.group < 1) {
    op.fail("conv-group", std::string(op.op_type()) + " attribute group is " +
                              std::to_string(setup.group) + ": at least 1 is needed");
  }
  return setup;
}

Dim kernel_size(Context& op, const ConvOperands& in, const ConvSetup& setup, int i) {
  const std::size_t at = static_cast<std::size_t>(i);
  if (!ranked(op, in.w)) {
    return setup.kernel_attr.empty() ? op.unknown_dim() : Dim(setup.kernel_attr[at]);
  }
  Dim kernel = shape_of(op, in.w)[i + 2];
  if (known(kernel) == 0) {
    op.fail("kernel-empty",
            std::string(op.op_type()) + " kernel is 0 on axis " + std::to_string(i + 2));
  }
  if (!setup.kernel_attr.empty()) {
    kernel = op.unify("attr-value", kernel, setup.kernel_attr[at], [&] {
      return axis_text(name_of_input(op, in.w), i + 2) + " with entry " + std::to_string(i) +
             " of attribute kernel_shape";
    });
  }
  return kernel;
}

void require_bias(Context& op, int bias, Dim channels) {
  if (!ranked(op, bias)) return;
  const Shape& shape = shape_of(op, bias);
  if (shape.rank() != 1) {
    op.fail("conv-bias", std::string(op.op_type()) + " needs a bias of rank 1, not rank " +
                             std::to_string(shape.rank()));
  }
  op.require_equal("conv-bias", shape[0], channels, [&] {
    return axis_text(name_of_input(op, bias), 0) + " with the output channels";
  });
}

void require_group(Context& op, std::int64_t group, Dim channels, std::string_view what) {
  if (group == 1) return;
  op.require_divides("conv-group", group, channels,
                     [&] { return std::string(what) + " into groups"; });
}

Shape conv_shape(Context& op, const ConvOperands& in) {
  const ConvSetup setup = conv_setup(op, in);
  if (setup.rank < 0) return Shape::unknown_rank();
  const Windows windows(op, setup.spatial());
  const bool x_ranked = ranked(op, in.x), w_ranked = ranked(op, in.w);
  if (x_ranked && w_ranked) {
    require_channels(op, in, setup.group);
  } else if (x_ranked) {
    require_group(op, setup.group, shape_of(op, in.x)[1], "the input channels");
  }
  Dim channels = w_ranked ? shape_of(op, in.w)[0]
                 : ranked(op, in.bias) && shape_of(op, in.bias).rank() == 1
                     ? shape_of(op, in.bias)[0]
                     : op.unknown_dim();
  require_group(op, setup.group, channels, "the output channels");
  require_bias(op, in.bias, channels);

  Shape out;
  out.push_back(x_ranked ? shape_of(op, in.x)[0] : op.unknown_dim());
  out.push_back(channels);
  for (int i = 0; i < setup.spatial(); ++i) {
    const Dim kernel = windows.same() && !w_ranked ? Dim(1) : kernel_size(op, in, setup, i);
    const Dim size = x_ranked ? shape_of(op, in.x)[i + 2] : op.unknown_dim();
    out.push_back(x_ranked ? windows.count(op, i, size, kernel, false) : op.unknown_dim());
  }
  return out;
}

Dim conv_macs_flops(const Context& op, std::size_t weights) {
  const Shape& out = op.output_type(0).shape;
  if (!out.has_rank() || !op.has_rank(weights)) return 0;
  return Dim(2) * num_elements(out) * product(op.shape(weights).dims().subspan(1));
}

}  // namespace rules

namespace families {

namespace {

using namespace rules;

constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);

DTypeSet conv_floats(const Context& op) { return op.version() >= 22 ? kAllFloats : kFloats; }

void conv_infer(Context& op) {
  require_dtype(op, 0, conv_floats(op));
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  op.output(0, dtype, conv_shape(op, {0, 1, 2}));
}

Dim conv_flops(const Context& op) { return conv_macs_flops(op, 1); }
Dim quantized_conv_flops(const Context& op) { return conv_macs_flops(op, 3); }

// A scale or zero point of the weights: one value, or one an output channel.
void require_per_channel(Context& op, std::size_t input, Dim channels) {
  if (!op.has_rank(input) || op.rank(input) == 0) return;
  const Shape& shape = op.shape(input);
  if (shape.rank() > 1) {
    op.fail("quant-scale", std::string(op.op_type()) + " needs " + operand_name(op, input) +
                               " of rank 0 or 1, not rank " + std::to_string(shape.rank()));
  }
  if (shape[0] == Dim(1)) return;
  op.require_equal("quant-scale", shape[0], channels, [&] {
    return axis_text(operand_name(op, input), 0) + " with the output channels";
  });
}

void conv_integer_infer(Context& op) {
  require_dtype(op, 0, kBytes);
  require_dtype(op, 1, kBytes);
  unify_dtypes(op, 0, 2);
  unify_dtypes(op, 1, 3);
  require_one_value(op, 2, "quant-scale");
  Shape out = conv_shape(op, {0, 1, -1});
  if (out.has_rank()) require_per_channel(op, 3, out[1]);
  op.output(0, DType::kI32, std::move(out));
}

void qlinear_conv_infer(Context& op) {
  enum { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };
  for (const std::size_t i : {kX, kW, kYZero}) require_dtype(op, i, kBytes);
  for (const std::size_t i : {kXScale, kWScale, kYScale}) require_dtype(op, i, dtypes(DType::kF32));
  require_dtype(op, kBias, dtypes(DType::kI32));
  unify_dtypes(op, kX, kXZero);
  unify_dtypes(op, kW, kWZero);
  for (const std::size_t i : {kXScale, kXZero, kYScale, kYZero})
    require_one_value(op, i, "quant-scale");
  Shape out = conv_shape(op, {kX, kW, kBias});
  if (out.has_rank()) {
    require_per_channel(op, kWScale, out[1]);
    require_per_channel(op, kWZero, out[1]);
  }
  op.output(0, op.dtype(kYZero), std::move(out));
}

constexpr AttrSpec kConv[] = {
    {"auto_pad", AttrKind::kString},   {"dilations", AttrKind::kInts}, {"group", AttrKind::kInt},
    {"kernel_shape", AttrKind::kInts}, {"pads", AttrKind::kInts},      {"strides", AttrKind::kInts},
};
constexpr AttrSpec kConvTranspose[] = {
    {"auto_pad", AttrKind::kString},     {"dilations", AttrKind::kInts},
    {"group", AttrKind::kInt},           {"kernel_shape", AttrKind::kInts},
    {"output_padding", AttrKind::kInts}, {"output_shape", AttrKind::kInts},
    {"pads", AttrKind::kInts},           {"strides", AttrKind::kInts},
};
constexpr AttrSpec kDeformConv[] = {
    {"dilations", AttrKind::kInts},   {"group", AttrKind::kInt}, {"kernel_shape", AttrKind::kInts},
    {"offset_group", AttrKind::kInt}, {"pads", AttrKind::kInts}, {"strides", AttrKind::kInts},
};
constexpr AttrSpec kCausalConv[] = {{"activation", AttrKind::kString}};

constexpr Op conv_row(int since) {
  return {.name = "Conv",
          .since = since,
          .inputs = {2, 3},
          .operands = "X W B",
          .attrs = kConv,
          .infer = conv_infer,
          .flops = conv_flops};
}
constexpr Op conv_transpose_row(int since) {
  return {.name = "ConvTranspose",
          .since = since,
          .inputs = {2, 3},
          .operands = "X W B",
          .attrs = kConvTranspose,
          .infer = conv_transpose_infer,
          .flops = conv_transpose_flops};
}
constexpr Op deform_conv_row(int since) {
  return {.name = "DeformConv",
          .since = since,
          .inputs = {3, 5},
          .operands = "X W offset B mask",
          .attrs = kDeformConv,
          .infer = deform_conv_infer,
          .flops = conv_flops};
}

constexpr Op kOps[] = {
    conv_row(1),
    conv_row(22),
    conv_transpose_row(1),
    conv_transpose_row(22),
    deform_conv_row(19),
    deform_conv_row(22),
    {.name = "ConvInteger",
     .since = 10,
     .inputs = {2, 4},
     .operands = "x w x_zero_point w_zero_point",
     .attrs = kConv,
     .infer = conv_integer_infer,
     .flops = conv_flops},
    {.name = "QLinearConv",
     .since = 10,
     .inputs = {8, 9},
     .operands = "x x_scale x_zero_point w w_scale w_zero_point y_scale y_zero_point B",
     .attrs = kConv,
     .infer = qlinear_conv_infer,
     .flops = quantized_conv_flops},
    {.name = "CausalConvWithState",
     .since = 27,
     .inputs = {2, 4},
     .outputs = {2, 2},
     .operands = "input weight bias past_state",
     .attrs = kCausalConv,
     .infer = causal_conv_infer,
     .flops = causal_conv_flops},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> conv_ops() { return kOps; }

}  // namespace families

}  // namespace shapewright
