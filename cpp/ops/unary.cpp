// Operators whose result has the shape of their first operand.
#include <limits>
#include <string>

#include "ops/elementwise_values.h"
#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kFloat8 =
    dtypes(DType::kF8E4M3, DType::kF8E5M2, DType::kF8E4M3FNUZ, DType::kF8E5M2FNUZ);
constexpr DTypeSet kFloats8To64 = kAllFloats | kFloat8;

// A parameter that counts as a scalar: rank 0, or one element.
void require_scalar(Context& op, std::size_t input) {
  if (!op.has_rank(input)) return;
  require_rank(op, input, 0, 1);
  if (op.rank(input) == 1) {
    op.require_equal("shape-mismatch", op.shape(input)[0], 1,
                     [&] { return axis_text(operand_name(op, input), 0) + " with a scalar"; });
  }
}

void require_axis(const Context& op, std::int64_t axis) {
  if (op.has_rank(0)) normalize_axis(op, axis, op.rank(0), "axis");
}

template <DTypeSet kAllowed>
void to_bool(Context& op) {
  require_dtype(op, 0, kAllowed);
  op.output(0, DType::kBool, op.shape(0));
}

template <DTypeSet kAllowed, int kDefaultAxis>
void along_axis(Context& op) {
  require_axis(op, op.attr_int("axis", kDefaultAxis));
  same_as_input_of<kAllowed>(op);
}

template <DTypeSet kAllowed>
void lp_normalization(Context& op) {
  const std::int64_t p = op.attr_int("p", 2);
  if (p != 1 && p != 2) {
    op.fail("attr-value", "LpNormalization p is " + std::to_string(p) + ": 1 or 2 are allowed");
  }
  along_axis<kAllowed, -1>(op);
}

template <DTypeSet kAllowed>
void lrn(Context& op) {
  const std::int64_t size = op.attr_int("size", 0);
  if (size < 1) {
    op.fail("attr-value", "LRN size is " + std::to_string(size) + ", which is no positive number");
  }
  if (size % 2 == 0)
    op.fail("attr-value", "LRN size is " + std::to_string(size) + ", which is even");
  require_rank(op, 0, 4, 4);  // ONNX Runtime's limit
  same_as_input_of<kAllowed>(op);
}

template <DTypeSet kAllowed>
void mean_variance_normalization(Context& op) {
  // The default [0, 2, 3] stands for "all but the channels" and is met at other ranks too.
  const auto axes = op.attr_ints("axes");
  if (axes && op.has_rank(0)) normalize_axes(op, *axes, op.rank(0), "axes");
  same_as_input_of<kAllowed>(op);
}

void gelu(Context& op) {
  const std::string_view approximate = op.attr_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    op.fail("attr-value",
            "Gelu approximate is '" + std::string(approximate) + "': 'none' or 'tanh' are allowed");
  }
  same_as_input_of<kAllFloats>(op);
}

template <DTypeSet kAllowed>
void clip(Context& op) {
  require_scalar(op, 1);
  require_scalar(op, 2);
  require_dtype(op, 0, kAllowed);
  op.output(0, unify_all_dtypes(op, 0, op.num_inputs()), op.shape(0));
}

void early_clip(Context& op) {
  const float lo = op.attr_float("min", -std::numeric_limits<float>::max());
  const float hi = op.attr_float("max", std::numeric_limits<float>::max());
  if (lo > hi) {
    op.fail("attr-value",
            "Clip has min " + std::to_string(lo) + ", which is above max " + std::to_string(hi));
  }
  same_as_input_of<kFloats>(op);
}

void clip_by_attributes(Context& op) {
  const Elements* e = op.elements(0);
  if (e == nullptr) return;
  Elements out = *e;
  for (Elem& x : out.elems) {
    if (op.has_attr("min")) {
      x = elem::max(x, Elem::of_real(static_cast<double>(op.attr_float("min", 0))), op.dtype(0));
    }
    if (op.has_attr("max")) {
      x = elem::min(x, Elem::of_real(static_cast<double>(op.attr_float("max", 0))), op.dtype(0));
    }
  }
  op.output_elements(0, std::move(out));
}

