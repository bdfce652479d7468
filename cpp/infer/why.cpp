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
  bool open_constraint(Constraint&&) override { return true; }
  std::vector<OperandType> infer_block(BlockId, std::span<const OperandType>, Runs, Pass) override {
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

Cause cause_at(const Graph& g, const Place& at, Dim size) {
  const Value& value = g.values[at.value];
  Cause cause{Cause::Kind::kNode, size, at.value, at.axis, value.producer};
  if (value.kind == ValueKind::kInput) {
    cause.kind = Cause::Kind::kInput;
  } else if (value.kind == ValueKind::kParam) {
    cause.kind = Cause::Kind::kParam;
  } else if (value.producer == kNone) {
    cause.kind = Cause::Kind::kBodyInput;
  }
  return cause;
}

}  // namespace

std::vector<Cause> why(const Analysis& a, ValueId v, int axis) {
  const ArenaScope scope(*a.arena);
  const Graph& g = *a.graph;
  const Shape& shape = a.type(v).shape;
  if (a.poisoned[v] != 0 || axis < 0 || axis >= shape.rank())
    return {{Cause::Kind::kUnknown, {}, v, axis, g.values[v].producer}};
  std::vector<Cause> chain;
  const Dim size = shape[axis];
  Tracer tracer(a);
  std::optional<Place> at = Place{v, axis};
  while (at && chain.size() < kMaxSteps) {
    const Cause& cause = chain.emplace_back(cause_at(g, *at, size));
    if (cause.kind != Cause::Kind::kNode) break;
    at = tracer.source(cause.node, g.values[cause.value].output, cause.axis, size);
  }
  return chain;
}

std::string describe(const Analysis& a, const Cause& cause) {
  const ArenaScope scope(*a.arena);
  const Graph& g = *a.graph;
  const std::string value = quoted(g.values[cause.value].name);
  const std::string axis = "axis " + std::to_string(cause.axis);
  if (cause.kind == Cause::Kind::kUnknown) {
    return value + " has no known " + axis +
           (cause.node == kNone ? "" : ": set by " + describe(g, cause.node));
  }
  const std::string size =
      to_string(cause.size) + " is " + (cause.axis < 0 ? "an element" : axis) + " of ";
  switch (cause.kind) {
    case Cause::Kind::kInput: return size + "input " + value;
    case Cause::Kind::kParam: return size + "initializer " + value;
    case Cause::Kind::kBodyInput: return size + value + ", an input of a body";
    case Cause::Kind::kNode: return size + value + ", set by " + describe(g, cause.node);
    case Cause::Kind::kUnknown: break;
  }
  return size;
}

std::optional<Cause> origin_of(const Analysis& a, NodeId n, bool is_distant,
                               const std::function<bool(Dim)>& is_asked) {
  const Graph& g = *a.graph;
  std::optional<Cause> origin;
  for (const ValueId v : g.inputs(g.nodes[n])) {
    if (v == kNone || g.values[v].kind != ValueKind::kResult || a.poisoned[v] != 0) continue;
    const Shape& shape = a.type(v).shape;
    for (int k = 0; k < shape.rank(); ++k) {
      if (!is_asked(shape[k])) continue;
      const std::vector<Cause> chain = why(a, v, k);
      if (is_distant && chain.size() < 2) continue;
      if (chain.back().kind == Cause::Kind::kNode) return chain.back();
      if (!origin) origin = chain.back();
    }
  }
  return origin;
}

}  // namespace shapewright
