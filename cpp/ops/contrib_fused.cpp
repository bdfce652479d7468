// Domain com.microsoft, one kernel for several operators: Gelu with or without a bias, products of
// transposed matrices, convolution with its activation.
#include <string>
#include <utility>

#include "ops/conv.h"
#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

void gelu_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  const DType dtype = op.num_inputs() > 1 ? unify_dtypes(op, 0, 1) : op.dtype(0);
  if (op.has_input(1)) {
    require_rank(op, 0, 1);
    require_rank(op, 1, 1, 1);
    if (op.has_rank(0) && op.has_rank(1)) {
      const int last = op.rank(0) - 1;
      op.require_equal("shape-mismatch", op.shape(1)[0], op.shape(0)[last], [&] {
        return axis_text(operand_name(op, 1), 0) + " with " + axis_text(operand_name(op, 0), last);
      });
    }
  }
  op.output(0, dtype, op.shape(0));
}

// --- FusedMatMul

// One factor as [batch..., rows, columns], wherever its axes are.
struct Matrix {
  Shape batch;
  int rows = -1, columns = -1;  // axes; -1: a vector has no such
};

// With `batched` the rows (or, transposed, the columns) are axis 0, before the batch.
Matrix matrix_of(const Shape& s, bool transposed, bool batched, bool is_left) {
  Matrix m;
  if (s.rank() == 1) {
    (is_left ? m.columns : m.rows) = 0;
    return m;
  }
  m.rows = batched ? 0 : s.rank() - 2;
  m.columns = s.rank() - 1;
  for (int i = 0; i < s.rank(); ++i)
    if (i != m.rows && i != m.columns) m.batch.push_back(s[i]);
  if (transposed) std::swap(m.rows, m.columns);
  return m;
}

void fused_matmul_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  const DType dtype = unify_dtypes(op, 0, 1);
  const bool batched[] = {op.attr_int("transBatchA", 0) != 0, op.attr_int("transBatchB", 0) != 0};
  for (const std::size_t i : {0, 1}) require_rank(op, i, batched[i] ? 3 : 1);
  if (!op.has_rank(0) || !op.has_rank(1)) return op.output(0, dtype, Shape::unknown_rank());
  const Shape &a = op.shape(0), &b = op.shape(1);
  const Matrix x = matrix_of(a, op.attr_int("transA", 0) != 0, batched[0], true);
  const Matrix y = matrix_of(b, op.attr_int("transB", 0) != 0, batched[1], false);
  op.require_equal("matmul-contract", a[x.columns], b[y.rows],
                   [&] { return axis_text("A", x.columns) + " with " + axis_text("B", y.rows); });
  Shape out = broadcast_shapes(op, x.batch, y.batch, "the batch of A", "the batch of B");
  if (x.rows >= 0) out.push_back(a[x.rows]);
  if (y.columns >= 0) out.push_back(b[y.columns]);
  op.output(0, dtype, std::move(out));
}

Dim fused_matmul_flops(const Context& op) {
  if (!op.has_rank(0) || !op.has_rank(1)) return 0;
  const Matrix x = matrix_of(op.shape(0), op.attr_int("transA", 0) != 0,
                             op.attr_int("transBatchA", 0) != 0, true);
  return 2 * op.shape(0)[x.columns] * elements_or_zero(op.output_type(0).shape);
}

// --- FusedConv: Z is added to the result, then the activation

void fused_conv_infer(Context& op) {
  for (std::size_t i = 0; i < 4; ++i) require_dtype(op, i, kFloats);
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  Shape out = conv_shape(op, {0, 1, 2});
  if (op.has_rank(3)) {
    if (out.has_rank()) {
      require_rank(op, 3, out.rank(), out.rank());
      for (int i = 0; i < out.rank(); ++i) {
        out[i] = op.unify("shape-mismatch", out[i], op.shape(3)[i],
                          [&] { return axis_text("Z", i) + " with the result"; });
      }
    } else {
      out = op.shape(3);
    }
  }
  op.output(0, dtype, std::move(out));
}

Dim fused_conv_flops(const Context& op) { return conv_macs_flops(op, 1); }

constexpr AttrSpec kAlpha[] = {{"alpha", AttrKind::kFloat}};
constexpr AttrSpec kMatMul[] = {{"alpha", AttrKind::kFloat},
                                {"transA", AttrKind::kInt},
                                {"transB", AttrKind::kInt},
                                {"transBatchA", AttrKind::kInt},
                                {"transBatchB", AttrKind::kInt}};
constexpr AttrSpec kConv[] = {
    {"activation", AttrKind::kString}, {"activation_params", AttrKind::kFloats},
    {"auto_pad", AttrKind::kString},   {"dilations", AttrKind::kInts},
    {"group", AttrKind::kInt},         {"kernel_shape", AttrKind::kInts},
    {"pads", AttrKind::kInts},         {"strides", AttrKind::kInts},
};

constexpr Op kOps[] = {
    {.name = "Gelu",
     .domain = "com.microsoft",
     .operands = "X",
     .infer = gelu_infer,
     .flops = one_flop_per_output},
    {.name = "FastGelu",
     .domain = "com.microsoft",
     .inputs = {1, 2},
     .operands = "X bias",
     .infer = gelu_infer,
     .flops = one_flop_per_output},
    {.name = "QuickGelu",
     .domain = "com.microsoft",
     .operands = "X",
     .attrs = kAlpha,
     .infer = gelu_infer,
     .flops = one_flop_per_output},
    {.name = "BiasGelu",
     .domain = "com.microsoft",
     .inputs = {2, 2},
     .operands = "A B",
     .infer = gelu_infer,
     .flops = one_flop_per_output},
    {.name = "FusedMatMul",
     .domain = "com.microsoft",
     .inputs = {2, 2},
     .operands = "A B",
     .attrs = kMatMul,
     .infer = fused_matmul_infer,
     .flops = fused_matmul_flops},
    {.name = "FusedConv",
     .domain = "com.microsoft",
     .inputs = {2, 4},
     .operands = "X W B Z",
     .attrs = kConv,
     .infer = fused_conv_infer,
     .flops = fused_conv_flops},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contrib_fused_ops() { return kOps; }

}  // namespace shapewright::families