template <DTypeSet kAllowed>
void scan_along_axis(Context& op) {
  require_dtype(op, 1, dtypes(DType::kI32, DType::kI64));
  require_scalar(op, 1);
  require_rank(op, 0, 1);
  for (const std::string_view name : {"exclusive", "reverse"}) {
    const std::int64_t flag = op.attr_int(name, 0);
    if (flag == 0 || flag == 1) continue;
    op.fail("attr-value", std::string(op.op_type()) + " attribute " + std::string(name) + " is " +
                              std::to_string(flag) + ": 0 or 1 is needed");
  }
  if (const auto axis = op.literal_elements(1); axis && axis->size() == 1) {
    require_axis(op, axis->front());
  }
  same_as_input_of<kAllowed>(op);
}

void cum_sum_elements(Context& op) { scan_elements(op, elem::add, 0); }
void cum_prod_elements(Context& op) { scan_elements(op, elem::mul, 1); }

template <DTypeSet kAllowed>
void bernoulli(Context& op) {
  require_dtype(op, 0, kAllowed);
  op.output(0, dtype_attr(op, "dtype", op.dtype(0)), op.shape(0));
}

// --- Dropout
// ----------------------------------------------------------------------------------------

// The mask was of the dtype of the data until opset 10.
template <bool kBoolMask>
void dropout_always_off(Context& op) {
  same_as_input_of<kFloats>(op);
  op.output(1, kBoolMask ? DType::kBool : op.dtype(0), op.shape(0));
}

bool trains(const Context& op) {
  if (!op.has_input(2)) return false;
  const auto mode = op.literal_elements(2);
  return !mode || mode->size() != 1 || mode->front() != 0;
}

template <DTypeSet kAllowed, DTypeSet kRatio>
void dropout(Context& op) {
  require_dtype(op, 1, kRatio);
  require_dtype(op, 2, kBools);
  require_rank(op, 1, 0, 0);
  require_rank(op, 2, 0, 0);
  // Read only where it trains.
  const auto ratio = scalar_of(op, 1).number();
  if (ratio && trains(op) && op.literal_elements(2) && !(*ratio >= 0 && *ratio < 1)) {
    op.fail("attr-value", "Dropout needs a ratio within [0, 1), not " + std::to_string(*ratio));
  }
  same_as_input_of<kAllowed>(op);
  op.output(1, DType::kBool, op.shape(0));
}

int dropout_alias(const Context& op) { return trains(op) ? kFresh : 0; }

void dropout_elements(Context& op) {
  if (!trains(op)) pass_elements(op);
}

// --- the table
// --------------------------------------------------------------------------------------

