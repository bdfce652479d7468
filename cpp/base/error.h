// Errors of the core: data first, text second. Bindings translate each kind to one Python class.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace shapewright {

// Ordered label -> text; the order is the order of display.
using Facts = std::vector<std::pair<std::string, std::string>>;

// One per class of `shapewright.errors`.
enum class ErrorKind {
  kGeneric,
  kModel,
  kFormat,
  kLimit,
  kUnsupportedOp,
  kShape,
  kDim,
  kUnboundSymbol,
  kConstraint,
  kInconclusive,
  kDimOverflow,
  kLayout,
  kPattern,
  kOverlap,
};

struct Error : std::exception {
  ErrorKind kind = ErrorKind::kGeneric;
  std::string code;     // stable kebab-case word; `shapewright explain CODE` prints its page
  std::string message;  // one sentence
  Facts facts;
  std::string node;  // name of the node, empty if none
  std::string hint;  // only if it is surely useful

  Error(ErrorKind kind, std::string code, std::string message, Facts facts = {},
        std::string node = {}, std::string hint = {});
  const char* what() const noexcept override { return message.c_str(); }
};

}  // namespace shapewright
