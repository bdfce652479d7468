// A list of integers that an older opset gives as an attribute and a newer one as an input, read in
// place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ops/context.h"

namespace shapewright {

class IntList {
 public:
  IntList() = default;  // not given
  static IntList of_attr(const Context& op, std::string_view name);
  // Fails with `rank-mismatch` unless the rank of the input is in [lo, hi]; its elements are read
  // in row-major order.
  static IntList of_input(const Context& op, std::size_t input, int lo = 1, int hi = 1);

  bool given() const { return given_; }
  bool has_size() const { return has_size_; }
  std::size_t size() const { return size_; }  // may be huge where no element is known
  bool has_elements() const {
    return elements_ != nullptr || !ints_.empty() || (has_size_ && size_ == 0);
  }
  // Element i < size(): an integer expression, or unknown.
  Elem operator[](std::size_t i) const {
    if (elements_ == nullptr) return i < ints_.size() ? Elem::of(ints_[i]) : Elem::unknown();
    const Elem& e = elements_->elems[i];
    return e.is_int() ? e : Elem::unknown();
  }
  std::optional<std::int64_t> literal(std::size_t i) const { return (*this)[i].literal(); }

 private:
  bool given_ = false, has_size_ = false;
  std::size_t size_ = 0;
  std::span<const std::int64_t> ints_;
  const Elements* elements_ = nullptr;
};

// Ends the analysis with `limit-exceeded` for a rank past kMaxRank, before anything of that size is
// made.
void limit_rank(const Context& op, std::size_t rank);
// The size an element gives: itself, or an unknown size where it is not known.
Dim dim_of(Context& op, const Elem& e);

}  // namespace shapewright
