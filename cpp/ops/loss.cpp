// Losses over classes: NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.
//
//   input [N, C, d1, ..., dk]    target [N, d1, ..., dk]    weight [C]
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

enum : std::size_t { kInput, kTarget, kWeight };

DTypeSet loss_floats(const Context& op) {
  const int bfloat_since = op.op_type() == "SoftmaxCrossEntropyLoss" ? 13 : 22;
  return op.version() >= bfloat_since ? kAllFloats : kFloats;
}

// The common shape of target and of the input without its classes.
Shape target_shape(Context& op) {
  Shape target = op.shape(kTarget);
  if (!op.has_rank(kInput)) return target;
  Shape expected = op.shape(kInput);
  expected.erase(1);
  if (!target.has_rank()) return expected;
  if (target.rank() != expected.rank()) {
    op.fail("rank-mismatch", std::string(op.op_type()) + " needs " + operand_name(op, kTarget) +
                                 " of rank " + std::to_string(expected.rank()) + ", one below " +
                                 operand_name(op, kInput) + ", not rank " +
                                 std::to_string(target.rank()));
  }
  for (int i = 0; i < target.rank(); ++i) {
    target[i] = op.unify("shape-mismatch", expected[i], target[i], [&] {
      return axis_text(operand_name(op, kInput), i == 0 ? 0 : i + 1) + " with " +
             axis_text(operand_name(op, kTarget), i);
    });
  }
  return target;
}

void class_loss_infer(Context& op) {
  require_dtype(op, kInput, loss_floats(op));
  require_dtype(op, kTarget, kIndices);
  require_dtype(op, kWeight, loss_floats(op));
  const DType dtype = op.has_input(kWeight) ? unify_dtypes(op, kInput, kWeight) : op.dtype(kInput);
  require_rank(op, kInput, 2);
  require_rank(op, kWeight, 1, 1);
  const std::string_view reduction = word_attr(op, "reduction", "mean", {"none", "sum", "mean"});
  if (op.has_rank(kInput) && op.has_rank(kWeight)) {
    op.require_equal("shape-mismatch", op.shape(kWeight)[0], op.shape(kInput)[1], [&] {
      return axis_text(operand_name(op, kWeight), 0) + " with the classes of " +
             axis_text(operand_name(op, kInput), 1);
    });
  }
  Shape target = target_shape(op);
  op.output(0, dtype, reduction == "none" ? std::move(target) : Shape());
  op.output(1, dtype, op.shape(kInput));  // log_prob, of SoftmaxCrossEntropyLoss
}

Dim class_loss_flops(const Context& op) { return elements_or_zero(op.shape(kInput)); }

constexpr AttrSpec kLoss[] = {{"ignore_index", AttrKind::kInt}, {"reduction", AttrKind::kString}};

constexpr Op kOps[] = {
    {.name = "NegativeLogLikelihoodLoss",
     .since = 12,
     .inputs = {2, 3},
     .operands = "input target weight",
     .attrs = kLoss,
     .infer = class_loss_infer,
     .flops = class_loss_flops},
    {.name = "SoftmaxCrossEntropyLoss",
     .since = 12,
     .inputs = {2, 3},
     .outputs = {1, 2},
     .operands = "scores labels weights",
     .attrs = kLoss,
     .infer = class_loss_infer,
     .flops = class_loss_flops},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> loss_ops() { return kOps; }

}  // namespace shapewright::families
