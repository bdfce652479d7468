// If, Loop, Scan, SequenceMap: operators whose attributes are graphs.
#include <algorithm>

#include "ops/carried.h"
#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/sequence.h"

namespace shapewright::families {

namespace {

using rules::Carried;
using rules::carry;
using rules::Operands;
using rules::Passes;

BlockId body_of(const Context& op, std::string_view attr) {
  const Attr* a = op.attr(attr);
  if (a == nullptr || a->blocks.size() != 1)
    op.fail("attr-missing",
            std::string(op.op_type()) + " needs the graph attribute " + std::string(attr));
  return a->blocks[0];
}

void require_body(const Context& op, BlockId block, std::size_t inputs, std::size_t outputs) {
  const Block& b = op.graph().blocks[block];
  const auto check = [&](std::size_t have, std::size_t want, const char* what) {
    if (have != want)
      op.fail("body-arity", std::string(op.op_type()) + " needs a body with " +
                                std::to_string(want) + " " + what + ", not " +
                                std::to_string(have));
  };
  check(b.inputs.size(), inputs, "inputs");
  check(b.outputs.size(), outputs, "outputs");
}

// What holds of a value that is `a` on one path and `b` on another.
OperandType join(Context& op, const OperandType& a, const OperandType& b) {
  const auto is_known = [](const TensorType& t) { return t.dtype != DType::kUnknown; };
  if (is_known(a.type) && is_known(b.type) &&
      (a.type.dtype != b.type.dtype || a.type.container != b.type.container))
    op.fail("dtype-mismatch", std::string(op.op_type()) + " gives " + to_string(a.type) +
                                  " on one path and " + to_string(b.type) + " on another");
  OperandType out{rules::join_types(op, a.type, b.type), a.elements};
  if (a.elements != b.elements) out.elements = nullptr;
  return out;
}

// A trip count or a condition: one element of `allowed`.
void require_one(Context& op, std::size_t input, rules::DTypeSet allowed) {
  rules::require_dtype(op, input, allowed);
  if (op.has_rank(input))
    op.require_equal("shape-mismatch", num_elements(op.shape(input)), 1, [&] {
      return "the elements of " + rules::operand_name(op, input) + " with one element";
    });
}

void if_infer(Context& op) {
  require_one(op, 0, rules::kBools);
  const BlockId then_branch = body_of(op, "then_branch"), else_branch = body_of(op, "else_branch");
  require_body(op, then_branch, 0, op.num_outputs());
  require_body(op, else_branch, 0, op.num_outputs());
  const auto cond = op.literal_elements(0);
  if (cond && cond->size() == 1) {
    // The branch that never runs is not looked at: exporters leave invalid code there.
    const Operands taken =
        op.infer_block((*cond)[0] != 0 ? then_branch : else_branch, {}, Runs::kSurely);
    for (std::size_t i = 0; i < taken.size(); ++i) op.output_operand(i, taken[i]);
    return;
  }
  const Operands a = op.infer_block(then_branch, {}, Runs::kMaybe);
  const Operands b = op.infer_block(else_branch, {}, Runs::kMaybe);
  for (std::size_t i = 0; i < a.size(); ++i) op.output_operand(i, join(op, a[i], b[i]));
}

void stack_output(Context& op, std::size_t index, const TensorType& element, int axis, Dim length) {
  TensorType out = element;
  if (out.shape.has_rank()) {
    const int rank = out.shape.rank() + 1;
    out.shape.insert(rules::normalize_axis(op, axis, rank, "scan output"), length);
  }
  op.output(index, out);
}

void loop_infer(Context& op) {
  require_one(op, 0, rules::dtypes(DType::kI64));
  require_one(op, 1, rules::kBools);
  const BlockId body = body_of(op, "body");
  const std::size_t states = op.num_inputs() < 2 ? 0 : op.num_inputs() - 2;
  if (op.num_outputs() < states)
    op.fail("output-count", "Loop carries " + std::to_string(states) + " states but gives only " +
                                std::to_string(op.num_outputs()) + " outputs");
  const std::size_t scans = op.num_outputs() - states;
  require_body(op, body, states + 2, 1 + states + scans);

  const auto max_trip = op.int_elements(0);
  const auto cond = op.literal_elements(1);
  const bool starts_true = !op.has_input(1) || (cond && cond->size() == 1 && (*cond)[0] != 0);

  const OperandType iteration{{DType::kI64, Shape()}, nullptr};
  // It is true before each pass, or there is none.
  const Elements* always = op.keep(Elements::scalar(Elem::of(1)));
  const OperandType condition{{DType::kBool, Shape()}, always};
  Operands initial;
  for (std::size_t s = 0; s < states; ++s) initial.push_back({op.input(s + 2), op.elements(s + 2)});

  Passes passes;
  passes.starts = starts_true;
  if (max_trip && max_trip->size() == 1) passes.limit = max((*max_trip)[0], 0);
  const bool is_limited = op.has_input(0);
  passes.has_one = starts_true && (!is_limited || (passes.limit && bounds(*passes.limit).lo >= 1));
  passes.run = [&](const Operands& in, Runs runs, Pass pass) {
    Operands operands = {iteration, condition};
    operands.insert(operands.end(), in.begin(), in.end());
    return op.infer_block(body, operands, runs, pass);
  };
  const Carried carried = carry(op, initial, passes);
  const Dim trip = carried.trip ? *carried.trip
                                : op.fresh("trips", SymbolKind::kDataDependent,
                                           {0, passes.limit ? bounds(*passes.limit).hi : kPlusInf});
  for (std::size_t s = 0; s < states; ++s) op.output_operand(s, carried.final[s]);
  for (std::size_t k = 0; k < scans; ++k) {
    TensorType element = carried.body_outputs[1 + states + k].type;
    // Of no pass there is nothing to stack: what a runtime gives then it makes up.
    if (trip == Dim(0)) element.shape = Shape::unknown_rank();
    stack_output(op, states + k, element, 0, trip);
  }
}

// "All the output tensors (state_variables ...) are required to have the same shape in each
// iteration": what one pass gives is what it got.
void require_same_state(Context& op, std::size_t index, OperandType& in, const OperandType& out) {
  Shape& shape = in.type.shape;
  const Shape& after = out.type.shape;
  if (in.type.dtype == DType::kUnknown) in.type.dtype = out.type.dtype;
  if (!shape.has_rank()) shape = after;
  if (!after.has_rank()) return;
  const std::string what = "state " + std::to_string(index);
  if (shape.rank() != after.rank())
    op.fail("scan-state", "Scan needs a body that keeps the shape of " + what + ": " +
                              to_string(shape) + " != " + to_string(after));
  for (int i = 0; i < shape.rank(); ++i)
    shape[i] = op.unify("scan-state", shape[i], after[i],
                        [&] { return what + " axis " + std::to_string(i) + " before and after"; });
}

// Opset 8 scans a batch: axis 0 of everything is the batch, axis 1 of scanned operands the
// sequence.
void scan_infer_with(Context& op, std::size_t first_operand, bool has_batch) {
  const BlockId body = body_of(op, "body");
  const std::int64_t scanned = op.attr_int("num_scan_inputs", 0);
  const std::size_t operands = op.num_inputs() - std::min(op.num_inputs(), first_operand);
  if (scanned < 1 || static_cast<std::uint64_t>(scanned) > operands)
    op.fail("attr-value", "Scan has num_scan_inputs " + std::to_string(scanned) + " with " +
                              std::to_string(operands) + " operands");
  const std::size_t scan_inputs = static_cast<std::size_t>(scanned),
                    states = operands - scan_inputs;
  if (op.num_outputs() < states)
    op.fail("output-count", "Scan carries " + std::to_string(states) + " states but gives only " +
                                std::to_string(op.num_outputs()) + " outputs");
  const std::size_t scans = op.num_outputs() - states;
  require_body(op, body, operands, states + scans);
  const int lead = has_batch ? 1 : 0;

  const auto axes_attr = [&](std::string_view name, std::size_t count) {
    auto axes = op.attr_ints(name).value_or(std::vector<std::int64_t>(count, lead));
    if (axes.size() != count)
      op.fail("attr-value", "Scan has " + std::to_string(axes.size()) + " " + std::string(name) +
                                " for " + std::to_string(count) + " scanned values");
    return axes;
  };
  const auto input_axes = axes_attr("scan_input_axes", scan_inputs);
  const auto output_axes = axes_attr("scan_output_axes", scans);

  std::optional<Dim> batch, length;
  const auto drop = [&](Shape& shape, int axis, std::optional<Dim>& common, const char* what) {
    const Dim d = shape[axis];
    common = common ? op.unify("scan-length", *common, d, what) : d;
    shape.erase(axis);
  };
  Operands initial;
  for (std::size_t s = 0; s < states; ++s) {
    OperandType t{op.input(first_operand + s), op.elements(first_operand + s)};
    if (has_batch && t.type.shape.rank() >= 1) {
      drop(t.type.shape, 0, batch, "the batch of its operands");
      t.elements = nullptr;
    }
    initial.push_back(t);
  }
  Operands slices;
  for (std::size_t k = 0; k < scan_inputs; ++k) {
    TensorType t = op.input(first_operand + states + k);
    if (t.shape.has_rank()) {
      rules::require_rank(op, first_operand + states + k, lead + 1);
      drop(t.shape, rules::normalize_axis(op, input_axes[k], t.shape.rank(), "scan input"), length,
           "the lengths of its scanned inputs");
      if (has_batch) drop(t.shape, 0, batch, "the batch of its operands");
    }
    slices.push_back({t, nullptr});
  }
  const Dim trip = length ? *length : op.unknown_dim();

  const auto run = [&](const Operands& in) {
    Operands all = in;
    all.insert(all.end(), slices.begin(), slices.end());
    return op.infer_block(body, all, Runs::kSurely);
  };
  Operands states_in = initial;
  Operands body_outputs = run(states_in);
  const auto changes_elements = [&](std::size_t s) {
    return states_in[s].elements != nullptr && body_outputs[s].elements != states_in[s].elements;
  };
  bool is_stale = false;
  for (std::size_t s = 0; s < states; ++s) is_stale |= changes_elements(s);
  if (is_stale) {
    for (OperandType& t : states_in) t.elements = nullptr;
    body_outputs = run(states_in);
  }
  for (std::size_t s = 0; s < states; ++s) require_same_state(op, s, states_in[s], body_outputs[s]);
  const auto with_batch = [&](TensorType t) {
    if (has_batch && t.shape.has_rank()) t.shape.insert(0, batch.value_or(Dim(1)));
    return t;
  };
  for (std::size_t s = 0; s < states; ++s) {
    OperandType t = states_in[s];
    t.type = with_batch(t.type);
    op.output_operand(s, t);
  }
  for (std::size_t k = 0; k < scans; ++k)
    stack_output(op, states + k, with_batch(body_outputs[states + k].type),
                 static_cast<int>(output_axes[k]), trip);
}

void scan8_infer(Context& op) { scan_infer_with(op, 1, true); }
void scan9_infer(Context& op) { scan_infer_with(op, 0, false); }

void sequence_map_infer(Context& op) {
  const BlockId body = body_of(op, "body");
  require_body(op, body, op.num_inputs(), op.num_outputs());
  rules::require_sequence(op, 0, rules::kFirstTypes);
  Dim length = rules::is_sequence(op.input(0)) ? op.input(0).length : rules::some_length(op);
  Operands elements;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    const TensorType& t = op.input(i);
    if (!rules::is_sequence(t)) {
      elements.push_back({t, op.elements(i)});  // a tensor is the same in each pass
      continue;
    }
    if (i > 0) {
      length = op.unify("sequence-length", length, t.length, [&] {
        return "the length of input_sequence with that of input " + std::to_string(i);
      });
    }
    elements.push_back({rules::element_of(op, t), nullptr});
  }
  const Operands mapped = op.infer_block(body, elements, Runs::kMaybe);
  for (std::size_t i = 0; i < mapped.size(); ++i)
    op.output(i, rules::sequence_of(mapped[i].type, length));
}

constexpr AttrSpec kIfAttrs[] = {{"then_branch", AttrKind::kGraph, true},
                                 {"else_branch", AttrKind::kGraph, true}};
constexpr AttrSpec kBodyAttrs[] = {{"body", AttrKind::kGraph, true}};
constexpr AttrSpec kScan8Attrs[] = {{"body", AttrKind::kGraph, true},
                                    {"num_scan_inputs", AttrKind::kInt, true},
                                    {"directions", AttrKind::kInts}};
constexpr AttrSpec kScan9Attrs[] = {
    {"body", AttrKind::kGraph, true},      {"num_scan_inputs", AttrKind::kInt, true},
    {"scan_input_axes", AttrKind::kInts},  {"scan_input_directions", AttrKind::kInts},
    {"scan_output_axes", AttrKind::kInts}, {"scan_output_directions", AttrKind::kInts}};

constexpr Op kControlOps[] = {
    {.name = "If", .outputs = {1, kMany}, .operands = "cond", .attrs = kIfAttrs, .infer = if_infer},
    {.name = "Loop",
     .inputs = {3, kMany},
     .outputs = {1, kMany},
     .operands = "M cond",
     .optional = 0b11,
     .attrs = kBodyAttrs,
     .infer = loop_infer},
    {.name = "Loop",
     .since = 11,
     .inputs = {2, kMany},
     .outputs = {1, kMany},
     .operands = "M cond",
     .optional = 0b11,
     .attrs = kBodyAttrs,
     .infer = loop_infer},
    {.name = "Scan",
     .since = 8,
     .inputs = {2, kMany},
     .outputs = {1, kMany},
     .operands = "sequence_lens",
     .optional = 0b1,
     .attrs = kScan8Attrs,
     .infer = scan8_infer},
    {.name = "Scan",
     .since = 9,
     .inputs = {1, kMany},
     .outputs = {1, kMany},
     .attrs = kScan9Attrs,
     .infer = scan9_infer},
    {.name = "SequenceMap",
     .since = 17,
     .inputs = {1, kMany},
     .outputs = {1, kMany},
     .operands = "input_sequence",
     .attrs = kBodyAttrs,
     .infer = sequence_map_infer},
};
static_assert(complete(kControlOps));

}  // namespace

std::span<const Op> control_ops() { return kControlOps; }

}  // namespace shapewright::families
