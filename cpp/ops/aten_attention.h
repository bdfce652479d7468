// Attention as other operators call it: the function of three projections, and the layers around it
// that PyTorch runs as one operator where no gradient is asked for.
#pragma once

#include "ops/aten.h"
#include "ops/sdpa.h"

namespace shapewright::aten {

Tensor attention(sdpa::Query a);  // scaled_dot_product_attention

void multi_head_attention_row(EagerCall& c);
void encoder_layer_row(EagerCall& c);
// Of rows of several lengths, one behind the other.
void nested_encoder_layer_row(EagerCall& c);
void nested_from_mask_row(EagerCall& c);
void nested_to_padded_row(EagerCall& c);

}  // namespace shapewright::aten
