// Domain com.microsoft, mixtures of experts: MoE, QMoE.
//
//   input [tokens, H] or [B, S, H]    router_probs [tokens, E]    weights [E, ...]
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kHalfOrSingle = dtypes(DType::kF32, DType::kF16, DType::kBF16);

struct Experts {
  Dim hidden, count;
};

Experts route(Context& op) {
  require_dtype(op, 0, kHalfOrSingle);
  unify_dtypes(op, 0, 1);
  require_rank(op, 0, 2, 3);
  require_rank(op, 1, 2, 2);
  word_attr(op, "activation_type", "relu", {"relu", "gelu", "silu", "swiglu", "identity"});
  Experts out{op.unknown_dim(), op.unknown_dim()};
  if (op.has_rank(1)) out.count = op.shape(1)[1];
  if (op.has_rank(0)) {
    const Shape& in = op.shape(0);
    out.hidden = in[in.rank() - 1];
    const Dim tokens = in.rank() == 2 ? in[0] : in[0] * in[1];
    if (op.has_rank(1)) {
      op.require_equal("shape-mismatch", op.shape(1)[0], tokens,
                       [] { return std::string("router_probs axis 0 with the tokens of input"); });
    }
  }
  return out;
}

void require_experts(Context& op, std::size_t i, int axis, Dim size, const char* what) {
  require_rank(op, i, 3, 3);
  if (!op.has_rank(i)) return;
  op.require_equal("shape-mismatch", op.shape(i)[axis], size,
                   [&] { return axis_text(operand_name(op, i), axis) + " with " + what; });
}

// A bias [E, size] of an expert.
void require_bias(Context& op, std::size_t i, Dim experts, Dim size) {
  require_dtype(op, i, kHalfOrSingle);
  require_rank(op, i, 2, 2);
  if (!op.has_rank(i)) return;
  const Dim need[] = {experts, size};
  for (int axis = 0; axis < 2; ++axis) {
    op.require_equal("shape-mismatch", op.shape(i)[axis], need[axis], [&] {
      return axis_text(operand_name(op, i), axis) + " with the weights that it goes with";
    });
  }
}

void require_chosen(Context& op, Dim experts) {
  const std::int64_t k = op.attr_int("k", 1);
  if (k < 1) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute k is " + std::to_string(k) +
                              ": at least 1 is needed");
  }
  op.require_at_most("attr-value", k, experts, "the attribute k within the experts");
}

// fc1 [E, I, H], fc2 [E, H, I]; I twice where the activation is gated in one product.
void moe_infer(Context& op) {
  enum : std::size_t { kFirst = 2, kSecond = 4, kThird = 6 };
  const Experts experts = route(op);
  require_chosen(op, experts.count);
  for (const std::size_t i : {kFirst, kSecond, kThird}) {
    require_dtype(op, i, kHalfOrSingle);
    require_experts(op, i, 0, experts.count, "the experts of router_probs");
  }
  require_experts(op, kFirst, 2, experts.hidden, "the last axis of input");
  require_experts(op, kSecond, 1, experts.hidden, "the last axis of input");
  require_experts(op, kThird, 2, experts.hidden, "the last axis of input");
  if (op.has_rank(kFirst) && op.has_rank(kSecond)) {
    const bool is_gated = op.attr_string("activation_type", "relu") == "swiglu";
    const Dim inner = op.shape(kSecond)[2];
    op.require_at_most("size-too-small", 1, inner,
                       [] { return std::string("1 within fc2_experts_weights axis 2"); });
    if (!is_gated || op.attr_int("swiglu_fusion", 0) == 0) {
      require_experts(op, kFirst, 1, inner, "the last axis of fc2_experts_weights");
    } else {
      require_experts(op, kFirst, 1, Dim(2) * inner, "twice the last axis of fc2_experts_weights");
    }
    require_bias(op, kFirst + 1, experts.count, op.shape(kFirst)[1]);
    require_bias(op, kSecond + 1, experts.count, experts.hidden);
  }
  op.output(0, op.dtype(0), op.shape(0));
}

// The layout of packed weights is the runtime's own.
void qmoe_infer(Context& op) {
  enum : std::size_t { kFirst = 2, kSecond = 5, kThird = 8 };
  const Experts experts = route(op);
  require_chosen(op, experts.count);
  for (const std::size_t i : {kFirst, kSecond, kThird}) {
    require_dtype(op, i, dtypes(DType::kU8, DType::kF8E4M3));
    require_experts(op, i, 0, experts.count, "the experts of router_probs");
  }
  op.output(0, op.dtype(0), op.shape(0));
}

constexpr AttrSpec kMoe[] = {
    {"activation_alpha", AttrKind::kFloat},
    {"activation_beta", AttrKind::kFloat},
    {"activation_type", AttrKind::kString},
    {"k", AttrKind::kInt},
    {"normalize_routing_weights", AttrKind::kInt},
    {"swiglu_fusion", AttrKind::kInt},
    {"swiglu_limit", AttrKind::kFloat},
    {"swiglu_limit_after_activation", AttrKind::kInt},
    {"use_sparse_mixer", AttrKind::kInt},
};
constexpr AttrSpec kQMoe[] = {
    {"accuracy_level", AttrKind::kInt},
    {"activation_alpha", AttrKind::kFloat},
    {"activation_beta", AttrKind::kFloat},
    {"activation_type", AttrKind::kString},
    {"block_size", AttrKind::kInt},
    {"expert_weight_bits", AttrKind::kInt},
    {"fc1_expert_weight_bits", AttrKind::kInt},
    {"fc2_expert_weight_bits", AttrKind::kInt},
    {"fc3_expert_weight_bits", AttrKind::kInt},
    {"k", AttrKind::kInt},
    {"normalize_routing_weights", AttrKind::kInt},
    {"quant_type", AttrKind::kString},
    {"swiglu_fusion", AttrKind::kInt},
    {"swiglu_limit", AttrKind::kFloat},
    {"swiglu_limit_after_activation", AttrKind::kInt},
    {"use_sparse_mixer", AttrKind::kInt},
    {"weights_prepacked", AttrKind::kInt},
};

constexpr Op kOps[] = {
    {.name = "MoE",
     .domain = "com.microsoft",
     .inputs = {5, 8},
     .operands = "input router_probs fc1_experts_weights fc1_experts_bias fc2_experts_weights "
                 "fc2_experts_bias fc3_experts_weights fc3_experts_bias",
     .optional = 0b1000,
     .attrs = kMoe,
     .infer = moe_infer},
    {.name = "QMoE",
     .domain = "com.microsoft",
     .inputs = {6, 21},
     .operands = "input router_probs fc1_experts_weights fc1_scales fc1_experts_bias "
                 "fc2_experts_weights fc2_scales fc2_experts_bias fc3_experts_weights fc3_scales "
                 "fc3_experts_bias fc1_zero_points fc2_zero_points fc3_zero_points router_weights "
                 "fc1_global_scale fc2_global_scale fc1_act_scale fc2_act_scale "
                 "fc1_act_block_scale fc2_act_block_scale",
     .optional = 0b11000,
     .attrs = kQMoe,
     .infer = qmoe_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contrib_moe_ops() { return kOps; }

}  // namespace shapewright::families
