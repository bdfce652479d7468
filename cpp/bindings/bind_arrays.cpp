// Calls on arrays. The ones that small arrays go through are bare functions of Python's C
// interface.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <tuple>

#include "base/memory_pool.h"
#include "base/threads.h"
#include "bindings/array_methods.h"
#include "bindings/array_result.h"
#include "copy/element.h"

namespace py = pybind11;

namespace shapewright {
namespace {

template <auto Function>
PyMethodDef method(const char* name, const char* doc) {
  return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(Function)),
          METH_FASTCALL, doc};
}

}  // namespace

void bind_arrays(py::module_& m) {
  static PyMethodDef methods[] = {
      method<permute_array>(
          "permute",
          "permute(x: typing.Any, axes: typing.Any, out: typing.Any, threads: int | None) -> "
          "typing.Any\n\nA dense copy of an array with its axes in a new order."),
      method<copy_array>("copy",
                         "copy(src: typing.Any, out: typing.Any, threads: int | None) -> None\n\n"
                         "Copies any strides to any strides, casts between any two elements."),
      method<rearrange_array>(
          "rearrange",
          "rearrange(x: typing.Any, pattern: str, sizes: dict, out: typing.Any, element: int | "
          "None, scale: typing.Any, bias: typing.Any, normalize: bool, threads: int | None) -> "
          "typing.Any\n\nA dense copy of an array as a pattern of einops says, cast and scaled on "
          "its way."),
      {nullptr, nullptr, 0, nullptr},
  };
  if (PyModule_AddFunctions(m.ptr(), methods) != 0) throw py::error_already_set();
  bind_dense_array(m);
  bind_views(m);
  bind_many(m);
  m.def("default_threads", &default_threads, "How many threads a call takes unless it says so.");
  m.def("set_default_threads", &set_default_threads, py::arg("threads"),
        "Sets them for this process; 0 goes back to the processors there are.");
  m.def(
      "pool_bytes",
      [] {
        const MemoryPool pool = pool_state();
        return std::tuple(pool.in_use_bytes, pool.kept_bytes, pool.limit_bytes);
      },
      "Memory of results: in use, kept for the next ones, and the bound of what is kept.");
  m.def("trim_pool", &trim_pool, "Gives the memory that is kept back to the system.");
}

}  // namespace shapewright
