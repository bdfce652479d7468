// Symbolic sizes: canonical integer polynomials over symbols, floor division, max, min and
// broadcast.
//
// A Dim is a 64-bit handle: a literal, or an expression interned in the current Arena. Expressions
// are canonical on construction, so equal handles are equal sizes; what normal form cannot decide
// is asked of `prove_*`, which answers yes, no or unknown. Division has floor semantics. All
// arithmetic is checked int64: overflow throws Error{kDimOverflow}.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shapewright {

class Arena;

class Dim {
 public:
  constexpr Dim() = default;
  Dim(std::int64_t value)  // NOLINT: literals read as numbers; values past 62 bits are interned
      : word_(static_cast<std::uint64_t>(value) << 1) {
    if (inline_literal() != value) [[unlikely]]
      word_ = interned_literal(value);
  }
  Dim(int value) : Dim(static_cast<std::int64_t>(value)) {}  // NOLINT

  // True for the handle of an inlined literal. Use `known(d)` to ask for the value.
  constexpr bool is_inline_literal() const { return (word_ & 1) == 0; }
  constexpr std::int64_t inline_literal() const { return static_cast<std::int64_t>(word_) >> 1; }
  constexpr std::uint32_t expr_id() const { return static_cast<std::uint32_t>(word_ >> 1); }
  constexpr std::uint64_t word() const { return word_; }

  // The handle whose inline_literal() is the low 63 bits of `value`.
  static constexpr Dim from_inline(std::int64_t value) {
    Dim d;
    d.word_ = static_cast<std::uint64_t>(value) << 1;
    return d;
  }
  static constexpr Dim from_expr(std::uint32_t id) {
    Dim d;
    d.word_ = (static_cast<std::uint64_t>(id) << 1) | 1;
    return d;
  }
  friend constexpr bool operator==(Dim, Dim) = default;

 private:
  static std::uint64_t interned_literal(std::int64_t value);

  std::uint64_t word_ = 0;  // bit 0 clear: literal << 1; set: expression id << 1 | 1
};

// Closed interval; kMinusInf and kPlusInf stand for "no bound".
inline constexpr std::int64_t kMinusInf = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kPlusInf = std::numeric_limits<std::int64_t>::max();
struct Bounds {
  std::int64_t lo = kMinusInf;
  std::int64_t hi = kPlusInf;
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

// value == residue (mod modulus); modulus 0 means exactly `residue`, 1 means nothing is known.
struct Congruence {
  std::int64_t modulus = 1;
  std::int64_t residue = 0;
  friend bool operator==(const Congruence&, const Congruence&) = default;
};

enum class Truth : std::uint8_t { kNo, kYes, kUnknown };

enum class SymbolKind : std::uint8_t {
  kInput,          // named by the user or the model: a size of an input
  kDataDependent,  // depends on element values (NonZero); carries real bounds
  kUnknown,        // nothing is known: an unsupported operator, a lost dim
  kWidened,        // stands for an expression past its budget; keeps bounds, and evaluates exactly
};

// --- arithmetic, in the current arena -----------------------------------------------------------
Dim operator+(Dim a, Dim b);
Dim operator-(Dim a, Dim b);
Dim operator*(Dim a, Dim b);
Dim operator-(Dim a);
inline Dim& operator+=(Dim& a, Dim b) { return a = a + b; }
inline Dim& operator-=(Dim& a, Dim b) { return a = a - b; }
inline Dim& operator*=(Dim& a, Dim b) { return a = a * b; }
Dim floordiv(Dim a, Dim b);  // throws Error{kDim, "division-by-zero"} for a literal 0
Dim ceildiv(Dim a, Dim b);   // -floordiv(-a, b)
Dim mod(Dim a, Dim b);       // a - b * floordiv(a, b)
Dim max(Dim a, Dim b);
Dim min(Dim a, Dim b);
// The size that broadcasting a with b gives: b if a is 1, a if b is 1, the common size if equal.
// The caller records the constraint that one of the three holds; evaluation assumes it: value = (a
// == 1 ? b : a).
Dim broadcast(Dim a, Dim b);
// a / b where the caller has recorded the constraint that b divides a. b * exactdiv(a, b) is a.
Dim exactdiv(Dim a, Dim b);
// Division rounded toward zero (ONNX Div, C); nullopt if no exact form is known (divisor of unknown
// sign).
std::optional<Dim> truncdiv(Dim a, Dim b);

// --- questions
// ------------------------------------------------------------------------------------
std::optional<std::int64_t> known(Dim d);  // the value of a literal
Bounds bounds(Dim d);
Congruence congruence(Dim d);
Truth prove_eq(Dim a, Dim b);
Truth prove_le(Dim a, Dim b);
Truth prove_lt(Dim a, Dim b);
Truth prove_divides(Dim divisor, Dim d);  // divisor | d
inline bool surely_eq(Dim a, Dim b) { return a == b || prove_eq(a, b) == Truth::kYes; }

// --- text
// -----------------------------------------------------------------------------------------
// Canonical spelling; parse_dim(to_string(d)) == d. Names that are not identifiers are printed in
// quotes.
std::string to_string(Dim d);
// Grammar: + - * // % ( ), max(..), min(..), broadcast(..), ceildiv(a,b), exactdiv(a,b),
// identifiers, "quoted names". SymPy and ONNX Runtime spellings are accepted too: floor(H/2 - 1/2)
// + 1, Max, Min, Mod, ceiling, `**`. Throws Error{kDim, "dim-syntax"} with the position. New
// identifiers become kInput symbols of `arena` with lo = 1.
Dim parse_dim(std::string_view text);
// A dim_param of a model file: an expression if it parses, else one plain symbol of that very name.
Dim parse_dim_param(std::string_view text);
std::string to_latex(Dim d);

// --- symbols
// --------------------------------------------------------------------------------------
struct SymbolInfo {
  std::string name;
  SymbolKind kind = SymbolKind::kInput;
  Bounds bounds{1, kPlusInf};
  Congruence congruence;
};

std::vector<std::uint32_t> symbols_of(
    Dim d);  // ids in the current arena, sorted by name; widened ones looked through

// The kinds of the symbols that a size depends on, widened ones looked through: a bit for each.
std::uint8_t symbol_kinds(Dim d);
constexpr std::uint8_t kind_bit(SymbolKind kind) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(kind));
}

