// What a rule sees of one node: types, element values and attributes in; types, elements and
// constraints out.
//
// The engine has checked arity and attribute kinds before a rule runs, and skips nodes with a
// poisoned input. A rule that cannot go on calls `fail`: that becomes one finding with every
// input's type and origin attached, and the outputs are poisoned so that one fault is one finding.
// What cannot be decided is `require`d: proved conditions vanish, refuted ones fail, open ones
// enter the model's contract.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"
#include "graph/tensor_type.h"
#include "ops/elements.h"
#include "ops/op.h"

namespace shapewright {

enum class Relation : std::uint8_t {
  kEqual,         // lhs == rhs
  kBroadcast,     // lhs == rhs, or one of them is 1
  kOneIsOne,      // lhs == 1 or rhs == 1: what remains of a broadcast of n with m * n
  kDivides,       // rhs % lhs == 0
  kAtMost,        // lhs <= rhs
  kDividesOrOne,  // rhs % lhs == 0, or rhs == 1: a broadcast over what only multiples meet
};
// "equal" | "broadcast" | "one-is-one" | "divides" | "at-most" | "divides-or-one"
std::string_view name_of(Relation r);

// What a constraint compares, for messages: "A axis 2 with B axis 0", or how that is spelled, for
// most are never read.
class Compared {
 public:
  using Spell = std::string (*)(Dim size, std::int64_t number);
  Compared() = default;
  Compared(std::string text) : text_(std::move(text)) {}
  Compared(Spell spell, Dim size, std::int64_t number)
      : spell_(spell), size_(size), number_(number) {}
  // In the arena of the constraint, which must be current.
  std::string text() const { return spell_ == nullptr ? text_ : spell_(size_, number_); }

 private:
  std::string text_;
  Spell spell_ = nullptr;
  Dim size_;
  std::int64_t number_ = 0;
};

struct Constraint {
  Relation relation = Relation::kEqual;
  Dim lhs, rhs;
  NodeId node = kNone;
  std::string_view code;  // the rule: also the code of the finding when it is refuted
  Compared what;
  std::vector<NodeId> also;  // other nodes that impose the same
  BlockId earlier = kNone;   // the outermost body of which an earlier pass imposed it
};

// Thrown by Context::fail; caught by the engine.
struct RuleFailure {
  std::string code, message;
  Facts facts;
  std::string hint;
  std::optional<std::pair<Dim, Dim>> sizes =
      {};  // the two that do not go together: their origin is told
};

struct OperandType {
  TensorType type;
  const Elements* elements = nullptr;
  // Of integers too many to be known one by one: the positions 0 to L - 1 that index a table.
  std::optional<Dim> greatest = {};
  friend bool operator==(const OperandType&, const OperandType&) = default;
};

// Thrown by ContextHost::infer_block where the body has a finding of its own: the outputs are
// poisoned, silently.
struct BodyPoisoned {};

// Whether a pass over a body happens, if its node runs.
enum class Runs : std::uint8_t { kSurely, kMaybe };
// Of a later pass of the same run, what the passes before it demand stands beside what it demands.
enum class Pass : std::uint8_t { kFirst, kLater };

// The engine's side of a Context: where constraints go, fresh symbols come from and bodies are
// inferred.
class ContextHost {
 public:
  virtual ~ContextHost() = default;
  // Whether the contract holds it: not what a body demands that may never run, nor what is
  // demanded of sizes that only a run can tell.
  virtual bool open_constraint(Constraint&& c) = 0;
  // Infers `block` with the given operand types (inputs of the block, in order); the types and
  // elements of its outputs. A body is inferred anew on each call; only the findings of its last
  // run count. Throws BodyPoisoned.
  virtual std::vector<OperandType> infer_block(BlockId block, std::span<const OperandType> inputs,
                                               Runs runs, Pass pass) = 0;
  virtual Dim fresh(std::string_view why, SymbolKind kind, Bounds bounds) = 0;
  virtual const Elements* keep(Elements e) = 0;  // interned, lives as long as the analysis
};

class Context {
 public:
  Context(const Graph& graph, NodeId node, std::span<const OperandType* const> inputs,
          std::span<OperandType> outputs, ContextHost* host);

