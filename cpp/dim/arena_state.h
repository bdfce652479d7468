// What an Arena holds: atoms, monomials and expressions, each interned. For dim/*.cpp only.
//
// An expression is constant + sum coeff_i * monomial_i, terms sorted by monomial id; a monomial is
// a product of powers of atoms, factors sorted by atom id. An atom is a symbol or an operation that
// polynomials cannot express. Whatever an expression refers to was made before it, so expression
// ids are a topological order of the DAG.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/kept_blocks.h"
#include "dim/dim.h"

namespace shapewright::algebra {

using AtomId = std::uint32_t;
using MonoId = std::uint32_t;

struct Term {
  std::int64_t coeff;
  MonoId mono;
  friend bool operator==(const Term&, const Term&) = default;
};

struct Factor {
  AtomId atom;
  std::uint32_t power;
  friend bool operator==(const Factor&, const Factor&) = default;
};

enum class AtomKind : std::uint8_t { kSymbol, kFloorDiv, kExactDiv, kMax, kMin, kBroadcast };

struct Atom {
  AtomKind kind;
  std::uint8_t depth = 0;
  std::uint8_t kinds = 0;    // symbol_kinds of it
  bool used = false;         // some expression other than the atom itself depends on it
  std::uint16_t nodes = 1;   // size of its text as a tree, saturating
  std::uint32_t symbol = 0;  // kSymbol: index in State::symbols
  MonoId mono = 0;           // the atom to the first power
  std::uint64_t mask = 0;    // a bit for each symbol (modulo 64) it depends on
  std::span<const Dim> args;
  Bounds bounds;
  Congruence congruence;
};

struct Monomial {
  std::span<const Factor> factors;
  std::uint32_t degree = 0;
  std::uint16_t nodes = 0;
  std::uint8_t depth = 0;
  std::uint8_t kinds = 0;
  bool has_exact = false;        // contains an ExactDiv atom
  bool self_correlated = false;  // two factors may share a symbol
  std::uint64_t mask = 0;
  Bounds bounds{1, 1};
  Congruence congruence{0, 1};
};

struct Expr {
  std::int64_t constant;
  std::span<const Term> terms;
  std::uint64_t terms_hash;
  std::uint16_t nodes = 1;
  std::uint8_t depth = 0;
  std::uint8_t kinds = 0;
  bool has_exact = false;
  bool refined = false;  // bounds are as good as bounds.cpp can make them
  std::uint64_t mask = 0;
  Bounds bounds;
  Congruence congruence;
};

enum class Op : std::uint8_t {
  kNone,
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kExactDiv,
  kMax,
  kMin,
  kBroadcast
};

// What a widened symbol stands for; op is kNone for a free symbol.
struct Definition {
  Op op = Op::kNone;
  Dim a, b;
  friend bool operator==(const Definition&, const Definition&) = default;
};

inline std::uint64_t mix(std::uint64_t x) {
  x *= 0x9E3779B97F4A7C15ull;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ull;
  return x ^ (x >> 29);
}

struct DefinitionHash {
  std::size_t operator()(const Definition& d) const {
    return mix(mix(mix(static_cast<std::uint64_t>(d.op)) + d.a.word()) + d.b.word());
  }
};

// Items keep their address as the container grows.
template <class T>
class StableVector {
 public:
  T& operator[](std::uint32_t i) { return blocks_[i / kBlock][i % kBlock]; }
  const T& operator[](std::uint32_t i) const { return blocks_[i / kBlock][i % kBlock]; }
  std::uint32_t size() const { return size_; }
  std::uint32_t push_back(T item) {
    if (size_ % kBlock == 0) blocks_.emplace_back(kBlock);
    (*this)[size_] = std::move(item);
    return size_++;
  }

 private:
  static constexpr std::uint32_t kBlock = 32;
  std::vector<KeptVector<T>> blocks_;
  std::uint32_t size_ = 0;
};

// Open addressing from hash to id; what an id means is asked of the caller.
class IdTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  template <class Equal>
  std::uint32_t find(std::uint64_t hash, const Equal& equal) const {
    if (slots_.empty()) return kNone;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t i = tag & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.id == kNone) return kNone;
      if (slot.tag == tag && equal(slot.id)) return slot.id;
    }
  }
  void insert(std::uint64_t hash, std::uint32_t id) {
    if (2 * (count_ + 1) > slots_.size()) rehash();
    place({static_cast<std::uint32_t>(hash), id});
    ++count_;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0, id = kNone;
  };
  void place(Slot slot) {
    std::size_t i = slot.tag & mask_;
    while (slots_[i].id != kNone) i = (i + 1) & mask_;
    slots_[i] = slot;
  }
  void rehash() {
    KeptVector<Slot> old(slots_.empty() ? 256 : 2 * slots_.size());
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.id != kNone) place(slot);
    }
  }

  KeptVector<Slot> slots_;
  std::size_t mask_ = 0, count_ = 0;
};

// Memory of terms and factors, freed with the arena. (std::pmr needs a newer libstdc++ than wheels
// may: bindings/old_runtime.cpp.)
class Pool {
 public:
  void* allocate(std::size_t size_bytes, std::size_t alignment) {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (used_ + size_bytes > block_bytes_) {
      block_bytes_ = std::max(std::min(2 * block_bytes_ + kFirst, kMost), size_bytes);
      blocks_.push_back(kept_chars(block_bytes_));
      used_ = 0;
    }
    void* const at = blocks_.back().get() + used_;
    used_ += size_bytes;
    return at;
  }

