// Text to Dim, in two steps: a syntax tree first, so that a text that does not parse makes no
// symbols; then its nodes in order, operands before their users. Fractions live only while they are
// being built, as in SymPy's floor(H/2 - 1/2): a value is num / den until floor or ceiling closes
// it.
#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "dim/construct.h"
#include "dim/syntax.h"

namespace shapewright::algebra {
namespace {

constexpr std::int64_t kMaxExponent = DimBudget::kMaxDegree;

struct Fraction {
  Dim num, den = 1;
};

Fraction reduce(Dim num, Dim den) {
  const auto k = known(den);
  if (k && *k < 0) return reduce(-num, -den);
  if (!k || *k == 1) return {num, den};
  const PolyView p = view(current_state(), num);
  std::uint64_t g = gcd(magnitude(p.constant), magnitude(*k));
  for (const Term& t : p.terms) g = gcd(g, magnitude(t.coeff));
  if (g < 2 || g > static_cast<std::uint64_t>(kPlusInf)) return {num, den};
  const Dim by(static_cast<std::int64_t>(g));
  return {exactdiv(num, by), exactdiv(den, by)};
}

Fraction sum_of(Fraction a, Fraction b, bool subtract) {
  if (a.den == b.den) return reduce(subtract ? a.num - b.num : a.num + b.num, a.den);
  const Dim x = a.num * b.den, y = b.num * a.den;
  return reduce(subtract ? x - y : x + y, a.den * b.den);
}

class Builder {
 public:
  Builder(std::string_view text, const std::vector<Node>& nodes) : text_(text), nodes_(nodes) {}

  Dim build() {
    values_.reserve(nodes_.size());
    for (const Node& node : nodes_) values_.push_back(value(node));
    return whole(values_.back(), nodes_.front().position);
  }

 private:
  Dim whole(Fraction f, std::size_t position) const {
    if (f.den == Dim(1)) return f.num;
    if (prove_divides(f.den, f.num) == Truth::kYes) return exactdiv(f.num, f.den);
    syntax_error(text_, "a fraction must be inside floor(..) or ceiling(..)", position);
  }
  Dim whole(std::size_t node) const { return whole(values_[node], nodes_[node].position); }

  Fraction value(const Node& n) const {
    const auto operand = [&](std::size_t i) { return values_[n.operands[i]]; };
    switch (n.kind) {
      case Node::kNumber:
        if (n.number > static_cast<std::uint64_t>(kPlusInf))
          return {Dim(0)};  // kNegate reads the node itself
        return {Dim(static_cast<std::int64_t>(n.number))};
      case Node::kSymbol: return {Arena::current().symbol(n.name)};
      case Node::kNegate: {
        const Node& inner = nodes_[n.operands[0]];
        if (inner.kind == Node::kNumber && inner.number == std::uint64_t{1} << 63)
          return {Dim(kMinusInf)};
        return {-operand(0).num, operand(0).den};
      }
      case Node::kAdd: return sum_of(operand(0), operand(1), false);
      case Node::kSubtract: return sum_of(operand(0), operand(1), true);
      case Node::kMultiply:
        return reduce(operand(0).num * operand(1).num, operand(0).den * operand(1).den);
      case Node::kFraction:
        if (operand(1).num == Dim(0)) return {floordiv(operand(0).num, 0)};  // throws
        return reduce(operand(0).num * operand(1).den, operand(0).den * operand(1).num);
      case Node::kFloorDivide: return {quotient(operand(0), operand(1))};
      case Node::kRemainder: return remainder(operand(0), operand(1));
      case Node::kRaise: return raise(n, operand(0));
      case Node::kCall: return call(n);
    }
    return {};
  }

  Dim quotient(Fraction a, Fraction b) const { return floordiv(a.num * b.den, a.den * b.num); }

  Fraction remainder(Fraction a, Fraction b) const {
    if (a.den == b.den) return reduce(mod(a.num, b.num), a.den);
    return reduce(mod(a.num * b.den, b.num * a.den), a.den * b.den);
  }

  Fraction raise(const Node& n, Fraction base) const {
    const auto power = known(values_[n.operands[1]].num);
    if (!power || *power < 0 || *power > kMaxExponent || values_[n.operands[1]].den != Dim(1)) {
      syntax_error(text_, "the exponent must be a number from 0 to " + std::to_string(kMaxExponent),
                   n.position);
    }
    Fraction out{1};
    for (std::int64_t i = 0; i < *power; ++i) out = {out.num * base.num, out.den * base.den};
    return out;
  }

  Fraction call(const Node& n) const {
    const Fraction first = values_[n.operands[0]];
    switch (n.function) {
      case Function::kFloor: return {floordiv(first.num, first.den)};
      case Function::kCeiling: return {ceildiv(first.num, first.den)};
      case Function::kFloorDiv: return {quotient(first, values_[n.operands[1]])};
      case Function::kCeilDiv: {
        const Fraction divisor = values_[n.operands[1]];
        return {ceildiv(first.num * divisor.den, first.den * divisor.num)};
      }
      case Function::kMod: return remainder(first, values_[n.operands[1]]);
      case Function::kExactDiv: {
        return {exactdiv(whole(n.operands[0]), whole(n.operands[1]))};
      }
      case Function::kMax:
      case Function::kMin:
      case Function::kBroadcast: return fold(n);
    }
    return {};
  }

  // Extrema of fractions are those of the numerators over a common positive denominator.
  Fraction fold(const Node& n) const {
    Dim den = 1;
    for (const std::size_t operand : n.operands) {
      const Fraction f = values_[operand];
      if (f.den == den) continue;
      if (!known(f.den) || n.function == Function::kBroadcast) {
        (void)whole(operand);
      } else {
        den = den * f.den;
      }
    }
    std::optional<Dim> out;
    for (const std::size_t operand : n.operands) {
      const Fraction f = values_[operand];
      const Dim arm = known(f.den) ? f.num * exactdiv(den, f.den) : whole(operand) * den;
      if (!out) {
        out = arm;
      } else {
        out = n.function == Function::kMax   ? max(*out, arm)
              : n.function == Function::kMin ? min(*out, arm)
                                             : broadcast(*out, arm);
      }
    }
    return reduce(*out, den);
  }

  std::string_view text_;
  const std::vector<Node>& nodes_;
  std::vector<Fraction> values_;
};

}  // namespace
}  // namespace shapewright::algebra

namespace shapewright {

Dim parse_dim(std::string_view text) {
  const std::vector<algebra::Node> nodes = algebra::read_syntax(text);
  return algebra::Builder(text, nodes).build();
}

Dim parse_dim_param(std::string_view text) {
  try {
    const std::vector<algebra::Node> nodes = algebra::read_syntax(text);
    if (nodes.size() > 1) {  // what parses may still be no size: then no symbol of it may remain
      Arena scratch;
      const ArenaScope scope(scratch);
      algebra::Builder(text, nodes).build();
    }
    return algebra::Builder(text, nodes).build();
  } catch (const Error& e) {
    if (e.code == "limit-exceeded") throw;  // of the model, not of this text
    return Arena::current().symbol(text);
  }
}

}  // namespace shapewright
