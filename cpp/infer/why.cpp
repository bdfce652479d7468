// Where a size comes from: the chain of nodes back to an input, a parameter or the rule that made
// it.
#include <algorithm>
#include <optional>

#include "infer/analysis.h"
#include "ops/registry.h"

namespace shapewright {

namespace {

constexpr std::size_t kMaxSteps = 64;

// Runs a rule on changed operands and lets nothing out.
class TrialHost final : public ContextHost {
 public:
  void open_constraint(Constraint) override {}
  std::vector<OperandType> infer_block(BlockId, std::span<const OperandType>) override {
    throw BodyPoisoned{};
  }
  Dim fresh(std::string_view why, SymbolKind kind, Bounds b) override {
    return Arena::current().fresh(why, kind, b);
  }
  const Elements* keep(Elements e) override {
    kept_.push_back(std::move(e));
    return &kept_.back();
  }

 private:
  std::deque<Elements> kept_;
};

// A place in the graph where a size stands: an axis of a value, or an element of it (axis -1).
struct Place {
  ValueId value;
  int axis;
};

bool has_element(const Elements* e, Dim d) {
  return e != nullptr && std::any_of(e->elems.begin(), e->elems.end(),
                                     [&](const Elem& x) { return x.is_int() && x.num == d; });
}

class Tracer {
 public:
  explicit Tracer(const Analysis& a) : a_(a), g_(*a.graph) {}

  // The operand the size `d` of output `output`, axis `axis` was taken from.
  std::optional<Place> source(NodeId n, std::size_t output, int axis, Dim d) {
    const auto inputs = g_.inputs(g_.nodes[n]);
    std::optional<Place> likely;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == kNone || a_.poisoned[inputs[i]] != 0) continue;
      const Shape& shape = a_.type(inputs[i]).shape;
      for (int k = 0; k < shape.rank(); ++k) {
        if (shape[k] != d) continue;
        const Place place{inputs[i], k};
        if (axis >= 0 && depends_on(n, output, axis, i, k)) return place;
        const bool is_same_axis = shape.rank() - k == rank_of(n, output) - axis;
        if (!likely || (is_same_axis && likely->axis != axis)) likely = place;
      }
    }
    for (const ValueId v : inputs)
      if (v != kNone && has_element(a_.elements(v), d) && !known(d)) return Place{v, -1};
    if (likely) return likely;
    for (const ValueId v : inputs)
      if (v != kNone && has_element(a_.elements(v), d)) return Place{v, -1};
    return std::nullopt;
  }

 private:
  int rank_of(NodeId n, std::size_t output) const {
    return a_.type(g_.outputs(g_.nodes[n])[output]).shape.rank();
  }

  // Replaces one dim of one operand by a new symbol and asks the rule again: does the result
  // change?
  bool depends_on(NodeId n, std::size_t output, int axis, std::size_t input, int input_axis) {
    if (a_.ops[n] == nullptr) return false;
    NodeOperands operands;
    context_of(a_, n, operands);
    OperandType changed = *operands.inputs[input];
    const Dim probe = Arena::current().fresh("probe", SymbolKind::kInput, {2, kPlusInf});
    changed.type.shape[input_axis] = probe;
    operands.inputs[input] = &changed;
    std::vector<OperandType> outputs(operands.outputs.size());
    TrialHost host;
    Context context(g_, n, operands.inputs, outputs, &host);
    try {
      a_.ops[n]->infer(context);
    } catch (const RuleFailure&) {
      return false;
    } catch (const BodyPoisoned&) {
      return false;
    } catch (const Error&) {
      return false;
    }
    const Shape& shape = outputs[output].type.shape;
    if (axis >= shape.rank()) return false;
    const auto ids = symbols_of(shape[axis]);
    return std::find(ids.begin(), ids.end(), symbols_of(probe)[0]) != ids.end();
  }

  const Analysis& a_;
  const Graph& g_;
};

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

}  // namespace

std::vector<std::string> why(const Analysis& a, ValueId v, int axis) {
  const ArenaScope scope(*a.arena);
  const Graph& g = *a.graph;
  std::vector<std::string> lines;
  const Shape& shape = a.type(v).shape;
  if (a.poisoned[v] != 0 || axis < 0 || axis >= shape.rank()) {
    const NodeId n = g.values[v].producer;
    lines.push_back(quoted(g.values[v].name) + " has no known axis " + std::to_string(axis) +
                    (n == kNone ? "" : ": set by " + describe(g, n)));
    return lines;
  }
  const Dim d = shape[axis];
  Tracer tracer(a);
  Place at{v, axis};
  while (lines.size() < kMaxSteps) {
    const Value& value = g.values[at.value];
    std::string line =
        to_string(d) + " is " +
        (at.axis < 0 ? "an element of " : "axis " + std::to_string(at.axis) + " of ");
    if (value.kind == ValueKind::kInput) {
      lines.push_back(line + "input " + quoted(value.name));
      break;
    }
    if (value.kind == ValueKind::kParam) {
      lines.push_back(line + "initializer " + quoted(value.name));
      break;
    }
    line += quoted(value.name);
    if (value.producer == kNone) {
      lines.push_back(line + ", an input of a body");
      break;
    }
    lines.push_back(line + ", set by " + describe(g, value.producer));
    const auto next = tracer.source(value.producer, value.output, at.axis, d);
    if (!next) break;
    at = *next;
  }
  return lines;
}

}  // namespace shapewright
