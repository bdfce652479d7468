// NumPy's C interface as pybind11 finds it at run time: no NumPy headers, nothing imported before
// the first array is seen.
#pragma once

#include <pybind11/numpy.h>

#include <bit>
#include <cstdint>

#include "bindings/array_view.h"

namespace shapewright {

inline constexpr bool kLittleEndian = std::endian::native == std::endian::little;

struct Numpy {
  const pybind11::detail::npy_api& api = pybind11::detail::npy_api::get();
  bool two =
      api.PyArray_RUNTIME_VERSION_ >= 0x12;  // the layout of descriptors changed with NumPy 2

  std::int64_t item_bytes(PyObject* descr) const {
    return two ? pybind11::detail::array_descriptor2_proxy(descr)->elsize
               : pybind11::detail::array_descriptor1_proxy(descr)->elsize;
  }

  // The elements own references, so their bytes must not be duplicated.
  bool holds_references(PyObject* descr) const {
    constexpr std::uint64_t kReferences = 1;
    return ((two ? pybind11::detail::array_descriptor2_proxy(descr)->flags
                 : static_cast<std::uint64_t>(static_cast<unsigned char>(
                       pybind11::detail::array_descriptor1_proxy(descr)->flags))) &
            kReferences) != 0;
  }
};

inline const Numpy& numpy() {
  static const Numpy* the_numpy = nullptr;  // under the GIL
  if (the_numpy == nullptr) the_numpy = new Numpy;
  return *the_numpy;
}

ItemType item_type(PyObject* descr);
ItemType item_type(const dlpack::DataType& dtype);
pybind11::object descr_of(const ItemType& type);  // a NumPy dtype; ml_dtypes has some of them

}  // namespace shapewright
