// Bindings that depend on one size: the symbol that is solved for, others fixed or tied to it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infer/bind.h"

namespace shapewright {

// Symbol and expression of the solved one: {"M", "2*N"}.
using Ties = std::vector<std::pair<std::string, std::string>>;

class Family {
 public:
  // Uses the arena of the analysis; nothing else here does. Throws Error: kDim for a name that is
  // no symbol, a size out of bounds or an expression that is no function of `solve`; kUnboundSymbol
  // for a symbol without a size.
  Family(std::shared_ptr<const Program> program, std::string solve, NamedSizes sizes,
         const Ties& ties, std::int64_t multiple_of);
  const Program& program() const { return *program_; }
  const std::string& solve() const { return solve_; }

  // The sizes that bounds, multiple_of and the linear part of the contract leave: first, first +
  // step, ... up to last (kPlusInf: without end); none if first > last.
  std::int64_t first() const { return first_; }
  std::int64_t step() const { return step_; }
  std::int64_t last() const { return last_; }

  // Of bounds and multiple_of alone, whatever the contract says: "multiples of 8 in 1..256".
  std::int64_t smallest() const { return smallest_; }
  std::string text() const;

  NamedSizes sizes_at(std::int64_t size) const;  // of every symbol that has a name

  // Values of the program's symbols at `size`; false if a tied size leaves its bounds or does not
  // fit in int64.
  bool symbols_at(std::int64_t size, std::vector<std::int64_t>& out) const;
  // Intervals that hold them over [lo, hi], data-dependent symbols at their own; false if surely
  // false at every size.
  bool symbols_over(std::int64_t lo, std::int64_t hi, std::vector<Bounds>& out) const;
  // Whether the contract is met over [lo, hi]; `slots` is the program's evaluation there.
  Truth contract_over(std::int64_t lo, std::int64_t hi, std::span<const Bounds> slots) const;

 private:
  struct Source {
    enum class Kind : std::uint8_t { kFixed, kSolve, kTied, kFree } kind = Kind::kFree;
    Bounds range;         // kFixed, kFree
    Tape::Slot slot = 0;  // kTied: of tie_tape_
  };
  // What is left of a constraint once all but the solved size is put in: its sides as functions of
  // that alone.
  struct Residue {
    std::size_t demand;
    Relation relation;
    Tape::Slot difference;  // lhs - rhs, of residue_tape_
  };

  void read_ties(const Ties& ties);
  void place_symbols();
  void reduce_contract();
  // Turns a constraint between `lhs` and `rhs`, both of the solved size alone, into a restriction
  // of the range and the congruence where it is linear; false if it is not.
  bool restrict_by(Relation relation, Dim lhs, Dim rhs);
  std::optional<std::pair<std::int64_t, std::int64_t>> as_linear(Dim d) const;  // scale, offset
  void restrict_to(std::optional<Congruence> c);
  void restrict_to(Bounds b);
  void settle_lattice();

  std::shared_ptr<const Program> program_;
  std::string solve_;
  NamedSizes given_;
  std::vector<std::pair<std::string, Tape::Slot>> tied_;  // of tie_tape_
  std::vector<Source> sources_;                           // by symbol of the program
  Arena arena_;  // of ties and residues; symbols are the program's, by name
  std::uint32_t solve_id_ = 0;
  SymbolValues put_;  // what stands for every other symbol, as a function of the solved one
  Tape tie_tape_, residue_tape_;
  std::vector<Residue> residues_;
  std::vector<std::size_t> open_;  // demands that are not proved for every size
  std::int64_t multiple_of_, smallest_ = 1;
  Bounds allowed_;  // of the solved symbol
  Bounds range_;    // of them, what the linear part of the contract leaves
  Congruence congruence_;
  bool is_empty_ = false;
  std::int64_t first_ = 1, step_ = 1, last_ = 0;
};

}  // namespace shapewright
