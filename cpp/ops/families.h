// The families of operators, one file each. A new family adds its line here and in registry.cpp.
#pragma once

#include <span>

#include "ops/op.h"

namespace shapewright::families {

std::span<const Op> source_ops();       // Constant, ConstantOfShape, Range, EyeLike
std::span<const Op> shape_ops();        // Shape, Size, Identity, Flatten, Squeeze, Unsqueeze
std::span<const Op> reshape_ops();      // Reshape
std::span<const Op> cast_ops();         // Cast, CastLike, BitCast
std::span<const Op> movement_ops();     // Transpose, Concat, Trilu
std::span<const Op> split_ops();        // Split
std::span<const Op> expand_ops();       // Expand, Tile
std::span<const Op> pad_ops();          // Pad, CenterCropPad
std::span<const Op> slice_ops();        // Slice
std::span<const Op> gather_ops();       // Gather, GatherElements, GatherND
std::span<const Op> scatter_ops();      // ScatterElements, Scatter, ScatterND, TensorScatter
std::span<const Op> index_ops();        // OneHot, ReverseSequence
std::span<const Op> unary_ops();        // out = in
std::span<const Op> elementwise_ops();  // broadcast
std::span<const Op> reduce_ops();       // Reduce*, ArgMax, ArgMin, TopK
std::span<const Op> contract_ops();     // MatMul*, Gemm, Einsum, Det
std::span<const Op> conv_ops();         // Conv*, QLinearConv, ConvTranspose, DeformConv, ...
std::span<const Op> pool_ops();         // *Pool, MaxUnpool, MaxRoiPool, RoiAlign
std::span<const Op> spatial_ops();    // GridSample, AffineGrid, DepthToSpace, SpaceToDepth, Col2Im
std::span<const Op> resize_ops();     // Resize, Upsample
std::span<const Op> norm_ops();       // *Normalization
std::span<const Op> attention_ops();  // Attention, LinearAttention, RotaryEmbedding, SwiGLU
std::span<const Op> recurrent_ops();  // LSTM, GRU, RNN
std::span<const Op> quant_ops();      // QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear
std::span<const Op> control_ops();    // If, Loop, Scan, SequenceMap
std::span<const Op> dynamic_ops();    // NonZero, Compress, ImageDecoder
std::span<const Op> unique_ops();     // Unique
std::span<const Op> suppression_ops();  // NonMaxSuppression
std::span<const Op> text_ops();         // String*, RegexFullMatch, TfIdfVectorizer
std::span<const Op> random_ops();       // Random*, Multinomial
std::span<const Op> signal_ops();       // *Window, MelWeightMatrix, DFT, STFT
std::span<const Op> sequence_ops();     // Sequence*, SplitToSequence, ConcatFromSequence
std::span<const Op> optional_ops();     // Optional, OptionalGetElement, OptionalHasElement
std::span<const Op> loss_ops();         // NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss

// Domain com.microsoft, and what ONNX Runtime puts into ai.onnx before ONNX does.
std::span<const Op> contrib_norm_ops();  // SkipLayerNormalization, EmbedLayerNormalization, ...
std::span<const Op> contrib_attention_ops();  // *Attention, RotaryEmbedding
std::span<const Op> contrib_fused_ops();      // *Gelu, FusedMatMul, FusedConv
std::span<const Op> contrib_quant_ops();      // MatMulNBits, GatherBlockQuantized, QLinear*
std::span<const Op> contrib_moe_ops();        // MoE, QMoE
std::span<const Op> ml_ops();                 // domain ai.onnx.ml
std::span<const Op> preview_ops();            // domains ai.onnx.preview and .training

// Domain "aten": what running each takes of memory.
std::span<const Op> aten_view_ops();         // views, copies, casts
std::span<const Op> aten_elementwise_ops();  // of two operands
std::span<const Op> aten_ternary_ops();      // of three
std::span<const Op> aten_compare_ops();      // comparisons, logic
std::span<const Op> aten_mask_ops();         // where, masked_fill, masked_select
std::span<const Op> aten_join_ops();         // cat, stack
std::span<const Op> aten_unary_ops();        // of one
std::span<const Op> aten_extreme_ops();      // maximum, clamp between tensors
std::span<const Op> aten_complex_ops();      // complex numbers
std::span<const Op> aten_matmul_ops();       // linear, matmul, einsum
std::span<const Op> aten_conv_ops();
std::span<const Op> aten_norm_ops();
std::span<const Op> aten_reduce_ops();  // reductions, softmax, sort
std::span<const Op> aten_scan_ops();    // cumsum, cummax
std::span<const Op> aten_linalg_ops();  // factorizations, solve, inv
std::span<const Op> aten_quant_ops();   // fake quantization
std::span<const Op> aten_loss_ops();    // losses, dropout
std::span<const Op> aten_pool_ops();    // pooling, resizing, padding
std::span<const Op> aten_index_ops();   // indexing, scattering, creation
std::span<const Op> aten_attention_ops();
std::span<const Op> aten_function_ops();   // torch.autograd.Function
std::span<const Op> aten_recurrent_ops();  // lstm, gru, rnn

}  // namespace shapewright::families
