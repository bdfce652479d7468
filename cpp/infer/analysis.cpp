#include "infer/analysis.h"

#include <algorithm>

#include "base/checked.h"

namespace shapewright {

std::string_view name_of(Severity s) {
  switch (s) {
    case Severity::kError: return "error";
    case Severity::kWarning: return "warning";
    case Severity::kNote: return "note";
  }
  return "";
}

std::string_view name_of(Difference::Kind k) {
  return k == Difference::Kind::kContradicts ? "contradicts" : "refines";
}

bool Analysis::ok() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.severity == Severity::kError; });
}

Context context_of(const Analysis& a, NodeId node, NodeOperands& scratch) {
  const Graph& g = *a.graph;
  scratch.inputs.clear();
  scratch.outputs.clear();
  for (const ValueId v : g.inputs(g.nodes[node]))
    scratch.inputs.push_back(v == kNone ? nullptr : &a.operand_types[a.facts[v]]);
  for (const ValueId v : g.outputs(g.nodes[node]))
    scratch.outputs.push_back(v == kNone ? OperandType{} : a.operand_types[a.facts[v]]);
  return Context(g, node, scratch.inputs, scratch.outputs, nullptr);
}

std::string describe_value(const Analysis& a, ValueId v) {
  const Graph& g = *a.graph;
  const Value& value = g.values[v];
  const std::string name = "'" + std::string(value.name) + "'";
  const std::string type = a.poisoned[v] != 0 ? "unknown" : to_string(a.type(v));
  if (value.kind == ValueKind::kInput) return type + "  input " + name;
  if (value.kind == ValueKind::kParam) return type + "  initializer " + name;
  if (value.producer == kNone) {
    const NodeId owner = g.blocks[value.block].owner;
    return type + "  " + name + (owner == kNone ? "" : ", given by " + display_name(g, owner));
  }
  const bool is_declared = value.declared != kNone && a.ops[value.producer] == nullptr;
  return type + "  from " + display_name(g, value.producer) + (is_declared ? ", as declared" : "");
}

Truth prove(const Constraint& c) {
  const auto either = [](Truth a, Truth b) {
    if (a == Truth::kYes || b == Truth::kYes) return Truth::kYes;
    return a == Truth::kNo && b == Truth::kNo ? Truth::kNo : Truth::kUnknown;
  };
  const auto one_is_one = [&] { return either(prove_eq(c.lhs, 1), prove_eq(c.rhs, 1)); };
  switch (c.relation) {
    case Relation::kEqual: return prove_eq(c.lhs, c.rhs);
    case Relation::kBroadcast: return either(prove_eq(c.lhs, c.rhs), one_is_one());
    case Relation::kOneIsOne: return one_is_one();
    case Relation::kDivides: return prove_divides(c.lhs, c.rhs);
    case Relation::kAtMost: return prove_le(c.lhs, c.rhs);
    case Relation::kDividesOrOne: return either(prove_divides(c.lhs, c.rhs), prove_eq(c.rhs, 1));
  }
  return Truth::kUnknown;
}

bool holds(Relation relation, std::int64_t lhs, std::int64_t rhs) {
  const auto divides = [&] { return lhs == 0 ? rhs == 0 : floor_mod(rhs, lhs) == 0; };
  switch (relation) {
    case Relation::kEqual: return lhs == rhs;
    case Relation::kBroadcast: return lhs == rhs || lhs == 1 || rhs == 1;
    case Relation::kOneIsOne: return lhs == 1 || rhs == 1;
    case Relation::kDivides: return divides();
    case Relation::kAtMost: return lhs <= rhs;
    case Relation::kDividesOrOne: return rhs == 1 || divides();
  }
  return true;
}

std::vector<std::string> imposed_by(const Analysis& a, const Constraint& c) {
  const Graph& g = *a.graph;
  // A node with the same operator, attributes and operand types was not asked again: it imposes the
  // same.
  const auto same_operands = [&](NodeId x, NodeId y) {
    const auto p = g.inputs(g.nodes[x]), q = g.inputs(g.nodes[y]);
    return g.nodes[x].op == g.nodes[y].op && g.nodes[x].attrs == g.nodes[y].attrs &&
           std::equal(p.begin(), p.end(), q.begin(), q.end(), [&](ValueId v, ValueId w) {
             return v == w || (v != kNone && w != kNone && a.facts[v] == a.facts[w]);
           });
  };
  std::vector<std::string> names;
  for (NodeId n = 0; n < g.nodes.size(); ++n) {
    const bool imposes = n == c.node || same_operands(n, c.node) ||
                         std::any_of(c.also.begin(), c.also.end(),
                                     [&](NodeId m) { return n == m || same_operands(n, m); });
    if (imposes) names.push_back(display_name(g, n));
  }
  return names;
}

std::string to_string(const Constraint& c) {
  const std::string lhs = to_string(c.lhs), rhs = to_string(c.rhs);
  const auto factor = [](const std::string& text) {
    return text.find(' ') == std::string::npos && text.find('*') == std::string::npos
               ? text
               : "(" + text + ")";
  };
  switch (c.relation) {
    case Relation::kEqual: return lhs + " == " + rhs;
    case Relation::kOneIsOne: return lhs + " == 1 or " + rhs + " == 1";
    case Relation::kDivides: return factor(rhs) + " % " + factor(lhs) + " == 0";
    case Relation::kAtMost: return lhs + " <= " + rhs;
    case Relation::kDividesOrOne:
      return factor(rhs) + " % " + factor(lhs) + " == 0 or " + rhs + " == 1";
    case Relation::kBroadcast:
      if (known(c.rhs)) return lhs + " in {1, " + rhs + "}";
      return lhs + " == " + rhs + " or " + lhs + " == 1 or " + rhs + " == 1";
  }
  return "";
}

}  // namespace shapewright
