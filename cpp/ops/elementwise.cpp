// Operators of several operands whose shapes broadcast to that of the result.
#include <string>

#include "ops/elementwise_values.h"
#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kFloatsAndWide = kFloats | kWideIntegers;
constexpr DTypeSet kAllFloatsAndWide = kAllFloats | kWideIntegers;
constexpr DTypeSet kEveryOldType =
    kNumeric | kBools | dtypes(DType::kString, DType::kC64, DType::kC128);

void require_all_dtypes(const Context& op, DTypeSet allowed) {
  for (std::size_t i = 0; i < op.num_inputs(); ++i) require_dtype(op, i, allowed);
}

template <DTypeSet kAllowed>
void broadcast_of(Context& op) {
  require_all_dtypes(op, kAllowed);
  broadcast_all(op);
}

template <DTypeSet kAllowed>
void compare_of(Context& op) {
  require_all_dtypes(op, kAllowed);
  broadcast_to_bool(op);
}

// Max, Mean, Min and Sum did not broadcast until opset 8.
template <DTypeSet kAllowed>
void one_shape(Context& op) {
  require_all_dtypes(op, kAllowed);
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  op.output(0, dtype, unify_except(op, 0, op.num_inputs(), -1));
}

template <DTypeSet kAllowed>
void bit_shift(Context& op) {
  const std::string_view direction = op.attr_string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    op.fail("attr-value", "BitShift direction is '" + std::string(direction) +
                              "': 'LEFT' or 'RIGHT' are allowed");
  }
  broadcast_of<kAllowed>(op);
}

// Floating-point operands needed fmod until opset 28.
template <DTypeSet kAllowed, bool kFloatsNeedFmod>
void mod(Context& op) {
  require_all_dtypes(op, kAllowed);
  const std::int64_t fmod = op.attr_int("fmod", 0);
  if (fmod != 0 && fmod != 1) {
    op.fail("attr-value", "Mod fmod is " + std::to_string(fmod) + ": 0 or 1 are allowed");
  }
  if (kFloatsNeedFmod && fmod == 0 && is_float(op.dtype(0))) {
    op.fail("attr-value", "Mod of " + std::string(name_of(op.dtype(0))) + " needs fmod 1, not 0");
  }
  broadcast_all(op);
}

void mod_elements(Context& op) {
  fold_elements(op, op.attr_int("fmod", 0) == 1 ? elem::trunc_mod : elem::floor_mod);
}

template <BinaryElem kF>
void logical_elements(Context& op) {
  fold_partial_elements(op, kF);
}

template <DTypeSet kBase, DTypeSet kExponent>
void pow(Context& op) {
  require_dtype(op, 0, kBase);
  require_dtype(op, 1, kExponent);
  op.output(0, op.dtype(0), broadcast_shapes(op, op.shape(0), op.shape(1), "X", "Y"));
}

template <DTypeSet kAllowed>
void prelu(Context& op) {
  require_all_dtypes(op, kAllowed);
  // ONNX Runtime stretches X.
  op.output(
      0, unify_dtypes(op, 0, 1),
      require_broadcast_onto(op, "broadcast-mismatch", op.shape(0), op.shape(1), "X", "slope"));
}

template <DTypeSet kAllowed>
void where(Context& op) {
  require_dtype(op, 0, kBools);
  require_dtype(op, 1, kAllowed);
  require_dtype(op, 2, kAllowed);
  const Shape branches = broadcast_shapes(op, op.shape(1), op.shape(2), "X", "Y");
  op.output(0, unify_dtypes(op, 1, 2),
            broadcast_shapes(op, op.shape(0), branches, "condition", "X and Y"));
}

// One operation for each operand after the first.
Dim fold_flops(const Context& op) {
  const Dim folds = static_cast<std::int64_t>(op.num_inputs()) - 1;
  return folds * elements_or_zero(op.output_type(0).shape);
}

Dim mean_flops(const Context& op) {
  return static_cast<std::int64_t>(op.num_inputs()) * elements_or_zero(op.output_type(0).shape);
}

// --- the table
// --------------------------------------------------------------------------------------

