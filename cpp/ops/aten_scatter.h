// Writing into places that indices or a mask name, where backward is more than a gather.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

void scatter_reduce_row(EagerCall& c);
void scatter_reduce_in_place_row(EagerCall& c);
void masked_scatter_row(EagerCall& c);
void masked_scatter_in_place_row(EagerCall& c);
void index_fill_row(EagerCall& c);
void index_fill_in_place_row(EagerCall& c);
void index_reduce_row(EagerCall& c);
void index_reduce_in_place_row(EagerCall& c);
void repeat_by_tensor_row(EagerCall& c);  // repeat_interleave with a count for each

}  // namespace shapewright::aten