  // --- inputs: a null entry of `inputs` is an omitted optional operand ---------------------------
  std::size_t num_inputs() const { return inputs_.size(); }
  std::size_t num_outputs() const { return outputs_.size(); }
  bool has_input(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  bool has_output(std::size_t i) const;  // false for an omitted (unnamed) output
  const TensorType& input(std::size_t i) const { return inputs_[i]->type; }  // must be present
  const Shape& shape(std::size_t i) const { return inputs_[i]->type.shape; }
  DType dtype(std::size_t i) const { return inputs_[i]->type.dtype; }
  bool has_rank(std::size_t i) const { return has_input(i) && shape(i).has_rank(); }
  int rank(std::size_t i) const { return shape(i).rank(); }
  // Known elements of input i (of a constant, or computed), nullptr if none are known.
  const Elements* elements(std::size_t i) const {
    return has_input(i) ? inputs_[i]->elements : nullptr;
  }
  // The greatest element of input i, where it is known; such an input has elements.
  std::optional<Dim> greatest(std::size_t i) const {
    return has_input(i) ? inputs_[i]->greatest : std::nullopt;
  }
  // Elements of a 1-D (or scalar) integer input, if every one is an integer expression.
  std::optional<std::vector<Dim>> int_elements(std::size_t i) const;
  std::optional<std::vector<std::int64_t>> literal_elements(std::size_t i) const;

  // --- attributes
  // ----------------------------------------------------------------------------------
  const Attr* attr(std::string_view name) const;
  bool has_attr(std::string_view name) const { return attr(name) != nullptr; }
  std::int64_t attr_int(std::string_view name, std::int64_t fallback) const;
  float attr_float(std::string_view name, float fallback) const;
  std::string_view attr_string(std::string_view name, std::string_view fallback) const;
  std::optional<std::vector<std::int64_t>> attr_ints(std::string_view name) const;
  std::int64_t version() const;  // opset version in force for the node's domain
  std::string_view op_type() const;
  const Graph& graph() const { return graph_; }
  NodeId node() const { return node_; }

  // --- outputs: a rule may set an output that the node omits; it is ignored
  // -------------------------
  void output(std::size_t i, TensorType type);
  void output(std::size_t i, DType dtype, Shape shape) {
    output(i, TensorType{dtype, std::move(shape)});
  }
  const TensorType& output_type(std::size_t i) const {
    return outputs_[i].type;
  }  // in `values` and `flops`
  void output_elements(std::size_t i, Elements e);  // in `values`; dropped past Elements::kMax
  // In `values`; dropped where the output may have no elements, or others than i32 and i64.
  void output_greatest(std::size_t i, std::optional<Dim> greatest);
  Dim fresh(std::string_view why, SymbolKind kind, Bounds bounds) {
    return host_->fresh(why, kind, bounds);
  }
  Dim unknown_dim() { return host_->fresh("", SymbolKind::kUnknown, {0, kPlusInf}); }

  // --- checks
  // ----------------------------------------------------------------------------------------
  [[noreturn]] void fail(std::string_view code, std::string message, Facts facts = {},
                         std::string hint = {}) const;
  // Each: proved -> nothing; refuted -> fail(code) with a message made of `what` and both values;
  // open -> contract. `what` is a text, a Compared, or a callable that makes one only when it is
  // needed. True where it is proved or the contract holds it; else
  // nothing checks it before the run, which matters where the runtime checks less.
  template <typename What>
  bool require_equal(std::string_view code, Dim a, Dim b, const What& what) {
    if (a == b) return true;
    const Truth t = prove_eq(a, b);
    return t == Truth::kYes || settle(Relation::kEqual, code, a, b, t, compared(what));
  }
  template <typename What>
  bool require_divides(std::string_view code, Dim divisor, Dim d, const What& what) {
    const Truth t = prove_divides(divisor, d);
    return t == Truth::kYes || settle(Relation::kDivides, code, divisor, d, t, compared(what));
  }
  template <typename What>
  bool require_at_most(std::string_view code, Dim a, Dim b, const What& what) {
    const Truth t = prove_le(a, b);
    return t == Truth::kYes || settle(Relation::kAtMost, code, a, b, t, compared(what));
  }
  // Unifies: returns the common size (the better known of the two).
  template <typename What>
  Dim unify(std::string_view code, Dim a, Dim b, const What& what) {
    require_equal(code, a, b, what);
    return better_known(a, b);
  }
  // Broadcasts two dims: records the constraint where it is open, fails with `broadcast-mismatch`
  // where refuted. `is_held` becomes false where the contract does not hold it.
  template <typename What>
  Dim broadcast_dims(Dim a, Dim b, const What& what, bool* is_held = nullptr) {
    if (a == b || b == Dim(1)) return a;
    if (a == Dim(1)) return b;
    return broadcast_unequal(a, b, [&] { return compared(what); }, is_held);
  }
  static Dim better_known(Dim a, Dim b);  // a literal before an expression before an unknown

  // --- control flow
  // ---------------------------------------------------------------------------------
  std::vector<OperandType> infer_block(BlockId block, std::span<const OperandType> inputs,
                                       Runs runs, Pass pass = Pass::kFirst) {
    return host_->infer_block(block, inputs, runs, pass);
  }
  void output_operand(std::size_t i, const OperandType& t);
  // Of an operand that no node gives; nullptr past the limit on known elements.
  const Elements* keep(Elements e) { return host_->keep(std::move(e)); }

 private:
  template <typename What>
  static Compared compared(const What& what) {
    if constexpr (std::is_invocable_v<const What&>) {
      return what();
    } else if constexpr (std::is_same_v<What, Compared>) {
      return what;
    } else {
      return std::string(what);
    }
  }
  bool settle(Relation relation, std::string_view code, Dim a, Dim b, Truth truth, Compared&& what);
  Dim broadcast_unequal(Dim a, Dim b, const std::function<Compared()>& what, bool* is_held);

  const Graph& graph_;
  NodeId node_;
  std::span<const OperandType* const> inputs_;
  std::span<OperandType> outputs_;
  ContextHost* host_;
};

}  // namespace shapewright
