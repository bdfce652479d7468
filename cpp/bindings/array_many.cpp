// Many arrays in one parallel region: rearrange_many, pad_stack, unpad_stack.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"
#include "bindings/array_methods.h"

namespace py = pybind11;

namespace shapewright {
namespace {

using Objects = std::vector<py::object>;

// One array on its way. In a deque: views point into themselves.
struct Item {
  ArrayView x;
  Conversion conversion;
  Target target;
  std::shared_ptr<const Job> job;

  Item(PyObject* array, PyObject* out, PyObject* element)
      : x(array, "x"),
        conversion(x, element, Py_None, Py_None, false),
        target(x, out, conversion.item()) {}
};

std::string at(const char* name, std::size_t i) { return name + ("[" + std::to_string(i) + "]"); }

// No out may share memory with any array that is read, or with another out.
void refuse_shared_memory(const std::deque<Item>& items) {
  std::vector<ByteRange> ranges;  // of item i: x at 2i, out at 2i + 1
  for (const Item& item : items) {
    ranges.push_back(byte_range(item.x.bytes()));
    ranges.push_back(item.target.is_new() ? ByteRange{} : byte_range(item.target.out()->bytes()));
  }
  const auto array = [&](std::size_t k) -> const ArrayView& {
    const Item& item = items[k / 2];
    return k % 2 == 0 ? item.x : *item.target.out();
  };
  const auto name = [](std::size_t k) { return at(k % 2 == 0 ? "xs" : "outs", k / 2); };
  for_each_meeting(ranges, [&](std::size_t a, std::size_t b) {
    if (a % 2 == 0 && b % 2 == 0) return;
    if (shared_memory(array(a).bytes(), array(b).bytes()) == Overlap::kNo) return;
    throw Error(ErrorKind::kOverlap, "out-overlap", name(a) + " shares memory with " + name(b),
                {{name(a), shape_text(array(a).sizes())}, {name(b), shape_text(array(b).sizes())}});
  });
}

void run_released(const std::vector<JobCall>& calls, int threads) {
  std::int64_t bytes = 0;
  for (const JobCall& call : calls) bytes += call.job->bytes;
  std::optional<py::gil_scoped_release> release;
  if (bytes > kGilBytes) release.emplace();
  run_jobs(calls, threads);
}

Objects rearrange_many(const Objects& xs, const py::str& pattern, const py::dict& sizes,
                       const std::optional<Objects>& outs, const py::object& element,
                       const py::object& threads_or_none) {
  if (outs && outs->size() != xs.size()) {
    refuse("outs-count",
           std::to_string(outs->size()) + " outs for " + std::to_string(xs.size()) + " arrays");
  }
  const int threads = threads_of(threads_or_none.ptr());
  const SizeArguments given = sizes_of(sizes.ptr());
  std::deque<Item> items;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    PyObject* out = outs ? (*outs)[i].ptr() : Py_None;
    Item& item = items.emplace_back(xs[i].ptr(), out, element.ptr());
    item.job = pattern_job(item.x, text_of(pattern.ptr()), given, item.conversion, item.target);
  }
  refuse_shared_memory(items);
  std::vector<const std::byte*> sources(items.size());
  std::vector<JobCall> calls;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Item& item = items[i];
    item.target.settle(item.job->shape);
    sources[i] = item.x.data;
    calls.push_back({item.job.get(), {{&sources[i], 1}, nullptr, item.target.data(), {}}});
  }
  run_released(calls, threads);
  Objects results;
  for (Item& item : items) results.push_back(item.target.finish());
  return results;
}

// The job that writes one array and the padding after it into its place of the stack.
std::shared_ptr<const Job> pad_job(const ArrayView& x, const Sizes& shape,
                                   const std::int64_t* strides) {
  JobKey& key = start_key(kPadKey, x.item.bytes, std::nullopt);
  const auto rank = static_cast<std::size_t>(x.rank);
  for (std::size_t i = 0; i < rank; ++i) {
    key.insert(key.end(), {x.shape[i], x.strides[i], shape[i], strides[i]});
  }
  return cached_job(key, [&] {
    std::vector<std::pair<std::int64_t, std::int64_t>> widths;
    for (std::size_t i = 0; i < rank; ++i) widths.emplace_back(0, shape[i] - x.shape[i]);
    const View view = pad(source_view(x.sizes(), {x.strides, rank}), widths);
    return make_job(lower(view, x.item.bytes, {x.item.bytes, Sizes(strides, strides + rank), {}}),
                    x.item.bytes, std::nullopt);
  });
}

