// Rows of a batch's table that were worked out before.
#pragma once

#include <pybind11/pybind11.h>

namespace shapewright {
void bind_rows(pybind11::module_& m);
}
