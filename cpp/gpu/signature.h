// What decides how a tensor is moved, as a row of integers: type, device, shape, strides and the
// alignment of its first byte. Equal rows are moved by equal plans.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gpu/dlpack.h"

namespace shapewright {

class Signature {
 public:
  static constexpr int kMaxRank = 32;

  // False for a tensor of more axes; nothing is added then.
  bool add(const dlpack::Tensor& tensor);

  std::span<const std::int64_t> row() const { return {row_.data(), size_}; }
  // Of a row of one tensor.
  static std::vector<std::int64_t> sizes(std::span<const std::int64_t> row);
  // Whether two rows of one tensor each agree in type, device and rank.
  static bool are_alike(std::span<const std::int64_t> a, std::span<const std::int64_t> b);
  std::size_t hash() const;

 private:
  std::array<std::int64_t, 2 * (2 * kMaxRank + 2)> row_;  // of two tensors
  std::size_t size_ = 0;
};

// The address of a tensor's first element.
std::uint64_t address_of(const dlpack::Tensor& tensor);

}  // namespace shapewright
