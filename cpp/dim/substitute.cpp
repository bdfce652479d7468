// Walks over the DAG of an expression: each shared part is visited once, in order of id, without
// recursion.
#include <algorithm>
#include <unordered_map>

#include "base/checked.h"
#include "dim/construct.h"

namespace shapewright::algebra {
namespace {

// Rebuilds expressions of `from` in `to` (the current arena), symbols replaced.
class Rebuilder {
 public:
  Rebuilder(const State& from, State& to) : from_(from), to_(to) {}
  virtual ~Rebuilder() = default;

  Dim rebuild(Dim d) {
    if (d.is_inline_literal()) return d;
    std::vector<bool> seen;
    for (const std::uint32_t id : reachable(from_, d, seen)) memo_.emplace(id, rebuild_expr(id));
    return memo_.at(d.expr_id());
  }

 protected:
  virtual std::optional<Dim> replacement(std::uint32_t symbol) = 0;  // nullopt: the symbol itself

 private:
  Dim mapped(Dim d) const { return d.is_inline_literal() ? d : memo_.at(d.expr_id()); }
  bool same_arena() const { return &from_ == &to_; }

  Dim rebuild_expr(std::uint32_t id) {
    const Expr& e = from_.exprs[id];
    bool changed = !same_arena();
    for (const Term& t : e.terms) {
      for (const Factor& f : from_.monomials[t.mono].factors)
        changed |= rebuild_atom(f.atom).changed;
    }
    if (!changed) return Dim::from_expr(id);
    // The literals among the terms are made and summed without overflow on the way.
    Wide literal = e.constant;
    Dim sum(0);
    for (const Term& t : e.terms) {
      if (const auto product = literal_product(t)) {
        literal += *product;
        continue;
      }
      Dim product(t.coeff);
      for (const Factor& f : from_.monomials[t.mono].factors) {
        const Dim base = rebuild_atom(f.atom).value;
        for (std::uint32_t i = 0; i < f.power; ++i) product = product * base;
      }
      if (is_literal(to_, product)) {
        literal += view(to_, product).constant;
      } else {
        sum = sum + product;
      }
    }
    if (fits_int64(literal)) return sum + Dim(static_cast<std::int64_t>(literal));
    const Wide half = literal / 2;
    if (!fits_int64(half)) throw_overflow(to_string(sum), "+", half < 0 ? "-2**64" : "2**64");
    return sum + Dim(static_cast<std::int64_t>(half)) +
           Dim(static_cast<std::int64_t>(literal - half));
  }

  // Of a term all of whose factors become literals; nullopt past kMaxProduct, where the product of
  // Dims is refused with its operands.
  std::optional<Wide> literal_product(const Term& t) {
    constexpr Wide kMaxProduct = Wide{1} << 110;  // terms are counted by far fewer than 17 bits
    Wide product = t.coeff;
    for (const Factor& f : from_.monomials[t.mono].factors) {
      const Dim base = rebuild_atom(f.atom).value;
      if (!is_literal(to_, base)) return std::nullopt;
      for (std::uint32_t i = 0; i < f.power; ++i) {
        const bool overflows =
            __builtin_mul_overflow(product, Wide{view(to_, base).constant}, &product);
        if (overflows || product > kMaxProduct || product < -kMaxProduct) return std::nullopt;
      }
    }
    return product;
  }

  struct Rebuilt {
    Dim value;
    bool changed;
  };

  Rebuilt rebuild_atom(AtomId id) {
    if (const auto at = atoms_.find(id); at != atoms_.end()) return at->second;
    const Rebuilt out = make_atom(from_.atoms[id], id);
    atoms_.emplace(id, out);
    return out;
  }

  Rebuilt make_atom(const Atom& atom, AtomId id) {
    if (atom.kind == AtomKind::kSymbol) {
      if (const auto d = replacement(atom.symbol)) return {*d, true};
      const Definition& def = from_.definitions[atom.symbol];
      if (def.op == Op::kNone) return {atom_dim(to_, id), false};
      const Dim a = mapped(def.a), b = mapped(def.b);
      if (same_arena() && a == def.a && b == def.b) return {atom_dim(to_, id), false};
      return {apply(def.op, a, b), true};
    }
    const bool changed =
        !same_arena() || std::ranges::any_of(atom.args, [&](Dim d) { return mapped(d) != d; });
    if (!changed) return {atom_dim(to_, id), false};
    const Op op = op_of(atom.kind);
    Dim out = mapped(atom.args[0]);
    for (const Dim d : atom.args.subspan(1)) out = apply(op, out, mapped(d));
    return {out, true};
  }

