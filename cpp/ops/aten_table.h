// How rows of domain "aten" are written.
#pragma once

#include "ops/aten.h"
#include "ops/rules.h"

namespace shapewright::aten {

inline constexpr int kSince = 200;  // torch 2.0: major * 100 + minor

// Types come from torch: the row says what its running does to memory.
constexpr Op row(std::string_view name, void (*eager)(EagerCall&), int since = kSince) {
  Op op;
  op.name = name;
  op.domain = "aten";
  op.since = since;
  op.inputs = {0, kMany};
  op.outputs = {0, kMany};
  op.infer = &rules::infer_declared;
  op.eager = eager;
  return op;
}

// `values` says what is known of the elements: of those of the outputs, and what they demand.
constexpr Op with_values(Op op, void (*values)(Context&)) {
  op.values = values;
  return op;
}

}  // namespace shapewright::aten
