// The result of inferring a graph: the type of every value, what is wrong, what the model demands.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dim/dim.h"
#include "graph/graph.h"
#include "ops/context.h"

namespace shapewright {

// Index into Analysis::operand_types; equal types with equal elements share one.
using FactId = std::uint32_t;

enum class Severity : std::uint8_t { kError, kWarning, kNote };
std::string_view name_of(Severity s);

// Of a block: the branch of an If that is not taken; one that runs; one of which a run decides.
inline constexpr std::uint8_t kNeverRuns = 0, kRuns = 1, kMayRun = 2;

struct Finding {
  std::string code;
  Severity severity = Severity::kError;
  std::string message;  // one sentence, stands alone
  NodeId node = kNone;
  Facts facts;
  std::string hint;
};

// Where the file declares another type of a value than inference finds.
struct Difference {
  enum class Kind : std::uint8_t {
    kContradicts,  // both are known and differ
    kRefines,      // the file knows what inference does not
  } kind = Kind::kContradicts;
  ValueId value = kNone;
  TensorType declared, inferred;
  std::string what;  // "5 is declared on axis 1"
};
std::string_view name_of(Difference::Kind k);  // "contradicts" | "refines"

// How much is known of the values that nodes produce.
struct Coverage {
  std::size_t static_count = 0, symbolic = 0, rank_only = 0, unknown = 0;
  NodeId first_unknown = kNone;  // the first node whose output is not fully known
};

struct Analysis {
  std::shared_ptr<const Graph> graph;
  std::unique_ptr<Arena> arena;
  std::deque<OperandType> operand_types;  // [0]: nothing known
  std::deque<Elements> elements_store;
  KeptVector<FactId> facts;           // by ValueId
  KeptVector<std::uint8_t> poisoned;  // by ValueId: downstream of a fault, nothing is claimed of it
  std::vector<std::uint8_t> live_blocks;  // by BlockId: kNeverRuns, kRuns or kMayRun
  KeptVector<const Op*> ops;              // by NodeId; nullptr where no row is in force
  std::vector<Finding> findings;
  std::vector<Constraint>
      contract;  // open constraints in their plainest form, first node that imposes each
  std::vector<Difference> differences;  // in execution order
  Coverage coverage;

  const TensorType& type(ValueId v) const { return operand_types[facts[v]].type; }
  const Elements* elements(ValueId v) const { return operand_types[facts[v]].elements; }
  bool ok() const;  // no finding of severity error
};

// Context of a node over finished facts: for rules run after inference (`alias`, `flops`).
// `scratch` holds the operand tables and must outlive the Context.
struct NodeOperands {
  std::vector<const OperandType*> inputs;
  std::vector<OperandType> outputs;
};
Context context_of(const Analysis& a, NodeId node, NodeOperands& scratch);

// "f32[N, 256, H//16, W//16]  from #186 Relu 'layer3/relu1'": a value as facts of a finding show
// it.
std::string describe_value(const Analysis& a, ValueId v);
// One place where a size stands on its way to where it was asked for.
struct Cause {
  enum class Kind : std::uint8_t { kInput, kParam, kBodyInput, kNode, kUnknown } kind;
  Dim size;
  ValueId value = kNone;
  int axis = 0;         // -1: an element of the value
  NodeId node = kNone;  // of kNode: made the value; of kUnknown: its producer
};
// The chain that gave this size, nearest cause first; a single kUnknown where none is known.
std::vector<Cause> why(const Analysis& a, ValueId v, int axis);
std::string describe(const Analysis& a, const Cause& cause);  // "256 is axis 2 of input 'x'"
// Where the sizes that node `n` reads of other nodes come from: the end of the chain of one that
// `is_asked` picks, rather one that a node computed than one that an input declares. `is_distant`:
// the node that made the value is no answer.
std::optional<Cause> origin_of(const Analysis& a, NodeId n, bool is_distant,
                               const std::function<bool(Dim)>& is_asked);
// Of a constraint that holds of one branch of the model: elsewhere it runs, but not this graph.
inline constexpr std::string_view kModelBranches = "model-branches";
inline bool is_of_branch(const Constraint& c) { return c.code == kModelBranches; }
Truth prove(const Constraint& c);
bool holds(Relation relation, std::int64_t lhs, std::int64_t rhs);
// Names of the nodes that impose `c`: its own first, then those with equal operands, in file order.
std::vector<std::string> imposed_by(const Analysis& a, const Constraint& c);
// "H % 32 == 0", "N in {1, B}", "L <= 512", "N == 1", "H % 8 == 0 or H == 1"
std::string to_string(const Constraint& c);

}  // namespace shapewright
