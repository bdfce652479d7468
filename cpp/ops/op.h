// The one declaration of an operator. A family file is a few rule functions and a constexpr table
// of rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dim/dim.h"
#include "graph/attrs.h"

namespace shapewright {

class Context;
class EagerCall;

// How many operands; kMany for the last parameter of a variadic operator.
inline constexpr int kMany = 1 << 20;
struct Arity {
  int min = 1, max = 1;
};

struct AttrSpec {
  std::string_view name;
  AttrKind kind = AttrKind::kInt;
  bool required = false;
};

// Which input the first output shares storage with; kFresh for new storage.
inline constexpr int kFresh = -1;

struct Op {
  std::string_view name;
  std::string_view domain = "";  // "" is ai.onnx
  int since = 1;  // first opset version this row describes, until a later row of the same name
  Arity inputs = {1, 1};
  Arity outputs = {1, 1};
  std::string_view operands = "";        // the spec's names of the inputs, spaced: "X W B"
  std::uint32_t optional = 0;            // bit i: input i may be omitted though i < inputs.min
  std::span<const AttrSpec> attrs = {};  // of this version; kinds are checked before any rule runs
  void (*infer)(Context&) = nullptr;     // types, checks, constraints
  // What is known of the elements: all of small outputs, the greatest of positions; runs after
  // infer; may be absent. In domain "aten" also what the inputs' elements demand.
  void (*values)(Context&) = nullptr;
  int (*alias)(const Context&) =
      nullptr;  // input whose storage output 0 is a view of, or kFresh; absent: fresh
  Dim (*flops)(const Context&) =
      nullptr;  // floating-point operations; absent: not counted (moves bytes only)
  // What running it takes in an eager framework: what it allocates and frees, shares, keeps for
  // backward, and what its backward does. Absent outside of domain "aten".
  void (*eager)(EagerCall&) = nullptr;
};

consteval bool complete(std::span<const Op> table) {
  for (const Op& op : table) {
    if (op.name.empty() || op.infer == nullptr || op.since < 1) return false;
    if (op.inputs.min > op.inputs.max || op.outputs.min > op.outputs.max) return false;
  }
  return true;
}

}  // namespace shapewright
