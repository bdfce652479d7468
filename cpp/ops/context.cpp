#include "ops/context.h"

#include <numeric>

namespace shapewright {

std::string_view name_of(Relation r) {
  switch (r) {
    case Relation::kEqual: return "equal";
    case Relation::kBroadcast: return "broadcast";
    case Relation::kOneIsOne: return "one-is-one";
    case Relation::kDivides: return "divides";
    case Relation::kAtMost: return "at-most";
    case Relation::kDividesOrOne: return "divides-or-one";
  }
  return "";
}

Context::Context(const Graph& graph, NodeId node, std::span<const OperandType* const> inputs,
                 std::span<OperandType> outputs, ContextHost* host)
    : graph_(graph), node_(node), inputs_(inputs), outputs_(outputs), host_(host) {}

bool Context::has_output(std::size_t i) const {
  return i < outputs_.size() && graph_.outputs(graph_.nodes[node_])[i] != kNone;
}

std::optional<std::vector<Dim>> Context::int_elements(std::size_t i) const {
  const Elements* e = elements(i);
  return e == nullptr ? std::nullopt : e->ints();
}

std::optional<std::vector<std::int64_t>> Context::literal_elements(std::size_t i) const {
  const Elements* e = elements(i);
  return e == nullptr ? std::nullopt : e->literals();
}

const Attr* Context::attr(std::string_view name) const {
  return find_attr(graph_.attrs(graph_.nodes[node_]), name);
}

std::int64_t Context::attr_int(std::string_view name, std::int64_t fallback) const {
  const Attr* a = attr(name);
  return a == nullptr ? fallback : a->i;
}

float Context::attr_float(std::string_view name, float fallback) const {
  const Attr* a = attr(name);
  return a == nullptr ? fallback : a->f;
}

std::string_view Context::attr_string(std::string_view name, std::string_view fallback) const {
  const Attr* a = attr(name);
  return a == nullptr ? fallback : std::string_view(a->s);
}

std::optional<std::vector<std::int64_t>> Context::attr_ints(std::string_view name) const {
  const Attr* a = attr(name);
  if (a == nullptr) return std::nullopt;
  return a->ints;
}

std::int64_t Context::version() const { return graph_.op(graph_.nodes[node_]).version; }
std::string_view Context::op_type() const { return graph_.op(graph_.nodes[node_]).name; }

void Context::output(std::size_t i, TensorType type) {
  if (i < outputs_.size()) outputs_[i].type = std::move(type);
}

void Context::output_elements(std::size_t i, Elements e) {
  if (i >= outputs_.size() || e.elems.size() > Elements::kMax) return;
  outputs_[i].elements = host_->keep(std::move(e));
}

void Context::output_greatest(std::size_t i, std::optional<Dim> greatest) {
  if (i >= outputs_.size() || !greatest) return;
  const TensorType& type = outputs_[i].type;
  const bool is_wide = type.dtype == DType::kI64 || type.dtype == DType::kI32;
  if (!is_wide || type.container != Container::kTensor || !type.shape.has_rank()) return;
  for (const Dim d : type.shape)
    if (bounds(d).lo < 1) return;
  outputs_[i].greatest = greatest;
}

void Context::output_operand(std::size_t i, const OperandType& t) {
  if (i < outputs_.size()) outputs_[i] = t;
}

void Context::fail(std::string_view code, std::string message, Facts facts,
                   std::string hint) const {
  throw RuleFailure{std::string(code), std::move(message), std::move(facts), std::move(hint)};
}

namespace {

// Sizes that a common literal factor divides compare as the quotients do: N*1024 == 1024 is N == 1.
void drop_common_factor(Dim& a, Dim& b) {
  const Congruence ca = congruence(a), cb = congruence(b);
  const std::int64_t g =
      std::gcd(std::gcd(ca.modulus, ca.residue), std::gcd(cb.modulus, cb.residue));
  if (g > 1) {
    a = floordiv(a, g);
    b = floordiv(b, g);
  }
}

bool is_unknown(Dim d) {
  const auto id = Arena::current().as_symbol(d);
  return id && Arena::current().symbol_info(*id).kind == SymbolKind::kUnknown;
}

// n for n**k: both are 1 together.
Dim only_factor(Dim d) {
  const auto symbols = symbols_of(d);
  if (symbols.size() != 1) return d;
  const Dim symbol = Arena::current().symbol(Arena::current().symbol_info(symbols[0]).name);
  Dim rest = d;
  for (int power = 1; power < DimBudget::kMaxDegree && rest != symbol; ++power) {
    if (prove_divides(symbol, rest) != Truth::kYes) return d;
    rest = exactdiv(rest, symbol);
  }
  return rest == symbol ? symbol : d;
}

// What the operator would do with two equal sizes, where "match" says less.
std::string_view verb_of(std::string_view code) {
  constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"matmul-contract", "contract"},
      {"concat-mismatch", "concatenate"},
      {"broadcast-mismatch", "broadcast"},
  };
  for (const auto& [known_code, verb] : kVerbs)
    if (known_code == code) return verb;
  return "match";
}

