// What a rearrangement comes down to: boxes of elements, each read from one source at constant
// strides or filled with one value, written at constant strides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shapewright {

// One loop of a box. Strides may be negative or, in the source, zero.
struct Digit {
  std::int64_t size = 1;
  std::int64_t src = 0;    // bytes from one position to the next
  std::int64_t dst = 0;    // bytes
  std::int64_t param = 0;  // elements of the scale and bias; 0 where they do not vary

  friend bool operator==(const Digit&, const Digit&) = default;
};

inline constexpr std::int32_t kFill = -1;

struct Piece {
  std::vector<Digit> digits;    // in any order; no digits: one element
  std::int64_t src_offset = 0;  // bytes
  std::int64_t dst_offset = 0;  // bytes
  std::int64_t param_offset = 0;
  std::int32_t source = 0;  // index of the source, or kFill
};

// Every element of the destination is written by exactly one piece of the last pass.
struct Pass {
  std::vector<Piece> pieces;
  std::int64_t scratch_bytes = 0;  // of the dense array this pass writes; 0: the destination itself
};

struct Rearrangement {
  std::vector<std::int64_t> shape;  // of the destination
  std::vector<Pass> passes;         // a later pass reads what the one before it wrote
  std::string why;                  // why there is more than one pass; empty for one
};

}  // namespace shapewright
