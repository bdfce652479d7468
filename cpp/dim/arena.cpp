#include <algorithm>
#include <stdexcept>

#include "base/checked.h"
#include "dim/arena_state.h"
#include "dim/interval.h"

namespace shapewright {
namespace {

thread_local Arena* current_arena = nullptr;

Error symbol_error(const char* code, std::string_view name, const std::string& what) {
  return Error(ErrorKind::kDim, code, "symbol '" + std::string(name) + "' " + what,
               {{"symbol", std::string(name)}});
}

// The symbol's atom, if nothing is known about the symbol yet but itself.
algebra::AtomId unused_atom(const Arena::State& s, std::string_view name) {
  const auto at = s.symbol_ids.find(name);
  if (at == s.symbol_ids.end()) throw symbol_error("unknown-symbol", name, "does not exist");
  const algebra::AtomId atom = s.symbol_atoms[at->second];
  if (s.atoms[atom].used) {
    throw symbol_error("symbol-in-use", name,
                       "is already part of an expression; its domain is fixed");
  }
  return atom;
}

// Recomputes what the symbol's own monomial and expression cache.
void refresh_symbol(Arena::State& s, algebra::AtomId id) {
  algebra::Atom& atom = s.atoms[id];
  const SymbolInfo& info = s.symbols[atom.symbol];
  algebra::Monomial& mono = s.monomials[atom.mono];
  algebra::Expr& expr = s.exprs[algebra::atom_dim(s, id).expr_id()];
  atom.bounds = mono.bounds = expr.bounds = algebra::tighten(info.bounds, info.congruence);
  atom.congruence = mono.congruence = expr.congruence = info.congruence;
}

}  // namespace

std::uint64_t Dim::interned_literal(std::int64_t value) {
  return algebra::intern(algebra::current_state(), {value, {}})->word();
}

Arena::State::State() {
  monomials.push_back({});  // the empty product
}

Arena::Arena() : state_(std::make_unique<State>()) {}
Arena::~Arena() = default;

Arena& Arena::current() {
  if (current_arena == nullptr) throw std::logic_error("no ArenaScope on this thread");
  return *current_arena;
}

ArenaScope::ArenaScope(Arena& arena) : previous_(current_arena) { current_arena = &arena; }
ArenaScope::~ArenaScope() { current_arena = previous_; }

Dim Arena::symbol(std::string_view name, SymbolKind kind, Bounds bounds) {
  const auto at = state_->symbol_ids.find(name);
  if (at != state_->symbol_ids.end())
    return algebra::atom_dim(*state_, state_->symbol_atoms[at->second]);
  return algebra::intern_symbol(*state_, {std::string(name), kind, bounds, {}});
}

Dim Arena::fresh(std::string_view hint, SymbolKind kind, Bounds bounds) {
  std::string name(hint);
  std::uint32_t& suffix = state_->fresh_suffix[name];
  while (name.empty() || state_->symbol_ids.contains(name)) {
    suffix = std::max(suffix + 1, 2u);
    name = std::string(hint) + "_" + std::to_string(suffix);
  }
  return algebra::intern_symbol(*state_, {std::move(name), kind, bounds, {}});
}

void Arena::set_bounds(std::string_view name, Bounds bounds) {
  const algebra::AtomId atom = unused_atom(*state_, name);
  if (bounds.lo > bounds.hi) throw symbol_error("symbol-bounds", name, "would have no value");
  state_->symbols[state_->atoms[atom].symbol].bounds = bounds;
  refresh_symbol(*state_, atom);
}

void Arena::set_congruence(std::string_view name, Congruence congruence) {
  const algebra::AtomId atom = unused_atom(*state_, name);
  if (congruence.modulus < 0) throw symbol_error("negative-modulus", name, "needs a modulus >= 0");
  if (congruence.modulus > 0)
    congruence.residue = floor_mod(congruence.residue, congruence.modulus);
  state_->symbols[state_->atoms[atom].symbol].congruence = congruence;
  refresh_symbol(*state_, atom);
}

std::optional<std::uint32_t> Arena::find_symbol(std::string_view name) const {
  const auto at = state_->symbol_ids.find(name);
  if (at == state_->symbol_ids.end()) return std::nullopt;
  return at->second;
}

const SymbolInfo& Arena::symbol_info(std::uint32_t id) const { return state_->symbols.at(id); }

std::optional<std::uint32_t> Arena::as_symbol(Dim d) const {
  const auto affine = algebra::as_affine_atom(*state_, d);
  if (!affine || affine->coeff != 1 || affine->constant != 0) return std::nullopt;
  const algebra::Atom& atom = state_->atoms[affine->atom];
  if (atom.kind != algebra::AtomKind::kSymbol) return std::nullopt;
  if (state_->definitions[atom.symbol].op != algebra::Op::kNone) return std::nullopt;
  return atom.symbol;
}

std::uint32_t Arena::num_symbols() const {
  return static_cast<std::uint32_t>(state_->symbols.size());
}
std::size_t Arena::num_expressions() const { return state_->exprs.size(); }
std::size_t Arena::num_widened() const { return state_->widened.size(); }
void Arena::limit_work(std::uint64_t terms, std::size_t symbols) {
  state_->work_left = terms;
  state_->max_symbols = symbols;
  state_->max_exprs = symbols / 2;
}

}  // namespace shapewright
