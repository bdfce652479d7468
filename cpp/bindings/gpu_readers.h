// Tensors of other libraries as they lie in memory, read through DLPack's exchange interface.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "gpu/dlpack.h"

namespace shapewright {

namespace py = pybind11;

// How tensors of one type are read; `api` is null for a type that cannot be read so. What is asked
// of each tensor is a descriptor of the type, which spares looking its name up.
struct Reader {
  const dlpack::ExchangeApi* api = nullptr;
  py::object gradient, negation, conjugation;  // null where the type has none
};

class Readers {
 public:
  const Reader& of(py::handle object) {
    PyTypeObject* const type = Py_TYPE(object.ptr());
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = rows_.find(type); found != rows_.end()) return *found->second;
    }
    auto reader = std::make_unique<Reader>(make(py::handle(reinterpret_cast<PyObject*>(type))));
    const std::scoped_lock lock(mutex_);
    const auto [row, is_new] = rows_.emplace(type, std::move(reader));
    if (is_new) Py_INCREF(type);  // so that the address stays this type's
    return *row->second;
  }

  bool read(py::handle object, std::int32_t device_type, dlpack::Tensor& out) {
    return read(of(object), object, device_type, out);
  }

  // A borrowed view of what plainly is memory: no gradient to track, no sign or conjugate put off.
  static bool read(const Reader& reader, py::handle object, std::int32_t device_type,
                   dlpack::Tensor& out) {
    if (reader.api == nullptr || reader.api->tensor_of(object.ptr(), &out) != 0) {
      PyErr_Clear();
      return false;
    }
    if (out.device.type != device_type) return false;
    if (reader.gradient && is_true(get(reader.gradient, object))) return false;
    if (!reader.negation) return true;
    if (is_true(call(reader.negation, object))) return false;
    return out.dtype.code != dlpack::kComplex || !is_true(call(reader.conjugation, object));
  }

  std::optional<std::uintptr_t> stream(py::handle object, const dlpack::Tensor& tensor) {
    void* stream = nullptr;
    if (of(object).api->current_stream(tensor.device.type, tensor.device.id, &stream) != 0) {
      PyErr_Clear();
      return std::nullopt;
    }
    return reinterpret_cast<std::uintptr_t>(stream);
  }

 private:
  static Reader make(py::handle type) {
    Reader reader;
    const py::object capsule = py::getattr(type, "__dlpack_c_exchange_api__", py::none());
    if (PyCapsule_IsValid(capsule.ptr(), dlpack::kExchangeCapsule) == 0) return reader;
    const auto* api = static_cast<const dlpack::ExchangeApi*>(
        PyCapsule_GetPointer(capsule.ptr(), dlpack::kExchangeCapsule));
    while (api != nullptr && api->version.major != dlpack::kMajor) api = api->previous;
    if (api == nullptr || api->tensor_of == nullptr || api->current_stream == nullptr)
      return reader;
    reader.api = api;
    if (py::hasattr(type, "requires_grad")) reader.gradient = type.attr("requires_grad");
    if (py::hasattr(type, "is_neg") && py::hasattr(type, "is_conj")) {
      reader.negation = type.attr("is_neg");
      reader.conjugation = type.attr("is_conj");
    }
    return reader;
  }

  static bool is_true(const py::object& value) { return value.ptr() == Py_True; }

  static py::object get(const py::object& descriptor, py::handle object) {
    const descrgetfunc getter = Py_TYPE(descriptor.ptr())->tp_descr_get;
    if (getter == nullptr) return descriptor;
    return checked(
        getter(descriptor.ptr(), object.ptr(), reinterpret_cast<PyObject*>(Py_TYPE(object.ptr()))));
  }

  static py::object call(const py::object& method, py::handle object) {
    PyObject* const self = object.ptr();
    return checked(PyObject_Vectorcall(method.ptr(), &self, 1, nullptr));
  }

  static py::object checked(PyObject* result) {
    if (result == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(result);
  }

  std::unordered_map<PyTypeObject*, std::unique_ptr<Reader>> rows_;
  std::mutex mutex_;  // never held while Python runs, which may hand the interpreter to a waiter
};

}  // namespace shapewright
