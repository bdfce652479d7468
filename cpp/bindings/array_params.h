// What turns one element into another on its way: the result's type, scale and bias.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bindings/array_view.h"
#include "copy/plan.h"

namespace shapewright {

class Conversion {
 public:
  // `element` an Element's number, or None for the type of `x`. `scale` and `bias` are None,
  // numbers, lists or arrays; with `normalize` they are std and mean.
  Conversion(const ArrayView& x, PyObject* element, PyObject* scale, PyObject* bias,
             bool normalize);

  const ItemType& item() const { return item_; }
  const std::optional<Cast>& cast() const { return cast_; }
  bool has_params() const { return scale_.present || bias_.present; }
  std::span<const std::int64_t> param_shape() const { return param_shape_; }
  Params params() const;

  // Elements from one index of the result to the next in the parameters, for each axis; empty where
  // there are none. Refuses parameters that do not broadcast.
  std::vector<std::int64_t> param_strides(std::span<const std::int64_t> shape) const;

 private:
  struct Param {
    bool present = false;
    std::vector<std::byte> dense;  // of param_shape_ and the cast's compute()
  };
  void widen_shape(const ArrayView& param);
  void fill(Param& param, const ArrayView& from, const char* argument);

  ItemType item_;
  std::optional<Cast> cast_;
  Param scale_;
  Param bias_;
  std::vector<std::int64_t> param_shape_;
};

}  // namespace shapewright
