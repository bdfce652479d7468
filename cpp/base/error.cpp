#include "base/error.h"

namespace shapewright {

Error::Error(ErrorKind kind, std::string code, std::string message, Facts facts, std::string node,
             std::string hint)
    : kind(kind),
      code(std::move(code)),
      message(std::move(message)),
      facts(std::move(facts)),
      node(std::move(node)),
      hint(std::move(hint)) {}

}  // namespace shapewright
