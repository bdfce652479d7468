// The walk over a graph in execution order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infer/analysis.h"

namespace shapewright {

// A call of an operator without a row, offered to the user's rules.
struct UserCall {
  const OpName& op;
  const AttrSet& attrs;
  std::span<const OperandType* const> inputs;
  std::size_t num_outputs;
  std::string node;  // as messages name it
};
// Types of the outputs, or nullopt if the user has no rule for it. May throw Error.
using UserRule = std::function<std::optional<std::vector<TensorType>>(const UserCall&)>;

struct InputSpec {
  std::string name;  // "" is allowed if the graph has one input
  std::string type;  // "f32[N,3,H,W]"
};
struct SymbolSpec {
  std::string name;
  Bounds bounds;
};

// What the file declares of results, against what inference finds of them. Where both are known and
// differ, that is a finding, except under kTrust and kIgnore.
enum class Declared : std::uint8_t {
  kRefine,  // fills what inference leaves open; a differing size is a warning
  kCheck,   // the same, and every difference is an error
  kTrust,   // stands in place of what inference finds
  kIgnore,  // is not read
};

// Past kConstraints and kSymbols a model is refused with Error{kLimit}; past the others less is
// said of it.
struct InferLimits {
  static constexpr std::size_t kErrors = 1024,
                               kWarnings = 1024;   // then the walk stops, or is silent
  static constexpr std::size_t kUnknownOps = 256;  // told one by one
  static constexpr std::size_t kConstraints = 16'384;
  static constexpr std::size_t kSymbols = 1 << 17;
  static constexpr std::size_t kElements = std::size_t{4} << 20;  // known ones, of all values
  static constexpr std::uint64_t kTermsFloor = 2'000'000, kTermsOfNode = 8;  // Arena::limit_work
};

struct InferOptions {
  std::vector<InputSpec> inputs;    // override what the file declares
  std::vector<SymbolSpec> symbols;  // bounds; lo == hi fixes the value
  bool strict = false;              // an unknown operator is an error, not a warning
  Declared declared = Declared::kRefine;
  std::string batch;  // a symbol to stand for axis 0 of the inputs that share the first one's size
  UserRule user_rule;
};

// Throws Error{kGeneric, "input-unknown" | "symbol-unknown"} where the call itself is wrong; faults
// of the model are findings.
std::shared_ptr<Analysis> infer(std::shared_ptr<const Graph> graph,
                                const InferOptions& options = {});

}  // namespace shapewright
