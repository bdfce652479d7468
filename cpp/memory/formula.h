// Memory in closed form: the largest of a few sums of symbolic sizes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "memory/arms.h"

namespace shapewright {

// What is common and the largest of the arms. Buffers of unknown size are left out and counted.
struct Formula {
  Arm common;
  std::vector<Arm> arms;
  std::vector<std::string> symbols;  // names it depends on, sorted
  std::size_t num_unknown = 0;       // then the formula is a lower bound

  std::string text, latex;
};

// `kind`: "params", "inputs", "live_peak"; "grads", "optimizer" and "saved" are 0 for inference.
// Throws Error{kGeneric, "formula-unknown"} for any other. Uses the arena of the analysis.
Formula make_formula(const Memory& memory, std::string_view kind);

// The formula compiled for evaluation, without the arena.
class CompiledFormula {
 public:
  CompiledFormula(const Memory& memory, const Formula& formula);  // uses the arena
  // Throws Error: kUnboundSymbol, kDim for a size outside its bounds, kDimOverflow. Other names are
  // ignored.
  std::int64_t evaluate(const NamedSizes& sizes) const;
  // The least and the most it can be; a symbol without a size takes any within its bounds. Throws
  // Error{kDim} for a size outside its bounds.
  Bounds range(const NamedSizes& sizes) const;

 private:
  std::vector<SymbolInfo> symbols_;  // in tape order
  Tape tape_;
  std::vector<Tape::Slot> common_;
  std::vector<std::vector<Tape::Slot>> arms_;
  bool is_lower_bound_ = false;
};

}  // namespace shapewright
