// Shared vocabulary of the rules. Helpers unify by default: a rule reads the common shape, not the
// first input's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ops/context.h"

namespace shapewright::rules {

// The rule of operators whose framework has computed the types of their outputs: as declared.
void infer_declared(Context& op);

// --- element types

struct DTypeSet {
  std::uint32_t bits = 0;  // by enumerator
  constexpr bool has(DType d) const { return (bits >> static_cast<unsigned>(d)) & 1; }
  friend constexpr DTypeSet operator|(DTypeSet a, DTypeSet b) { return {a.bits | b.bits}; }
};
template <class... D>
constexpr DTypeSet dtypes(D... d) {
  return {((1u << static_cast<unsigned>(d)) | ... | 0u)};
}
// The sets of the ONNX specification. bfloat16 joined most operators at opset 13.
inline constexpr DTypeSet kBFloat = dtypes(DType::kBF16), kBools = dtypes(DType::kBool);
inline constexpr DTypeSet kFloats = dtypes(DType::kF16, DType::kF32, DType::kF64);
inline constexpr DTypeSet kAllFloats = kFloats | kBFloat;
inline constexpr DTypeSet kSigned = dtypes(DType::kI8, DType::kI16, DType::kI32, DType::kI64);
inline constexpr DTypeSet kUnsigned = dtypes(DType::kU8, DType::kU16, DType::kU32, DType::kU64);
inline constexpr DTypeSet kIntegers = kSigned | kUnsigned;
inline constexpr DTypeSet kWideIntegers =
    dtypes(DType::kI32, DType::kI64, DType::kU32, DType::kU64);
inline constexpr DTypeSet kNumeric = kFloats | kIntegers;
inline constexpr DTypeSet kAllNumeric = kAllFloats | kIntegers;
// Fails with `dtype-unsupported` if `input` is no tensor, or of a known dtype that is not in
// `allowed`. An omitted input passes.
void require_dtype(const Context& op, std::size_t input, DTypeSet allowed);

// --- whole rules, usable as Op::infer, Op::values, ...

void same_as_input(Context& op);             // output 0 has the type of input 0
void broadcast_all(Context& op);             // inputs agree on dtype, shapes broadcast
void broadcast_to_bool(Context& op);         // the same, output dtype bool
void pass_elements(Context& op);             // Op::values: output 0 has the elements of input 0
int view_of_first(const Context& op);        // Op::alias
Dim one_flop_per_output(const Context& op);  // Op::flops
// Op::infer of an operator whose result has the type of its one operand, of an allowed dtype.
template <DTypeSet kAllowed>
void same_as_input_of(Context& op) {
  require_dtype(op, 0, kAllowed);
  same_as_input(op);
}

// --- axes

// Axis of a tensor of `rank`, negative counted from the end; fails with `axis-out-of-range`. `what`
// names the attribute or input that holds it: "axis".
int normalize_axis(const Context& op, std::int64_t axis, int rank, std::string_view what);
// Sorted distinct axes; fails on a repeat with `axis-repeated`.
std::vector<int> normalize_axes(const Context& op, std::span<const std::int64_t> axes, int rank,
                                std::string_view what);
// Axes given as attribute below opset `input_since` and as input `input_index` from then on.
// `given` is false where neither is there; `known` is false where the input is there but its
// elements are not known.
struct Axes {
  bool given = false, known = true;
  std::vector<std::int64_t> values;
};
Axes axes_from(const Context& op, std::string_view attr, std::size_t input_index, int input_since);

// --- operands

// Fails with `rank-mismatch` unless the rank is unknown or within [lo, hi].
void require_rank(const Context& op, std::size_t input, int lo, int hi = kMaxRank);
// Fails with `code` unless the input is a scalar, or a vector of one element. An omitted input
// passes.
void require_one_value(Context& op, std::size_t input, std::string_view code = "rank-mismatch");
// The one element of an input, or unknown.
Elem scalar_of(const Context& op, std::size_t input);
// Fails with `dtype-mismatch` if both dtypes are known and differ; returns the known one.
DType unify_dtypes(const Context& op, std::size_t a, std::size_t b);
DType unify_all_dtypes(const Context& op, std::size_t first, std::size_t last);
Shape broadcast_shapes(Context& op, const Shape& a, const Shape& b, std::string_view a_name,
                       std::string_view b_name);
// Checks that broadcasting b to `target` leaves `target` as it is (unidirectional); `code` if not.
// The shape that broadcasting gives: `target`, but for sizes of which only a run tells whether they
// keep to it.
Shape require_broadcast_onto(Context& op, std::string_view code, const Shape& target,
                             const Shape& b, std::string_view target_name, std::string_view b_name);
// Shape of all inputs in [first, last), which must agree on rank (`rank-mismatch`) and on every
// axis but `except` (`concat-mismatch`; -1: on all, `shape-mismatch`). The size on `except` is that
// of the first input of known rank.
Shape unify_except(Context& op, std::size_t first, std::size_t last, int except);
// What a Concat along `axis` has joined so far, from input `from` on.
struct Joined {
  Shape shape = Shape::unknown_rank();
  int axis = 0;
  std::size_t from = 0;
  bool may_be_empty = true;  // all of it
};
// Joins input i, whose rank is known: `concat-mismatch` unless the sizes off the axis agree.
void join(Context& op, Joined& joined, std::size_t i);
// "A", "B" or "input 3": as the ONNX specification names it.
std::string operand_name(const Context& op, std::size_t input);
std::string axis_text(std::string_view operand, int axis);  // "A axis 2"

// --- sizes

Dim product(std::span<const Dim> dims);
Dim elements_or_zero(const Shape& shape);  // for counts: 0 where the rank is unknown
// Output size of a window sliding over `in`:
// floor or ceil of ((in + pads - dilation*(kernel-1) - 1) / stride) + 1.
Dim window_output(Dim in, Dim pads, Dim kernel, std::int64_t dilation, std::int64_t stride,
                  bool ceil_mode);
// A dtype attribute ("to", "dtype"): fails with `dtype-unknown` for a code that is not one.
DType dtype_attr(const Context& op, std::string_view name, DType fallback);
Shape unknown_dims(Context& op, int rank);

}  // namespace shapewright::rules
