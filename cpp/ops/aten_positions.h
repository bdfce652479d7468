// Positions that index tables: of `torch.arange(L)` the greatest element is known, and a table of
// 1,024 rows that is read there demands L <= 1024.
#pragma once

#include "ops/context.h"

namespace shapewright::aten {

void arange_values(Context& op);
void kept_values(Context& op);   // of views and copies of all elements
void whole_values(Context& op);  // of a slice, where it takes all
void add_values(Context& op);    // of a number
void sub_values(Context& op);

void embedding_values(Context& op);
void index_values(Context& op);  // a tensor or nothing for each axis
void index_select_values(Context& op);

}  // namespace shapewright::aten
