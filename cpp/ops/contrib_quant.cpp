// Domain com.microsoft, quantised weights and tensors: MatMulNBits, GatherBlockQuantized,
// QLinearAdd, QLinearMul, QLinearConcat.
#include <bit>
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);
constexpr DTypeSet kHalfOrSingle = dtypes(DType::kF32, DType::kF16, DType::kBF16);

std::int64_t attr_in(const Context& op, std::string_view name, std::int64_t fallback,
                     std::int64_t lo, std::int64_t hi) {
  const std::int64_t value = op.attr_int(name, fallback);
  if (value < lo || value > hi) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute " + std::string(name) + " is " +
                              std::to_string(value) + ": " + std::to_string(lo) +
                              (hi == kPlusInf ? " or more" : " to " + std::to_string(hi)) +
                              " is needed");
  }
  return value;
}

std::int64_t block_size(const Context& op, std::int64_t fallback) {
  const std::int64_t size = op.attr_int("block_size", fallback);
  if (size < 16 || !std::has_single_bit(static_cast<std::uint64_t>(size))) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute block_size is " +
                              std::to_string(size) + ": a power of 2 from 16 on is needed");
  }
  return size;
}

// --- MatMulNBits: A [..., K], B [N, blocks, bytes of a block], scales [N * blocks]

void matmul_nbits_infer(Context& op) {
  enum : std::size_t { kA, kB, kScales, kZero, kGroups, kBias };
  for (const std::size_t i : {kA, kScales, kBias}) require_dtype(op, i, kHalfOrSingle);
  require_dtype(op, kB, dtypes(DType::kU8));
  unify_dtypes(op, kA, kScales);
  unify_dtypes(op, kA, kBias);
  const std::int64_t inner = attr_in(op, "K", 0, 1, kPlusInf), n = attr_in(op, "N", 0, 1, kPlusInf);
  const std::int64_t bits = attr_in(op, "bits", 4, 2, 8), block = block_size(op, 0);
  require_rank(op, kA, 1);
  if (op.has_rank(kA)) {
    const int last = op.rank(kA) - 1;
    op.require_equal("matmul-contract", op.shape(kA)[last], inner,
                     [&] { return axis_text("A", last) + " with the attribute K"; });
  }
  const Dim blocks = ceildiv(inner, block);
  require_rank(op, kB, 3, 3);
  if (op.has_rank(kB)) {
    const Dim need[] = {n, blocks, ceildiv(Dim(block) * Dim(bits), 8)};
    static constexpr std::string_view kWhat[] = {"the attribute N", "the blocks of K",
                                                 "the bytes of a block"};
    for (int i = 0; i < 3; ++i) {
      op.require_equal("shape-mismatch", op.shape(kB)[i], need[i],
                       [&] { return axis_text("B", i) + " with " + std::string(kWhat[i]); });
    }
  }
  if (op.has_rank(kScales)) {
    op.require_equal("quant-scale", num_elements(op.shape(kScales)), Dim(n) * blocks,
                     [] { return std::string("the elements of scales with the blocks of B"); });
  }
  require_dtype(op, kZero, kHalfOrSingle | dtypes(DType::kU8));
  if (op.has_rank(kZero) && op.dtype(kZero) != DType::kUnknown) {
    const Dim each = op.dtype(kZero) == DType::kU8 ? ceildiv(blocks * Dim(bits), 8) : blocks;
    op.require_equal("quant-scale", num_elements(op.shape(kZero)), Dim(n) * each, [] {
      return std::string("the elements of zero_points with the blocks of B");
    });
  }
  require_rank(op, kBias, 1, 1);
  if (op.has_rank(kBias)) {
    op.require_equal("shape-mismatch", op.shape(kBias)[0], n,
                     [] { return std::string("bias axis 0 with the attribute N"); });
  }
  Shape out = op.shape(kA);
  if (out.has_rank()) out[out.rank() - 1] = n;
  op.output(0, op.dtype(kA), std::move(out));
}

Dim matmul_nbits_flops(const Context& op) {
  return 2 * Dim(op.attr_int("K", 0)) * elements_or_zero(op.output_type(0).shape);
}

// --- GatherBlockQuantized: as Gather, of data that is quantised in blocks along an axis