constexpr AttrSpec kDirection[] = {{"direction", AttrKind::kString, true}};
constexpr AttrSpec kFmod[] = {{"fmod", AttrKind::kInt}};

constexpr Op binary(std::string_view name, int since, void (*infer)(Context&),
                    void (*values)(Context&), std::span<const AttrSpec> attrs = {}) {
  return {.name = name,
          .since = since,
          .inputs = {2, 2},
          .operands = "A B",
          .attrs = attrs,
          .infer = infer,
          .values = values,
          .flops = one_flop_per_output};
}

// A result of bits or truth values: no floating-point operation.
constexpr Op logical(std::string_view name, int since, void (*infer)(Context&),
                     void (*values)(Context&)) {
  Op op = binary(name, since, infer, values);
  op.flops = nullptr;
  return op;
}

constexpr Op named(Op op, std::string_view operands) {
  op.operands = operands;
  return op;
}

constexpr Op variadic(std::string_view name, int since, void (*infer)(Context&),
                      void (*values)(Context&), Dim (*flops)(const Context&)) {
  return {.name = name,
          .since = since,
          .inputs = {1, kMany},
          .infer = infer,
          .values = values,
          .flops = flops};
}

// Of positions moved by one number: the greatest moves with them.
void add_values(Context& op) {
  folded<elem::add>(op);
  for (const std::size_t i : {0, 1})
    if (const Elem by = scalar_of(op, 1 - i); by.is_int() && op.greatest(i))
      op.output_greatest(0, *op.greatest(i) + by.num);
}

void sub_values(Context& op) {
  folded<elem::sub>(op);
  if (const Elem by = scalar_of(op, 1); by.is_int() && op.greatest(0))
    op.output_greatest(0, *op.greatest(0) - by.num);
}

