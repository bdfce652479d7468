// Sequences: SequenceConstruct, SequenceEmpty, SequenceAt, SequenceInsert, SequenceErase,
// SequenceLength, SplitToSequence, ConcatFromSequence.
#include "ops/sequence.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"

namespace shapewright {

namespace rules {

Dim some_length(Context& op) {
  return op.fresh("length", SymbolKind::kDataDependent, {0, kPlusInf});
}

TensorType element_of(Context& op, const TensorType& sequence) {
  TensorType out = sequence;
  out.container = Container::kTensor;
  out.length = 0;
  for (int i = 0; i < out.shape.rank(); ++i)
    if (const Dim d = out.shape[i]; !is_of_inputs(d))
      out.shape[i] = op.fresh("element", SymbolKind::kDataDependent, bounds(d));
  return out;
}

TensorType sequence_of(TensorType element, Dim length) {
  element.container = Container::kSequence;
  element.length = length;
  return element;
}

namespace {

Dim join_dims(Context& op, Dim a, Dim b) {
  if (surely_eq(a, b)) return a;
  const Bounds x = bounds(a), y = bounds(b);
  return op.fresh("joined", SymbolKind::kDataDependent,
                  {std::min(x.lo, y.lo), std::max(x.hi, y.hi)});
}

bool is_empty(const TensorType& t) { return is_sequence(t) && known(t.length) == 0; }

}  // namespace

TensorType join_types(Context& op, const TensorType& a, const TensorType& b) {
  const bool a_known = a.dtype != DType::kUnknown;
  TensorType out = a;
  if (!a_known) out.dtype = b.dtype;
  if (!a_known || is_empty(a)) out.container = b.container;
  if (is_empty(a)) {
    out.shape = b.shape;
  } else if (is_empty(b)) {
    out.shape = a.shape;
  } else if (a.shape.rank() != b.shape.rank()) {
    out.shape = Shape::unknown_rank();
  } else {
    for (int i = 0; i < a.shape.rank(); ++i) out.shape[i] = join_dims(op, a.shape[i], b.shape[i]);
  }
  if (out.container != Container::kTensor) out.length = join_dims(op, a.length, b.length);
  return out;
}

void require_sequence(const Context& op, std::size_t input, DTypeSet allowed) {
  const TensorType& t = op.input(input);
  if (t.dtype == DType::kUnknown && !is_sequence(t)) return;
  if (is_sequence(t) && (t.dtype == DType::kUnknown || allowed.has(t.dtype))) return;
  op.fail("dtype-unsupported", std::string(op.op_type()) + " needs a sequence as " +
                                   operand_name(op, input) + ", not " + to_string(t));
}

}  // namespace rules

namespace families {

namespace {

using namespace rules;

constexpr DTypeSet kElements = kFirstTypes;

Dim length_of(Context& op, std::size_t input) {
  return is_sequence(op.input(input)) ? op.input(input).length : some_length(op);
}

// Position input `at`: up to `last` of a sequence of `length`, negative ones counted from the end.
void require_position(Context& op, std::size_t at, Dim length, Dim last) {
  if (!op.has_input(at)) return;
  require_dtype(op, at, kIndices);
  require_one_value(op, at);
  const Elem position = scalar_of(op, at);
  if (!position.is_int()) return;
  const auto text = [&] {
    return operand_name(op, at) + " " + to_string(position.num) + " within a sequence of length " +
           to_string(length);
  };
  const bool negative = prove_lt(position.num, 0) == Truth::kYes;
  negative ? op.require_at_most("index-out-of-range", -position.num, length, text)
           : op.require_at_most("index-out-of-range", position.num, last, text);
}

void sequence_construct_infer(Context& op) {
  for (std::size_t i = 0; i < op.num_inputs(); ++i) require_dtype(op, i, kElements);
  unify_all_dtypes(op, 0, op.num_inputs());
  TensorType element = op.input(0);
  for (std::size_t i = 1; i < op.num_inputs(); ++i) element = join_types(op, element, op.input(i));
  op.output(0, sequence_of(std::move(element), Dim(static_cast<std::int64_t>(op.num_inputs()))));
}

void sequence_empty_infer(Context& op) {
  const DType dtype = dtype_attr(op, "dtype", DType::kF32);
  if (!kElements.has(dtype))
    op.fail("dtype-unsupported",
            "SequenceEmpty does not hold " + std::string(name_of(dtype)) + " tensors");
  op.output(0, sequence_of({dtype, Shape::unknown_rank()}, 0));
}

void sequence_at_infer(Context& op) {
  require_sequence(op, 0, kElements);
  const Dim length = length_of(op, 0);
  require_position(op, 1, length, length - Dim(1));
  op.output(0, element_of(op, op.input(0)));
}

void sequence_insert_infer(Context& op) {
  require_sequence(op, 0, kElements);
  require_dtype(op, 1, kElements);
  unify_dtypes(op, 0, 1);
  const Dim length = length_of(op, 0);
  require_position(op, 2, length, length);
  const TensorType one = sequence_of(op.input(1), 1);
  TensorType out = is_sequence(op.input(0)) ? join_types(op, op.input(0), one) : one;
  if (!is_sequence(op.input(0))) out.shape = Shape::unknown_rank();
  out.length = length + Dim(1);
  op.output(0, std::move(out));
}

void sequence_erase_infer(Context& op) {
  require_sequence(op, 0, kElements);
  const Dim length = length_of(op, 0);
  if (op.has_input(1)) {
    require_position(op, 1, length, length - Dim(1));
  } else {
    op.require_at_most("index-out-of-range", 1, length,
                       [] { return std::string("the last of the elements of input_sequence"); });
  }
  op.output(0, sequence_of(op.input(0), max(length - Dim(1), 0)));
}

void sequence_length_infer(Context& op) {
  require_sequence(op, 0, kElements);
  op.output(0, DType::kI64, {});
}

void sequence_length_values(Context& op) {
  if (is_sequence(op.input(0)))
    op.output_elements(0, Elements::scalar(Elem::of(op.input(0).length)));
}

// --- SplitToSequence

// Chunks of `chunk`, the last one shorter.
Dim split_by(Context& op, Dim size, Dim chunk, Dim& part) {
  op.require_at_most("split-sizes", 1, chunk, [] { return std::string("1 within split"); });
  part = chunk;
  if (prove_divides(chunk, size) != Truth::kYes)
    part = op.fresh("part", SymbolKind::kDataDependent,
                    {0, std::min(bounds(chunk).hi, bounds(size).hi)});
  return ceildiv(size, chunk);
}

// Chunks of the sizes listed.
Dim split_into(Context& op, Dim size, const IntList& sizes, int axis, Dim& part) {
  if (!sizes.has_elements()) {
    part = op.fresh("part", SymbolKind::kDataDependent, {0, bounds(size).hi});
    return sizes.has_size() ? Dim(static_cast<std::int64_t>(sizes.size())) : some_length(op);
  }
  Dim sum = 0;
  bool all_known = true;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Elem e = sizes[i];
    all_known = all_known && e.is_int();
    const Dim here =
        e.is_int() ? e.num : op.fresh("part", SymbolKind::kDataDependent, {0, bounds(size).hi});
    op.require_at_most("split-sizes", 0, here, [] { return std::string("0 within split"); });
    if (i == 0) {
      part = here;
    } else if (!surely_eq(part, here)) {
      part = op.fresh(
          "part", SymbolKind::kDataDependent,
          {std::min(bounds(part).lo, bounds(here).lo), std::max(bounds(part).hi, bounds(here).hi)});
    }
    sum += here;
  }
  if (all_known) {
    op.require_equal("split-sizes", sum, size,
                     [&] { return "the sum of split with " + axis_text("input", axis); });
  }
  return static_cast<std::int64_t>(sizes.size());
}

void split_to_sequence_infer(Context& op) {
  const DTypeSet allowed = op.version() >= 24 ? kElements | kBFloat : kElements;
  require_dtype(op, 0, allowed);
  require_dtype(op, 1, kIndices);
  require_rank(op, 1, 0, 1);
  const bool keeps = op.attr_int("keepdims", 1) != 0;
  if (!op.has_rank(0)) return op.output(0, sequence_of(op.input(0), some_length(op)));
  require_rank(op, 0, 1);
  Shape out = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", 0), out.rank(), "axis");
  const Dim size = out[axis];
  Dim length;
  if (!op.has_input(1)) {
    length = size;
    out[axis] = 1;
    if (!keeps) out.erase(axis);
  } else if (!op.has_rank(1)) {
    length = some_length(op);
    out[axis] = op.fresh("part", SymbolKind::kDataDependent, {0, bounds(size).hi});
  } else if (op.rank(1) == 1) {
    length = split_into(op, size, IntList::of_input(op, 1), axis, out[axis]);
  } else if (const Elem chunk = scalar_of(op, 1); chunk.is_int()) {
    length = split_by(op, size, chunk.num, out[axis]);
  } else {
    length = some_length(op);
    out[axis] = op.fresh("part", SymbolKind::kDataDependent, {0, bounds(size).hi});
  }
  // The specification ignores keepdims where split is given, ONNX Runtime drops an axis of parts of
  // size 1.
  if (!keeps && op.has_input(1) && (!op.has_rank(1) || op.rank(1) == 0))
    out = Shape::unknown_rank();
  op.output(0, sequence_of({op.dtype(0), std::move(out)}, length));
}

// --- ConcatFromSequence

void concat_from_sequence_infer(Context& op) {
  require_sequence(op, 0, kElements);
  const std::int64_t stacks = op.attr_int("new_axis", 0);
  if (stacks != 0 && stacks != 1)
    op.fail("attr-value", "ConcatFromSequence new_axis is 0 or 1, not " + std::to_string(stacks));
  const Dim length = length_of(op, 0);
  op.require_at_most("sequence-length", 1, length,
                     [] { return std::string("1 within the length of input_sequence"); });
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), Shape::unknown_rank());
  const TensorType element = element_of(op, op.input(0));
  Shape out = element.shape;
  const int axis =
      normalize_axis(op, op.attr_int("axis", 0), out.rank() + static_cast<int>(stacks), "axis");
  if (stacks == 1) {
    out.insert(axis, length);
  } else if (is_of_inputs(out[axis])) {
    out[axis] = length * out[axis];
  } else {
    // Of `length` sizes nothing is known but their bounds.
    const Bounds all = bounds(length * out[axis]);
    out[axis] =
        op.fresh("concat", SymbolKind::kDataDependent, {std::max<std::int64_t>(0, all.lo), all.hi});
  }
  op.output(0, op.dtype(0), std::move(out));
}

