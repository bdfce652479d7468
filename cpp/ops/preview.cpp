// Domains ai.onnx.preview and ai.onnx.preview.training: FlexAttention, Gradient, and the steps of
// optimizers.
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- FlexAttention: attention whose scores and probabilities go through bodies of the model's own

void modify(Context& op, std::string_view attr, const OperandType& scores) {
  const Attr* body = op.attr(attr);
  if (body == nullptr || body->blocks.size() != 1) return;
  const Block& block = op.graph().blocks[body->blocks[0]];
  if (block.inputs.size() != 1 || block.outputs.size() != 1) {
    op.fail("body-arity", "FlexAttention needs a " + std::string(attr) +
                              " of one input and one output, not of " +
                              std::to_string(block.inputs.size()) + " and " +
                              std::to_string(block.outputs.size()));
  }
  const OperandType operands[] = {scores};
  const TensorType made = op.infer_block(body->blocks[0], operands, Runs::kSurely)[0].type;
  const std::string what = std::string(attr) + " of FlexAttention ";
  if (made.dtype != DType::kUnknown && made.dtype != scores.type.dtype) {
    op.fail("dtype-mismatch", what + "takes " + std::string(name_of(scores.type.dtype)) +
                                  " and gives " + std::string(name_of(made.dtype)));
  }
  if (!made.shape.has_rank()) return;
  if (made.shape.rank() != 4) {
    op.fail("rank-mismatch", what + "gives rank " + std::to_string(made.shape.rank()) + ", not 4");
  }
  for (int axis = 0; axis < 4; ++axis) {
    op.require_equal("attention-sizes", made.shape[axis], scores.type.shape[axis], [&] {
      return axis_text("the result of " + std::string(attr), axis) + " with the scores";
    });
  }
}

void flex_attention_infer(Context& op) {
  enum : std::size_t { kQ, kK, kV };
  for (const std::size_t i : {kQ, kK, kV}) {
    require_dtype(op, i, kAllFloats);
    require_rank(op, i, 4, 4);
  }
  const DType dtype = unify_all_dtypes(op, kQ, kV + 1);
  const auto heads_of = [&](std::size_t i) {
    return op.has_rank(i) ? op.shape(i) : unknown_dims(op, 4);
  };
  const Shape q = heads_of(kQ), k = heads_of(kK), v = heads_of(kV);
  const Dim batch =
      op.unify("attention-sizes", op.unify("attention-sizes", q[0], k[0], "Q axis 0 with K axis 0"),
               v[0], "Q axis 0 with V axis 0");
  op.require_equal("attention-sizes", k[1], v[1], "K axis 1 with V axis 1");
  const Dim length = op.unify("attention-sizes", k[2], v[2], "K axis 2 with V axis 2");
  op.require_equal("attention-sizes", q[3], k[3], "Q axis 3 with K axis 3");
  op.require_divides("attention-heads", k[1], q[1], "the heads of Q by those of K");

  const DType precision =
      dtype_attr(op, "softmax_precision", dtype == DType::kF64 ? DType::kF64 : DType::kF32);
  const OperandType scores{{precision, {batch, q[1], q[2], length}}, nullptr};
  modify(op, "score_mod", scores);
  modify(op, "prob_mod", scores);
  op.output(0, dtype, {batch, q[1], q[2], v[3]});
}

// --- optimizers: R, T, then the tensors, their gradients and each kind of state

constexpr DTypeSet kTrained = dtypes(DType::kF32, DType::kF64);

// `kinds` of tensors go in one after the other, all tensors of a kind together; all kinds but the
// gradients, which are the second, come out.
void step_infer(Context& op, std::size_t kinds) {
  require_dtype(op, 0, kTrained);
  require_dtype(op, 1, dtypes(DType::kI64));
  require_rank(op, 0, 0, 0);
  require_rank(op, 1, 0, 0);
  const std::size_t operands = op.num_inputs() - 2;
  if (operands % kinds != 0) {
    op.fail("input-count", std::string(op.op_type()) + " takes " + std::to_string(kinds) +
                               " operands a tensor after R and T, and has " +
                               std::to_string(operands));
  }
  const std::size_t tensors = operands / kinds;
  std::vector<TensorType> types;
  for (std::size_t i = 0; i < tensors; ++i) {
    TensorType common = op.input(2 + i);
    require_dtype(op, 2 + i, kTrained);
    for (std::size_t kind = 1; kind < kinds; ++kind) {
      const std::size_t at = 2 + kind * tensors + i;
      common.dtype = unify_dtypes(op, 2 + i, at);
      if (!op.has_rank(at)) continue;
      const Shape& shape = op.shape(at);
      if (!common.shape.has_rank()) common.shape = shape;
      require_rank(op, at, common.shape.rank(), common.shape.rank());
      for (int axis = 0; axis < shape.rank(); ++axis) {
        common.shape[axis] = op.unify("shape-mismatch", common.shape[axis], shape[axis], [&] {
          return axis_text("input " + std::to_string(2 + i), axis) + " with " +
                 axis_text("input " + std::to_string(at), axis);
        });
      }
    }
    types.push_back(std::move(common));
  }
  if (op.num_outputs() != (kinds - 1) * tensors) {
    op.fail("output-count", std::string(op.op_type()) + " gives " +
                                std::to_string((kinds - 1) * tensors) + " outputs for " +
                                std::to_string(tensors) + " tensors, not " +
                                std::to_string(op.num_outputs()));
  }
  for (std::size_t kind = 0; kind + 1 < kinds; ++kind)
    for (std::size_t i = 0; i < tensors; ++i) op.output(kind * tensors + i, types[i]);
}

