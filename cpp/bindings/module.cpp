// The extension module `shapewright._core`: one bind_<module>.cpp a module, called from here.
#include <pybind11/pybind11.h>

#include "bindings/errors.h"

namespace shapewright {
void bind_dim(pybind11::module_& m);
void bind_graph(pybind11::module_& m);
void bind_builder(pybind11::module_& m);
void bind_ops(pybind11::module_& m);
void bind_infer(pybind11::module_& m);
void bind_memory(pybind11::module_& m);
void bind_allocators(pybind11::module_& m);
void bind_layout(pybind11::module_& m);
void bind_arrays(pybind11::module_& m);
void bind_in_place(pybind11::module_& m);
void bind_gpu(pybind11::module_& m);
}  // namespace shapewright

PYBIND11_MODULE(_core, m) {
  m.doc() = "The C++ core of shapewright.";
  m.attr("__version__") = SHAPEWRIGHT_VERSION;
  shapewright::register_errors(m);
  shapewright::bind_dim(m);
  shapewright::bind_graph(m);
  shapewright::bind_builder(m);
  shapewright::bind_ops(m);
  shapewright::bind_infer(m);
  shapewright::bind_allocators(m);
  shapewright::bind_memory(m);
  shapewright::bind_layout(m);
  shapewright::bind_arrays(m);
  shapewright::bind_in_place(m);
  shapewright::bind_gpu(m);
}
