#include "bindings/errors.h"

#include "base/error.h"

namespace py = pybind11;

namespace shapewright {
namespace {

const char* class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kGeneric: return "ShapewrightError";
    case ErrorKind::kModel: return "ModelError";
    case ErrorKind::kFormat: return "FormatError";
    case ErrorKind::kLimit: return "LimitExceeded";
    case ErrorKind::kUnsupportedOp: return "UnsupportedOpError";
    case ErrorKind::kShape: return "ShapeError";
    case ErrorKind::kDim: return "DimError";
    case ErrorKind::kUnboundSymbol: return "UnboundSymbolError";
    case ErrorKind::kConstraint: return "ConstraintError";
    case ErrorKind::kInconclusive: return "InconclusiveError";
    case ErrorKind::kDimOverflow: return "DimOverflowError";
    case ErrorKind::kLayout: return "LayoutError";
    case ErrorKind::kPattern: return "PatternError";
    case ErrorKind::kOverlap: return "OverlapError";
  }
  return "ShapewrightError";
}

// Names come from files: bytes that are not UTF-8 must not turn an error into another error.
py::str text(const std::string& s) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(s.data(), static_cast<Py_ssize_t>(s.size()), "backslashreplace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::object to_python(const Error& e) {
  py::dict facts;
  for (const auto& [label, value] : e.facts) facts[text(label)] = text(value);
  py::object type = py::module_::import("shapewright.errors").attr(class_name(e.kind));
  return type(text(e.message), py::arg("code") = text(e.code), py::arg("facts") = facts,
              py::arg("node") = text(e.node), py::arg("hint") = text(e.hint));
}

}  // namespace

void register_errors(py::module_&) {
  py::register_local_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const Error& e) {
      py::object error = to_python(e);
      PyErr_SetObject(py::type::handle_of(error).ptr(), error.ptr());
    }
  });
}

}  // namespace shapewright
