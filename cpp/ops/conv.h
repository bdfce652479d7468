// What the convolutions share: which operands they read, and the checks of groups, kernels and
// bias.
#pragma once

#include <cstdint>
#include <span>

#include "ops/op.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::rules {

// Indices of the operands; -1 where the operator has no such one.
struct ConvOperands {
  int x = 0, w = 1, bias = 2;
};

// The attributes and known facts of one convolution, of any layout of the weights.
struct ConvSetup {
  int rank = -1;  // of input, weights and output; -1 if nothing tells it
  std::int64_t group = 1;
  std::span<const std::int64_t> kernel_attr;  // empty if absent

  int spatial() const { return rank - 2; }
};
ConvSetup conv_setup(Context& op, const ConvOperands& in);
// Size of the kernel on spatial axis `i`, at least 1; unknown if neither attribute nor weights
// tell.
Dim kernel_size(Context& op, const ConvOperands& in, const ConvSetup& setup, int i);
// Checks a bias of one entry an output channel.
void require_bias(Context& op, int bias, Dim channels);
// Checks that `group` divides the channels; `what` names them.
void require_group(Context& op, std::int64_t group, Dim channels, std::string_view what);

void conv_transpose_infer(Context& op);
Dim conv_transpose_flops(const Context& op);
void deform_conv_infer(Context& op);
void causal_conv_infer(Context& op);
Dim causal_conv_flops(const Context& op);

// Output of Conv-like operators, whose weights are [M, C/group, k...].
Shape conv_shape(Context& op, const ConvOperands& in);
// 2 * multiply-adds of one: every output element takes C/group * k... of them.
Dim conv_macs_flops(const Context& op, std::size_t weights);

}  // namespace shapewright::rules
