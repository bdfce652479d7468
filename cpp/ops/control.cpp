// If, Loop, Scan, SequenceMap: operators whose attributes are graphs.
#include <algorithm>
#include <functional>

#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using Operands = std::vector<OperandType>;

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

Bounds hull(Dim a, Dim b) {
  const Bounds x = bounds(a), y = bounds(b);
  return {std::min(x.lo, y.lo), std::max(x.hi, y.hi)};
}

// What holds of a value that is `a` on one path and `b` on another.
OperandType join(Context& op, const OperandType& a, const OperandType& b) {
  if (a.type.dtype != b.type.dtype && a.type.dtype != DType::kUnknown &&
      b.type.dtype != DType::kUnknown)
    op.fail("dtype-mismatch", std::string(op.op_type()) + " gives " +
                                  std::string(name_of(a.type.dtype)) + " on one path and " +
                                  std::string(name_of(b.type.dtype)) + " on another");
  OperandType out = a;
  if (a.type.dtype == DType::kUnknown) out.type.dtype = b.type.dtype;
  if (a.type.shape.rank() != b.type.shape.rank()) {
    out.type.shape = Shape::unknown_rank();
  } else {
    for (int i = 0; i < a.type.shape.rank(); ++i) {
      const Dim x = a.type.shape[i], y = b.type.shape[i];
      if (!surely_eq(x, y))
        out.type.shape[i] = op.fresh("joined", SymbolKind::kDataDependent, hull(x, y));
    }
  }
  if (a.elements != b.elements) out.elements = nullptr;
  return out;
}

void if_infer(Context& op) {
  const BlockId then_branch = body_of(op, "then_branch"), else_branch = body_of(op, "else_branch");
  require_body(op, then_branch, 0, op.num_outputs());
  require_body(op, else_branch, 0, op.num_outputs());
  const auto cond = op.literal_elements(0);
  if (cond && cond->size() == 1) {
    // The branch that never runs is not looked at: exporters leave invalid code there.
    const Operands taken = op.infer_block((*cond)[0] != 0 ? then_branch : else_branch, {});
    for (std::size_t i = 0; i < taken.size(); ++i) op.output_operand(i, taken[i]);
    return;
  }
  const Operands a = op.infer_block(then_branch, {});
  const Operands b = op.infer_block(else_branch, {});
  for (std::size_t i = 0; i < a.size(); ++i) op.output_operand(i, join(op, a[i], b[i]));
}

// States of a loop, carried from one pass of the body to the next.
struct Carried {
  Operands initial;         // before the first pass
  Operands final;           // after the last one
  Operands body_outputs;    // of the run of the body that holds for every pass
  std::optional<Dim> trip;  // number of passes, if it is known exactly
};

