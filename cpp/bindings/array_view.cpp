#include "bindings/array_view.h"

#include <vector>

#include "bindings/array_errors.h"
#include "bindings/numpy_access.h"

namespace py = pybind11;

namespace shapewright {
namespace {

struct KnownType {
  PyTypeObject* type = nullptr;  // owned
  Framework framework = Framework::kOther;
  const dlpack::Exchange* exchange = nullptr;
  bool has_dlpack = false;
};

std::string type_name(PyObject* object) {
  const py::handle type(reinterpret_cast<PyObject*>(Py_TYPE(object)));
  return type.attr("__module__").cast<std::string>() + "." +
         type.attr("__qualname__").cast<std::string>();
}

bool starts_with_package(const std::string& module, std::string_view package) {
  return module == package || module.starts_with(std::string(package) + ".");
}

// A subclass of a framework's array is that framework's.
Framework framework_of(PyTypeObject* type) {
  for (const py::handle base : py::reinterpret_borrow<py::tuple>(type->tp_mro)) {
    const auto module = py::getattr(base, "__module__", py::str()).cast<std::string>();
    const auto name = base.attr("__name__").cast<std::string>();
    if (starts_with_package(module, "torch") && name == "Tensor") return Framework::kTorch;
    const bool is_jax = starts_with_package(module, "jax") || starts_with_package(module, "jaxlib");
    if (is_jax && (name == "ArrayImpl" || name == "Array")) return Framework::kJax;
  }
  return Framework::kOther;
}

const dlpack::Exchange* exchange_of(py::handle type) {
  const py::object capsule = py::getattr(type, "__dlpack_c_exchange_api__", py::none());
  if (!PyCapsule_IsValid(capsule.ptr(), "dlpack_exchange_api")) return nullptr;
  auto* exchange = static_cast<const dlpack::Exchange*>(
      PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
  while (exchange != nullptr && exchange->version.major != 1) exchange = exchange->older;
  return exchange;
}

const KnownType& known_type(PyTypeObject* type) {
  constexpr std::size_t kMost = 64;
  static std::vector<KnownType> known;  // under the GIL
  for (const KnownType& row : known) {
    if (row.type == type) return row;
  }
  const py::handle handle(reinterpret_cast<PyObject*>(type));
  KnownType row{type, framework_of(type), exchange_of(handle), py::hasattr(handle, "__dlpack__")};
  if (known.size() == kMost) {
    Py_DECREF(known.front().type);
    known.erase(known.begin());
  }
  Py_INCREF(type);
  return known.emplace_back(row);
}

bool is_masked(PyObject* array) {
  PyObject* module = PyImport_GetModule(py::str("numpy.ma").ptr());
  if (module == nullptr) return false;
  const auto ma = py::reinterpret_steal<py::object>(module);
  return py::isinstance(py::handle(array), ma.attr("MaskedArray"));
}

std::string device_text(std::int32_t type, std::int32_t id) {
  constexpr std::int32_t kCuda = 2, kMetal = 8, kRocm = 10, kCudaManaged = 13;
  const char* name = type == kCuda || type == kCudaManaged ? "cuda"
                     : type == kRocm                       ? "rocm"
                     : type == kMetal                      ? "metal"
                                                           : "device";
  return std::string(name) + ":" + std::to_string(id);
}

[[noreturn]] void refuse_device(const char* argument, const std::string& device) {
  refuse("array-device", std::string(argument) + " is not in the machine's memory but on " + device,
         {{"device", device}}, "GPU arrays come with the [cuda] extra");
}

bool in_machine_memory(std::int32_t type) {
  return type == dlpack::kCpu || type == dlpack::kCudaHost || type == dlpack::kRocmHost;
}

[[noreturn]] void refuse_kind(PyObject* object, const char* argument, const std::string& why) {
  refuse("array-kind", std::string(argument) + " cannot be read as an array: " + why,
         {{"type", type_name(object)}},
         "give a NumPy, PyTorch or JAX array, or anything with __dlpack__ or a buffer");
}

// The first line of what an exception says.
std::string first_line(const py::error_already_set& error) {
  const auto text = py::str(error.value()).cast<std::string>();
  return text.substr(0, text.find('\n'));
}

// Of the Python error in flight, which is cleared.
std::string take_python_error() { return first_line(py::error_already_set()); }

bool is_true(py::handle object, const char* attribute) {
  const py::object value = py::getattr(object, attribute, py::none());
  return value.ptr() == Py_True;
}

}  // namespace

ArrayView::ArrayView(PyObject* array, const char* argument) : object(array), argument_(argument) {
  if (Py_TYPE(array) == numpy().api.PyArray_Type_) {
    read_numpy(array);
  } else {
    read(array);
  }
}

void ArrayView::read(PyObject* array) {
  if (numpy().api.PyArray_Check_(array)) {
    if (is_masked(array)) refuse_kind(array, argument_, "a masked array would lose its mask");
    return read_numpy(array);
  }
  const KnownType& type = known_type(Py_TYPE(array));
  framework = type.framework;
  exchange = type.exchange;
  if (framework == Framework::kTorch) return read_torch();
  if (type.has_dlpack) return read_dlpack(array);
  framework = Framework::kNumpy;
  const py::handle handle(array);
  if (py::hasattr(handle, "__cuda_array_interface__")) refuse_device(argument_, "cuda:0");
  if (py::hasattr(handle, "__array_interface__")) return read_through_numpy(array);
  if (PyObject_CheckBuffer(array) != 0) {
    PyObject* buffer = PyMemoryView_FromObject(array);
    if (buffer == nullptr) refuse_kind(array, argument_, take_python_error());
    return read_through_numpy(py::reinterpret_steal<py::object>(buffer).ptr());
  }
  refuse_kind(array, argument_, "it has neither __dlpack__ nor a buffer");
}

void ArrayView::read_numpy(PyObject* array) {
  const auto* proxy = py::detail::array_proxy(array);
  item = item_type(proxy->descr);
  if (numpy().holds_references(proxy->descr)) {
    refuse("array-dtype",
           std::string(argument_) + " has dtype " + type_text(item) +
               ", whose elements refer to Python objects",
           {{"dtype", type_text(item)}}, "give it a dtype of plain numbers");
  }
  if (item.bytes == 0) {
    refuse("array-dtype", std::string(argument_) + " has elements without bytes",
           {{"dtype", type_text(item)}});
  }
  data = reinterpret_cast<std::byte*>(proxy->data);
  rank = proxy->nd;
  static_assert(sizeof(*proxy->dimensions) == sizeof(*shape));
  shape = reinterpret_cast<const std::int64_t*>(proxy->dimensions);
  strides = reinterpret_cast<const std::int64_t*>(proxy->strides);
  writable = (proxy->flags & py::detail::npy_api::NPY_ARRAY_WRITEABLE_) != 0;
}

void ArrayView::read_through_numpy(PyObject* interface) {
  try {
    keep_ = py::module_::import("numpy").attr("asarray")(py::handle(interface));
  } catch (const py::error_already_set& error) {
    refuse_kind(object, argument_, first_line(error));
  }
  read_numpy(keep_.ptr());
}

void ArrayView::read_torch() {
  const py::handle tensor(object);
  py::object plain;  // what is read in place of `object`
  if (is_true(tensor, "requires_grad")) {
    const py::module_ torch = py::module_::import("torch");
    if (torch.attr("is_grad_enabled")().cast<bool>()) {
      refuse("array-grad",
             std::string(argument_) + " requires a gradient, and no gradient passes through here",
             {}, "call it under torch.no_grad(), or give x.detach()");
    }
    plain = tensor.attr("detach")();
  }
  // The bytes of such a tensor are not yet the numbers it stands for.
  for (const auto& [is_lazy, resolve] :
       {std::pair{"is_conj", "resolve_conj"}, std::pair{"is_neg", "resolve_neg"}}) {
    if (tensor.attr(is_lazy)().ptr() == Py_True) {
      refuse_kind(object, argument_, std::string("give x.") + resolve + "()");
    }
  }
  if (exchange == nullptr || exchange->tensor_from_object == nullptr) {
    return read_dlpack(plain ? plain.ptr() : object);
  }
  dlpack::Tensor description{};
  if (exchange->tensor_from_object(plain ? plain.ptr() : object, &description) != 0) {
    refuse_kind(object, argument_, take_python_error());
  }
  writable = true;
  read_tensor(description);
}

void ArrayView::read_dlpack(PyObject* exporter) {
  const py::handle handle(exporter);
  py::object capsule;
  try {
    const auto device = handle.attr("__dlpack_device__")().cast<py::tuple>();
    const int type = py::int_(device[0]).cast<int>();
    if (!in_machine_memory(type))
      refuse_device(argument_, device_text(type, device[1].cast<int>()));
    try {
      capsule = handle.attr("__dlpack__")(py::arg("max_version") = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_TypeError)) throw;  // an exporter of before version 1
      capsule = handle.attr("__dlpack__")();
    }
  } catch (const py::error_already_set& error) {
    refuse_kind(object, argument_, first_line(error));
  }
  // The capsule frees what it describes when it dies unconsumed: that is all a reading needs.
  if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned")) {
    const auto* managed = static_cast<const dlpack::ManagedVersioned*>(
        PyCapsule_GetPointer(capsule.ptr(), "dltensor_versioned"));
    keep_ = capsule;
    if (managed->version.major != 1) refuse_kind(object, argument_, "its DLPack is not version 1");
    writable = framework != Framework::kJax && (managed->flags & dlpack::kReadOnly) == 0;
    read_tensor(managed->tensor);
  } else if (PyCapsule_IsValid(capsule.ptr(), "dltensor")) {
    const auto* managed =
        static_cast<const dlpack::Managed*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
    keep_ = capsule;
    writable = framework != Framework::kJax;
    read_tensor(managed->tensor);
  } else {
    refuse_kind(object, argument_, "__dlpack__ gave no DLPack capsule");
  }
}

