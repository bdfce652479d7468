// Any array of a caller, read as what the copy engine needs of it: where, how large, how strided.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "bindings/array_overlap.h"
#include "bindings/dlpack.h"
#include "copy/element.h"

namespace shapewright {

inline constexpr int kMaxRank = 64;  // NumPy's

// Whose objects an array and the results made for it are.
enum class Framework : std::uint8_t { kNumpy, kTorch, kJax, kOther };

// The type of an element. Two of them are one type where code, bytes and byte order agree; of
// opaque ones only NumPy can tell.
struct ItemType {
  std::int64_t bytes = 1;
  std::uint8_t code = dlpack::kOpaque;
  bool swapped = false;       // the byte order of another machine
  std::int8_t element = -1;   // Element, if the engine can cast it
  PyObject* descr = nullptr;  // NumPy's dtype, borrowed from the array; null outside of NumPy

  bool castable() const { return element >= 0 && !swapped; }
};

ItemType item_type(Element element);
bool same_type(const ItemType& a, const ItemType& b);
std::string type_text(const ItemType& type);  // "f32", "bf16", NumPy's own text for the rest

// Reading throws LayoutError for what is no array, is not in the machine's memory, holds references
// to Python objects, or would drop a gradient or a mask. `argument` is what the error calls the
// array.
class ArrayView {
 public:
  ArrayView(PyObject* object, const char* argument);
  ArrayView(const ArrayView&) = delete;
  ArrayView& operator=(const ArrayView&) = delete;

  std::byte* data = nullptr;
  int rank = 0;
  const std::int64_t* shape = nullptr;
  const std::int64_t* strides = nullptr;  // bytes
  ItemType item;
  Framework framework = Framework::kNumpy;
  bool writable = false;
  PyObject* object = nullptr;                  // borrowed
  const dlpack::Exchange* exchange = nullptr;  // of the type of `object`

  std::span<const std::int64_t> sizes() const { return {shape, static_cast<std::size_t>(rank)}; }
  StridedBytes bytes() const {
    return {reinterpret_cast<std::uintptr_t>(data),
            sizes(),
            {strides, static_cast<std::size_t>(rank)},
            item.bytes};
  }

 private:
  void read(PyObject* array);
  void read_numpy(PyObject* array);
  void read_torch();
  void read_dlpack(PyObject* exporter);
  void read_tensor(const dlpack::Tensor& tensor);
  void read_through_numpy(PyObject* interface);

  const char* argument_;
  pybind11::object keep_;  // a NumPy array or a DLPack capsule made for the reading
  std::array<std::int64_t, 2 * kMaxRank> own_;  // shape and strides, where nobody else keeps them
};

std::string shape_text(std::span<const std::int64_t> shape);  // "(2, 3)"

}  // namespace shapewright
