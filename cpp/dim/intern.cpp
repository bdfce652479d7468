// Hash-consing of monomials, atoms and expressions: what is equal is stored once, with its cached
// facts.
#include <algorithm>
#include <stdexcept>

#include "base/checked.h"
#include "dim/interval.h"
#include "dim/poly.h"

namespace shapewright::algebra {
namespace {

// What is kept costs memory besides, and counts as more than the terms it touches.
constexpr std::uint64_t kNewExprTerms = 24, kNewPartTerms = 12;

constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ull;

template <class T>
std::span<const T> keep(State& s, std::span<const T> items) {
  if (items.empty()) return {};
  auto* to = static_cast<T*>(s.pool.allocate(items.size_bytes(), alignof(T)));
  std::copy(items.begin(), items.end(), to);
  return {to, items.size()};
}

std::uint64_t hash_terms(std::span<const Term> terms) {
  std::uint64_t h = 0;
  for (const Term& t : terms)
    h = mix(h + (t.mono + 1) * kOdd + static_cast<std::uint64_t>(t.coeff));
  return h;
}
std::uint64_t hash_expr(std::uint64_t terms_hash, std::int64_t constant) {
  return mix(terms_hash + static_cast<std::uint64_t>(constant) * kOdd);
}

std::uint16_t saturate16(std::uint32_t n) {
  return static_cast<std::uint16_t>(std::min(n, 0xFFFFu));
}

std::uint32_t nodes_of(const State& s, Dim d) {
  return d.is_inline_literal() ? 1 : s.exprs[d.expr_id()].nodes;
}
std::uint8_t depth_of(const State& s, Dim d) {
  return d.is_inline_literal() ? 0 : s.exprs[d.expr_id()].depth;
}

bool within_budget(const State& s, PolyView p, const Expr& e) {
  if (p.terms.size() > DimBudget::kMaxTerms || e.depth > DimBudget::kMaxDepth ||
      e.nodes > DimBudget::kMaxNodes) {
    return false;
  }
  std::size_t factors = 0;
  for (const Term& t : p.terms) {
    if (s.monomials[t.mono].degree > DimBudget::kMaxDegree) return false;
    factors += s.monomials[t.mono].factors.size();
  }
  if (factors <= DimBudget::kMaxAtoms) return true;
  SmallBuffer<AtomId, 64> atoms;
  for (const Term& t : p.terms) {
    for (const Factor& f : s.monomials[t.mono].factors) atoms.push_back(f.atom);
  }
  std::sort(atoms.begin(), atoms.end());
  return std::unique(atoms.begin(), atoms.end()) - atoms.begin() <= DimBudget::kMaxAtoms;
}

Dim store(State& s, const Expr& e, std::uint64_t hash) {
  charge(s, kNewExprTerms);
  if (s.exprs.size() - std::min<std::size_t>(s.exprs.size(), s.symbols.size()) >= s.max_exprs)
    throw Error(ErrorKind::kLimit, "limit-exceeded", "the model computes too many sizes",
                {{"limit", std::to_string(s.max_exprs) + " expressions"}});
  const std::uint32_t id = s.exprs.push_back(e);
  s.expr_table.insert(hash, id);
  return Dim::from_expr(id);
}

}  // namespace

bool is_too_much(const State& s, Dim a, Dim b) {
  return is_spent(s) && nodes_of(s, a) + nodes_of(s, b) > DimBudget::kSmallNodes;
}

void mark_used(State& s, PolyView p) {
  for (const Term& t : p.terms) {
    for (const Factor& f : s.monomials[t.mono].factors) s.atoms[f.atom].used = true;
  }
}

std::optional<Dim> intern(State& s, PolyView p) {
  if (p.terms.empty()) {
    const Dim inlined = Dim::from_inline(p.constant);
    if (inlined.inline_literal() == p.constant) return inlined;
  }
  charge(s, p.terms.size() + 1);
  const std::uint64_t terms_hash = hash_terms(p.terms), hash = hash_expr(terms_hash, p.constant);
  const std::uint32_t found = s.expr_table.find(hash, [&](std::uint32_t id) {
    const Expr& e = s.exprs[id];
    return e.constant == p.constant && std::ranges::equal(e.terms, p.terms);
  });
  if (found != IdTable::kNone) return Dim::from_expr(found);

  Expr e{p.constant, {}, terms_hash, 1, 0, 0, false, true, 0, {}, {}};
  std::uint32_t nodes = 1;
  for (const Term& t : p.terms) {
    const Monomial& m = s.monomials[t.mono];
    nodes += m.nodes;
    e.depth = std::max(e.depth, m.depth);
    e.has_exact |= m.has_exact;
    e.kinds |= m.kinds;
    // Intervals of independent monomials add up exactly; only shared symbols leave something to
    // refine.
    if ((e.mask & m.mask) != 0 || m.self_correlated) e.refined = false;
    e.mask |= m.mask;
  }
  e.nodes = saturate16(nodes);
  if (!within_budget(s, p, e)) return std::nullopt;
  const bool bare = p.constant == 0 && p.terms.size() == 1 && p.terms[0].coeff == 1 &&
                    s.monomials[p.terms[0].mono].degree == 1;
  if (!bare) mark_used(s, p);
  e.terms = keep(s, p.terms);
  e.bounds = interval_of(s, p);
  e.congruence = poly_congruence(s, p);
  return store(s, e, hash);
}

std::optional<Dim> intern_shifted(State& s, const Expr& base, std::int64_t constant) {
  const std::uint64_t hash = hash_expr(base.terms_hash, constant);
  const std::uint32_t found = s.expr_table.find(hash, [&](std::uint32_t id) {
    const Expr& e = s.exprs[id];
    return e.constant == constant &&
           (e.terms.data() == base.terms.data() || std::ranges::equal(e.terms, base.terms));
  });
  if (found != IdTable::kNone) return Dim::from_expr(found);
  std::int64_t shift;
  if (sub_overflows(constant, base.constant, shift)) return intern(s, {constant, base.terms});
  Expr e = base;
  e.constant = constant;
  e.bounds = interval_add(base.bounds, {shift, shift});
  e.congruence = congruence_add(base.congruence, {0, shift});
  mark_used(s, {0, e.terms});
  return store(s, e, hash);
}

MonoId intern_monomial(State& s, std::span<const Factor> factors) {
  if (factors.empty()) return 0;
  if (factors.size() == 1 && factors[0].power == 1 && s.atoms[factors[0].atom].mono != 0) {
    return s.atoms[factors[0].atom].mono;
  }
  std::uint64_t hash = 0;
  for (const Factor& f : factors) hash = mix(hash + (std::uint64_t{f.atom} << 32) + f.power);
  const std::uint32_t found = s.monomial_table.find(
      hash, [&](std::uint32_t id) { return std::ranges::equal(s.monomials[id].factors, factors); });
  if (found != IdTable::kNone) return found;
  Monomial m;
  m.factors = keep(s, factors);
  std::uint32_t nodes = 0, degree = 0;
  for (const Factor& f : factors) {
    const Atom& a = s.atoms[f.atom];
    degree += f.power;
    nodes += a.nodes + (f.power > 1);
    m.depth = std::max(m.depth, a.depth);
    m.has_exact |= a.kind == AtomKind::kExactDiv;
    m.kinds |= a.kinds;
    m.self_correlated |= (m.mask & a.mask) != 0;
    m.mask |= a.mask;
    m.bounds = interval_mul(m.bounds, interval_pow(a.bounds, f.power));
    for (std::uint32_t i = 0; i < std::min(f.power, 64u); ++i) {
      m.congruence = congruence_mul(m.congruence, a.congruence);
    }
    if (f.power > 64) m.congruence = {};
  }
  m.degree = degree;
  m.nodes = saturate16(nodes);
  charge(s, kNewPartTerms);
  const std::uint32_t id = s.monomials.push_back(m);
  s.monomial_table.insert(hash, id);
  return id;
}

AtomId intern_atom(State& s, AtomKind kind, std::span<const Dim> args) {
  std::uint64_t hash = static_cast<std::uint64_t>(kind);
  for (const Dim d : args) hash = mix(hash + d.word());
  const std::uint32_t found = s.atom_table.find(hash, [&](std::uint32_t id) {
    return s.atoms[id].kind == kind && std::ranges::equal(s.atoms[id].args, args);
  });
  if (found != IdTable::kNone) return found;

  Atom a;
  a.kind = kind;
  a.args = keep(s, args);
  std::uint32_t nodes = 1;
  for (const Dim d : args) {
    a.depth = std::max<std::uint8_t>(a.depth, static_cast<std::uint8_t>(depth_of(s, d) + 1));
    nodes += nodes_of(s, d);
    a.kinds |= kinds_of(s, d);
    a.mask |= mask_of(s, d);
    mark_used(s, view(s, d));
  }
  a.nodes = saturate16(nodes);
  const Op op = op_of(kind);
  a.bounds = op_bounds(s, op, args);
  a.congruence = op_congruence(s, op, args);
  charge(s, kNewPartTerms);
  const AtomId id = s.atoms.push_back(a);
  s.atom_table.insert(hash, id);
  const Factor self{id, 1};
  s.atoms[id].mono = intern_monomial(s, {&self, 1});
  return id;
}

Dim intern_symbol(State& s, SymbolInfo info, Definition definition) {
  if (s.symbols.size() >= s.max_symbols)
    throw Error(ErrorKind::kLimit, "limit-exceeded", "the model has too many sizes of their own",
                {{"limit", std::to_string(s.max_symbols) + " symbols"}});
  const auto symbol = static_cast<std::uint32_t>(s.symbols.size());
  s.symbols.push_back(std::move(info));
  s.symbol_ids.emplace(s.symbols.back().name, symbol);
  s.definitions.push_back(definition);
  Atom a;
  a.kind = AtomKind::kSymbol;
  a.symbol = symbol;
  a.mask = std::uint64_t{1} << (symbol % 64);
  a.kinds = definition.op == Op::kNone
                ? kind_bit(s.symbols.back().kind)
                : static_cast<std::uint8_t>(kinds_of(s, definition.a) | kinds_of(s, definition.b));
  a.congruence = s.symbols.back().congruence;
  a.bounds = tighten(s.symbols.back().bounds, a.congruence);
  const AtomId id = s.atoms.push_back(a);
  s.symbol_atoms.push_back(id);
  const Factor self{id, 1};
  s.atoms[id].mono = intern_monomial(s, {&self, 1});
  return atom_dim(s, id);
}

Dim atom_dim(State& s, AtomId atom) {
  const Term term{1, s.atoms[atom].mono};
  if (const auto d = intern(s, {0, {&term, 1}})) return *d;
  throw std::logic_error("an atom past its budget has no expression");
}

std::optional<AffineAtom> as_affine_atom(const State& s, Dim d) {
  if (d.is_inline_literal()) return std::nullopt;
  const Expr& e = s.exprs[d.expr_id()];
  if (e.terms.size() != 1) return std::nullopt;
  const Monomial& m = s.monomials[e.terms[0].mono];
  if (m.degree != 1) return std::nullopt;
  return AffineAtom{e.terms[0].coeff, e.constant, m.factors[0].atom};
}

Dim widen(State& s, Op op, Dim a, Dim b) {
  const bool commutes =
      op == Op::kAdd || op == Op::kMul || op == Op::kMax || op == Op::kMin || op == Op::kBroadcast;
  if (commutes && b.word() < a.word()) std::swap(a, b);
  const Definition key{op, a, b};
  if (const auto at = s.widened.find(key); at != s.widened.end())
    return atom_dim(s, s.symbol_atoms[at->second]);
  for (const Dim d : {a, b}) mark_used(s, view(s, d));
  std::string name;
  do {
    name = "_w" + std::to_string(s.next_widened_name++);
  } while (s.symbol_ids.contains(name));
  const Dim args[] = {a, b};
  SymbolInfo info{std::move(name), SymbolKind::kWidened, op_bounds(s, op, args),
                  op_congruence(s, op, args)};
  const Dim out = intern_symbol(s, std::move(info), key);
  const AtomId atom = as_affine_atom(s, out)->atom;
  s.atoms[atom].used = true;
  s.widened.emplace(key, s.atoms[atom].symbol);
  return out;
}

}  // namespace shapewright::algebra
