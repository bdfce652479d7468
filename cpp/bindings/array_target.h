// Where a call writes: the caller's `out`, checked before anything is written, or a new array.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "bindings/array_result.h"
#include "bindings/array_view.h"

namespace shapewright {

class Target {
 public:
  // `out` None: a dense array like `like`. Else it must be writable and of this type.
  Target(const ArrayView& like, PyObject* out, const ItemType& item);
  // `out` an array of any type.
  Target(const ArrayView& like, PyObject* out);

  const ItemType& item() const { return item_; }

  bool is_new() const { return !out_; }
  const ArrayView* out() const { return out_ ? &*out_ : nullptr; }

  void check_shape(std::span<const std::int64_t> shape) const;  // of an `out`
  // Once the shape of the result is known: an `out` of another shape is refused, a new array made.
  void settle(std::span<const std::int64_t> shape);
  void refuse_shared_memory(const ArrayView& source, const char* argument) const;

  std::byte* data() const { return out_ ? out_->data : result_->data(); }
  pybind11::object finish();

 private:
  void refuse_read_only() const;

  const ArrayView& like_;
  ItemType item_;
  std::optional<ArrayView> out_;
  std::optional<Result> result_;
};

// Bytes from one element to the next along each axis of a C-ordered array.
void dense_strides(std::span<const std::int64_t> shape, std::int64_t item_bytes,
                   std::int64_t* strides);

[[noreturn]] void refuse_self_overlap(const ArrayView& out);

}  // namespace shapewright
