// How oneDNN 3 multiplies matrices of bfloat16 on a CPU with AVX512_BF16: in panels of the right
// operand and blocks of sums, of each thread. Read off oneDNN 3.12's rule for the blocks, and the
// allocator's events over 300 products at one to four threads.
#pragma once

#include "graph/tensor_type.h"

namespace shapewright::onednn {

// (batch, rows, inner) times (batch, inner, columns)
struct Product {
  Dim batch = 1, rows, inner, columns;
  bool is_left_turned = false;  // the left operand lies by columns, and is copied too
};

// Bytes it works in beside its operands and its result; 0 for the small ones, which PyTorch
// multiplies by itself. Exact where rows and columns are numbers, as of weights, and up to 256
// rows.
Dim product_scratch(const Product& p);

// No less than that for whatever rows, and inner size, are no larger; the left operand by rows.
Dim most_product_scratch(const Product& p);

}  // namespace shapewright::onednn
