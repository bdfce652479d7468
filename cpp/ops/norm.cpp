// Normalization: the result has the type of X; scale and bias fit the normalized axes.
#include <string>

#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

DTypeSet norm_floats(const Context& op, int bfloat_since) {
  return op.version() >= bfloat_since ? kAllFloats : kFloats;
}

// A parameter with one entry a channel (or a group): rank 1 and of `size`.
void require_vector(Context& op, std::size_t input, Dim size, std::string_view of) {
  if (!op.has_rank(input)) return;
  const Shape& shape = op.shape(input);
  if (shape.rank() != 1) {
    op.fail("norm-scale", std::string(op.op_type()) + " needs " + operand_name(op, input) +
                              " of rank 1, not rank " + std::to_string(shape.rank()));
  }
  op.require_equal("norm-scale", shape[0], size, [&] {
    return axis_text(operand_name(op, input), 0) + " with " + std::string(of);
  });
}

// --- BatchNormalization --------------------------------------------------------------------------

// The channels: axis 1, or a single one where X has only a batch.
Dim channels(Context& op) {
  if (op.has_rank(0)) return op.rank(0) >= 2 ? op.shape(0)[1] : Dim(1);
  for (std::size_t i = 1; i < 5; ++i)
    if (op.has_rank(i) && op.rank(i) == 1) return op.shape(i)[0];
  return op.unknown_dim();
}

// Shape of one statistic: [C], or of a whole sample in the non-spatial mode of opset 7 and 8.
Shape statistic_shape(Context& op) {
  if (op.version() >= 9 || op.attr_int("spatial", 1) != 0) {
    const Dim size = channels(op);
    for (std::size_t i = 1; i < 5; ++i) require_vector(op, i, size, "the channels of X");
    return {size};
  }
  if (!op.has_rank(0)) return Shape::unknown_rank();
  const Shape sample(op.shape(0).dims().subspan(1));
  for (std::size_t i = 1; i < 5; ++i) {
    if (!op.has_rank(i)) continue;
    const Shape& shape = op.shape(i);
    if (shape.rank() != sample.rank()) {
      op.fail("norm-scale", "BatchNormalization needs " + operand_name(op, i) + " of rank " +
                                std::to_string(sample.rank()) + ", not rank " +
                                std::to_string(shape.rank()));
    }
    for (int axis = 0; axis < shape.rank(); ++axis) {
      op.require_equal("norm-scale", shape[axis], sample[axis], [&] {
        return axis_text(operand_name(op, i), axis) + " with " + axis_text("X", axis + 1);
      });
    }
  }
  return sample;
}

// The statistics have a type of their own since opset 14, scale and bias since 15.
void batch_norm_infer(Context& op) {
  const std::int64_t version = op.version();
  for (std::size_t i = 0; i < 5; ++i) require_dtype(op, i, norm_floats(op, 14));
  unify_dtypes(op, 1, 2);
  unify_dtypes(op, 3, 4);
  if (version < 15) unify_dtypes(op, 0, 1);
  if (version < 14) unify_dtypes(op, 0, 3);
  require_rank(op, 0, 1);
  Shape statistic = statistic_shape(op);
  if (version >= 14 && op.attr_int("training_mode", 0) == 0 &&
      (op.has_output(1) || op.has_output(2))) {
    op.fail("output-count", "BatchNormalization gives running statistics only in training mode", {},
            "set training_mode=1 or drop the outputs");
  }
  op.output(0, op.input(0));
  for (std::size_t i = 1; i < 5; ++i) op.output(i, op.dtype(version >= 14 ? 3 : 0), statistic);
}

// --- InstanceNormalization, GroupNormalization
// ----------------------------------------------------

void instance_norm_infer(Context& op) {
  require_dtype(op, 0, norm_floats(op, 22));
  const DType dtype = unify_all_dtypes(op, 0, 3);
  require_rank(op, 0, 3);
  if (op.has_rank(0))
    for (const std::size_t i : {1, 2})
      require_vector(op, i, op.shape(0)[1], "the channels of input");
  op.output(0, dtype, op.shape(0));
}

// scale and bias have one entry a group at opset 18, one a channel since 21.
void group_norm_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  const DType dtype = unify_all_dtypes(op, 0, 3);
  require_rank(op, 0, 2);
  const std::int64_t groups = op.attr_int("num_groups", 0);
  if (groups < 1) {
    op.fail("attr-value", "GroupNormalization attribute num_groups is " + std::to_string(groups) +
                              ": at least 1 is needed");
  }
  if (op.has_rank(0)) {
    op.require_divides("norm-groups", groups, op.shape(0)[1],
                       [] { return std::string("the channels of X into groups"); });
  }
  for (const std::size_t i : {1, 2}) {
    if (op.version() < 21) {
      require_vector(op, i, groups, "num_groups");
    } else if (op.has_rank(0)) {
      require_vector(op, i, op.shape(0)[1], "the channels of X");
    }
  }
  op.output(0, dtype, op.shape(0));
}

// --- LayerNormalization, RMSNormalization
// ---------------------------------------------------------

// The first normalized axis.
int first_axis(Context& op) {
  require_rank(op, 0, 1);
  return normalize_axis(op, op.attr_int("axis", -1), op.rank(0), "axis");
}

void require_scale(Context& op, std::size_t input) {
  if (!op.has_rank(0) || !op.has_rank(input)) return;
  require_broadcast_onto(
      op, "norm-scale", op.shape(0), op.shape(input), "X",
      input == 1 ? op.op_type() == "LayerNormalization" ? "Scale" : "scale" : "B");
}