// The shape that holds every array, or the given one if it does.
Sizes stacked_shape(const std::deque<ArrayView>& arrays, const std::optional<Sizes>& given) {
  const ArrayView& first = arrays.front();
  const auto rank = static_cast<std::size_t>(first.rank);
  if (given && given->size() != rank) {
    refuse("stack-shape", "shape " + shape_text(*given) + " is not of the rank of xs[0], " +
                              shape_text(first.sizes()));
  }
  Sizes shape = given.value_or(Sizes(rank, 0));
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const ArrayView& x = arrays[i];
    if (x.rank != first.rank) {
      refuse("stack-shape", at("xs", i) + " has shape " + shape_text(x.sizes()) +
                                ", which is not of the rank of xs[0], " +
                                shape_text(first.sizes()));
    }
    for (std::size_t axis = 0; axis < rank; ++axis) {
      if (!given) {
        shape[axis] = std::max(shape[axis], x.shape[axis]);
      } else if (shape[axis] < x.shape[axis]) {
        refuse("stack-shape",
               at("xs", i) + " of shape " + shape_text(x.sizes()) + " does not fit in " +
                   shape_text(shape),
               {{"axis", std::to_string(axis)}});
      }
    }
  }
  return shape;
}

py::object pad_stack(const Objects& xs, const std::optional<Sizes>& shape_or_none,
                     const py::object& fill, const py::object& out,
                     const py::object& threads_or_none) {
  if (xs.empty()) refuse("stack-empty", "there is no array to stack");
  const int threads = threads_of(threads_or_none.ptr());
  std::deque<ArrayView> arrays;
  for (const py::object& x : xs) refuse_mixed(arrays.front(), arrays.emplace_back(x.ptr(), "x"));
  const ArrayView& first = arrays.front();
  Sizes shape = stacked_shape(arrays, shape_or_none);
  shape.insert(shape.begin(), static_cast<std::int64_t>(xs.size()));
  Target target(first, out.ptr(), first.item);
  target.check_shape(shape);
  if (const ArrayView* given = target.out()) {
    if (self_overlap(given->bytes()) != Overlap::kNo) refuse_self_overlap(*given);
    for (const ArrayView& x : arrays) target.refuse_shared_memory(x, "x");
  }
  const FillItem fill_item(first, fill.ptr());
  target.settle(shape);
  Sizes strides(shape.size());
  dense_strides(shape, first.item.bytes, strides.data());
  if (target.out() != nullptr)
    strides.assign(target.out()->strides, target.out()->strides + shape.size());
  const Sizes inner(shape.begin() + 1, shape.end());
  std::vector<std::shared_ptr<const Job>> jobs;
  std::vector<const std::byte*> sources(arrays.size());
  std::vector<JobCall> calls;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    sources[i] = arrays[i].data;
    jobs.push_back(pad_job(arrays[i], inner, strides.data() + 1));
    std::byte* place = target.data() + static_cast<std::int64_t>(i) * strides[0];
    calls.push_back({jobs.back().get(), {{&sources[i], 1}, fill_item.data(), place, {}}});
  }
  run_released(calls, threads);
  return target.finish();
}

Objects unpad_stack(const py::object& b, const std::vector<Sizes>& lengths,
                    const py::object& threads_or_none) {
  const ArrayView stack(b.ptr(), "b");
  const int threads = threads_of(threads_or_none.ptr());
  if (stack.rank == 0 || stack.shape[0] != static_cast<std::int64_t>(lengths.size())) {
    refuse("stack-lengths", std::to_string(lengths.size()) + " lengths for a stack of shape " +
                                shape_text(stack.sizes()));
  }
  std::deque<Target> targets;
  std::vector<std::shared_ptr<const Job>> jobs;
  std::vector<const std::byte*> sources(lengths.size());
  std::vector<JobCall> calls;
  const auto rank = static_cast<std::size_t>(stack.rank - 1);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    Sizes shape(stack.shape + 1, stack.shape + stack.rank);
    for (std::size_t axis = 0; axis < lengths[i].size(); ++axis) {
      const std::int64_t length = lengths[i][axis];
      if (axis >= rank || length < 0 || length > shape[axis]) {
        refuse("stack-lengths", at("lengths", i) + " = " + shape_text(lengths[i]) +
                                    " does not lie within a stack of shape " +
                                    shape_text(stack.sizes()));
      }
      shape[axis] = length;
    }
    Target& target = targets.emplace_back(stack, Py_None, stack.item);
    target.settle(shape);
    Sizes dense(rank);
    dense_strides(shape, stack.item.bytes, dense.data());
    jobs.push_back(strided_job(shape, stack.strides + 1, dense.data(), stack.item.bytes,
                               std::nullopt, nullptr));
    sources[i] = stack.data + static_cast<std::int64_t>(i) * stack.strides[0];
    calls.push_back({jobs.back().get(), {{&sources[i], 1}, nullptr, target.data(), {}}});
  }
  run_released(calls, threads);
  Objects results;
  for (Target& target : targets) results.push_back(target.finish());
  return results;
}

}  // namespace

void bind_many(py::module_& m) {
  using namespace pybind11::literals;
  m.def("rearrange_many", &rearrange_many, "xs"_a, "pattern"_a, "sizes"_a, "outs"_a, "element"_a,
        "threads"_a);
  m.def("pad_stack", &pad_stack, "xs"_a, "shape"_a, "fill"_a, "out"_a, "threads"_a);
  m.def("unpad_stack", &unpad_stack, "b"_a, "lengths"_a, "threads"_a);
}

}  // namespace shapewright
