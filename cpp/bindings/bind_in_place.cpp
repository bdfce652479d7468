// Transposition inside an array's own memory, and permutation of files.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/array_call.h"
#include "bindings/array_errors.h"
#include "bindings/array_target.h"
#include "bindings/array_view.h"
#include "copy/in_place.h"
#include "copy/out_of_core.h"

namespace py = pybind11;

namespace shapewright {
namespace {

const char* method_name(InPlaceMethod method) {
  switch (method) {
    case InPlaceMethod::kNothing: return "nothing";
    case InPlaceMethod::kWhole: return "whole";
    case InPlaceMethod::kSwap: return "swap";
    case InPlaceMethod::kRowPanels: return "row panels";
    case InPlaceMethod::kColPanels: return "column panels";
  }
  return "";
}

// Throws for an array that is not dense in C order, is read-only, or has fewer than two axes.
Matrices matrices_of(const ArrayView& x) {
  if (x.rank < 2)
    refuse("in-place-rank", "x has shape " + shape_text(x.sizes()) + ": there are no two axes",
           {{"x", shape_text(x.sizes())}});
  Matrices m{.item_bytes = x.item.bytes};
  m.rows = x.shape[x.rank - 2];
  m.cols = x.shape[x.rank - 1];
  for (int axis = 0; axis < x.rank - 2; ++axis) m.count *= x.shape[axis];
  std::int64_t dense[kMaxRank];
  dense_strides(x.sizes(), x.item.bytes, dense);
  const bool empty = m.count * m.rows * m.cols == 0;
  for (int axis = 0; axis < x.rank && !empty; ++axis)
    if (x.shape[axis] > 1 && x.strides[axis] != dense[axis])
      refuse("in-place-strides", "x is not dense in C order, so its memory is not all its own",
             {{"shape", shape_text(x.sizes())},
              {"strides", shape_text({x.strides, static_cast<std::size_t>(x.rank)})}},
             "permute it into a new array");
  if (!x.writable)
    refuse("in-place-read-only", "x is read-only",
           {{"x", type_text(x.item) + shape_text(x.sizes())}});
  return m;
}

// Passes over x, and the bytes of scratch that were allocated.
std::pair<int, std::int64_t> transpose_inplace(const py::object& x,
                                               std::optional<std::int64_t> max_scratch,
                                               const py::object& threads) {
  const ArrayView view(x.ptr(), "x");
  const int count = threads_of(threads.ptr());
  const InPlacePlan plan = plan_in_place(matrices_of(view), max_scratch, count);
  std::int64_t scratch_bytes = 0;
  {
    const py::gil_scoped_release release;
    scratch_bytes = run_in_place(plan, view.data, count);
  }
  if (view.framework == Framework::kTorch)
    py::module_::import("torch.autograd.graph").attr("increment_version")(x);
  return {plan.passes, scratch_bytes};
}

std::tuple<std::string, int, std::int64_t> plan_inplace(std::int64_t count, std::int64_t rows,
                                                        std::int64_t cols, std::int64_t item_bytes,
                                                        std::optional<std::int64_t> max_scratch,
                                                        int threads) {
  const InPlacePlan plan = plan_in_place({count, rows, cols, item_bytes}, max_scratch, threads);
  return {method_name(plan.method), plan.passes, plan.scratch_bytes};
}

// Blocks, and bytes of a block, of a run read and of a run written.
using FileRow = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

FileRow to_row(const FilePlan& plan) {
  return {plan.blocks, plan.block_bytes, plan.src_run_bytes, plan.dst_run_bytes};
}

FileRow permute_file(std::pair<int, std::int64_t> src, std::pair<int, std::int64_t> dst,
                     const std::vector<std::int64_t>& shape, const std::vector<int>& axes,
                     std::int64_t item_bytes, std::int64_t budget, const py::object& threads) {
  const int count = threads_of(threads.ptr());
  const FilePlan plan = plan_file(shape, axes, item_bytes, budget);
  const py::gil_scoped_release release;
  run_file(plan, {src.first, src.second}, {dst.first, dst.second}, count);
  return to_row(plan);
}

}  // namespace

void bind_in_place(py::module_& m) {
  using namespace pybind11::literals;
  m.def("transpose_inplace", &transpose_inplace, "x"_a, "max_scratch"_a, "threads"_a,
        "Swaps the last two axes of a dense array in its memory; gives passes and bytes of "
        "scratch.");
  m.def("plan_inplace", &plan_inplace, "count"_a, "rows"_a, "cols"_a, "item_bytes"_a,
        "max_scratch"_a = py::none(), "threads"_a = 0,
        "Method, passes and bytes of scratch of transpose_inplace, without moving anything.");
  m.def(
      "plan_file",
      [](const std::vector<std::int64_t>& shape, const std::vector<int>& axes,
         std::int64_t item_bytes,
         std::int64_t budget) { return to_row(plan_file(shape, axes, item_bytes, budget)); },
      "shape"_a, "axes"_a, "item_bytes"_a, "budget"_a,
      "Blocks of permute_file, and bytes of a block, of a run read and of a run written.");
  m.def("permute_file", &permute_file, "src"_a, "dst"_a, "shape"_a, "axes"_a, "item_bytes"_a,
        "budget"_a, "threads"_a,
        "Writes a dense array of one open file into another with its axes in a new order; a file "
        "is (descriptor, offset).");
}

}  // namespace shapewright
