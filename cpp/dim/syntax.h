// The syntax tree of a size, before any symbol is made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dim/text.h"

namespace shapewright::algebra {

struct Node {
  enum Kind {
    kNumber,
    kSymbol,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kFraction,
    kFloorDivide,
    kRemainder,
    kRaise,
    kCall
  };
  Kind kind;
  std::size_t position;
  std::uint64_t number = 0;
  std::string name = {};
  Function function = {};
  std::vector<std::size_t> operands = {};
};

// Operands precede their users; the last node is the whole text. Throws Error{kDim, "dim-syntax"}
// and, past a limit on length or nesting, Error{kLimit, "dim-limit"}.
std::vector<Node> read_syntax(std::string_view text);
[[noreturn]] void syntax_error(std::string_view text, const std::string& what,
                               std::size_t position);

}  // namespace shapewright::algebra