// Whether the sizes of the inputs alone decide a size.
inline bool is_of_inputs(Dim d) { return (symbol_kinds(d) & ~kind_bit(SymbolKind::kInput)) == 0; }

// A binding of symbols to sizes, for substitution.
using SymbolValues = std::vector<std::pair<std::uint32_t, Dim>>;
Dim substitute(Dim d, const SymbolValues& values);  // result in the current arena, canonical

// Owner of interned expressions and symbols. Not thread-safe: one thread at a time, see ArenaScope.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  static Arena&
  current();  // of the innermost ArenaScope of this thread; throws logic_error if there is none

  // Finds or makes the symbol `name`. The bounds of an existing symbol are not changed.
  Dim symbol(std::string_view name, SymbolKind kind = SymbolKind::kInput,
             Bounds bounds = {1, kPlusInf});
  // A new symbol that equals nothing else, named `hint` or `hint_2`, ...
  Dim fresh(std::string_view hint, SymbolKind kind, Bounds bounds);
  // Narrows a symbol before any expression over it exists; throws Error{kDim} if one does.
  void set_bounds(std::string_view name, Bounds bounds);
  void set_congruence(std::string_view name, Congruence congruence);  // on the same terms
  std::optional<std::uint32_t> find_symbol(std::string_view name) const;
  const SymbolInfo& symbol_info(std::uint32_t id) const;
  // If d is exactly one free symbol; a widened one is an expression, so it is none.
  std::optional<std::uint32_t> as_symbol(Dim d) const;
  std::uint32_t num_symbols() const;
  std::size_t num_expressions() const;
  std::size_t num_widened() const;  // expressions that met a budget
  // Work that may be spent from here on, in terms of polynomials touched. Past it only small
  // expressions are worked out, the rest is widened, and bounds are no longer refined. Past
  // `symbols` the next one throws Error{kLimit, "limit-exceeded"}.
  void limit_work(std::uint64_t terms, std::size_t symbols);

  struct State;  // defined in dim/arena_state.h, for dim/*.cpp only
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// Makes `arena` current on this thread for its lifetime.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena);
  ~ArenaScope();
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena* previous_;
};

// Rebuilds `d` of arena `from` in the current arena, symbols matched by name (made with the same
// kind and bounds).
Dim import_dim(Dim d, const Arena& from);

// Past these an expression becomes a kWidened symbol that keeps bounds and congruence.
struct DimBudget {
  static constexpr int kMaxTerms = 64;
  static constexpr int kMaxAtoms = 16;
  static constexpr int kMaxDepth = 12;
  static constexpr int kMaxDegree = 64;
  static constexpr int kMaxNodes = 1024;  // as a tree: bounds the length of the text
  static constexpr int kSmallNodes = 24;  // of both operands, once the work is spent
};

}  // namespace shapewright

template <>
struct std::hash<shapewright::Dim> {
  std::size_t operator()(shapewright::Dim d) const noexcept {
    std::uint64_t x = d.word() * 0x9E3779B97F4A7C15ull;
    return static_cast<std::size_t>(x ^ (x >> 32));
  }
};
