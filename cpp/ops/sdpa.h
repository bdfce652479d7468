// Which kernel runs a scaled_dot_product_attention, as PyTorch 2.13 chooses: the first of an order
// that takes the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "eager/tensor.h"

namespace shapewright::sdpa {

struct Query {
  eager::Tensor q, k, v, mask;
  double dropout = 0;
  bool is_causal = false, is_grouped = false;
};

enum class Kernel : std::uint8_t { kCudnn, kFlash, kEfficient, kMath };
std::string_view name_of(Kernel kernel);  // "cudnn", "flash", "efficient", "math"

// On the device of the machine. The mask is the caller's, not yet as numbers. The kernel that the
// machine is asked for comes first where it takes the call.
Kernel choose(const Query& a);

}  // namespace shapewright::sdpa
