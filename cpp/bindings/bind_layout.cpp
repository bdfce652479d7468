// Views, patterns and what they come down to, as plain data.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "layout/pattern.h"
#include "layout/view.h"

namespace py = pybind11;

namespace shapewright {

namespace {

using Names = std::vector<std::pair<std::string, std::int64_t>>;
using DigitRow = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
using PieceRow =
    std::tuple<std::int32_t, std::int64_t, std::int64_t, std::int64_t, std::vector<DigitRow>>;
using PassRow = std::pair<std::int64_t, std::vector<PieceRow>>;
using RearrangementRow = std::tuple<Sizes, std::vector<PassRow>, std::string>;

// Views of the names, which outlive the call.
std::vector<std::pair<std::string_view, std::int64_t>> views_of(const Names& names) {
  return {names.begin(), names.end()};
}

Names to_names(const py::dict& sizes) {
  Names out;
  for (const auto& [name, size] : sizes)
    out.emplace_back(name.cast<std::string>(), size.cast<std::int64_t>());
  return out;
}

RearrangementRow to_row(const Rearrangement& r) {
  RearrangementRow row{r.shape, {}, r.why};
  for (const Pass& pass : r.passes) {
    PassRow& p = std::get<1>(row).emplace_back(pass.scratch_bytes, std::vector<PieceRow>{});
    for (const Piece& piece : pass.pieces) {
      std::vector<DigitRow> digits;
      for (const Digit& d : piece.digits) digits.emplace_back(d.size, d.src, d.dst, d.param);
      p.second.emplace_back(piece.source, piece.src_offset, piece.dst_offset, piece.param_offset,
                            std::move(digits));
    }
  }
  return row;
}

Rearrangement lowered(const View& view, std::int64_t item_bytes,
                      std::optional<std::int64_t> dst_item_bytes, Sizes strides, Sizes params) {
  return lower(view, item_bytes,
               {dst_item_bytes.value_or(item_bytes), std::move(strides), std::move(params)});
}

View pattern_to_view(const std::string& pattern, const py::dict& sizes, const Sizes& shape,
                     const Sizes& strides) {
  return pattern_view(pattern, views_of(to_names(sizes)), shape, strides);
}

Names pattern_axes(const std::string& text, const py::dict& given, const Sizes& shape) {
  const Pattern pattern = parse_pattern(text);
  const PatternSizes sizes = solve_sizes(pattern, views_of(to_names(given)), shape);
  Names axes;
  for (std::size_t i = 0; i < sizes.named.size(); ++i)
    axes.emplace_back(pattern.name(static_cast<int>(i)), sizes.named[i]);
  return axes;
}

std::pair<std::string, Names> pattern_inverse(const std::string& text, const py::dict& given,
                                              const Sizes& shape) {
  const Pattern pattern = parse_pattern(text);
  InversePattern inverse =
      inverse_pattern(pattern, solve_sizes(pattern, views_of(to_names(given)), shape));
  return {std::move(inverse.text), std::move(inverse.sizes)};
}

View rearranged(const View& view, const std::string& text, const py::dict& given) {
  const Pattern pattern = parse_pattern(text);
  return rearrange(view, pattern, solve_sizes(pattern, views_of(to_names(given)), view.shape));
}

}  // namespace

void bind_layout(py::module_& m) {
  using namespace pybind11::literals;
  using Index = std::optional<std::int64_t>;
  py::class_<View>(m, "View", "A chain of reshapes and the like, before anything moves.")
      .def(py::init([](const Sizes& shape, const Sizes& strides) {
             return source_view(shape, strides);
           }),
           "shape"_a, "strides_bytes"_a)
      .def_static(
          "dense", [](const Sizes& shape, std::int64_t n) { return dense_view(shape, n); },
          "shape"_a, "item_bytes"_a)
      .def_readonly("shape", &View::shape)
      .def_readonly("sources", &View::sources, "Shapes of the arrays read.")
      .def(
          "reshape", [](const View& v, const Sizes& shape) { return reshape(v, shape); }, "shape"_a)
      .def(
          "permute", [](const View& v, const std::vector<int>& perm) { return permute(v, perm); },
          "perm"_a)
      .def("flip", &flip, "axis"_a)
      .def("slice", &slice, "axis"_a, "start"_a = Index(), "stop"_a = Index(), "step"_a = 1)
      .def("select", &select, "axis"_a, "index"_a)
      .def(
          "expand", [](const View& v, const Sizes& shape) { return expand(v, shape); }, "shape"_a)
      .def(
          "pad",
          [](const View& v, const std::vector<std::pair<std::int64_t, std::int64_t>>& p) {
            return pad(v, p);
          },
          "before_after"_a)
      .def("roll", &roll, "axis"_a, "shift"_a)
      .def("rearrange", &rearranged, "pattern"_a, "sizes"_a = py::dict())
      .def_static("concatenate", &concatenate, "views"_a, "axis"_a)
      .def_static("stack", &stack, "views"_a, "axis"_a)
      .def("inverse", &inverse, "item_bytes"_a)
      .def(
          "lower",
          [](const View& v, std::int64_t item_bytes, Index dst_item_bytes, Sizes strides,
             Sizes params) {
            return to_row(
                lowered(v, item_bytes, dst_item_bytes, std::move(strides), std::move(params)));
          },
          "item_bytes"_a, py::kw_only(), "dst_item_bytes"_a = Index(), "strides"_a = Sizes(),
          "params"_a = Sizes(),
          "(shape, passes, why); a pass is (scratch bytes, pieces), a piece (source, src, dst and "
          "param offset, digits), a digit (size, src, dst and param stride).")
      .def(
          "explain",
          [](const View& v, std::int64_t item_bytes, Index dst_item_bytes) {
            return explain(lowered(v, item_bytes, dst_item_bytes, {}, {}), item_bytes,
                           dst_item_bytes.value_or(item_bytes));
          },
          "item_bytes"_a, py::kw_only(), "dst_item_bytes"_a = Index());
  m.attr("FILL") = kFill;
  m.def("pattern_view", &pattern_to_view, "pattern"_a, "sizes"_a, "shape"_a, "strides_bytes"_a);
  m.def("pattern_axes", &pattern_axes, "pattern"_a, "sizes"_a, "shape"_a,
        "(name, size) of each elementary axis, in the order of the left side.");
  m.def("pattern_inverse", &pattern_inverse, "pattern"_a, "sizes"_a, "shape"_a,
        "The pattern that undoes it, and sizes for all its axes.");
}

}  // namespace shapewright
