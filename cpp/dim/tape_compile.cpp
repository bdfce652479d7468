// Dims to tape instructions. A widened symbol compiles to its definition, so evaluation is exact.
#include <bit>
#include <utility>

#include "base/checked.h"
#include "dim/arena_state.h"
#include "dim/tape.h"

namespace shapewright {

using namespace algebra;

struct Tape::Compiler {
  Tape& tape;
  const State& s;

  Slot emit(Instruction i) {
    tape.program_.push_back(i);
    return static_cast<Slot>(tape.num_slots_++);
  }

  Slot literal(std::int64_t value) {
    const auto [at, added] = tape.literal_slots_.try_emplace(value, 0);
    if (added) at->second = emit({.code = Code::kLiteral, .imm = value});
    return at->second;
  }

  Slot operand(Dim d) {
    if (d.is_inline_literal()) return literal(d.inline_literal());
    return tape.expr_slots_[d.expr_id()];
  }

  Slot product(Slot a, Slot b) {
    if (b < a) std::swap(a, b);
    const auto [at, added] = tape.product_slots_.try_emplace(std::uint64_t{a} << 32 | b, 0);
    if (added) at->second = emit({.code = Code::kMul, .a = a, .b = b});
    return at->second;
  }

  Slot quotient(Dim a, Dim b) {
    const Slot dividend = operand(a);
    const PolyView divisor = view(s, b);
    if (!divisor.terms.empty() || divisor.constant <= 0) {
      return emit({.code = Code::kFloorDiv, .a = dividend, .b = operand(b)});
    }
    const auto k = static_cast<std::uint64_t>(divisor.constant);
    if (std::has_single_bit(k))
      return emit({.code = Code::kShift, .a = dividend, .imm = std::countr_zero(k)});
    return emit({.code = Code::kFloorDivImm, .a = dividend, .imm = divisor.constant});
  }

  Slot apply(Op op, Dim a, Dim b) {
    switch (op) {
      case Op::kAdd: return emit({.code = Code::kAdd, .a = operand(a), .b = operand(b)});
      case Op::kSub: return emit({.code = Code::kSub, .a = operand(a), .b = operand(b)});
      case Op::kMul: return product(operand(a), operand(b));
      case Op::kFloorDiv:
      case Op::kExactDiv: return quotient(a, b);
      case Op::kMax:
      case Op::kMin:
      case Op::kBroadcast: return emit({.code = fold_code(op), .a = operand(a), .b = operand(b)});
      case Op::kNone: break;
    }
    return 0;
  }

  static Code fold_code(Op op) {
    return op == Op::kMax ? Code::kMax : op == Op::kMin ? Code::kMin : Code::kBroadcast;
  }

  Slot atom(AtomId id) {
    if (const auto at = tape.atom_slots_.find(id); at != tape.atom_slots_.end()) return at->second;
    const Slot out = make_atom(s.atoms[id]);
    tape.atom_slots_.emplace(id, out);
    return out;
  }

  Slot make_atom(const Atom& a) {
    if (a.kind == AtomKind::kSymbol) {
      const Definition& def = s.definitions[a.symbol];
      if (def.op != Op::kNone) return apply(def.op, def.a, def.b);
      tape.symbols_.push_back(a.symbol);
      return emit({.code = Code::kSymbol, .a = static_cast<Slot>(tape.symbols_.size() - 1)});
    }
    if (a.kind == AtomKind::kFloorDiv || a.kind == AtomKind::kExactDiv)
      return quotient(a.args[0], a.args[1]);
    Slot out = operand(a.args[0]);
    for (const Dim d : a.args.subspan(1)) {
      const Slot next = operand(d);
      out = emit({.code = fold_code(op_of(a.kind)), .a = out, .b = next});
    }
    return out;
  }

  Slot monomial(MonoId id) {
    if (const auto at = tape.monomial_slots_.find(id); at != tape.monomial_slots_.end())
      return at->second;
    std::optional<Slot> out;
    for (const Factor& f : s.monomials[id].factors) {
      const Slot factor = power(atom(f.atom), f.power);
      out = out ? product(*out, factor) : factor;
    }
    tape.monomial_slots_.emplace(id, *out);
    return *out;
  }

  Slot power(Slot base, std::uint32_t exponent) {
    std::optional<Slot> out;
    for (;;) {
      if (exponent % 2 != 0) out = out ? product(*out, base) : base;
      exponent /= 2;
      if (exponent == 0) return *out;
      base = product(base, base);
    }
  }

  Slot expression(const Expr& e) {
    if (e.terms.empty()) return literal(e.constant);
    if (e.terms.size() == 1) {
      const Slot x = monomial(e.terms[0].mono);
      const std::int64_t c = e.terms[0].coeff;
      if (c == 1 && e.constant == 0) return x;
      if (c == 1) return emit({.code = Code::kAddImm, .a = x, .imm = e.constant});
      if (e.constant == 0) return emit({.code = Code::kMulImm, .a = x, .imm = c});
    }
    if (e.terms.size() == 2) {
      Term x = e.terms[0], y = e.terms[1];
      if (x.coeff == -1) std::swap(x, y);
      if (x.coeff == 1 && (y.coeff == 1 || y.coeff == -1)) {
        const Slot a = monomial(x.mono), b = monomial(y.mono);
        return emit(
            {.code = y.coeff == 1 ? Code::kAdd : Code::kSub, .a = a, .b = b, .imm = e.constant});
      }
    }
    std::vector<Summand> summands;
    for (const Term& t : e.terms) summands.push_back({t.coeff, monomial(t.mono)});
    const auto first = static_cast<Slot>(tape.summands_.size());
    tape.summands_.insert(tape.summands_.end(), summands.begin(), summands.end());
    return emit({.code = Code::kLinear,
                 .a = first,
                 .b = static_cast<Slot>(summands.size()),
                 .imm = e.constant});
  }
};

Tape::Slot Tape::add(Dim d) {
  const Slot slot = compile(d);
  if (is_added_.size() <= slot) is_added_.resize(std::size_t{slot} + 1);
  is_added_[slot] = true;
  return slot;
}

Tape::Slot Tape::compile(Dim d) {
  if (d.is_inline_literal() && literal_slots_.contains(d.inline_literal())) {
    return literal_slots_.at(d.inline_literal());
  }
  if (d.is_inline_literal()) {
    num_slots_ += 1;
    program_.push_back({.code = Code::kLiteral, .imm = d.inline_literal()});
    return literal_slots_[d.inline_literal()] = static_cast<Slot>(num_slots_ - 1);
  }
  const State& s = current_state();
  Compiler compiler{*this, s};
  expr_slots_.resize(std::max<std::size_t>(expr_slots_.size(), s.exprs.size()));
  for (const std::uint32_t id : reachable(s, d, compiled_))
    expr_slots_[id] = compiler.expression(s.exprs[id]);
  return expr_slots_[d.expr_id()];
}

}  // namespace shapewright
