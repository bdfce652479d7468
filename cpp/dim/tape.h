// Many Dims compiled to one linear program over int64: a new binding of the symbols is one pass.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "dim/dim.h"

namespace shapewright {

class Tape {
 public:
  using Slot = std::uint32_t;

  // Adds `d` (of the current arena, the same at every call) and everything under it; equal Dims
  // share a slot.
  Slot add(Dim d);

  // Symbols (ids in the arena) that some added Dim depends on, in order of first use.
  const std::vector<std::uint32_t>& symbols() const { return symbols_; }
  std::size_t num_slots() const { return num_slots_; }

  // Evaluates all slots. `symbol_values[i]` belongs to symbols()[i]. Throws Error{kDimOverflow}
  // where the value of an added Dim does not fit in int64, and Error{kDim, "division-by-zero"};
  // `slots` has num_slots() entries, of which those that add() gave hold values. An exactdiv rounds
  // down where its constraint is broken.
  void run(std::span<const std::int64_t> symbol_values, std::span<std::int64_t> slots) const;

  // The same over intervals: the result of each slot contains its value at every point of the box.
  // Saturates.
  void run_bounds(std::span<const Bounds> symbol_bounds, std::span<Bounds> slots) const;

 private:
  enum class Code : std::uint8_t {
    kLiteral,      // imm
    kSymbol,       // symbol_values[a]
    kAddImm,       // [a] + imm
    kMulImm,       // [a] * imm
    kAdd,          // [a] + [b] + imm
    kSub,          // [a] - [b] + imm
    kLinear,       // imm + sum of coeff * [slot] over summands_[a .. a + b)
    kMul,          // [a] * [b]
    kShift,        // floor([a] / 2^imm)
    kFloorDivImm,  // floor([a] / imm), imm > 0
    kFloorDiv,     // floor([a] / [b])
    kMax,          // of [a] and [b]
    kMin,
    kBroadcast,  // [a] == 1 ? [b] : [a]
  };
  struct Instruction {  // the i-th writes slot i
    Code code;
    Slot a = 0, b = 0;
    std::int64_t imm = 0;
  };
  struct Summand {
    std::int64_t coeff;
    Slot slot;
  };
  struct Compiler;  // tape_compile.cpp

  Slot compile(Dim d);
  // The same in 128 bits, once 64 do not hold what a value is computed from.
  void run_wide(std::span<const std::int64_t> symbol_values, std::span<std::int64_t> slots) const;

  std::vector<Instruction> program_;
  std::vector<Summand> summands_;
  std::vector<std::uint32_t> symbols_;
  std::size_t num_slots_ = 0;
  std::vector<bool> is_added_;  // by Slot, as far as add() gave any

  // Where what is compiled already lies, by id in the arena.
  std::vector<bool> compiled_;
  std::vector<Slot> expr_slots_;
  std::unordered_map<std::uint32_t, Slot> atom_slots_, monomial_slots_;
  std::unordered_map<std::int64_t, Slot> literal_slots_;
  std::unordered_map<std::uint64_t, Slot> product_slots_;
};

}  // namespace shapewright