 private:
  static constexpr std::size_t kFirst = 1 << 10, kMost = 1 << 20;
  std::vector<std::shared_ptr<char[]>> blocks_;
  std::size_t used_ = 0, block_bytes_ = 0;  // of the last block
};

// Direct-mapped memo of operations; an arena only grows, so an entry never goes stale.
class OpCache {
 public:
  struct Entry {
    Dim a, b, result;
    Op op = Op::kNone;
  };
  Entry& at(Op op, Dim a, Dim b) {
    if (entries_.empty()) entries_.resize(kSize);
    return entries_[DefinitionHash{}({op, a, b}) % kSize];
  }

 private:
  static constexpr std::size_t kSize = 512;
  KeptVector<Entry> entries_;
};

}  // namespace shapewright::algebra

namespace shapewright {

struct Arena::State {
  algebra::StableVector<algebra::Atom> atoms;
  algebra::StableVector<algebra::Monomial> monomials;  // 0 is the empty product
  algebra::StableVector<algebra::Expr> exprs;
  algebra::IdTable atom_table, monomial_table, expr_table;
  algebra::Pool pool;

  std::deque<SymbolInfo> symbols;
  std::vector<algebra::AtomId> symbol_atoms;     // by symbol id
  std::vector<algebra::Definition> definitions;  // by symbol id
  std::unordered_map<std::string_view, std::uint32_t> symbol_ids;
  std::unordered_map<algebra::Definition, std::uint32_t, algebra::DefinitionHash> widened;
  std::unordered_map<std::string, std::uint32_t> fresh_suffix;  // last one tried for a hint
  std::uint32_t next_widened_name = 1;
  std::uint64_t work_left = ~std::uint64_t{0};  // see Arena::limit_work
  std::size_t max_symbols = ~std::size_t{0};
  std::size_t max_exprs = ~std::size_t{0};  // beside those that are a symbol alone
  algebra::OpCache cache;

  State();
};

}  // namespace shapewright

namespace shapewright::algebra {

using State = Arena::State;

inline State& current_state() { return Arena::current().state(); }

inline void charge(State& s, std::uint64_t terms) { s.work_left -= std::min(s.work_left, terms); }
inline bool is_spent(const State& s) { return s.work_left == 0; }
// Whether an operation on a and b is no longer worked out.
bool is_too_much(const State& s, Dim a, Dim b);

// The polynomial of any Dim; a literal has no terms.
struct PolyView {
  std::int64_t constant = 0;
  std::span<const Term> terms;
};
inline PolyView view(const State& s, Dim d) {
  if (d.is_inline_literal()) return {d.inline_literal(), {}};
  const Expr& e = s.exprs[d.expr_id()];
  return {e.constant, e.terms};
}
inline bool is_literal(const State& s, Dim d) {
  return d.is_inline_literal() || s.exprs[d.expr_id()].terms.empty();
}
inline bool has_exact(const State& s, Dim d) {
  return !d.is_inline_literal() && s.exprs[d.expr_id()].has_exact;
}
inline std::uint64_t mask_of(const State& s, Dim d) {
  return d.is_inline_literal() ? 0 : s.exprs[d.expr_id()].mask;
}

inline std::uint8_t kinds_of(const State& s, Dim d) {
  return d.is_inline_literal() ? 0 : s.exprs[d.expr_id()].kinds;
}

// --- interning (arena.cpp)
// ------------------------------------------------------------------------
std::optional<Dim> intern(State& s, PolyView p);  // nullopt past DimBudget
std::optional<Dim> intern_shifted(State& s, const Expr& base,
                                  std::int64_t constant);  // base's terms, another constant
MonoId intern_monomial(State& s, std::span<const Factor> factors);
AtomId intern_atom(State& s, AtomKind kind, std::span<const Dim> args);
Dim intern_symbol(State& s, SymbolInfo info, Definition definition = {});
Dim atom_dim(State& s, AtomId atom);  // of an atom within the budget
// The symbol that stands for `op(a, b)`, an expression past its budget.
Dim widen(State& s, Op op, Dim a, Dim b);
Dim apply(Op op, Dim a, Dim b);  // the public operation of that name, in the current arena
Op op_of(AtomKind kind);
// If d is coeff * atom + constant.
struct AffineAtom {
  std::int64_t coeff, constant;
  AtomId atom;
};
std::optional<AffineAtom> as_affine_atom(const State& s, Dim d);

// --- bounds (bounds.cpp)
// --------------------------------------------------------------------------
Bounds bounds_of(State& s, Dim d);
Congruence congruence_of(const State& s, Dim d);
// Bounds of a polynomial that need not be interned. Fixes the domains of its symbols.
Bounds poly_bounds(State& s, PolyView p);
void mark_used(State& s, PolyView p);    // from here on no symbol of p may be narrowed
Bounds tighten(Bounds b, Congruence c);  // to the nearest members of the class
std::uint64_t shared_symbols(const State& s, PolyView p);  // mask of those in two places of p
Bounds refined_bounds(State& s, PolyView p);               // refine.cpp
Bounds interval_of(const State& s, PolyView p);            // each monomial alone
// Of `op` over n operands (max, min, broadcast) or two.
Bounds op_bounds(State& s, Op op, std::span<const Dim> args);
Congruence op_congruence(const State& s, Op op, std::span<const Dim> args);
Congruence poly_congruence(const State& s, PolyView p);

// --- walks (substitute.cpp)
// ----------------------------------------------------------------------- Ids of the expressions
// that `d` depends on, its own and those of widened definitions included, ascending: operands come
// first. Skips what `seen` marks (indexed by id) and marks what it returns.
std::vector<std::uint32_t> reachable(const State& s, Dim d, std::vector<bool>& seen);

}  // namespace shapewright::algebra
