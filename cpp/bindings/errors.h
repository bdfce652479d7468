// One place where errors of the core become exceptions of `shapewright.errors`.
#pragma once

#include <pybind11/pybind11.h>

namespace shapewright {

void register_errors(pybind11::module_& m);

}  // namespace shapewright