void ArrayView::read_tensor(const dlpack::Tensor& tensor) {
  if (!in_machine_memory(tensor.device.type)) {
    refuse_device(argument_, device_text(tensor.device.type, tensor.device.id));
  }
  if (tensor.dtype.lanes != 1 || tensor.dtype.bits % 8 != 0 || tensor.dtype.bits == 0) {
    refuse("array-dtype", std::string(argument_) + " has elements that are not whole bytes",
           {{"bits", std::to_string(tensor.dtype.bits * tensor.dtype.lanes)}});
  }
  if (tensor.ndim > kMaxRank) {
    refuse_kind(object, argument_, "it has more than " + std::to_string(kMaxRank) + " axes");
  }
  item = item_type(tensor.dtype);
  rank = tensor.ndim;
  std::int64_t elements = 1;
  std::int64_t dense = item.bytes;
  for (int axis = rank - 1; axis >= 0; --axis) {
    own_[axis] = tensor.shape[axis];
    own_[kMaxRank + axis] = tensor.strides == nullptr ? dense : tensor.strides[axis] * item.bytes;
    elements *= tensor.shape[axis];
    dense *= tensor.shape[axis];
  }
  shape = own_.data();
  strides = own_.data() + kMaxRank;
  if (tensor.data == nullptr && elements != 0) refuse_kind(object, argument_, "it has no memory");
  data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace shapewright
