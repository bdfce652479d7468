// permute and copy by the bare C interface of Python: the cost of a small copy is its binding's.
#include <pybind11/pybind11.h>

#include <array>
#include <string>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"
#include "bindings/array_methods.h"
#include "bindings/array_target.h"
#include "bindings/array_view.h"

namespace py = pybind11;

namespace shapewright {
namespace {

using Axes = std::array<std::int64_t, kMaxRank>;

[[noreturn]] void refuse_axes(PyObject* axes, int rank) {
  const auto text = py::repr(axes).cast<std::string>();
  refuse("perm-invalid",
         "axes " + text + " do not name each of " + std::to_string(rank) + " axes once",
         {{"axes", text}, {"rank", std::to_string(rank)}});
}

// Writes a permutation of [0, rank) to `perm`.
void read_axes(PyObject* axes, int rank, Axes& perm) {
  PyObject* sequence = PySequence_Fast(axes, "axes must be a sequence of integers");
  if (sequence == nullptr) throw py::error_already_set();
  const auto owner = py::reinterpret_steal<py::object>(sequence);
  if (PySequence_Fast_GET_SIZE(sequence) != rank) refuse_axes(axes, rank);
  std::uint64_t seen = 0;
  for (int i = 0; i < rank; ++i) {
    Py_ssize_t axis = PyNumber_AsSsize_t(PySequence_Fast_GET_ITEM(sequence, i), PyExc_IndexError);
    if (axis == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || (seen >> axis & 1) != 0) refuse_axes(axes, rank);
    seen |= std::uint64_t{1} << axis;
    perm[i] = axis;
  }
}

}  // namespace

// permute(x, axes, out, threads)
PyObject* permute_array(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    if (count != 4) throw py::type_error("permute takes x, axes, out, threads");
    const ArrayView x(args[0], "x");
    Axes perm;
    read_axes(args[1], x.rank, perm);
    Target target(x, args[2], x.item);
    const int threads = threads_of(args[3]);
    const auto rank = static_cast<std::size_t>(x.rank);
    Axes shape;
    for (std::size_t i = 0; i < rank; ++i) shape[i] = x.shape[perm[i]];
    target.settle({shape.data(), rank});
    Axes dense;
    const std::int64_t* dst = dense.data();
    if (target.is_new()) {
      dense_strides({shape.data(), rank}, x.item.bytes, dense.data());
    } else {
      dst = target.out()->strides;
    }
    Axes src;
    for (std::size_t i = 0; i < rank; ++i) src[i] = x.strides[perm[i]];
    const auto job = strided_job({shape.data(), rank}, src.data(), dst, x.item.bytes, std::nullopt,
                                 target.out());
    target.refuse_shared_memory(x, "x");
    const std::byte* const sources[] = {x.data};
    run_released(*job, {sources, nullptr, target.data(), {}}, threads);
    return target.finish();
  });
}

// copy(src, out, threads)
PyObject* copy_array(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    if (count != 3) throw py::type_error("copy takes src, out, threads");
    const ArrayView src(args[0], "src");
    Target target(src, args[1]);
    const auto cast = cast_between(src, target.item(), Affine::kNone);
    target.settle(src.sizes());
    const int threads = threads_of(args[2]);
    const auto job = strided_job(src.sizes(), src.strides, target.out()->strides, src.item.bytes,
                                 cast, target.out());
    target.refuse_shared_memory(src, "src");
    const std::byte* const sources[] = {src.data};
    run_released(*job, {sources, nullptr, target.data(), {}}, threads);
    target.finish();
    return py::none();
  });
}

}  // namespace shapewright
