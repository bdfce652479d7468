// Strides of symbolic tensors, in elements: what is contiguous, what can be viewed without a copy,
// and how the result of an elementwise operation lies. The rules are those of PyTorch.
#pragma once

#include <optional>
#include <span>

#include "graph/tensor_type.h"

namespace shapewright::eager {

using Strides = Shape;

Strides contiguous_strides(const Shape& shape);
bool is_contiguous(const Shape& shape, const Strides& strides);
// Whether some order of the axes is contiguous: no gaps, no element twice.
bool is_dense(const Shape& shape, const Strides& strides);

// Whether two elements may lie in one place; axes of stride 0 and of one element left out.
bool may_overlap(const Shape& shape, const Strides& strides);
// How many elements there are from the first to the last in memory.
Dim extent(const Shape& shape, const Strides& strides);

// The strides of a view of `shape` over the same elements; nullopt if it takes a copy.
std::optional<Strides> view_strides(const Shape& old_shape, const Strides& old_strides,
                                    const Shape& shape);

// Dense strides whose axes go in the order of `strides`, largest first.
Strides dense_like(const Shape& shape, const Strides& strides);
// Channels (axis 1) last, as torch.channels_last.
Strides channels_last_strides(const Shape& shape);

// The axes from the largest stride to the smallest; axes that cannot be told apart keep their
// order.
std::vector<int> axis_order(const Shape& shape, const Strides& strides);

Shape broadcast_shape(const Shape& a, const Shape& b);

}  // namespace shapewright::eager
