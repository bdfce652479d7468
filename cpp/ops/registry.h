// All operators the core knows: the families' tables, looked up by domain, name and version.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ops/op.h"

namespace shapewright {

// The row in force at `version`; nullptr if the operator is unknown or younger than `version`.
const Op* find_op(std::string_view domain, std::string_view name, std::int64_t version);
// Every row, in table order: for docs, fuzzers and the tests that demand a case row for each.
std::vector<const Op*> all_ops();
// The youngest version of the standard's operators that a row is of: up to it none is missing.
std::int64_t newest_opset();
// Nearest known operator name of any domain, "" if none is near.
std::string_view nearest_op(std::string_view name);

}  // namespace shapewright
