#include "memory/training/autocast.h"

#include <algorithm>
#include <array>

#include "ops/aten.h"

namespace shapewright {

using eager::Tensor;
using eager::Tensors;

namespace {

// Names without overload, sorted.
constexpr std::array<std::string_view, 19> kHalf = {"addbmm",
                                                    "addmm",
                                                    "addmv",
                                                    "addr",
                                                    "baddbmm",
                                                    "bmm",
                                                    "conv1d",
                                                    "conv2d",
                                                    "conv3d",
                                                    "conv_transpose1d",
                                                    "conv_transpose2d",
                                                    "conv_transpose3d",
                                                    "einsum",
                                                    "linear",
                                                    "matmul",
                                                    "mm",
                                                    "mv",
                                                    "prelu",
                                                    "scaled_dot_product_attention"};

// Of both devices.
constexpr std::array<std::string_view, 14> kFloat = {"binary_cross_entropy_with_logits",
                                                     "cdist",
                                                     "cosine_embedding_loss",
                                                     "cross_entropy_loss",
                                                     "huber_loss",
                                                     "kl_div",
                                                     "l1_loss",
                                                     "mse_loss",
                                                     "nll_loss",
                                                     "nll_loss2d",
                                                     "nll_loss_nd",
                                                     "poisson_nll_loss",
                                                     "prod",
                                                     "smooth_l1_loss"};

constexpr std::array<std::string_view, 25> kFloatOnCuda = {"cosine_similarity",
                                                           "cumsum",
                                                           "dist",
                                                           "exp",
                                                           "expm1",
                                                           "group_norm",
                                                           "layer_norm",
                                                           "linalg_vector_norm",
                                                           "log",
                                                           "log10",
                                                           "log1p",
                                                           "log2",
                                                           "log_softmax",
                                                           "logsumexp",
                                                           "norm",
                                                           "pow",
                                                           "reciprocal",
                                                           "rsqrt",
                                                           "softmax",
                                                           "softplus",
                                                           "sum",
                                                           "tan",
                                                           "upsample_bicubic2d",
                                                           "upsample_bilinear2d",
                                                           "upsample_nearest2d"};

constexpr std::array<std::string_view, 6> kFloatOnCpu = {
    "adaptive_avg_pool3d", "avg_pool3d",       "binary_cross_entropy",
    "grid_sampler",        "reflection_pad2d", "replication_pad2d"};

// Fast paths, which are not taken under autocast.
constexpr std::array<std::string_view, 2> kAvoided = {"_native_multi_head_attention",
                                                      "_transformer_encoder_layer_fwd"};

// Kernels of a GPU; on a CPU compositions, of which autocast sees the parts.
constexpr std::array<std::string_view, 4> kCells = {"gru_cell", "lstm_cell", "rnn_relu_cell",
                                                    "rnn_tanh_cell"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Autocast::Autocast(Precision precision) {
  if (precision == Precision::kBf16Amp) half_ = DType::kBF16;
  if (precision == Precision::kF16Amp) half_ = DType::kF16;
}

Tensor Autocast::to_half(const Tensor& t) {
  // Weights are cast once in the region.
  const bool is_kept = t->is_leaf_with_grad && t.dtype() == DType::kF32;
  if (!is_kept) return aten::to(t, half_);
  Tensor& kept = weights_[&*t];
  if (!kept.defined()) kept = aten::to(t, half_);
  return kept;
}

void Autocast::cast(std::string_view op, Tensors& operands) {
  if (half_ == DType::kUnknown) return;
  const std::string_view name = op.substr(0, op.find('.'));
  const bool is_half =
      has(kHalf, name) || (eager::Machine::current().on_cuda() && has(kCells, name));
  const bool is_float =
      has(kFloat, name) ||
      (eager::Machine::current().on_cuda() ? has(kFloatOnCuda, name) : has(kFloatOnCpu, name));
  if (!is_half && !is_float) return;
  for (Tensor& t : operands) {
    if (!t.defined() || !shapewright::is_float(t.dtype()) || t.dtype() == DType::kF64) continue;
    t = is_half ? to_half(t) : aten::to(t, DType::kF32);
  }
}

bool Autocast::avoids(std::string_view op) const {
  if (half_ == DType::kUnknown) return false;
  const std::string_view name = op.substr(0, op.find('.'));
  return has(kAvoided, name) || (!eager::Machine::current().on_cuda() && has(kCells, name));
}

void Autocast::clear() { weights_.clear(); }

}  // namespace shapewright
