#include "bindings/array_params.h"

#include <algorithm>
#include <string>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"

namespace py = pybind11;

namespace shapewright {

namespace {

// Numbers and lists of them as NumPy reads them; arrays as they are.
py::object array_of(PyObject* param) {
  if (PyFloat_Check(param) || PyLong_Check(param) || PyList_Check(param) || PyTuple_Check(param)) {
    return py::module_::import("numpy").attr("asarray")(py::handle(param));
  }
  return py::reinterpret_borrow<py::object>(param);
}

}  // namespace

Conversion::Conversion(const ArrayView& x, PyObject* element, PyObject* scale, PyObject* bias,
                       bool normalize)
    : item_(x.item) {
  if (element != Py_None) {
    const auto to = static_cast<Element>(py::handle(element).cast<int>());
    if (const ItemType wanted = item_type(to); !same_type(x.item, wanted)) item_ = wanted;
  }
  scale_.present = scale != Py_None;
  bias_.present = bias != Py_None;
  cast_ = cast_between(x, item_,
                       normalize      ? Affine::kNormalize
                       : has_params() ? Affine::kScaleBias
                                      : Affine::kNone);
  if (!has_params()) return;
  const py::object scale_array = array_of(scale_.present ? scale : bias);
  const py::object bias_array = array_of(bias_.present ? bias : scale);
  const ArrayView scales(scale_array.ptr(), "scale");
  const ArrayView biases(bias_array.ptr(), "bias");
  widen_shape(scales);
  widen_shape(biases);
  if (scale_.present) fill(scale_, scales, "scale");
  if (bias_.present) fill(bias_, biases, "bias");
}

// NumPy's rule: axes are matched from the last one, and 1 matches all.
void Conversion::widen_shape(const ArrayView& param) {
  const auto rank = static_cast<std::size_t>(param.rank);
  if (rank > param_shape_.size()) {
    param_shape_.insert(param_shape_.begin(), rank - param_shape_.size(), 1);
  }
  const std::size_t first = param_shape_.size() - rank;
  for (std::size_t i = 0; i < rank; ++i) {
    std::int64_t& size = param_shape_[first + i];
    if (size == 1) {
      size = param.shape[i];
    } else if (param.shape[i] != 1 && param.shape[i] != size) {
      const std::string a = shape_text(param_shape_);
      const std::string b = shape_text(param.sizes());
      refuse("scale-shape", "scale " + a + " and bias " + b + " do not broadcast",
             {{"scale", a}, {"bias", b}});
    }
  }
}

void Conversion::fill(Param& param, const ArrayView& from, const char* argument) {
  const ItemType compute = item_type(cast_->compute());
  if (!from.item.castable()) {
    refuse("cast-unsupported",
           std::string(argument) + " has dtype " + type_text(from.item) + ", and is applied in " +
               type_text(compute),
           {{argument, type_text(from.item)}});
  }
  std::int64_t elements = 1;
  for (const std::int64_t size : param_shape_) elements *= size;
  param.dense.resize(static_cast<std::size_t>(elements * compute.bytes));
  std::vector<std::int64_t> src(param_shape_.size(), 0);
  std::vector<std::int64_t> dst(param_shape_.size());
  dense_strides(param_shape_, compute.bytes, dst.data());
  const std::size_t first = param_shape_.size() - static_cast<std::size_t>(from.rank);
  for (int i = 0; i < from.rank; ++i) {
    if (from.shape[i] != 1) src[first + static_cast<std::size_t>(i)] = from.strides[i];
  }
  const auto job = strided_job(param_shape_, src.data(), dst.data(), from.item.bytes,
                               cast_between(from, compute, Affine::kNone), nullptr);
  const std::byte* const sources[] = {from.data};
  run_job(*job, {sources, nullptr, param.dense.data(), {}}, 1);
}

Params Conversion::params() const {
  return {scale_.present ? scale_.dense.data() : nullptr,
          bias_.present ? bias_.dense.data() : nullptr};
}

std::vector<std::int64_t> Conversion::param_strides(std::span<const std::int64_t> shape) const {
  if (!has_params()) return {};
  std::vector<std::int64_t> strides(shape.size(), 0);
  std::int64_t dense = 1;
  bool fits = param_shape_.size() <= shape.size();
  for (std::size_t i = 0; fits && i < param_shape_.size(); ++i) {
    const std::int64_t size = param_shape_[param_shape_.size() - 1 - i];
    const std::size_t axis = shape.size() - 1 - i;
    fits = size == 1 || size == shape[axis];
    if (size != 1) strides[axis] = dense;
    dense *= size;
  }
  if (fits) return strides;
  const std::string have = shape_text(param_shape_);
  const std::string want = shape_text(shape);
  refuse(
      "scale-shape", "scale and bias of shape " + have + " do not broadcast to the result " + want,
      {{"scale, bias", have}, {"result", want}},
      "their axes are matched with the last axes of the result: (3, 1, 1) is a value a channel of "
      "NCHW");
}

}  // namespace shapewright
