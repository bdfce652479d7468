// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include <string>

#include "ops/families.h"
#include "ops/quant_params.h"
#include "ops/rules.h"

namespace shapewright {

namespace {

bool is_one_value(const Shape& s) {
  for (const Dim d : s) {
    if (d != Dim(1)) return false;
  }
  return s.has_rank() && s.rank() <= 1;
}

}  // namespace

void rules::require_same_parameter_shape(Context& op, std::size_t scale, std::size_t zero_point) {
  if (!op.has_rank(scale) || !op.has_rank(zero_point)) return;
  const Shape &s = op.shape(scale), &z = op.shape(zero_point);
  if (is_one_value(s) && is_one_value(z)) return;
  if (s.rank() + z.rank() == 1) {  // one value each, one of them in a vector
    const std::size_t vector = s.rank() == 1 ? scale : zero_point;
    op.require_equal("quant-scale", op.shape(vector)[0], 1, [&] {
      return axis_text(operand_name(op, vector), 0) + " with one value of " +
             operand_name(op, vector == scale ? zero_point : scale);
    });
    return;
  }
  if (s.rank() != z.rank()) {
    op.fail("quant-scale", std::string(op.op_type()) + " needs " + operand_name(op, scale) +
                               " and " + operand_name(op, zero_point) +
                               " of one shape: " + to_string(s) + " != " + to_string(z));
  }
  for (int i = 0; i < s.rank(); ++i) {
    op.require_equal("quant-scale", s[i], z[i], [&] {
      return axis_text(operand_name(op, scale), i) + " with " +
             axis_text(operand_name(op, zero_point), i);
    });
  }
}

namespace families {

namespace {

using namespace rules;

enum : std::size_t { kX, kScale, kZero };

constexpr DTypeSet kF32Only = dtypes(DType::kF32);
constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);
constexpr DTypeSet kFloat8 =
    dtypes(DType::kF8E4M3, DType::kF8E5M2, DType::kF8E4M3FNUZ, DType::kF8E5M2FNUZ);
constexpr DTypeSet kBytesAndFloat8 = kBytes | kFloat8;
constexpr DTypeSet kUpTo16Bits =
    kBytesAndFloat8 | dtypes(DType::kI16, DType::kU16, DType::kI4, DType::kU4);
constexpr DTypeSet kWithFloat4 = kUpTo16Bits | dtypes(DType::kF4E2M1);
constexpr DTypeSet kWith2Bits = kWithFloat4 | dtypes(DType::kI2, DType::kU2);
constexpr DTypeSet kWithFloat6 = kWith2Bits | dtypes(DType::kF6E2M3, DType::kF6E3M2);
constexpr DTypeSet kSmallFloats = dtypes(DType::kF16, DType::kF32, DType::kBF16);
constexpr DTypeSet kI32Only = dtypes(DType::kI32);
constexpr DTypeSet kF8E8M0Only = dtypes(DType::kF8E8M0);

// --- granularity: one scale for the tensor, for each index along an axis, or for each block
// ----------------

void require_one_scale(Context& op) {
  require_rank(op, kScale, 0, 1);
  if (op.has_rank(kScale) && op.rank(kScale) == 1) {
    op.require_equal("quant-scale", op.shape(kScale)[0], 1,
                     [&] { return axis_text(operand_name(op, kScale), 0) + " with one scale"; });
  }
}

void require_scale_along_axis(Context& op) {
  if (!op.has_rank(kScale) || op.rank(kScale) == 0) return;
  const std::string scale = operand_name(op, kScale);
  if (op.rank(kScale) != 1) {
    op.fail("quant-scale", std::string(op.op_type()) + " needs " + scale +
                               " of rank 0 or 1 without block_size, not rank " +
                               std::to_string(op.rank(kScale)));
  }
  const Dim size = op.shape(kScale)[0];
  if (size == Dim(1) || !op.has_rank(kX)) return;  // one scale: `axis` is ignored
  const int axis = normalize_axis(op, op.attr_int("axis", 1), op.rank(kX), "axis");
  require_broadcast_onto(op, "quant-scale", Shape{op.shape(kX)[axis]}, Shape{size},
                         axis_text("x", axis) + " as", scale);
}

void require_scale_in_blocks(Context& op, std::int64_t block) {
  if (!op.has_rank(kScale) || !op.has_rank(kX)) return;
  const Shape &x = op.shape(kX), &scale = op.shape(kScale);
  const std::string name = operand_name(op, kScale);
  if (scale.rank() != x.rank()) {
    op.fail("quant-scale", std::string(op.op_type()) + " with block_size needs " + name +
                               " of the rank of x: " + std::to_string(scale.rank()) +
                               " != " + std::to_string(x.rank()));
  }
  const int axis = normalize_axis(op, op.attr_int("axis", 1), x.rank(), "axis");
  for (int i = 0; i < x.rank(); ++i) {
    op.require_equal("quant-scale", scale[i], i == axis ? ceildiv(x[i], block) : x[i], [&] {
      return axis_text(name, i) + " with " + axis_text("x", i) +
             (i == axis ? " in blocks of " + std::to_string(block) : "");
    });
  }
}

// Axes came at opset 13, blocks at 21.
void require_scale_shape(Context& op) {
  if (op.version() < 13) {
    require_one_scale(op);
  } else {
    const std::int64_t block = op.attr_int("block_size", 0);
    if (block < 0) {
      op.fail("attr-value", std::string(op.op_type()) + " block_size is " + std::to_string(block) +
                                ", which is negative");
    }
    block == 0 ? require_scale_along_axis(op) : require_scale_in_blocks(op, block);
  }
  require_same_parameter_shape(op, kScale, kZero);
}

// --- rules
// --------------------------------------------------------------------------------------------

// The dtype that `output_dtype` asks for, kUnknown if it asks for none.
DType asked_dtype(const Context& op, DTypeSet allowed) {
  if (op.attr_int("output_dtype", 0) == 0) return DType::kUnknown;
  const DType dtype = dtype_attr(op, "output_dtype", DType::kUnknown);
  if (!allowed.has(dtype)) {
    op.fail("dtype-unsupported", std::string(op.op_type()) + " does not make " +
                                     std::string(name_of(dtype)) + " at opset " +
                                     std::to_string(op.version()));
  }
  return dtype;
}

template <DTypeSet kFrom, DTypeSet kScales, DTypeSet kTo>
void quantize(Context& op) {
  require_dtype(op, kX, kFrom);
  require_dtype(op, kScale, kScales);
  require_dtype(op, kZero, kTo);
  if (op.version() >= 19 && op.version() < 23) unify_dtypes(op, kX, kScale);
  require_scale_shape(op);
  const DType asked = asked_dtype(op, kTo);
  const DType zero = op.has_input(kZero) ? op.dtype(kZero) : DType::kU8;
  if (op.has_input(kZero) && asked != DType::kUnknown && zero != DType::kUnknown && asked != zero) {
    op.fail("dtype-mismatch",
            "QuantizeLinear output_dtype and y_zero_point differ: " + std::string(name_of(asked)) +
                " != " + std::string(name_of(zero)));
  }
  op.output(0, asked != DType::kUnknown ? asked : zero, op.shape(kX));
}

template <DTypeSet kFrom, DTypeSet kScales>
void dequantize(Context& op) {
  require_dtype(op, kX, kFrom);
  require_dtype(op, kScale, kScales);
  unify_dtypes(op, kX, kZero);
  require_scale_shape(op);
  DType dtype = asked_dtype(op, kSmallFloats);
  if (dtype == DType::kUnknown) dtype = op.version() < 19 ? DType::kF32 : op.dtype(kScale);
  if (dtype == DType::kF8E8M0) {
    op.fail("dtype-unsupported", "DequantizeLinear with x_scale of f8e8m0 needs output_dtype");
  }
  op.output(0, dtype, op.shape(kX));
}

void dynamic_quantize(Context& op) {
  require_dtype(op, kX, kF32Only);
  op.output(0, DType::kU8, op.shape(kX));
  op.output(1, DType::kF32, Shape{});
  op.output(2, DType::kU8, Shape{});
}

// Scale and offset; to find the range takes a minimum and a maximum more.
template <int kPerElement>
Dim flops(const Context& op) {
  return kPerElement * elements_or_zero(op.shape(0));
}

// --- the table
// ----------------------------------------------------------------------------------------

constexpr AttrSpec kAxis[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kAxisSaturate[] = {{"axis", AttrKind::kInt}, {"saturate", AttrKind::kInt}};
constexpr AttrSpec kAxisBlock[] = {{"axis", AttrKind::kInt}, {"block_size", AttrKind::kInt}};
constexpr AttrSpec kAxisBlockOut[] = {
    {"axis", AttrKind::kInt}, {"block_size", AttrKind::kInt}, {"output_dtype", AttrKind::kInt}};
constexpr AttrSpec kQuantize21[] = {{"axis", AttrKind::kInt},
                                    {"block_size", AttrKind::kInt},
                                    {"output_dtype", AttrKind::kInt},
                                    {"saturate", AttrKind::kInt}};
constexpr AttrSpec kQuantize23[] = {{"axis", AttrKind::kInt},
                                    {"block_size", AttrKind::kInt},
                                    {"output_dtype", AttrKind::kInt},
                                    {"precision", AttrKind::kInt},
                                    {"saturate", AttrKind::kInt}};

constexpr Op row(std::string_view name, int since, std::string_view operands,
                 void (*infer)(Context&), std::span<const AttrSpec> attrs = {}) {
  return {.name = name,
          .since = since,
          .inputs = {2, 3},
          .operands = operands,
          .attrs = attrs,
          .infer = infer,
          .flops = flops<2>};
}

constexpr Op q(int since, void (*infer)(Context&), std::span<const AttrSpec> attrs = {}) {
  return row("QuantizeLinear", since, "x y_scale y_zero_point", infer, attrs);
}
constexpr Op dq(int since, void (*infer)(Context&), std::span<const AttrSpec> attrs = {}) {
  return row("DequantizeLinear", since, "x x_scale x_zero_point", infer, attrs);
}

constexpr DTypeSet kOldX = kF32Only | kI32Only, kNewX = kSmallFloats | kI32Only;
constexpr DTypeSet kScales24 = kSmallFloats | kF8E8M0Only;

constexpr Op kOps[] = {
    q(10, quantize<kOldX, kF32Only, kBytes>),
    q(13, quantize<kOldX, kF32Only, kBytes>, kAxis),
    q(19, quantize<kNewX, kNewX, kBytesAndFloat8>, kAxisSaturate),
    q(21, quantize<kNewX, kNewX, kUpTo16Bits>, kQuantize21),
    q(23, quantize<kNewX, kNewX, kWithFloat4>, kQuantize23),
    q(24, quantize<kNewX, kNewX | kF8E8M0Only, kWithFloat4>, kQuantize23),
    q(25, quantize<kNewX, kNewX | kF8E8M0Only, kWith2Bits>, kQuantize23),
    q(28, quantize<kNewX, kNewX | kF8E8M0Only, kWithFloat6>, kQuantize23),
    dq(10, dequantize<kBytes | kI32Only, kF32Only>),
    dq(13, dequantize<kBytes | kI32Only, kF32Only>, kAxis),
    dq(19, dequantize<kBytesAndFloat8 | kI32Only, kSmallFloats>, kAxis),
    dq(21, dequantize<kUpTo16Bits | kI32Only, kSmallFloats>, kAxisBlock),
    dq(23, dequantize<kWithFloat4 | kI32Only, kSmallFloats>, kAxisBlockOut),
    dq(24, dequantize<kWithFloat4 | kI32Only, kScales24>, kAxisBlockOut),
    dq(25, dequantize<kWith2Bits | kI32Only, kScales24>, kAxisBlockOut),
    dq(28, dequantize<kWithFloat6 | kI32Only, kScales24>, kAxisBlockOut),
    {.name = "DynamicQuantizeLinear",
     .since = 11,
     .outputs = {3, 3},
     .operands = "x",
     .infer = dynamic_quantize,
     .flops = flops<4>},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> quant_ops() { return kOps; }

}  // namespace families

}  // namespace shapewright
