#include "eager/layout.h"

#include <algorithm>
#include <numeric>

namespace shapewright::eager {

namespace {

// What is not decided is taken as it mostly is: sizes of symbols above 1, products larger than
// their factors.
bool surely_smaller(Dim a, Dim b) { return a != b && prove_le(a, b) == Truth::kYes; }

}  // namespace

Strides contiguous_strides(const Shape& shape) {
  Strides out = Shape::of_rank(shape.rank());
  Dim step = 1;
  for (int i = shape.rank(); i-- > 0;) {
    out[i] = step;
    if (shape[i] != Dim(0)) step *= shape[i];
  }
  return out;
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  Dim step = 1;
  for (int i = shape.rank(); i-- > 0;) {
    if (shape[i] == Dim(1)) continue;
    if (strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

std::vector<int> axis_order(const Shape& shape, const Strides& strides) {
  std::vector<int> order(static_cast<std::size_t>(shape.rank()));
  std::iota(order.begin(), order.end(), 0);
  // Insertion sort: the comparison is no total order where sizes are not decided.
  for (std::size_t i = 1; i < order.size(); ++i)
    for (std::size_t j = i; j > 0; --j) {
      const int outer = order[j - 1], inner = order[j];
      if (shape[inner] == Dim(1) || !surely_smaller(strides[outer], strides[inner])) break;
      std::swap(order[j - 1], order[j]);
    }
  return order;
}

Strides dense_like(const Shape& shape, const Strides& strides) {
  if (is_contiguous(shape, strides)) return contiguous_strides(shape);
  const std::vector<int> order = axis_order(shape, strides);
  Strides out = Shape::of_rank(shape.rank());
  Dim step = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    out[order[i]] = step;
    step *= shape[order[i]];
  }
  return out;
}

bool is_dense(const Shape& shape, const Strides& strides) {
  if (is_contiguous(shape, strides)) return true;
  const std::vector<int> order = axis_order(shape, strides);
  Dim step = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const int axis = order[i];
    if (shape[axis] == Dim(1)) continue;
    if (strides[axis] != step) return false;
    step *= shape[axis];
  }
  return true;
}

bool may_overlap(const Shape& shape, const Strides& strides) {
  const std::vector<int> order = axis_order(shape, strides);
  Dim last = 0;  // of the elements along the axes seen
  for (std::size_t i = order.size(); i-- > 0;) {
    const int axis = order[i];
    if (shape[axis] == Dim(1) || strides[axis] == Dim(0)) continue;
    if (prove_lt(last, strides[axis]) == Truth::kNo) return true;
    last += (shape[axis] - Dim(1)) * strides[axis];
  }
  return false;
}

Dim extent(const Shape& shape, const Strides& strides) {
  Dim last = 0;
  for (int i = 0; i < shape.rank(); ++i) last += (shape[i] - Dim(1)) * strides[i];
  return last + Dim(1);
}

Strides channels_last_strides(const Shape& shape) {
  if (shape.rank() != 4 && shape.rank() != 5) return contiguous_strides(shape);
  Strides out = Shape::of_rank(shape.rank());
  out[1] = 1;
  Dim step = shape[1];
  for (int i = shape.rank(); i-- > 2;) {
    out[i] = step;
    step *= shape[i];
  }
  out[0] = step;
  return out;
}

std::optional<Strides> view_strides(const Shape& old_shape, const Strides& old_strides,
                                    const Shape& shape) {
  if (is_contiguous(old_shape, old_strides)) return contiguous_strides(shape);
  Strides out = Shape::of_rank(shape.rank(), 1);
  int at = shape.rank() - 1;
  Dim base = old_strides[old_shape.rank() - 1], old_count = 1, count = 1;
  for (int i = old_shape.rank(); i-- > 0;) {
    old_count *= old_shape[i];
    const bool ends_chunk =
        i == 0 || (old_shape[i - 1] != Dim(1) && old_strides[i - 1] != old_count * base);
    if (!ends_chunk) continue;
    while (at >= 0 && (shape[at] == Dim(1) ||
                       (count != old_count && prove_le(old_count, count) != Truth::kYes))) {
      out[at] = count * base;
      count *= shape[at--];
    }
    if (count != old_count) return std::nullopt;
    if (i > 0) {
      base = old_strides[i - 1];
      old_count = count = 1;
    }
  }
  if (at >= 0) return std::nullopt;
  return out;
}

Shape broadcast_shape(const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape out = longer;
  const int gap = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i)
    if (out[i + gap] == Dim(1)) {
      out[i + gap] = shorter[i];
    } else if (known(shorter[i]) && shorter[i] != Dim(1)) {
      out[i + gap] = shorter[i];
    }
  return out;
}

}  // namespace shapewright::eager