// Finds types of the states that hold on every pass. A dim that a pass changes becomes a symbol and
// the body is inferred again; where it then grows by a fixed step c, it ends as d0 + c * trip.
// `run` infers the body on states and gives all its outputs, of which [first, first + states) are
// the states; `trips` reads the number of passes, where it is known exactly, off the outputs of the
// last run. At most five runs.
Carried carry(Context& op, Operands initial, std::size_t first,
              const std::function<Operands(const Operands&)>& run,
              const std::function<std::optional<Dim>(const Operands&)>& trips) {
  constexpr int kMaxRuns = 4;
  Carried result{initial, {}, {}, {}};
  Operands in = std::move(initial);
  const std::size_t n = in.size();
  std::vector<std::vector<bool>> is_symbol(n);
  for (std::size_t s = 0; s < n; ++s)
    is_symbol[s].assign(static_cast<std::size_t>(std::max(0, in[s].type.shape.rank())), false);

  for (int round = 1;; ++round) {
    result.body_outputs = run(in);
    bool changed = false;
    for (std::size_t s = 0; s < n; ++s) {
      const OperandType& out = result.body_outputs[first + s];
      Shape& shape = in[s].type.shape;
      if (in[s].elements != nullptr && out.elements != in[s].elements) {
        in[s].elements = nullptr;
        changed = true;
      }
      if (!shape.has_rank()) continue;
      if (out.type.shape.rank() != shape.rank()) {
        shape = Shape::unknown_rank();
        changed = true;
        continue;
      }
      for (int k = 0; k < shape.rank(); ++k) {
        const auto at = static_cast<std::size_t>(k);
        if (surely_eq(out.type.shape[k], shape[k]) || is_symbol[s][at]) continue;
        shape[k] = op.fresh("carried", SymbolKind::kDataDependent, {0, kPlusInf});
        is_symbol[s][at] = true;
        changed = true;
      }
    }
    if (!changed) break;
    if (round == kMaxRuns) {
      for (OperandType& t : in) t.type.shape = Shape::unknown_rank();
      result.body_outputs = run(in);
      break;
    }
  }

  result.trip = trips(result.body_outputs);
  for (std::size_t s = 0; s < n; ++s) {
    OperandType out = in[s];
    const Shape& after = result.body_outputs[first + s].type.shape;
    if (out.type.dtype == DType::kUnknown)
      out.type.dtype = result.body_outputs[first + s].type.dtype;
    for (int k = 0; k < out.type.shape.rank() && after.has_rank(); ++k) {
      if (!is_symbol[s][static_cast<std::size_t>(k)]) continue;
      const Dim start = result.initial[s].type.shape[k];
      const auto step = known(after[k] - in[s].type.shape[k]);
      if (step && result.trip) {
        out.type.shape[k] = start + Dim(*step) * *result.trip;
      } else {
        const std::int64_t lo = step && *step >= 0 ? bounds(start).lo : 0;
        out.type.shape[k] = op.fresh("carried", SymbolKind::kDataDependent, {lo, kPlusInf});
      }
    }
    result.final.push_back(out);
  }
  return result;
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
  const OperandType condition{{DType::kBool, Shape()},
                              starts_true && op.has_input(1) ? op.elements(1) : nullptr};
  Operands initial;
  for (std::size_t s = 0; s < states; ++s) initial.push_back({op.input(s + 2), op.elements(s + 2)});

  const auto run = [&](const Operands& in) {
    Operands operands = {iteration, condition};
    operands.insert(operands.end(), in.begin(), in.end());
    return op.infer_block(body, operands);
  };
  std::optional<Dim> bound;
  if (max_trip && max_trip->size() == 1) bound = max((*max_trip)[0], 0);
  // M is only an upper limit unless the body's condition is provably true.
  const Carried carried =
      carry(op, initial, 1, run, [&](const Operands& outputs) -> std::optional<Dim> {
        const Elements* e = outputs[0].elements;
        const bool runs_on =
            starts_true && e != nullptr && e->elems.size() == 1 && e->elems[0].literal() == 1;
        return runs_on ? bound : std::nullopt;
      });
  const Dim trip = carried.trip ? *carried.trip
                                : op.fresh("trips", SymbolKind::kDataDependent,
                                           {0, bound ? bounds(*bound).hi : kPlusInf});
  for (std::size_t s = 0; s < states; ++s) op.output_operand(s, carried.final[s]);
  for (std::size_t k = 0; k < scans; ++k)
    stack_output(op, states + k, carried.body_outputs[1 + states + k].type, 0, trip);
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
    return op.infer_block(body, all);
  };
  const Carried carried = carry(op, initial, 0, run, [&](const Operands&) { return trip; });
  const auto with_batch = [&](TensorType t) {
    if (has_batch && t.shape.has_rank()) t.shape.insert(0, batch.value_or(Dim(1)));
    return t;
  };
  for (std::size_t s = 0; s < states; ++s) {
    OperandType t = carried.final[s];
    t.type = with_batch(t.type);
    op.output_operand(s, t);
  }
  for (std::size_t k = 0; k < scans; ++k)
    stack_output(op, states + k, with_batch(carried.body_outputs[states + k].type),
                 static_cast<int>(output_axes[k]), trip);
}

void scan8_infer(Context& op) { scan_infer_with(op, 1, true); }
void scan9_infer(Context& op) { scan_infer_with(op, 0, false); }

void sequence_map_infer(Context& op) {
  const BlockId body = body_of(op, "body");
  require_body(op, body, op.num_inputs(), op.num_outputs());
  if (op.input(0).container != Container::kSequence && op.dtype(0) != DType::kUnknown)
    op.fail("dtype-unsupported", "SequenceMap needs a sequence as its first input");
  Operands elements;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    TensorType t = op.input(i);
    t.container = Container::kTensor;
    elements.push_back({t, nullptr});
  }
  const Operands mapped = op.infer_block(body, elements);
  for (std::size_t i = 0; i < mapped.size(); ++i) {
    TensorType t = mapped[i].type;
    t.container = Container::kSequence;
    op.output(i, t);
  }
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