// The result, and mean and deviation over the axes from `axis` on.
void layer_norm_outputs(Context& op, DType dtype) {
  const DType stash = dtype_attr(op, "stash_type", DType::kF32);
  Shape statistic = op.shape(0);
  if (op.has_rank(0))
    for (int axis = first_axis(op); axis < statistic.rank(); ++axis) statistic[axis] = 1;
  require_scale(op, 1);
  require_scale(op, 2);
  op.output(0, dtype, op.shape(0));
  op.output(1, stash, statistic);
  op.output(2, stash, std::move(statistic));
}

void layer_norm_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  layer_norm_outputs(op, dtype);
}

// Of ONNX Runtime, in the domain of ONNX before it had them. The result has the dtype of scale.
void early_layer_norm_infer(Context& op) {
  for (std::size_t i = 0; i < 3; ++i) require_dtype(op, i, kAllFloats);
  const DType dtype = op.has_input(2) ? unify_dtypes(op, 1, 2) : op.dtype(1);
  layer_norm_outputs(op, dtype);
}

// The result has the dtype of scale, which need not be that of X.
void rms_norm_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  require_dtype(op, 1, kAllFloats);
  if (op.has_rank(0)) first_axis(op);
  require_scale(op, 1);
  op.output(0, op.dtype(1), op.shape(0));
}

// --- operations an element
// ------------------------------------------------------------------------

// With known statistics: one multiplication, one addition.
Dim batch_norm_flops(const Context& op) { return Dim(2) * elements_or_zero(op.shape(0)); }
// Sum, subtract, square, sum, normalize, scale, shift.
Dim norm_flops(const Context& op) { return Dim(7) * elements_or_zero(op.shape(0)); }
// Square, sum, normalize, scale.
Dim rms_norm_flops(const Context& op) { return Dim(4) * elements_or_zero(op.shape(0)); }

// --- the table
// ------------------------------------------------------------------------------------

constexpr AttrSpec kBatchNorm7[] = {
    {"epsilon", AttrKind::kFloat},
    {"momentum", AttrKind::kFloat},
    {"spatial", AttrKind::kInt},
};
constexpr AttrSpec kBatchNorm9[] = {
    {"epsilon", AttrKind::kFloat},
    {"momentum", AttrKind::kFloat},
};
constexpr AttrSpec kBatchNorm14[] = {
    {"epsilon", AttrKind::kFloat},
    {"momentum", AttrKind::kFloat},
    {"training_mode", AttrKind::kInt},
};
constexpr AttrSpec kInstanceNorm[] = {{"epsilon", AttrKind::kFloat}};
constexpr AttrSpec kGroupNorm18[] = {
    {"epsilon", AttrKind::kFloat},
    {"num_groups", AttrKind::kInt, true},
};
constexpr AttrSpec kGroupNorm21[] = {
    {"epsilon", AttrKind::kFloat},
    {"num_groups", AttrKind::kInt, true},
    {"stash_type", AttrKind::kInt},
};
constexpr AttrSpec kLayerNorm[] = {
    {"axis", AttrKind::kInt},
    {"epsilon", AttrKind::kFloat},
    {"stash_type", AttrKind::kInt},
};

constexpr Op batch_norm_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "BatchNormalization",
          .since = since,
          .inputs = {5, 5},
          .outputs = {1, since >= 14 ? 3 : 5},
          .operands = since >= 14 ? "X scale B input_mean input_var" : "X scale B mean var",
          .attrs = attrs,
          .infer = batch_norm_infer,
          .flops = batch_norm_flops};
}
constexpr Op instance_norm_row(int since) {
  return {.name = "InstanceNormalization",
          .since = since,
          .inputs = {3, 3},
          .operands = "input scale B",
          .attrs = kInstanceNorm,
          .infer = instance_norm_infer,
          .flops = norm_flops};
}
constexpr Op group_norm_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "GroupNormalization",
          .since = since,
          .inputs = {3, 3},
          .operands = "X scale bias",
          .attrs = attrs,
          .infer = group_norm_infer,
          .flops = norm_flops};
}

constexpr Op kOps[] = {
    batch_norm_row(7, kBatchNorm7),
    batch_norm_row(9, kBatchNorm9),
    batch_norm_row(14, kBatchNorm14),
    batch_norm_row(15, kBatchNorm14),
    instance_norm_row(6),
    instance_norm_row(22),
    group_norm_row(18, kGroupNorm18),
    group_norm_row(21, kGroupNorm21),
    {.name = "LayerNormalization",
     .inputs = {2, 3},
     .outputs = {1, 3},
     .operands = "X Scale B",
     .attrs = kLayerNorm,
     .infer = early_layer_norm_infer,
     .flops = norm_flops},
    {.name = "SimplifiedLayerNormalization",
     .inputs = {2, 2},
     .outputs = {1, 2},
     .operands = "X scale",
     .attrs = kLayerNorm,
     .infer = early_layer_norm_infer,
     .flops = rms_norm_flops},
    {.name = "LayerNormalization",
     .since = 17,
     .inputs = {2, 3},
     .outputs = {1, 3},
     .operands = "X Scale B",
     .attrs = kLayerNorm,
     .infer = layer_norm_infer,
     .flops = norm_flops},
    {.name = "RMSNormalization",
     .since = 23,
     .inputs = {2, 2},
     .operands = "X scale",
     .attrs = kLayerNorm,
     .infer = rms_norm_infer,
     .flops = rms_norm_flops},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> norm_ops() { return kOps; }

}  // namespace shapewright::families