constexpr AttrSpec kAlpha[] = {{"alpha", AttrKind::kFloat}};
constexpr AttrSpec kAlphaBeta[] = {{"alpha", AttrKind::kFloat}, {"beta", AttrKind::kFloat}};
constexpr AttrSpec kAlphaGamma[] = {{"alpha", AttrKind::kFloat}, {"gamma", AttrKind::kFloat}};
constexpr AttrSpec kApproximate[] = {{"approximate", AttrKind::kString}};
constexpr AttrSpec kAxis[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kAxisP[] = {{"axis", AttrKind::kInt}, {"p", AttrKind::kInt}};
constexpr AttrSpec kAxes[] = {{"axes", AttrKind::kInts}};
constexpr AttrSpec kBiasLambda[] = {{"bias", AttrKind::kFloat}, {"lambd", AttrKind::kFloat}};
constexpr AttrSpec kDTypeSeed[] = {{"dtype", AttrKind::kInt}, {"seed", AttrKind::kFloat}};
constexpr AttrSpec kInfinities[] = {{"detect_negative", AttrKind::kInt},
                                    {"detect_positive", AttrKind::kInt}};
constexpr AttrSpec kLrn[] = {{"alpha", AttrKind::kFloat},
                             {"beta", AttrKind::kFloat},
                             {"bias", AttrKind::kFloat},
                             {"size", AttrKind::kInt, true}};
constexpr AttrSpec kMinMax[] = {{"max", AttrKind::kFloat}, {"min", AttrKind::kFloat}};
constexpr AttrSpec kRatio[] = {{"ratio", AttrKind::kFloat}};
constexpr AttrSpec kSeed[] = {{"seed", AttrKind::kInt}};
constexpr AttrSpec kScan[] = {{"exclusive", AttrKind::kInt}, {"reverse", AttrKind::kInt}};

struct Rest {
  std::span<const AttrSpec> attrs = {};
  void (*values)(Context&) = nullptr;
  Arity inputs = {1, 1};
  Arity outputs = {1, 1};
  int (*alias)(const Context&) = nullptr;
  Dim (*flops)(const Context&) = one_flop_per_output;
};

constexpr Op row(std::string_view name, int since, std::string_view operands,
                 void (*infer)(Context&), Rest rest = {}) {
  return {.name = name,
          .since = since,
          .inputs = rest.inputs,
          .outputs = rest.outputs,
          .operands = operands,
          .attrs = rest.attrs,
          .infer = infer,
          .values = rest.values,
          .alias = rest.alias,
          .flops = rest.flops};
}

constexpr auto kF = same_as_input_of<kFloats>;       // f16 f32 f64
constexpr auto kFB = same_as_input_of<kAllFloats>;   // and bf16
constexpr auto kN = same_as_input_of<kNumeric>;      // and integers
constexpr auto kNB = same_as_input_of<kAllNumeric>;  // and both
constexpr auto kS = same_as_input_of<kFloats | kSigned>;
constexpr auto kSB = same_as_input_of<kAllFloats | kSigned>;

constexpr Op kOps[] = {
    row("Abs", 6, "X", kN, {.values = mapped<elem::abs>}),
    row("Abs", 13, "X", kNB, {.values = mapped<elem::abs>}),
    row("Acos", 7, "input", kF),
    row("Acos", 22, "input", kFB),
    row("Acosh", 9, "input", kF),
    row("Acosh", 22, "input", kFB),
    row("Asin", 7, "input", kF),
    row("Asin", 22, "input", kFB),
    row("Asinh", 9, "input", kF),
    row("Asinh", 22, "input", kFB),
    row("Atan", 7, "input", kF),
    row("Atan", 22, "input", kFB),
    row("Atanh", 9, "input", kF),
    row("Atanh", 22, "input", kFB),
    row("Bernoulli", 15, "input", bernoulli<kFloats>, {.attrs = kDTypeSeed, .flops = nullptr}),
    row("Bernoulli", 22, "input", bernoulli<kAllFloats>, {.attrs = kDTypeSeed, .flops = nullptr}),
    row("BitwiseNot", 18, "X", same_as_input_of<kIntegers>, {.flops = nullptr}),
    row("Ceil", 6, "X", kF, {.values = mapped<elem::ceil>}),
    row("Ceil", 13, "X", kFB, {.values = mapped<elem::ceil>}),
    row("Celu", 12, "X", same_as_input_of<dtypes(DType::kF32)>, {.attrs = kAlpha}),
    row("Celu", 28, "X", kFB, {.attrs = kAlpha}),
    row("Clip", 6, "input", early_clip, {.attrs = kMinMax, .values = clip_by_attributes}),
    row("Clip", 11, "input min max", clip<kFloats>, {.values = clip_elements, .inputs = {1, 3}}),
    row("Clip", 12, "input min max", clip<kNumeric>, {.values = clip_elements, .inputs = {1, 3}}),
    row("Clip", 13, "input min max", clip<kAllNumeric>,
        {.values = clip_elements, .inputs = {1, 3}}),
    row("Cos", 7, "input", kF),
    row("Cos", 22, "input", kFB),
    row("Cosh", 9, "input", kF),
    row("Cosh", 22, "input", kFB),
    row("CumProd", 26, "x axis", scan_along_axis<kAllFloats | kWideIntegers>,
        {.attrs = kScan, .values = cum_prod_elements, .inputs = {2, 2}}),
    row("CumSum", 11, "x axis", scan_along_axis<dtypes(DType::kF32, DType::kF64) | kWideIntegers>,
        {.attrs = kScan, .values = cum_sum_elements, .inputs = {2, 2}}),
    row("CumSum", 14, "x axis", scan_along_axis<kAllFloats | kWideIntegers>,
        {.attrs = kScan, .values = cum_sum_elements, .inputs = {2, 2}}),
    row("Dropout", 7, "data", dropout_always_off<false>,
        {.attrs = kRatio,
         .values = pass_elements,
         .outputs = {1, 2},
         .alias = view_of_first,
         .flops = nullptr}),
    row("Dropout", 10, "data", dropout_always_off<true>,
        {.attrs = kRatio,
         .values = pass_elements,
         .outputs = {1, 2},
         .alias = view_of_first,
         .flops = nullptr}),
    row("Dropout", 12, "data ratio training_mode", dropout<kFloats, kFloats>,
        {.attrs = kSeed,
         .values = dropout_elements,
         .inputs = {1, 3},
         .outputs = {1, 2},
         .alias = dropout_alias,
         .flops = nullptr}),
    row("Dropout", 13, "data ratio training_mode", dropout<kAllFloats, kFloats>,
        {.attrs = kSeed,
         .values = dropout_elements,
         .inputs = {1, 3},
         .outputs = {1, 2},
         .alias = dropout_alias,
         .flops = nullptr}),
    row("Dropout", 22, "data ratio training_mode", dropout<kFloats8To64, kFloats8To64>,
        {.attrs = kSeed,
         .values = dropout_elements,
         .inputs = {1, 3},
         .outputs = {1, 2},
         .alias = dropout_alias,
         .flops = nullptr}),
    row("Elu", 6, "X", kF, {.attrs = kAlpha}),
    row("Elu", 22, "X", kFB, {.attrs = kAlpha}),
    row("Erf", 9, "input", kN),
    row("Erf", 13, "input", kFB),
    row("Exp", 6, "input", kF),
    row("Exp", 13, "input", kFB),
    row("Floor", 6, "X", kF, {.values = mapped<elem::floor>}),
    row("Floor", 13, "X", kFB, {.values = mapped<elem::floor>}),
    row("Gelu", 20, "X", gelu, {.attrs = kApproximate}),
    row("HardSigmoid", 6, "X", kF, {.attrs = kAlphaBeta}),
    row("HardSigmoid", 22, "X", kFB, {.attrs = kAlphaBeta}),
    row("HardSwish", 14, "X", kF),
    row("HardSwish", 22, "X", kFB),
    // Softmax, LogSoftmax and Hardmax flattened to two dimensions at `axis` until opset 13.
    row("Hardmax", 1, "input", along_axis<kFloats, 1>, {.attrs = kAxis}),
    row("Hardmax", 13, "input", along_axis<kAllFloats, -1>, {.attrs = kAxis}),
    row("IsInf", 10, "X", to_bool<dtypes(DType::kF32, DType::kF64)>, {.attrs = kInfinities}),
    row("IsInf", 20, "X", to_bool<kFloats8To64>, {.attrs = kInfinities}),
    row("IsNaN", 9, "X", to_bool<kFloats>, {.values = mapped<elem::is_nan>}),
    row("IsNaN", 13, "X", to_bool<kAllFloats>, {.values = mapped<elem::is_nan>}),
    row("IsNaN", 20, "X", to_bool<kFloats8To64>, {.values = mapped<elem::is_nan>}),
    row("LRN", 1, "X", lrn<kFloats>, {.attrs = kLrn}),
    row("LRN", 13, "X", lrn<kAllFloats>, {.attrs = kLrn}),
    row("LeakyRelu", 6, "X", kF, {.attrs = kAlpha}),
    row("LeakyRelu", 16, "X", kFB, {.attrs = kAlpha}),
    row("Log", 6, "input", kF),
    row("Log", 13, "input", kFB),
    row("LogSoftmax", 1, "input", along_axis<kFloats, 1>, {.attrs = kAxis}),
    row("LogSoftmax", 13, "input", along_axis<kAllFloats, -1>, {.attrs = kAxis}),
    row("LpNormalization", 1, "input", lp_normalization<kFloats>, {.attrs = kAxisP}),
    row("LpNormalization", 22, "input", lp_normalization<kAllFloats>, {.attrs = kAxisP}),
    row("MeanVarianceNormalization", 9, "X", mean_variance_normalization<kFloats>,
        {.attrs = kAxes}),
    row("MeanVarianceNormalization", 13, "X", mean_variance_normalization<kAllFloats>,
        {.attrs = kAxes}),
    row("Mish", 18, "X", kF),
    row("Mish", 22, "X", kFB),
    row("Neg", 6, "X", kS, {.values = mapped<elem::neg>}),
    row("Neg", 13, "X", kSB, {.values = mapped<elem::neg>}),
    row("Not", 1, "X", same_as_input_of<kBools>,
        {.values = mapped<elem::logical_not>, .flops = nullptr}),
    row("Reciprocal", 6, "X", kF, {.values = mapped<elem::reciprocal>}),
    row("Reciprocal", 13, "X", kFB, {.values = mapped<elem::reciprocal>}),
    row("Relu", 6, "X", kF, {.values = mapped<elem::relu>}),
    row("Relu", 13, "X", kFB, {.values = mapped<elem::relu>}),
    row("Relu", 14, "X", kSB, {.values = mapped<elem::relu>}),
    row("Round", 11, "X", kF, {.values = mapped<elem::round>}),
    row("Round", 22, "X", kFB, {.values = mapped<elem::round>}),
    row("Selu", 6, "X", kF, {.attrs = kAlphaGamma}),
    row("Selu", 22, "X", kFB, {.attrs = kAlphaGamma}),
    row("Shrink", 9, "input", kN, {.attrs = kBiasLambda}),
    row("Sigmoid", 6, "X", kF),
    row("Sigmoid", 13, "X", kFB),
    row("Sign", 9, "input", kN, {.values = mapped<elem::sign>}),
    row("Sign", 13, "input", kNB, {.values = mapped<elem::sign>}),
    row("Sin", 7, "input", kF),
    row("Sin", 22, "input", kFB),
    row("Sinh", 9, "input", kF),
    row("Sinh", 22, "input", kFB),
    row("Softmax", 1, "input", along_axis<kFloats, 1>, {.attrs = kAxis}),
    row("Softmax", 13, "input", along_axis<kAllFloats, -1>, {.attrs = kAxis}),
    row("Softplus", 1, "X", kF),
    row("Softplus", 22, "X", kFB),
    row("Softsign", 1, "input", kF),
    row("Softsign", 22, "input", kFB),
    row("Sqrt", 6, "X", kF, {.values = mapped<elem::sqrt>}),
    row("Sqrt", 13, "X", kFB, {.values = mapped<elem::sqrt>}),
    row("Swish", 24, "X", kFB, {.attrs = kAlpha}),
    row("Tan", 7, "input", kF),
    row("Tan", 22, "input", kFB),
    row("Tanh", 6, "input", kF),
    row("Tanh", 13, "input", kFB),
    row("ThresholdedRelu", 10, "X", kF, {.attrs = kAlpha}),
    row("ThresholdedRelu", 22, "X", kFB, {.attrs = kAlpha}),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> unary_ops() { return kOps; }

}  // namespace shapewright::families