std::string refusal(Relation relation, std::string_view op, std::string_view code, Dim a, Dim b,
                    const std::string& what) {
  const std::string head = std::string(op);
  switch (relation) {
    case Relation::kEqual:
      return head + " cannot " + std::string(verb_of(code)) + " " + what + ": " + to_string(a) +
             " != " + to_string(b);
    case Relation::kBroadcast:
    case Relation::kOneIsOne:
      return head + " cannot broadcast " + what + ": " + to_string(a) + " and " + to_string(b);
    case Relation::kDivides:
    case Relation::kDividesOrOne:
      return head + " cannot divide " + what + ": " + to_string(b) + " is no multiple of " +
             to_string(a);
    case Relation::kAtMost:
      return head + " cannot fit " + what + ": " + to_string(a) + " > " + to_string(b);
  }
  return head;
}

}  // namespace

Dim Context::better_known(Dim a, Dim b) {
  if (known(a)) return a;
  if (known(b)) return b;
  return is_unknown(a) ? b : a;
}

bool Context::settle(Relation relation, std::string_view code, Dim a, Dim b, Truth truth,
                     Compared&& what) {
  if (truth == Truth::kNo) {
    RuleFailure failure{std::string(code),
                        refusal(relation, op_type(), code, a, b, what.text()),
                        {{"left", to_string(a)}, {"right", to_string(b)}},
                        {}};
    failure.sizes = {a, b};
    throw failure;
  }
  Constraint c{relation, a, b, node_, code, std::move(what), {}};
  if (relation == Relation::kEqual) {
    drop_common_factor(c.lhs, c.rhs);
    if (known(c.lhs)) std::swap(c.lhs, c.rhs);
  }
  return host_->open_constraint(std::move(c));
}

Dim Context::broadcast_unequal(Dim a, Dim b, const std::function<Compared()>& what, bool* is_held) {
  constexpr std::string_view kCode = "broadcast-mismatch";
  const Truth equal = prove_eq(a, b);
  if (equal == Truth::kYes) return better_known(a, b);
  if (known(a)) std::swap(a, b);
  const bool a_may_be_1 = prove_eq(a, 1) != Truth::kNo, b_may_be_1 = prove_eq(b, 1) != Truth::kNo;
  const auto open = [&](Relation relation, Dim lhs, Dim rhs) {
    const bool is_in_contract = settle(relation, kCode, lhs, rhs, Truth::kUnknown, what());
    if (is_held != nullptr) *is_held = is_in_contract;
  };

  if (equal == Truth::kNo) {
    if (!a_may_be_1 && !b_may_be_1) settle(Relation::kBroadcast, kCode, a, b, Truth::kNo, what());
    if (a_may_be_1 != b_may_be_1) {
      open(Relation::kEqual, a_may_be_1 ? a : b, 1);
      return a_may_be_1 ? b : a;
    }
  } else if (!a_may_be_1 && !b_may_be_1) {
    open(Relation::kEqual, a, b);
    return better_known(a, b);
  }

  // Where one is never the larger, the result is the other one: equal to it, or stretched from 1.
  const auto is_positive = [](Dim d) { return bounds(d).lo >= 1; };
  if (!known(b) && is_positive(a) && is_positive(b)) {
    if (prove_divides(b, a) == Truth::kYes) std::swap(a, b);
    if (prove_divides(a, b) == Truth::kYes) {
      // b = n * a: either n is 1 or a is; where n divides a too, n is.
      const Dim n = only_factor(exactdiv(b, a));
      if (prove_divides(n, a) == Truth::kYes) {
        open(Relation::kEqual, n, 1);
      } else {
        open(Relation::kOneIsOne, n, a);
      }
      return b;
    }
  }
  if (prove_le(b, a) == Truth::kYes) std::swap(a, b);
  if (is_positive(a) && prove_le(a, b) == Truth::kYes) {
    const std::int64_t limit = bounds(a).hi;
    if (limit != kPlusInf && limit >= 2 && a == min(b, limit)) {
      open(Relation::kAtMost, b, limit);
    } else {
      open(Relation::kBroadcast, a, b);
    }
    return b;
  }
  open(Relation::kBroadcast, a, b);
  // A size of at least 2 is not stretched.
  if (bounds(b).lo >= 2) return b;
  return bounds(a).lo >= 2 ? a : broadcast(a, b);
}

}  // namespace shapewright