constexpr Op kOps[] = {
    binary("Add", 7, broadcast_of<kFloatsAndWide>, add_values),
    binary("Add", 13, broadcast_of<kAllFloatsAndWide>, add_values),
    binary("Add", 14, broadcast_of<kAllNumeric>, add_values),
    logical("And", 7, compare_of<kBools>, logical_elements<elem::logical_and>),
    named(binary("BitShift", 11, bit_shift<kUnsigned>, nullptr, kDirection), "X Y"),
    named(binary("BitShift", 28, bit_shift<kIntegers>, nullptr, kDirection), "X Y"),
    logical("BitwiseAnd", 18, broadcast_of<kIntegers>, nullptr),
    logical("BitwiseOr", 18, broadcast_of<kIntegers>, nullptr),
    logical("BitwiseXor", 18, broadcast_of<kIntegers>, nullptr),
    binary("Div", 7, broadcast_of<kFloatsAndWide>, folded<elem::div>),
    binary("Div", 13, broadcast_of<kAllFloatsAndWide>, folded<elem::div>),
    binary("Div", 14, broadcast_of<kAllNumeric>, folded<elem::div>),
    logical("Equal", 7, compare_of<kBools | dtypes(DType::kI32, DType::kI64)>, folded<elem::equal>),
    logical("Equal", 11, compare_of<kBools | kNumeric>, folded<elem::equal>),
    logical("Equal", 13, compare_of<kBools | kAllNumeric>, folded<elem::equal>),
    logical("Equal", 19, compare_of<kBools | kAllNumeric | dtypes(DType::kString)>,
            folded<elem::equal>),
    logical("Greater", 7, compare_of<kFloats>, folded<elem::greater>),
    logical("Greater", 9, compare_of<kNumeric>, folded<elem::greater>),
    logical("Greater", 13, compare_of<kAllNumeric>, folded<elem::greater>),
    logical("GreaterOrEqual", 12, compare_of<kNumeric>, folded<elem::greater_or_equal>),
    logical("GreaterOrEqual", 16, compare_of<kAllNumeric>, folded<elem::greater_or_equal>),
    logical("Less", 7, compare_of<kFloats>, folded<elem::less>),
    logical("Less", 9, compare_of<kNumeric>, folded<elem::less>),
    logical("Less", 13, compare_of<kAllNumeric>, folded<elem::less>),
    logical("LessOrEqual", 12, compare_of<kNumeric>, folded<elem::less_or_equal>),
    logical("LessOrEqual", 16, compare_of<kAllNumeric>, folded<elem::less_or_equal>),
    variadic("Max", 6, one_shape<kFloats>, folded<elem::max>, fold_flops),
    variadic("Max", 8, broadcast_of<kFloats>, folded<elem::max>, fold_flops),
    variadic("Max", 12, broadcast_of<kNumeric>, folded<elem::max>, fold_flops),
    variadic("Max", 13, broadcast_of<kAllNumeric>, folded<elem::max>, fold_flops),
    variadic("Mean", 6, one_shape<kFloats>, mean_elements, mean_flops),
    variadic("Mean", 8, broadcast_of<kFloats>, mean_elements, mean_flops),
    variadic("Mean", 13, broadcast_of<kAllFloats>, mean_elements, mean_flops),
    variadic("Min", 6, one_shape<kFloats>, folded<elem::min>, fold_flops),
    variadic("Min", 8, broadcast_of<kFloats>, folded<elem::min>, fold_flops),
    variadic("Min", 12, broadcast_of<kNumeric>, folded<elem::min>, fold_flops),
    variadic("Min", 13, broadcast_of<kAllNumeric>, folded<elem::min>, fold_flops),
    binary("Mod", 10, mod<kNumeric, true>, mod_elements, kFmod),
    binary("Mod", 13, mod<kAllNumeric, true>, mod_elements, kFmod),
    binary("Mod", 28, mod<kAllNumeric, false>, mod_elements, kFmod),
    binary("Mul", 7, broadcast_of<kFloatsAndWide>, folded<elem::mul>),
    binary("Mul", 13, broadcast_of<kAllFloatsAndWide>, folded<elem::mul>),
    binary("Mul", 14, broadcast_of<kAllNumeric>, folded<elem::mul>),
    logical("Or", 7, compare_of<kBools>, logical_elements<elem::logical_or>),
    named(binary("PRelu", 7, prelu<kFloats>, nullptr), "X slope"),
    named(binary("PRelu", 9, prelu<kFloatsAndWide>, nullptr), "X slope"),
    named(binary("PRelu", 16, prelu<kAllFloatsAndWide>, nullptr), "X slope"),
    named(binary("Pow", 7, broadcast_of<kFloats>, folded<elem::pow>), "X Y"),
    named(binary("Pow", 12, pow<kFloats | dtypes(DType::kI32, DType::kI64), kNumeric>,
                 folded<elem::pow>),
          "X Y"),
    named(binary("Pow", 13, pow<kAllFloats | dtypes(DType::kI32, DType::kI64), kNumeric>,
                 folded<elem::pow>),
          "X Y"),
    named(binary("Pow", 15, pow<kAllFloats | dtypes(DType::kI32, DType::kI64), kAllNumeric>,
                 folded<elem::pow>),
          "X Y"),
    binary("Sub", 7, broadcast_of<kFloatsAndWide>, sub_values),
    binary("Sub", 13, broadcast_of<kAllFloatsAndWide>, sub_values),
    binary("Sub", 14, broadcast_of<kAllNumeric>, sub_values),
    variadic("Sum", 6, one_shape<kFloats>, folded<elem::add>, fold_flops),
    variadic("Sum", 8, broadcast_of<kFloats>, folded<elem::add>, fold_flops),
    variadic("Sum", 13, broadcast_of<kAllFloats>, folded<elem::add>, fold_flops),
    {.name = "Where",
     .since = 9,
     .inputs = {3, 3},
     .operands = "condition X Y",
     .infer = where<kEveryOldType>,
     .values = where_elements},
    {.name = "Where",
     .since = 16,
     .inputs = {3, 3},
     .operands = "condition X Y",
     .infer = where<kEveryOldType | kBFloat>,
     .values = where_elements},
    logical("Xor", 7, compare_of<kBools>, folded<elem::logical_xor>),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> elementwise_ops() { return kOps; }

}  // namespace shapewright::families
