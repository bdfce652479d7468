// Element types: NumPy's dtypes and DLPack's codes, and which of them the engine casts.
#include <pybind11/numpy.h>

#include <string_view>
#include <utility>
#include <vector>

#include "bindings/array_errors.h"
#include "bindings/array_view.h"
#include "bindings/numpy_access.h"

namespace py = pybind11;

namespace shapewright {
namespace {

using dlpack::TypeCode;

struct ElementRow {
  Element element;
  const char* name;
  std::uint8_t code;
  char kind;  // NumPy's
  int type_num;
};

using NumpyType = py::detail::npy_api::constants;
constexpr int kHalf = 23;   // NPY_HALF
constexpr int kAdded = -1;  // a type that a package adds to NumPy

constexpr ElementRow kRows[kElements] = {
    {Element::kBool, "bool", dlpack::kBool, 'b', NumpyType::NPY_BOOL_},
    {Element::kU8, "u8", dlpack::kUInt, 'u', NumpyType::NPY_UINT8_},
    {Element::kI8, "i8", dlpack::kInt, 'i', NumpyType::NPY_INT8_},
    {Element::kU16, "u16", dlpack::kUInt, 'u', NumpyType::NPY_UINT16_},
    {Element::kI16, "i16", dlpack::kInt, 'i', NumpyType::NPY_INT16_},
    {Element::kI32, "i32", dlpack::kInt, 'i', NumpyType::NPY_INT32_},
    {Element::kI64, "i64", dlpack::kInt, 'i', NumpyType::NPY_INT64_},
    {Element::kF16, "f16", dlpack::kFloat, 'f', kHalf},
    {Element::kBF16, "bf16", dlpack::kBfloat, 'V', kAdded},
    {Element::kF32, "f32", dlpack::kFloat, 'f', NumpyType::NPY_FLOAT32_},
    {Element::kF64, "f64", dlpack::kFloat, 'f', NumpyType::NPY_FLOAT64_},
};

constexpr const ElementRow& row_of(std::int8_t element) { return kRows[element]; }

std::int8_t element_of(std::uint8_t code, std::int64_t bytes) {
  for (const ElementRow& row : kRows) {
    if (row.code == code && item_bytes(row.element) == bytes) {
      return static_cast<std::int8_t>(row.element);
    }
  }
  return -1;
}

std::uint8_t code_of_kind(char kind) {
  switch (kind) {
    case 'b': return dlpack::kBool;
    case 'i': return dlpack::kInt;
    case 'u': return dlpack::kUInt;
    case 'f': return dlpack::kFloat;
    case 'c': return dlpack::kComplex;
    default: return dlpack::kOpaque;
  }
}

// Types that ml_dtypes adds to NumPy, by the name of their scalar.
constexpr std::pair<const char*, std::uint8_t> kAddedTypes[] = {
    {"bfloat16", dlpack::kBfloat}, {"float8_e3m4", 7},      {"float8_e4m3", 8},
    {"float8_e4m3b11fnuz", 9},     {"float8_e4m3fn", 10},   {"float8_e4m3fnuz", 11},
    {"float8_e5m2", 12},           {"float8_e5m2fnuz", 13}, {"float8_e8m0fnu", 14},
};

std::uint8_t code_of_name(std::string_view name) {
  for (const auto& [known, code] : kAddedTypes) {
    if (known == name) return code;
  }
  return dlpack::kOpaque;
}

const char* name_of_code(std::uint8_t code) {
  for (const auto& [name, known] : kAddedTypes) {
    if (known == code) return name;
  }
  return nullptr;
}

std::uint8_t code_of_added_type(PyObject* scalar_type) {
  static std::vector<std::pair<PyObject*, std::uint8_t>>
      known;  // types live as long as the process
  for (const auto& [type, code] : known) {
    if (type == scalar_type) return code;
  }
  const auto name = py::handle(scalar_type).attr("__name__").cast<std::string>();
  Py_INCREF(scalar_type);
  known.emplace_back(scalar_type, code_of_name(name));
  return known.back().second;
}

}  // namespace

ItemType item_type(Element element) {
  const ElementRow& row = row_of(static_cast<std::int8_t>(element));
  return {item_bytes(element), row.code, false, static_cast<std::int8_t>(element), nullptr};
}

ItemType item_type(PyObject* descr) {
  const auto* proxy = py::detail::array_descriptor_proxy(descr);
  ItemType type;
  type.bytes = numpy().item_bytes(descr);
  type.descr = descr;
  type.swapped = type.bytes > 1 && proxy->byteorder == (kLittleEndian ? '>' : '<');
  constexpr int kLongDouble = py::detail::npy_api::NPY_LONGDOUBLE_;
  constexpr int kComplexLongDouble = py::detail::npy_api::NPY_CLONGDOUBLE_;
  constexpr int kFirstAdded = 256;
  if (proxy->type_num >= kFirstAdded) {
    type.code = code_of_added_type(proxy->typeobj);
  } else if (proxy->type_num != kLongDouble && proxy->type_num != kComplexLongDouble) {
    type.code = code_of_kind(proxy->kind);
  }
  if (type.code != dlpack::kOpaque) type.element = element_of(type.code, type.bytes);
  return type;
}

ItemType item_type(const dlpack::DataType& dtype) {
  ItemType type;
  type.bytes = dtype.bits / 8;
  type.code = dtype.code;
  type.element = element_of(type.code, type.bytes);
  return type;
}

bool same_type(const ItemType& a, const ItemType& b) {
  if (a.descr == b.descr && a.descr != nullptr) return true;
  if (a.bytes != b.bytes || a.code != b.code || a.swapped != b.swapped) return false;
  if (a.code != dlpack::kOpaque) return true;
  return a.descr != nullptr && b.descr != nullptr &&
         numpy().api.PyArray_EquivTypes_(a.descr, b.descr);
}

std::string type_text(const ItemType& type) {
  constexpr std::uint8_t kE4M3 = 10, kE5M2 = 12;
  if (!type.swapped) {
    if (type.element >= 0) return row_of(type.element).name;
    if (type.code == dlpack::kUInt) return "u" + std::to_string(8 * type.bytes);
    if (type.code == dlpack::kComplex) return "c" + std::to_string(8 * type.bytes);
    if (type.code == kE4M3) return "f8e4m3";
    if (type.code == kE5M2) return "f8e5m2";
  }
  if (type.descr != nullptr) return py::str(py::handle(type.descr)).cast<std::string>();
  return "type " + std::to_string(type.code) + " of " + std::to_string(8 * type.bytes) + " bits";
}

py::object descr_of(const ItemType& type) {
  if (type.descr != nullptr) return py::reinterpret_borrow<py::object>(type.descr);
  if (type.element >= 0 && row_of(type.element).type_num != kAdded) {
    return py::reinterpret_steal<py::object>(
        numpy().api.PyArray_DescrFromType_(row_of(type.element).type_num));
  }
  const py::object dtype = py::module_::import("numpy").attr("dtype");
  if (type.code == dlpack::kUInt || type.code == dlpack::kComplex) {
    return dtype((type.code == dlpack::kUInt ? "u" : "c") + std::to_string(type.bytes));
  }
  const char* name = name_of_code(type.code);
  try {
    if (name != nullptr) return dtype(py::module_::import("ml_dtypes").attr(name));
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_ImportError)) throw;
  }
  refuse("array-dtype", "NumPy has no " + type_text(type), {{"dtype", type_text(type)}},
         name == nullptr ? "" : "pip install ml_dtypes");
}

}  // namespace shapewright
