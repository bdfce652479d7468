#include "bindings/array_result.h"

#include <memory>
#include <new>
#include <utility>

#include "base/memory_pool.h"
#include "bindings/array_errors.h"
#include "bindings/numpy_access.h"

namespace py = pybind11;

namespace shapewright {
namespace {

constexpr std::align_val_t kLine{64};

// Memory and its description, as DLPack wants them kept alive together.
struct DenseArray {
  Block block;
  ItemType item;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // elements

  DenseArray(Block memory, const ItemType& type, std::vector<std::int64_t> sizes)
      : block(std::move(memory)), item(type), shape(std::move(sizes)), strides(shape.size()) {
    std::int64_t dense = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      strides[axis] = dense;
      dense *= shape[axis];
    }
  }

  dlpack::Tensor tensor() {
    return {block.data(),
            {dlpack::kCpu, 0},
            static_cast<std::int32_t>(shape.size()),
            {item.code, static_cast<std::uint8_t>(8 * item.bytes), 1},
            shape.data(),
            strides.data(),
            0};
  }
};

template <class Managed>
Managed* managed_of(std::shared_ptr<DenseArray> array) {
  auto managed = std::make_unique<Managed>();
  managed->tensor = array->tensor();
  managed->context = new std::shared_ptr<DenseArray>(std::move(array));
  managed->deleter = [](Managed* self) {
    delete static_cast<std::shared_ptr<DenseArray>*>(self->context);
    delete self;
  };
  return managed.release();
}

dlpack::ManagedVersioned* versioned_of(std::shared_ptr<DenseArray> array) {
  auto* managed = managed_of<dlpack::ManagedVersioned>(std::move(array));
  managed->version = {1, 0};
  managed->flags = 0;
  return managed;
}

// A consumer renames the capsule when it takes what is inside.
template <class Managed>
py::object capsule_of(Managed* managed, const char* name) {
  PyObject* capsule = PyCapsule_New(managed, name, [](PyObject* self) {
    constexpr bool versioned = std::is_same_v<Managed, dlpack::ManagedVersioned>;
    const char* unused = versioned ? "dltensor_versioned" : "dltensor";
    if (PyCapsule_IsValid(self, unused) == 0) return;
    auto* inside = static_cast<Managed*>(PyCapsule_GetPointer(self, unused));
    inside->deleter(inside);
  });
  if (capsule == nullptr) {
    managed->deleter(managed);
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::object>(capsule);
}

py::object to_capsule(const std::shared_ptr<DenseArray>& array, const py::object& max_version) {
  if (!max_version.is_none() && max_version.cast<py::tuple>()[0].cast<int>() >= 1) {
    return capsule_of(versioned_of(array), "dltensor_versioned");
  }
  return capsule_of(managed_of<dlpack::Managed>(array), "dltensor");
}

// The module whose from_dlpack makes arrays of the kind of `like`; null: NumPy arrays it is.
py::object importer_for(const ArrayView& like) {
  switch (like.framework) {
    case Framework::kNumpy: return {};
    case Framework::kTorch: return py::module_::import("torch");
    case Framework::kJax: return py::module_::import("jax.dlpack");
    case Framework::kOther: break;
  }
  const py::object space = py::getattr(py::handle(like.object), "__array_namespace__", py::none());
  return space.is_none() ? py::object() : space();
}

}  // namespace

Block::Block(std::int64_t bytes) : pooled_(bytes >= kBlockAlignment) {
  data_ = pooled_ ? acquire_block(bytes)
                  : static_cast<std::byte*>(::operator new(
                        static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)), kLine));
  if (data_ == nullptr) throw std::bad_alloc();
}

Block::~Block() {
  if (data_ == nullptr) return;
  if (pooled_) {
    release_block(data_);
  } else {
    ::operator delete(data_, kLine);
  }
}

Result::Result(const ArrayView& like, const ItemType& item, std::span<const std::int64_t> shape)
    : like_(like), item_(item), shape_(shape.begin(), shape.end()) {
  std::int64_t bytes = item.bytes;
  for (const std::int64_t size : shape) bytes *= size;
  if (like.framework == Framework::kNumpy && bytes < kBlockAlignment) {
    array_ = numpy_array(descr_of(item), nullptr);
    data_ = reinterpret_cast<std::byte*>(py::detail::array_proxy(array_.ptr())->data);
  } else {
    data_ = block_.emplace_back(bytes).data();
  }
}

py::object Result::numpy_array(py::object descr, void* data) {
  static_assert(sizeof(Py_intptr_t) == sizeof(std::int64_t));
  constexpr int kWriteable = py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  const auto& api = numpy().api;
  PyObject* array = api.PyArray_NewFromDescr_(
      api.PyArray_Type_, descr.release().ptr(), static_cast<int>(shape_.size()),
      reinterpret_cast<const Py_intptr_t*>(shape_.data()), nullptr, data,
      data == nullptr ? 0 : kWriteable, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(array);
}

py::object Result::finish() {
  if (array_) return std::move(array_);
  const py::object importer = importer_for(like_);
  if (!importer) {
    py::object array = numpy_array(descr_of(item_), data_);
    auto block = std::make_unique<Block>(std::move(block_.front()));
    py::capsule owner(block.get(), [](void* owned) { delete static_cast<Block*>(owned); });
    block.release();
    if (numpy().api.PyArray_SetBaseObject_(array.ptr(), owner.release().ptr()) != 0) {
      throw py::error_already_set();
    }
    return array;
  }
  auto dense = std::make_shared<DenseArray>(std::move(block_.front()), item_, std::move(shape_));
  if (like_.framework == Framework::kTorch && like_.exchange != nullptr) {
    void* tensor = nullptr;
    if (like_.exchange->object_from_managed(versioned_of(std::move(dense)), &tensor) != 0) {
      throw py::error_already_set();
    }
    return py::reinterpret_steal<py::object>(static_cast<PyObject*>(tensor));
  }
  return importer.attr("from_dlpack")(dense);
}

void bind_dense_array(py::module_& m) {
  py::class_<DenseArray, std::shared_ptr<DenseArray>>(
      m, "DenseArray", "A result on its way into a framework that takes it by DLPack.")
      .def(
          "__dlpack__",
          [](const std::shared_ptr<DenseArray>& self, const py::object&,
             const py::object& max_version, const py::object&,
             const py::object&) { return to_capsule(self, max_version); },
          py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(),
          py::arg("dl_device") = py::none(), py::arg("copy") = py::none())
      .def("__dlpack_device__", [](const DenseArray&) { return std::pair(int{dlpack::kCpu}, 0); });
}

}  // namespace shapewright
