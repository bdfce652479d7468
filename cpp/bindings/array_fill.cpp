#include <pybind11/numpy.h>

#include <cstring>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"
#include "bindings/array_methods.h"
#include "bindings/numpy_access.h"

namespace py = pybind11;

namespace shapewright {
namespace {

bool is_zero(py::handle value) {
  const int truth = PyObject_IsTrue(value.ptr());
  if (truth == -1) throw py::error_already_set();
  return truth == 0;
}

}  // namespace

// NumPy's own types are filled as NumPy fills them, its errors included; types that only other
// frameworks have go through the engine's cast.
FillItem::FillItem(const ArrayView& x, PyObject* value)
    : bytes_(static_cast<std::size_t>(x.item.bytes)) {
  if (is_zero(value) && x.item.code != dlpack::kOpaque) return;
  if (x.item.code != dlpack::kBfloat || x.item.descr != nullptr) {
    const py::object item = py::module_::import("numpy").attr("full")(
        1, py::handle(value), py::arg("dtype") = descr_of(x.item));
    std::memcpy(bytes_.data(), py::detail::array_proxy(item.ptr())->data, bytes_.size());
    return;
  }
  const double number = py::handle(value).cast<double>();
  const std::int64_t one = 1;
  const std::int64_t stride = 0;
  const auto job = strided_job({&one, 1}, &stride, &stride, sizeof number,
                               Cast{Element::kF64, Element::kBF16}, nullptr);
  const std::byte* const sources[] = {reinterpret_cast<const std::byte*>(&number)};
  run_job(*job, {sources, nullptr, bytes_.data(), {}}, 1);
}

void refuse_mixed(const ArrayView& first, const ArrayView& other) {
  if (same_type(first.item, other.item)) return;
  const std::string a = type_text(first.item);
  const std::string b = type_text(other.item);
  refuse("arrays-mixed", "arrays of one result have dtypes " + a + " and " + b,
         {{"first", a}, {"other", b}}, "cast them first: sw.copy(src, out)");
}

}  // namespace shapewright
