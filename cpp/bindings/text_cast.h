// Texts of a model as Python strings: a name in a file may be no UTF-8, and must still be shown.
#pragma once

#include <pybind11/pybind11.h>

#include <string_view>

namespace shapewright {

inline pybind11::str text_to_python(std::string_view text) {
  return pybind11::reinterpret_steal<pybind11::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<pybind11::ssize_t>(text.size()), "replace"));
}

}  // namespace shapewright
