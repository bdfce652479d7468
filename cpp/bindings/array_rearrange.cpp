// rearrange by the bare C interface, and the run of a chain of views.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"
#include "bindings/array_methods.h"
#include "bindings/array_params.h"
#include "layout/pattern.h"
#include "layout/view.h"

namespace py = pybind11;

namespace shapewright {

std::string_view text_of(PyObject* text) {
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text, &size);
  if (bytes == nullptr) throw py::error_already_set();
  return {bytes, static_cast<std::size_t>(size)};
}

SizeArguments sizes_of(PyObject* dict) {
  SizeArguments sizes;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(dict, &position, &name, &value) != 0) {
    const Py_ssize_t size = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      const std::string text(text_of(name));
      const auto given = py::repr(value).cast<std::string>();
      refuse("size-type", "the size " + text + "=" + given + " is no integer", {{text, given}});
    }
    sizes.emplace_back(text_of(name), size);
  }
  return sizes;
}

namespace {

void push_text(JobKey& key, std::string_view text) {
  key.push_back(static_cast<std::int64_t>(text.size()));
  const std::size_t words = (text.size() + sizeof(std::int64_t) - 1) / sizeof(std::int64_t);
  key.resize(key.size() + words, 0);
  if (words > 0) std::memcpy(key.data() + key.size() - words, text.data(), text.size());
}

void push_all(JobKey& key, std::span<const std::int64_t> words) {
  key.push_back(static_cast<std::int64_t>(words.size()));
  key.insert(key.end(), words.begin(), words.end());
}

std::span<const std::int64_t> strides_of(const ArrayView& array) {
  return {array.strides, static_cast<std::size_t>(array.rank)};
}

}  // namespace

std::shared_ptr<const Job> view_job(const View& view, std::int64_t src_item_bytes,
                                    const Conversion& conversion, const Target& target) {
  Destination destination{conversion.item().bytes, {}, conversion.param_strides(view.shape)};
  if (const ArrayView* out = target.out()) {
    target.check_shape(view.shape);
    if (self_overlap(out->bytes()) != Overlap::kNo) refuse_self_overlap(*out);
    destination.strides_bytes.assign(out->strides, out->strides + out->rank);
  }
  return std::make_shared<const Job>(
      make_job(lower(view, src_item_bytes, destination), src_item_bytes, conversion.cast()));
}

std::shared_ptr<const Job> pattern_job(const ArrayView& x, std::string_view pattern,
                                       const SizeArguments& sizes, const Conversion& conversion,
                                       const Target& target) {
  JobKey& key = start_key(kPatternKey, x.item.bytes, conversion.cast());
  push_all(key, x.sizes());
  push_all(key, strides_of(x));
  if (const ArrayView* out = target.out()) {
    push_all(key, out->sizes());
    push_all(key, strides_of(*out));
  }
  key.push_back(conversion.has_params());
  push_all(key, conversion.param_shape());
  push_text(key, pattern);
  for (const auto& [name, size] : sizes) {
    push_text(key, name);
    key.push_back(size);
  }
  return cached_job(key, [&] {
    const View view = pattern_view(pattern, sizes, x.sizes(), strides_of(x));
    return Job(*view_job(view, x.item.bytes, conversion, target));
  });
}

// rearrange(x, pattern, sizes, out, element, scale, bias, normalize, threads)
PyObject* rearrange_array(PyObject*, PyObject* const* args, Py_ssize_t count) {
  return guarded([&]() -> py::object {
    if (count != 9) throw py::type_error("rearrange takes nine arguments");
    const ArrayView x(args[0], "x");
    const Conversion conversion(x, args[4], args[5], args[6], args[7] == Py_True);
    Target target(x, args[3], conversion.item());
    const int threads = threads_of(args[8]);
    const auto job = pattern_job(x, text_of(args[1]), sizes_of(args[2]), conversion, target);
    target.refuse_shared_memory(x, "x");
    target.settle(job->shape);
    const std::byte* const sources[] = {x.data};
    run_released(*job, {sources, nullptr, target.data(), conversion.params()}, threads);
    return target.finish();
  });
}

namespace {

// A NumPy array may have been resized since the chain was begun; its memory is then another's.
void refuse_changed(const View& view, std::size_t source, const ArrayView& array) {
  if (source < view.sources.size() && std::ranges::equal(view.sources[source], array.sizes()))
    return;
  refuse("plan-mismatch", "an array of the chain has changed its shape since",
         {{"now", shape_text(array.sizes())}});
}

py::object run_view(const View& view, const std::vector<py::object>& xs, const py::object& fill,
                    const py::object& out, const py::object& element, const py::object& scale,
                    const py::object& bias, const py::object& threads_or_none) {
  std::deque<ArrayView> arrays;
  std::vector<const std::byte*> sources;
  for (const py::object& x : xs) {
    const ArrayView& array = arrays.emplace_back(x.ptr(), "x");
    refuse_mixed(arrays.front(), array);
    refuse_changed(view, arrays.size() - 1, array);
    sources.push_back(array.data);
  }
  const ArrayView& first = arrays.front();
  const Conversion conversion(first, element.ptr(), scale.ptr(), bias.ptr(), false);
  Target target(first, out.ptr(), conversion.item());
  const int threads = threads_of(threads_or_none.ptr());
  const auto job = view_job(view, first.item.bytes, conversion, target);
  for (const ArrayView& array : arrays) target.refuse_shared_memory(array, "x");
  const FillItem item(first, fill.ptr());
  target.settle(job->shape);
  run_released(*job, {sources, item.data(), target.data(), conversion.params()}, threads);
  return target.finish();
}

// What a source looks like to a chain.
std::tuple<Sizes, Sizes, std::int64_t, std::string> layout_of(const py::object& x) {
  const ArrayView array(x.ptr(), "x");
  return {{array.shape, array.shape + array.rank},
          {array.strides, array.strides + array.rank},
          array.item.bytes,
          type_text(array.item)};
}

std::string explain_view(const View& view, std::int64_t item_bytes,
                         const std::optional<std::pair<int, int>>& cast_elements) {
  std::optional<Cast> cast;
  if (cast_elements) {
    cast = Cast{static_cast<Element>(cast_elements->first),
                static_cast<Element>(cast_elements->second)};
  }
  const std::int64_t dst_bytes = cast ? shapewright::item_bytes(cast->to) : item_bytes;
  const Rearrangement moves = lower(view, item_bytes, {dst_bytes, {}, {}});
  std::string text = explain(moves, item_bytes, dst_bytes);
  for (const JobPass& pass : make_job(moves, item_bytes, cast).passes) {
    for (const Step& step : pass.steps) text += "\n" + explain(*step.plan);
  }
  return text;
}

}  // namespace

void bind_views(py::module_& m) {
  using namespace pybind11::literals;
  m.def("run_view", &run_view, "view"_a, "xs"_a, "fill"_a, "out"_a, "element"_a, "scale"_a,
        "bias"_a, "threads"_a, "Writes what a view describes, read from `xs`.");
  m.def("layout_of", &layout_of, "x"_a,
        "(shape, strides in bytes, bytes of an element, name of its type) of any array.");
  m.def("explain_view", &explain_view, "view"_a, "item_bytes"_a, "cast"_a,
        "Passes and pieces, and what the engine makes of each; `cast` two numbers of Element.");
}

}  // namespace shapewright
