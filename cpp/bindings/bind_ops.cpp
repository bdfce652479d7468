// The table of operators, for documentation, fuzzers and tests.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string_view>
#include <tuple>
#include <vector>

#include "graph/attrs.h"
#include "ops/registry.h"

namespace py = pybind11;

namespace shapewright {

namespace {

using AttrRow = std::tuple<std::string_view, std::string_view, bool>;

std::vector<AttrRow> attrs_of(const Op& op) {
  std::vector<AttrRow> rows;
  rows.reserve(op.attrs.size());
  for (const AttrSpec& a : op.attrs) rows.emplace_back(a.name, name_of(a.kind), a.required);
  return rows;
}

}  // namespace

void bind_ops(py::module_& m) {
  py::class_<Op>(m, "Op", "One row of the table of operators.")
      .def_readonly("name", &Op::name)
      .def_readonly("domain", &Op::domain, "\"\" is ai.onnx.")
      .def_readonly("since", &Op::since, "The first opset version that the row describes.")
      .def_property_readonly("inputs_min", [](const Op& op) { return op.inputs.min; })
      .def_property_readonly("inputs_max", [](const Op& op) { return op.inputs.max; })
      .def_property_readonly("outputs_min", [](const Op& op) { return op.outputs.min; })
      .def_property_readonly("outputs_max", [](const Op& op) { return op.outputs.max; })
      .def_property_readonly("attrs", &attrs_of, "(name, kind, required) of each attribute.")
      .def_readonly("operands", &Op::operands, "Names of the inputs, spaced.")
      .def_property_readonly("has_values", [](const Op& op) { return op.values != nullptr; })
      .def_property_readonly("has_alias", [](const Op& op) { return op.alias != nullptr; })
      .def_property_readonly("has_flops", [](const Op& op) { return op.flops != nullptr; })
      .def("__repr__", [](const Op& op) {
        const std::string domain(op.domain.empty() ? "ai.onnx" : op.domain);
        return "<Op " + domain + " " + std::string(op.name) + " since " + std::to_string(op.since) +
               ">";
      });
  m.def("all_ops", &all_ops, py::return_value_policy::reference, "Every row, in table order.");
  m.attr("MANY") = kMany;
}

}  // namespace shapewright