void gather_quantized_infer(Context& op) {
  enum : std::size_t { kData, kIndex, kScales };
  constexpr DTypeSet kPacked = dtypes(DType::kU4, DType::kI4, DType::kU8, DType::kF4E2M1);
  require_dtype(op, kData, kPacked | kFloat8s);
  require_dtype(op, kIndex, kIndices);
  require_dtype(op, kScales, kHalfOrSingle);
  unify_dtypes(op, kData, 3);
  const std::int64_t bits = attr_in(op, "bits", 4, 1, 8);
  const DType dtype = op.dtype(kScales);
  if (!op.has_rank(kData)) return op.output(0, dtype, Shape::unknown_rank());
  require_rank(op, kData, 1);
  Shape data = op.shape(kData);
  const int gathered =
      normalize_axis(op, op.attr_int("gather_axis", 0), data.rank(), "gather_axis");
  const int quantized =
      normalize_axis(op, op.attr_int("quantize_axis", 1), data.rank(), "quantize_axis");
  const bool in_bytes = op.dtype(kData) == DType::kU8;
  if (in_bytes) {
    if (gathered != 0 || quantized == 0) {
      op.fail("attr-value",
              "GatherBlockQuantized of u8 data gathers along axis 0 and quantises along another");
    }
    data[data.rank() - 1] = data[data.rank() - 1] * Dim(8 / bits);
  }
  const bool is_float = kFloat8s.has(op.dtype(kData)) || op.dtype(kData) == DType::kF4E2M1;
  if (!is_float && op.has_rank(kScales)) {
    const std::int64_t block = block_size(op, 128);
    require_rank(op, kScales, data.rank(), data.rank());
    for (int i = 0; i < data.rank(); ++i) {
      const Dim need = i == quantized ? ceildiv(data[i], block) : data[i];
      op.require_equal("quant-scale", op.shape(kScales)[i], need, [&] {
        return axis_text("scales", i) + " with " + axis_text("data", i) +
               (i == quantized ? " in blocks" : "");
      });
    }
  }
  if (!op.has_rank(kIndex)) return op.output(0, dtype, Shape::unknown_rank());
  Shape out;
  for (int i = 0; i < gathered; ++i) out.push_back(data[i]);
  for (const Dim d : op.shape(kIndex)) out.push_back(d);
  for (int i = gathered + 1; i < data.rank(); ++i) out.push_back(data[i]);
  op.output(0, dtype, std::move(out));
}

// --- QLinearAdd, QLinearMul

void qlinear_binary_infer(Context& op) {
  enum : std::size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kCScale, kCZero };
  for (const std::size_t i : {kA, kAZero, kB, kBZero, kCZero}) {
    require_dtype(op, i, kBytes);
    unify_dtypes(op, kA, i);
  }
  for (const std::size_t i : {kAScale, kBScale, kCScale}) require_dtype(op, i, dtypes(DType::kF32));
  for (const std::size_t i : {kAScale, kAZero, kBScale, kBZero, kCScale, kCZero})
    require_one_value(op, i, "quant-scale");
  op.output(
      0, op.dtype(kA),
      broadcast_shapes(op, op.shape(kA), op.shape(kB), operand_name(op, kA), operand_name(op, kB)));
}

// --- QLinearConcat: Y_scale, Y_zero_point, then (tensor, scale, zero point) of each part

void qlinear_concat_infer(Context& op) {
  if ((op.num_inputs() - 2) % 3 != 0) {
    op.fail("input-count",
            "QLinearConcat takes a tensor, a scale and a zero point for each part, not " +
                std::to_string(op.num_inputs() - 2) + " inputs for all of them");
  }
  require_dtype(op, 0, dtypes(DType::kF32));
  require_dtype(op, 1, kBytes);
  Joined joined;
  bool all_ranked = true;
  for (std::size_t i = 2; i < op.num_inputs(); i += 3) {
    require_dtype(op, i, kBytes);
    require_dtype(op, i + 1, dtypes(DType::kF32));
    unify_dtypes(op, 1, i);
    require_one_value(op, i + 1, "quant-scale");
    all_ranked = all_ranked && op.has_rank(i);
    if (op.has_rank(i)) join(op, joined, i);
  }
  if (joined.shape.has_rank() && !all_ranked) joined.shape[joined.axis] = op.unknown_dim();
  op.output(0, op.dtype(1), std::move(joined.shape));
}

constexpr AttrSpec kMatMul[] = {
    {"K", AttrKind::kInt, true},          {"N", AttrKind::kInt, true},
    {"accuracy_level", AttrKind::kInt},   {"bits", AttrKind::kInt},
    {"block_size", AttrKind::kInt, true}, {"weight_prepacked", AttrKind::kInt}};
constexpr AttrSpec kGather[] = {{"bits", AttrKind::kInt},
                                {"block_size", AttrKind::kInt},
                                {"gather_axis", AttrKind::kInt},
                                {"quantize_axis", AttrKind::kInt}};
constexpr AttrSpec kConcat[] = {{"axis", AttrKind::kInt, true}};

constexpr Op binary_row(std::string_view name) {
  return {.name = name,
          .domain = "com.microsoft",
          .inputs = {7, 8},
          .operands = "A A_scale A_zero_point B B_scale B_zero_point C_scale C_zero_point",
          .optional = 0b100100,
          .infer = qlinear_binary_infer,
          .flops = one_flop_per_output};
}

constexpr Op kOps[] = {
    {.name = "MatMulNBits",
     .domain = "com.microsoft",
     .inputs = {3, 6},
     .operands = "A B scales zero_points g_idx bias",
     .attrs = kMatMul,
     .infer = matmul_nbits_infer,
     .flops = matmul_nbits_flops},
    {.name = "GatherBlockQuantized",
     .domain = "com.microsoft",
     .inputs = {3, 4},
     .operands = "data indices scales zero_points",
     .attrs = kGather,
     .infer = gather_quantized_infer},
    binary_row("QLinearAdd"),
    binary_row("QLinearMul"),
    {.name = "QLinearConcat",
     .domain = "com.microsoft",
     .inputs = {3, kMany},
     .operands = "Y_scale Y_zero_point",
     .attrs = kConcat,
     .infer = qlinear_concat_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contrib_quant_ops() { return kOps; }

}  // namespace shapewright::families
