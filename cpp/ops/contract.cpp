// Linear algebra: MatMul and its quantised forms, Gemm, Einsum, Det.
#include <string>

#include "ops/einsum.h"
#include "ops/families.h"
#include "ops/quant_params.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kFloatsAndWide = kFloats | kWideIntegers;
constexpr DTypeSet kAllFloatsAndWide = kAllFloats | kWideIntegers;
constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);
constexpr DTypeSet kBytesAndFloat8 =
    kBytes | dtypes(DType::kF8E4M3, DType::kF8E5M2, DType::kF8E4M3FNUZ, DType::kF8E5M2FNUZ);

// numpy.matmul of inputs a and b: [..., M, K] x [..., K, N] -> [..., M, N]. An operand of rank 1 is
// a row (a) or a column (b), and its axis is gone from the result.
Shape matmul_shape(Context& op, std::size_t a, std::size_t b) {
  require_rank(op, a, 1);
  require_rank(op, b, 1);
  if (!op.has_rank(a) || !op.has_rank(b)) return Shape::unknown_rank();
  const Shape &x = op.shape(a), &y = op.shape(b);
  const int x_axis = x.rank() - 1, y_axis = y.rank() == 1 ? 0 : y.rank() - 2;
  op.require_equal("matmul-contract", x[x_axis], y[y_axis], [&] {
    return axis_text(operand_name(op, a), x_axis) + " with " +
           axis_text(operand_name(op, b), y_axis);
  });
  const auto batch_of = [](const Shape& s) {
    return Shape(s.dims().first(static_cast<std::size_t>(s.rank() < 2 ? 0 : s.rank() - 2)));
  };
  Shape out = batch_of(x);
  if (const Shape batch = batch_of(y); !(batch == out)) {
    out = broadcast_shapes(op, out, batch, operand_name(op, a), operand_name(op, b));
  }
  if (x.rank() > 1) out.push_back(x[x.rank() - 2]);
  if (y.rank() > 1) out.push_back(y[y.rank() - 1]);
  return out;
}

template <DTypeSet kAllowed>
void matmul(Context& op) {
  require_dtype(op, 0, kAllowed);
  require_dtype(op, 1, kAllowed);
  const DType dtype = unify_dtypes(op, 0, 1);
  op.output(0, dtype, matmul_shape(op, 0, 1));
}

template <std::size_t kInput>
Dim matmul_flops(const Context& op) {
  if (!op.has_rank(kInput) || op.rank(kInput) == 0) return 0;
  return 2 * op.shape(kInput)[op.rank(kInput) - 1] * elements_or_zero(op.output_type(0).shape);
}

// --- quantised
// ----------------------------------------------------------------------------------------

// A scale or zero point of matrix `matrix`: one value, one for each row (`axis` -2) or column (-1),
// or a tensor of the matrix's rank that is 1 along the contracted axis.
void require_matrix_parameter(Context& op, std::size_t parameter, std::size_t matrix, int axis) {
  if (!op.has_rank(parameter) || !op.has_rank(matrix)) return;
  const Shape &p = op.shape(parameter), &m = op.shape(matrix);
  if (p.rank() == 0) return;
  if (m.rank() < 2) {
    for (int i = 0; i < p.rank(); ++i) {
      op.require_equal("quant-scale", p[i], 1, [&] {
        return axis_text(operand_name(op, parameter), i) + " with one value";
      });
    }
    return;
  }
  Shape target;
  if (p.rank() == 1) {
    target.push_back(m[m.rank() + axis]);
  } else {
    target = m;
    target[m.rank() + (axis == -1 ? -2 : -1)] = 1;
  }
  const std::string what = operand_name(op, matrix) + (axis == -1 ? " columns" : " rows");
  require_broadcast_onto(op, "quant-scale", target, p, what, operand_name(op, parameter));
}

void matmul_integer(Context& op) {
  require_dtype(op, 0, kBytes);
  require_dtype(op, 1, kBytes);
  unify_dtypes(op, 0, 2);
  unify_dtypes(op, 1, 3);
  op.output(0, DType::kI32, matmul_shape(op, 0, 1));
  require_matrix_parameter(op, 2, 0, -2);
  require_matrix_parameter(op, 3, 1, -1);
}

template <DTypeSet kAllowed, DTypeSet kScale>
void qlinear_matmul(Context& op) {
  enum : std::size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kYScale, kYZero };
  for (const std::size_t i : {kA, kB, kYZero}) require_dtype(op, i, kAllowed);
  for (const std::size_t i : {kAScale, kBScale, kYScale}) require_dtype(op, i, kScale);
  unify_dtypes(op, kA, kAZero);
  unify_dtypes(op, kB, kBZero);
  unify_dtypes(op, kAScale, kBScale);
  unify_dtypes(op, kAScale, kYScale);
  op.output(0, op.dtype(kYZero), matmul_shape(op, kA, kB));
  require_matrix_parameter(op, kAScale, kA, -2);
  require_matrix_parameter(op, kBScale, kB, -1);
  require_same_parameter_shape(op, kAScale, kAZero);
  require_same_parameter_shape(op, kBScale, kBZero);
  require_same_parameter_shape(op, kYScale, kYZero);
}

// --- Gemm
// ---------------------------------------------------------------------------------------------

