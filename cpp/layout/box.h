// A box of an index space, and where its elements are read: both are affine in the box's digits.
//
//     index[axis] = at[axis] + sum of i * weight   over the digits of that axis, 0 <= i < size
//     address     = src_offset + sum of i * src    over all digits
//
// A transposed [4, 6] seen as one axis of 24 is a box with two digits on it:
//
//     size 6, weight 4, src 1 item      the slow digit: a column of the source
//     size 4, weight 1, src 6 items     the fast one: down that column
//
// Weights nest: that of a digit exceeds the reach of the faster ones of its axis, so that no index
// is met twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shapewright {

using Sizes = std::vector<std::int64_t>;

struct AxisDigit {
  std::int32_t axis = 0;
  std::int64_t size = 1;
  std::int64_t weight = 1;  // index steps along the axis
  std::int64_t src = 0;     // address steps

  friend bool operator==(const AxisDigit&, const AxisDigit&) = default;
};

struct Box {
  std::vector<AxisDigit> digits;  // by axis, then slowest first; none of size 1, none foldable
  Sizes at;                       // the least index along each axis
  std::int64_t src_offset = 0;
  std::int32_t source = 0;  // or kFill

  friend bool operator==(const Box&, const Box&) = default;
};

using Boxes = std::vector<Box>;

// Drops digits of size 1 and joins neighbours of an axis that walk as one.
void canonicalize(Box& box);

// Digits of `axis` are box.digits[begin .. end).
struct DigitRange {
  std::size_t begin = 0, end = 0;
};
DigitRange digits_of(const Box& box, int axis);
std::int64_t last_index(const Box& box, int axis);

// Splits where the index along `axis` reaches `position`.
void cut(Box box, int axis, std::int64_t position, Boxes& below, Boxes& from);

// index -> size - 1 - index.
void reverse(Box& box, int axis, std::int64_t size);

// Keeps each `step`-th index, counted from 0, and numbers them anew. False where the digits and the
// step share so little that many boxes would be needed.
[[nodiscard]] bool keep_every(Box box, int axis, std::int64_t step, Boxes& out);

// Replaces axis by two: index / inner and index % inner. False where a digit straddles many
// multiples of `inner`.
[[nodiscard]] bool divide(Box box, int axis, std::int64_t inner, Boxes& out);

// Replaces sizes.size() axes from `first` on by the one that counts through them, the last one
// fastest; without sizes, inserts an axis of size 1.
void merge(Box& box, int first, const Sizes& sizes);

void drop_axis(Box& box, int axis);  // of size 1

}  // namespace shapewright