  const State& from_;
  State& to_;
  std::unordered_map<std::uint32_t, Dim> memo_;
  std::unordered_map<AtomId, Rebuilt> atoms_;
};

class Substitution : public Rebuilder {
 public:
  Substitution(State& s, const SymbolValues& values) : Rebuilder(s, s) {
    for (const auto& [symbol, value] : values) values_[symbol] = value;
  }

 private:
  std::optional<Dim> replacement(std::uint32_t symbol) override {
    const auto at = values_.find(symbol);
    if (at == values_.end()) return std::nullopt;
    return at->second;
  }
  std::unordered_map<std::uint32_t, Dim> values_;
};

class Import : public Rebuilder {
 public:
  Import(const State& from, Arena& to) : Rebuilder(from, to.state()), source_(from), target_(to) {}

 private:
  std::optional<Dim> replacement(std::uint32_t symbol) override {
    if (source_.definitions[symbol].op != Op::kNone) return std::nullopt;
    const SymbolInfo& info = source_.symbols[symbol];
    const bool known_here = target_.find_symbol(info.name).has_value();
    const Dim d = target_.symbol(info.name, info.kind, info.bounds);
    if (!known_here) target_.set_congruence(info.name, info.congruence);
    return d;
  }
  const State& source_;
  Arena& target_;
};

}  // namespace

std::vector<std::uint32_t> reachable(const State& s, Dim d, std::vector<bool>& seen) {
  std::vector<std::uint32_t> out, stack;
  if (seen.size() < s.exprs.size()) seen.resize(s.exprs.size());
  const auto visit = [&](Dim operand) {
    if (operand.is_inline_literal() || seen[operand.expr_id()]) return;
    seen[operand.expr_id()] = true;
    stack.push_back(operand.expr_id());
  };
  visit(d);
  while (!stack.empty()) {
    const std::uint32_t id = stack.back();
    stack.pop_back();
    out.push_back(id);
    for (const Term& t : s.exprs[id].terms) {
      for (const Factor& f : s.monomials[t.mono].factors) {
        const Atom& atom = s.atoms[f.atom];
        for (const Dim arg : atom.args) visit(arg);
        if (atom.kind != AtomKind::kSymbol) continue;
        visit(s.definitions[atom.symbol].a);
        visit(s.definitions[atom.symbol].b);
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Op op_of(AtomKind kind) {
  switch (kind) {
    case AtomKind::kFloorDiv: return Op::kFloorDiv;
    case AtomKind::kExactDiv: return Op::kExactDiv;
    case AtomKind::kMax: return Op::kMax;
    case AtomKind::kMin: return Op::kMin;
    case AtomKind::kBroadcast: return Op::kBroadcast;
    case AtomKind::kSymbol: break;
  }
  return Op::kNone;
}

Dim apply(Op op, Dim a, Dim b) {
  switch (op) {
    case Op::kAdd: return a + b;
    case Op::kSub: return a - b;
    case Op::kMul: return a * b;
    case Op::kFloorDiv: return floordiv(a, b);
    case Op::kExactDiv: return exactdiv(a, b);
    case Op::kMax: return max(a, b);
    case Op::kMin: return min(a, b);
    case Op::kBroadcast: return broadcast(a, b);
    case Op::kNone: break;
  }
  return a;
}

}  // namespace shapewright::algebra

namespace shapewright {

using namespace algebra;

std::vector<std::uint32_t> symbols_of(Dim d) {
  std::vector<std::uint32_t> out;
  if (d.is_inline_literal()) return out;
  const State& s = current_state();
  std::vector<bool> seen;
  for (const std::uint32_t id : reachable(s, d, seen)) {
    for (const Term& t : s.exprs[id].terms) {
      for (const Factor& f : s.monomials[t.mono].factors) {
        const Atom& atom = s.atoms[f.atom];
        if (atom.kind != AtomKind::kSymbol || s.definitions[atom.symbol].op != Op::kNone) continue;
        out.push_back(atom.symbol);
      }
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::ranges::sort(out, {},
                    [&](std::uint32_t id) -> const std::string& { return s.symbols[id].name; });
  return out;
}

std::uint8_t symbol_kinds(Dim d) {
  return d.is_inline_literal() ? 0 : kinds_of(current_state(), d);
}

Dim substitute(Dim d, const SymbolValues& values) {
  if (d.is_inline_literal() || values.empty()) return d;
  return Substitution(current_state(), values).rebuild(d);
}

Dim import_dim(Dim d, const Arena& from) {
  Arena& to = Arena::current();
  if (&from == &to) return d;
  return Import(from.state(), to).rebuild(d);
}

}  // namespace shapewright