void with_one_state(Context& op) { step_infer(op, 3); }
void with_two_states(Context& op) { step_infer(op, 4); }

void momentum_infer(Context& op) {
  word_attr(op, "mode", "", {"standard", "nesterov"});
  with_one_state(op);
}

// --- Gradient: of the tensor named y by those named xs, which come first

void gradient_infer(Context& op) {
  const auto names = [&](std::string_view attr) {
    const Attr* a = op.attr(attr);
    return a == nullptr ? std::size_t{0} : a->strings.size();
  };
  const std::size_t by = names("xs");
  if (op.num_inputs() != by + names("zs")) {
    op.fail("input-count", "Gradient names " + std::to_string(by + names("zs")) +
                               " tensors in xs and zs, and has " + std::to_string(op.num_inputs()) +
                               " inputs");
  }
  if (op.num_outputs() > by) {
    op.fail("output-count", "Gradient by " + std::to_string(by) + " tensors gives no " +
                                std::to_string(op.num_outputs()) + " outputs");
  }
  for (std::size_t i = 0; i < op.num_outputs(); ++i) {
    require_dtype(op, i, kFloats);
    op.output(i, op.input(i));
  }
}

constexpr AttrSpec kFlex[] = {{"prob_mod", AttrKind::kGraph},
                              {"scale", AttrKind::kFloat},
                              {"score_mod", AttrKind::kGraph},
                              {"softmax_precision", AttrKind::kInt}};
constexpr AttrSpec kAdagrad[] = {{"decay_factor", AttrKind::kFloat},
                                 {"epsilon", AttrKind::kFloat},
                                 {"norm_coefficient", AttrKind::kFloat}};
constexpr AttrSpec kAdam[] = {{"alpha", AttrKind::kFloat},
                              {"beta", AttrKind::kFloat},
                              {"epsilon", AttrKind::kFloat},
                              {"norm_coefficient", AttrKind::kFloat},
                              {"norm_coefficient_post", AttrKind::kFloat}};
constexpr AttrSpec kMomentum[] = {{"alpha", AttrKind::kFloat, true},
                                  {"beta", AttrKind::kFloat, true},
                                  {"mode", AttrKind::kString, true},
                                  {"norm_coefficient", AttrKind::kFloat, true}};
constexpr AttrSpec kGradient[] = {
    {"xs", AttrKind::kStrings, true}, {"y", AttrKind::kString, true}, {"zs", AttrKind::kStrings}};

constexpr Op kOps[] = {
    {.name = "FlexAttention",
     .domain = "ai.onnx.preview",
     .inputs = {3, 3},
     .operands = "Q K V",
     .attrs = kFlex,
     .infer = flex_attention_infer},
    {.name = "Adagrad",
     .domain = "ai.onnx.preview.training",
     .inputs = {3, kMany},
     .outputs = {1, kMany},
     .operands = "R T",
     .attrs = kAdagrad,
     .infer = with_one_state},
    {.name = "Adam",
     .domain = "ai.onnx.preview.training",
     .inputs = {3, kMany},
     .outputs = {1, kMany},
     .operands = "R T",
     .attrs = kAdam,
     .infer = with_two_states},
    {.name = "Momentum",
     .domain = "ai.onnx.preview.training",
     .inputs = {3, kMany},
     .outputs = {1, kMany},
     .operands = "R T",
     .attrs = kMomentum,
     .infer = momentum_infer},
    {.name = "Gradient",
     .domain = "ai.onnx.preview.training",
     .inputs = {1, kMany},
     .outputs = {1, kMany},
     .attrs = kGradient,
     .infer = gradient_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> preview_ops() { return kOps; }

}  // namespace shapewright::families
