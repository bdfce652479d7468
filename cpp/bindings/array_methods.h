// The calls on arrays that bind_arrays.cpp registers, and what they share.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/array_job.h"
#include "bindings/array_params.h"
#include "bindings/array_target.h"
#include "bindings/array_view.h"
#include "layout/view.h"

namespace shapewright {

// Bare functions of Python's C interface: positional arguments only.
PyObject* permute_array(PyObject*, PyObject* const* args, Py_ssize_t count);
PyObject* copy_array(PyObject*, PyObject* const* args, Py_ssize_t count);
PyObject* rearrange_array(PyObject*, PyObject* const* args, Py_ssize_t count);

void bind_views(pybind11::module_& m);
void bind_many(pybind11::module_& m);

using SizeArguments = std::vector<std::pair<std::string_view, std::int64_t>>;
std::string_view text_of(PyObject* text);  // lives as long as `text`
SizeArguments sizes_of(PyObject* dict);    // its names live as long as `dict`

// Lowered onto the target: its strides, the parameters of the conversion.
std::shared_ptr<const Job> view_job(const View& view, std::int64_t src_item_bytes,
                                    const Conversion& conversion, const Target& target);
std::shared_ptr<const Job> pattern_job(const ArrayView& x, std::string_view pattern,
                                       const SizeArguments& sizes, const Conversion& conversion,
                                       const Target& target);

// The value of padding as one element of the type of `x`.
class FillItem {
 public:
  FillItem(const ArrayView& x, PyObject* value);
  const std::byte* data() const { return bytes_.data(); }

 private:
  std::vector<std::byte> bytes_;
};

// Arrays that become one array are of one type.
void refuse_mixed(const ArrayView& first, const ArrayView& other);

}  // namespace shapewright
