// Sizes for the symbols: everything of an Analysis compiled to one tape, so that a new binding is
// one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dim/tape.h"
#include "infer/analysis.h"

namespace shapewright {

using NamedSizes = std::vector<std::pair<std::string, std::int64_t>>;

// All dims and constraints of an analysis on one tape. Others (memory) add their own Dims before
// `seal`.
class Program {
 public:
  // Touches the arena of the analysis, as `add` does. A Binding does so only to say what is broken.
  explicit Program(std::shared_ptr<const Analysis> analysis);

  Tape::Slot add(Dim d);  // before seal()
  void seal();

  const Analysis& analysis() const { return *analysis_; }
  std::shared_ptr<const Analysis> shared_analysis() const { return analysis_; }
  const Tape& tape() const { return tape_; }
  // The symbols the tape reads, in tape order.
  std::span<const SymbolInfo> symbols() const { return symbols_; }
  // Names of the input symbols among them that have no fixed value; data-dependent ones are no
  // inputs.
  const std::vector<std::string>& symbol_names() const { return names_; }
  // Symbols with one possible value: numbers in the shapes, but still names of the model.
  std::span<const SymbolInfo> fixed_symbols() const { return fixed_; }
  bool has_data_dependent() const { return has_data_dependent_; }  // then bindings are intervals

  // Slots of the dims of operand type `fact`, axis by axis (empty if the rank is unknown).
  std::span<const Tape::Slot> dims(FactId fact) const;

  // What a binding must meet: the contract, constraint by constraint, then the sizes that nothing
  // proves to be at least 0.
  std::size_t num_demands() const { return contract_.size() + guards_.size(); }
  Truth meets(std::size_t demand, std::span<const std::int64_t> slots) const;  // never kUnknown
  Truth meets(std::size_t demand,
              std::span<const Bounds> slots) const;  // at every point of the box
  // Error{kConstraint} that says how `demand` is broken, with the sizes that break it.
  Error broken(std::size_t demand, std::span<const Bounds> slots, const NamedSizes& sizes) const;

 private:
  struct Demand {
    Relation relation;
    Tape::Slot lhs, rhs;
    std::string text;
  };
  struct Guard {  // a size of `value` that must not be negative
    Tape::Slot slot;
    ValueId value;
    int axis;
  };

  std::shared_ptr<const Analysis> analysis_;
  Tape tape_;
  std::vector<SymbolInfo> symbols_;
  std::vector<std::string> names_;
  std::vector<SymbolInfo> fixed_;
  bool has_data_dependent_ = false;
  std::vector<Tape::Slot> dim_slots_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> dim_ranges_;  // by FactId: first, count
  std::vector<Demand> contract_;  // by index in Analysis::contract
  std::vector<Guard> guards_;
};

// One evaluation of a Program. Checks bounds of symbols and every constraint of the contract.
class Binding {
 public:
  // Throws Error: kUnboundSymbol (names all missing), kConstraint naming node and rule, kDim for a
  // name that is no symbol of the model ("symbol-unknown", nearest name as hint) or a size outside
  // its bounds, kDimOverflow.
  Binding(std::shared_ptr<const Program> program, const NamedSizes& sizes);

  const Program& program() const { return *program_; }
  std::shared_ptr<const Program> shared_program() const { return program_; }
  bool exact() const { return bounds_.empty(); }
  std::int64_t value(Tape::Slot s) const { return exact() ? values_[s] : bounds_[s].lo; }
  Bounds range(Tape::Slot s) const { return exact() ? Bounds{values_[s], values_[s]} : bounds_[s]; }
  std::span<const std::int64_t> values() const { return values_; }  // all slots, if exact
  std::span<const Bounds> ranges() const { return bounds_; }        // all slots, otherwise
  // Of the symbols of the program, in tape order.
  std::span<const Bounds> symbol_ranges() const { return symbol_ranges_; }

 private:
  std::shared_ptr<const Program> program_;
  std::vector<std::int64_t> values_;  // if exact
  std::vector<Bounds> bounds_;        // otherwise
  std::vector<Bounds> symbol_ranges_;
};

// Values or intervals of the tape's symbols for named sizes, checked as Binding says. A symbol
// named in `later` gets its size elsewhere: its bounds stand in.
std::vector<Bounds> bind_symbols(const Program& program, const NamedSizes& sizes,
                                 std::span<const std::string> later = {});
// Whether `size` lies within the bounds and the congruence of a symbol.
bool admits(const SymbolInfo& symbol, std::int64_t size);
void check_admitted(const SymbolInfo& symbol,
                    std::int64_t size);  // throws Error{kDim} where it does not
// Error{kDim, "symbol-unknown"} with the nearest name, for a name that is no symbol of the model.
Error unknown_symbol(const Program& program, std::string_view name);

// First demand that an evaluation surely breaks, index or -1: of the contract, then sizes below 0.
int first_broken(const Program& program, std::span<const std::int64_t> slots);
int first_broken(const Program& program, std::span<const Bounds> slots);

}  // namespace shapewright