constexpr AttrSpec kDtype[] = {{"dtype", AttrKind::kInt}};
constexpr AttrSpec kSplit[] = {{"axis", AttrKind::kInt}, {"keepdims", AttrKind::kInt}};
constexpr AttrSpec kConcat[] = {{"axis", AttrKind::kInt, true}, {"new_axis", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "SequenceConstruct",
     .since = 11,
     .inputs = {1, kMany},
     .infer = sequence_construct_infer},
    {.name = "SequenceEmpty",
     .since = 11,
     .inputs = {0, 0},
     .attrs = kDtype,
     .infer = sequence_empty_infer},
    {.name = "SequenceAt",
     .since = 11,
     .inputs = {2, 2},
     .operands = "input_sequence position",
     .infer = sequence_at_infer},
    {.name = "SequenceInsert",
     .since = 11,
     .inputs = {2, 3},
     .operands = "input_sequence tensor position",
     .infer = sequence_insert_infer},
    {.name = "SequenceErase",
     .since = 11,
     .inputs = {1, 2},
     .operands = "input_sequence position",
     .infer = sequence_erase_infer},
    {.name = "SequenceLength",
     .since = 11,
     .operands = "input_sequence",
     .infer = sequence_length_infer,
     .values = sequence_length_values},
    {.name = "SplitToSequence",
     .since = 11,
     .inputs = {1, 2},
     .operands = "input split",
     .attrs = kSplit,
     .infer = split_to_sequence_infer},
    {.name = "ConcatFromSequence",
     .since = 11,
     .operands = "input_sequence",
     .attrs = kConcat,
     .infer = concat_from_sequence_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> sequence_ops() { return kOps; }

}  // namespace families

}  // namespace shapewright
