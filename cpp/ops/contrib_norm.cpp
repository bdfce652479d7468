// Domain com.microsoft, normalization: a residual sum or embeddings, then LayerNormalization.
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// A parameter with one entry for each place of the last axis of what is normalized.
void require_last_axis(Context& op, std::size_t input, Dim size, std::string_view of) {
  if (!op.has_rank(input)) return;
  if (op.rank(input) != 1) {
    op.fail("norm-scale", std::string(op.op_type()) + " needs " + operand_name(op, input) +
                              " of rank 1, not rank " + std::to_string(op.rank(input)));
  }
  op.require_equal("norm-scale", op.shape(input)[0], size, [&] {
    return axis_text(operand_name(op, input), 0) + " with the last axis of " + std::string(of);
  });
}

// skip has the shape of input, but for a batch that is 1 or left out.
void require_skip(Context& op) {
  const Shape &in = op.shape(0), &skip = op.shape(1);
  require_rank(op, 1, 2, in.rank());
  const int left_out = in.rank() - skip.rank();
  for (int axis = skip.rank() - 2; axis < skip.rank(); ++axis) {
    op.require_equal("norm-scale", skip[axis], in[axis + left_out], [&] {
      return axis_text("skip", axis) + " with " + axis_text("input", axis + left_out);
    });
  }
  if (skip.rank() == 3)
    require_broadcast_onto(op, "norm-scale", Shape{in[0]}, Shape{skip[0]}, "input", "skip");
}

void skip_norm_infer(Context& op) {
  for (std::size_t i = 0; i < op.num_inputs(); ++i) require_dtype(op, i, kAllFloats);
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  require_rank(op, 0, 2, 3);
  require_rank(op, 1, 2, 3);
  Shape statistic = op.shape(0);
  if (op.has_rank(0)) {
    const Dim last = statistic[statistic.rank() - 1];
    for (std::size_t i = 2; i < op.num_inputs(); ++i) require_last_axis(op, i, last, "input");
    statistic[statistic.rank() - 1] = 1;
    if (op.has_rank(1)) require_skip(op);
  }
  op.output(0, dtype, op.shape(0));
  op.output(1, DType::kF32, statistic);
  op.output(2, DType::kF32, std::move(statistic));
  op.output(3, dtype, op.shape(0));  // the sum that is normalized
}

// Sum, then as LayerNormalization.
Dim skip_norm_flops(const Context& op) { return Dim(8) * elements_or_zero(op.shape(0)); }

// --- EmbedLayerNormalization: [batch, length] -> [batch, length, hidden]

void embed_norm_infer(Context& op) {
  enum : std::size_t { kIds, kSegments, kWord, kPosition, kSegment, kGamma, kBeta, kMask, kPlaces };
  constexpr DTypeSet kHalfOrSingle = dtypes(DType::kF32, DType::kF16);
  for (const std::size_t i : {kIds, kSegments, kMask, kPlaces})
    require_dtype(op, i, dtypes(DType::kI32));
  for (const std::size_t i : {kWord, kPosition, kSegment, kGamma, kBeta})
    require_dtype(op, i, kHalfOrSingle);
  for (const std::size_t i : {kPosition, kSegment, kGamma, kBeta}) unify_dtypes(op, kWord, i);
  for (const std::size_t i : {kIds, kSegments, kWord, kPosition, kSegment, kMask, kPlaces})
    require_rank(op, i, 2, 2);
  Shape ids = op.has_rank(kIds) ? op.shape(kIds) : unknown_dims(op, 2);
  for (const std::size_t i : {kSegments, kMask}) {
    if (!op.has_rank(i)) continue;
    for (int axis = 0; axis < 2; ++axis) {
      ids[axis] = op.unify("shape-mismatch", ids[axis], op.shape(i)[axis], [&] {
        return axis_text("input_ids", axis) + " with " + axis_text(operand_name(op, i), axis);
      });
    }
  }
  if (op.has_rank(kPlaces))
    require_broadcast_onto(op, "shape-mismatch", ids, op.shape(kPlaces), "input_ids",
                           "position_ids");
  Dim hidden = op.has_rank(kWord) ? op.shape(kWord)[1] : op.unknown_dim();
  for (const std::size_t i : {kPosition, kSegment}) {
    if (!op.has_rank(i)) continue;
    hidden = op.unify("shape-mismatch", hidden, op.shape(i)[1], [&] {
      return axis_text("word_embedding", 1) + " with " + axis_text(operand_name(op, i), 1);
    });
  }
  for (const std::size_t i : {kGamma, kBeta}) require_last_axis(op, i, hidden, "word_embedding");
  if (op.has_rank(kPosition) && !op.has_input(kPlaces)) {
    op.require_at_most("index-out-of-range", ids[1], op.shape(kPosition)[0],
                       [] { return std::string("input_ids axis 1 into position_embedding"); });
  }
  const DType dtype = op.dtype(kWord);
  op.output(0, dtype, {ids[0], ids[1], hidden});
  op.output(1, DType::kI32, {ids[0]});  // the length of each row by its mask
  op.output(2, dtype, {ids[0], ids[1], hidden});
}

constexpr AttrSpec kEpsilon[] = {{"epsilon", AttrKind::kFloat}};
constexpr AttrSpec kEmbed[] = {{"epsilon", AttrKind::kFloat}, {"mask_index_type", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "SkipLayerNormalization",
     .domain = "com.microsoft",
     .inputs = {3, 5},
     .outputs = {1, 4},
     .operands = "input skip gamma beta bias",
     .attrs = kEpsilon,
     .infer = skip_norm_infer,
     .flops = skip_norm_flops},
    {.name = "SkipSimplifiedLayerNormalization",
     .domain = "com.microsoft",
     .inputs = {3, 4},
     .outputs = {1, 4},
     .operands = "input skip gamma bias",
     .attrs = kEpsilon,
     .infer = skip_norm_infer,
     .flops = skip_norm_flops},
    {.name = "EmbedLayerNormalization",
     .domain = "com.microsoft",
     .inputs = {7, 9},
     .outputs = {1, 3},
     .operands = "input_ids segment_ids word_embedding position_embedding segment_embedding gamma "
                 "beta mask position_ids",
     .optional = 0b10010,
     .attrs = kEmbed,
     .infer = embed_norm_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> contrib_norm_ops() { return kOps; }

}  // namespace shapewright::families
