// What the operations of a View demand of their arguments. Violations are Error{kLayout}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "layout/view.h"

namespace shapewright {

// Past this many boxes more than there were, an operation goes on from a scratch array instead.
inline constexpr std::size_t kMaxNewBoxes = 4096;

std::int64_t count_elements(std::span<const std::int64_t> shape);  // throws where 64 bits are short
Sizes dense_strides(std::span<const std::int64_t> shape, std::int64_t item_bytes);
std::string to_text(std::span<const std::int64_t> shape);  // "[2, 3]"

void check_shape(std::span<const std::int64_t> shape);
void check_rank(const char* what, std::size_t given, std::size_t rank);
// Also that no address inside the array is further than 2^63 from its first element.
void check_strides(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides);
int check_axis(int axis, std::size_t rank);  // the axis counted from the front
std::int64_t check_index(std::int64_t index, int axis, std::int64_t size);
std::vector<int> check_permutation(std::span<const int> perm, std::size_t rank);
void check_expand(std::span<const std::int64_t> from, std::span<const std::int64_t> to);
void check_pad(int axis, std::int64_t before, std::int64_t after);
int check_concatenate(const std::vector<View>& views, int axis);
// The shape with its -1 replaced.
Sizes check_reshape(std::span<const std::int64_t> from, std::span<const std::int64_t> to);

}  // namespace shapewright