template <DTypeSet kAllowed>
void gemm(Context& op) {
  for (std::size_t i = 0; i < 3; ++i) require_dtype(op, i, kAllowed);
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  require_rank(op, 0, 2, 2);
  require_rank(op, 1, 2, 2);
  const int a_contracted = op.attr_int("transA", 0) != 0 ? 0 : 1;
  const int b_contracted = op.attr_int("transB", 0) != 0 ? 1 : 0;
  if (op.has_rank(0) && op.has_rank(1)) {
    op.require_equal("matmul-contract", op.shape(0)[a_contracted], op.shape(1)[b_contracted], [&] {
      return axis_text("A", a_contracted) + " with " + axis_text("B", b_contracted);
    });
  }
  const Dim m = op.has_rank(0) ? op.shape(0)[1 - a_contracted] : op.unknown_dim();
  const Dim n = op.has_rank(1) ? op.shape(1)[1 - b_contracted] : op.unknown_dim();
  const Shape out{m, n};
  if (op.has_input(2)) require_broadcast_onto(op, "gemm-bias", out, op.shape(2), "A*B", "C");
  op.output(0, dtype, out);
}

Dim gemm_flops(const Context& op) {
  if (!op.has_rank(0)) return 0;
  const Dim k = op.shape(0)[op.attr_int("transA", 0) != 0 ? 0 : 1];
  return (2 * k + (op.has_input(2) ? 1 : 0)) * elements_or_zero(op.output_type(0).shape);
}

// --- Einsum, Det
// --------------------------------------------------------------------------------------

template <DTypeSet kAllowed>
void einsum_of(Context& op) {
  for (std::size_t i = 0; i < op.num_inputs(); ++i) require_dtype(op, i, kAllowed);
  einsum(op);
}

template <DTypeSet kAllowed>
void det(Context& op) {
  require_dtype(op, 0, kAllowed);
  require_rank(op, 0, 2);
  if (!op.has_rank(0)) {
    op.output(0, op.dtype(0), Shape::unknown_rank());
    return;
  }
  Shape out = op.shape(0);
  const int last = out.rank() - 1;
  op.require_equal("matrix-not-square", out[last - 1], out[last],
                   [&] { return axis_text("X", last - 1) + " with " + axis_text("X", last); });
  out.erase(last);
  out.erase(last - 1);
  op.output(0, op.dtype(0), std::move(out));
}

// LU decomposition: 2/3 n^3 for each matrix.
Dim det_flops(const Context& op) {
  if (!op.has_rank(0) || op.rank(0) < 2) return 0;
  return floordiv(2 * elements_or_zero(op.shape(0)) * op.shape(0)[op.rank(0) - 1], 3);
}

// --- the table
// ----------------------------------------------------------------------------------------

constexpr AttrSpec kEquation[] = {{"equation", AttrKind::kString, true}};
constexpr AttrSpec kGemm[] = {{"alpha", AttrKind::kFloat},
                              {"beta", AttrKind::kFloat},
                              {"transA", AttrKind::kInt},
                              {"transB", AttrKind::kInt}};

struct Rest {
  Arity inputs = {2, 2};
  std::span<const AttrSpec> attrs = {};
};

constexpr Op row(std::string_view name, int since, std::string_view operands,
                 void (*infer)(Context&), Dim (*flops)(const Context&), Rest rest = {}) {
  return {.name = name,
          .since = since,
          .inputs = rest.inputs,
          .operands = operands,
          .attrs = rest.attrs,
          .infer = infer,
          .flops = flops};
}

constexpr std::string_view kQLinear =
    "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point";
constexpr DTypeSet kScales = dtypes(DType::kF16, DType::kF32, DType::kBF16);

constexpr Op kOps[] = {
    row("Det", 11, "X", det<kFloats>, det_flops, {.inputs = {1, 1}}),
    row("Det", 22, "X", det<kAllFloats>, det_flops, {.inputs = {1, 1}}),
    row("Einsum", 12, "", einsum_of<kNumeric>, einsum_flops, {{1, kMany}, kEquation}),
    row("Einsum", 28, "", einsum_of<kAllNumeric>, einsum_flops, {{1, kMany}, kEquation}),
    row("Gemm", 7, "A B C", gemm<kFloats>, gemm_flops, {{3, 3}, kGemm}),
    row("Gemm", 9, "A B C", gemm<kFloatsAndWide>, gemm_flops, {{3, 3}, kGemm}),
    row("Gemm", 11, "A B C", gemm<kFloatsAndWide>, gemm_flops, {{2, 3}, kGemm}),
    row("Gemm", 13, "A B C", gemm<kAllFloatsAndWide>, gemm_flops, {{2, 3}, kGemm}),
    row("MatMul", 1, "A B", matmul<kFloats>, matmul_flops<0>),
    row("MatMul", 9, "A B", matmul<kFloatsAndWide>, matmul_flops<0>),
    row("MatMul", 13, "A B", matmul<kAllFloatsAndWide>, matmul_flops<0>),
    row("MatMulInteger", 10, "A B a_zero_point b_zero_point", matmul_integer, matmul_flops<0>,
        {.inputs = {2, 4}}),
    row("QLinearMatMul", 10, kQLinear, qlinear_matmul<kBytes, dtypes(DType::kF32)>, matmul_flops<0>,
        {.inputs = {8, 8}}),
    row("QLinearMatMul", 21, kQLinear, qlinear_matmul<kBytesAndFloat8, kScales>, matmul_flops<0>,
        {.inputs = {8, 8}}),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contract_ops() { return kOps; }

}  // namespace shapewright::families
