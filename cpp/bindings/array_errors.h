// How the array calls refuse.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace shapewright {

[[noreturn]] inline void refuse(std::string code, std::string message, Facts facts = {},
                                std::string hint = {}) {
  throw Error(ErrorKind::kLayout, std::move(code), std::move(message), std::move(facts), {},
              std::move(hint));
}

}  // namespace shapewright
