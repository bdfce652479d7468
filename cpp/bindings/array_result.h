// A new dense array for a caller: its memory first, the object of the caller's framework when the
// memory is written.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bindings/array_view.h"

namespace shapewright {

// Memory that frees itself: small, or a block of the pool.
class Block {
 public:
  explicit Block(std::int64_t bytes);  // aligned to a cache line; throws std::bad_alloc
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), pooled_(other.pooled_) {}
  Block& operator=(Block&&) = delete;
  std::byte* data() const { return data_; }

 private:
  std::byte* data_;
  bool pooled_;
};

class Result {
 public:
  // Of the framework that `like` belongs to.
  Result(const ArrayView& like, const ItemType& item, std::span<const std::int64_t> shape);
  std::byte* data() const { return data_; }
  pybind11::object finish();  // once, when the elements are there

 private:
  pybind11::object numpy_array(pybind11::object descr, void* data);

  const ArrayView& like_;
  ItemType item_;
  std::vector<std::int64_t> shape_;
  std::byte* data_ = nullptr;
  pybind11::object array_;    // NumPy's own memory: small results
  std::vector<Block> block_;  // ours: none or one
};

void bind_dense_array(pybind11::module_& m);

}  // namespace shapewright
