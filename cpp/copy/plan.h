// A strided copy, planned once and run on any pair of buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "copy/element.h"
#include "layout/piece.h"

namespace shapewright {

// What happens to an element on its way, beside the change of its type.
enum class Affine : std::uint8_t {
  kNone,
  kScaleBias,  // x * scale + bias, each operation rounded
  kNormalize,  // (x / 255 - bias) / scale, each operation rounded: bias is the mean, scale the std
};

struct Cast {
  Element from = Element::kU8;
  Element to = Element::kU8;
  Affine affine = Affine::kNone;

  // The type in which scale and bias are given and applied.
  Element compute() const { return to == Element::kF64 ? Element::kF64 : Element::kF32; }
  friend bool operator==(const Cast&, const Cast&) = default;
};

struct CopySpec {
  std::vector<Digit> digits;    // in any order, strides in bytes; no two positions share a dst
  std::int64_t item_bytes = 1;  // of a source element, and of a destination element without a cast
  std::optional<Cast> cast;
};

// Arrays of `compute()`; null where absent (scale 1, bias 0). Indexed by Digit::param.
struct Params {
  const void* scale = nullptr;
  const void* bias = nullptr;
};

enum class Stores : std::uint8_t { kAuto, kCached, kStreamed };

struct CopyOptions {
  Stores stores = Stores::kAuto;
};

class CopyPlan;  // immutable; shared between threads

// Throws Error{kLayout} for a destination stride of zero.
std::shared_ptr<const CopyPlan> make_plan(const CopySpec& spec, const CopyOptions& options = {});

// Reads and writes at the strides of the plan from `src` and `dst`; they must not overlap.
// `threads` is an upper bound; 0 stands for default_threads().
void run(const CopyPlan& plan, const std::byte* src, std::byte* dst, const Params& params = {},
         int threads = 0);

std::int64_t bytes_moved(const CopyPlan& plan);  // read and written
std::string explain(const CopyPlan& plan);       // digits, kernel, tile, stores: one fact a line

}  // namespace shapewright
