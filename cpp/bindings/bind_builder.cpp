// GraphBuilder: graphs by hand, and from the importers in Python.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/attr_cast.h"
#include "bindings/text_cast.h"
#include "graph/builder.h"

namespace py = pybind11;

namespace shapewright {

namespace {

std::vector<ValueId> add_node(GraphBuilder& builder, const std::string& op,
                              const std::vector<std::optional<ValueId>>& inputs,
                              const py::dict& attrs, const std::string& name,
                              std::size_t num_outputs, const std::string& domain) {
  std::vector<ValueId> ids;
  for (const std::optional<ValueId> input : inputs) ids.push_back(input.value_or(kNone));
  const NodeId node = builder.add(op, ids, to_attrs(attrs), name, num_outputs, domain);
  const Graph& graph = builder.graph();
  const std::span<const ValueId> outputs = graph.outputs(graph.nodes[node]);
  return {outputs.begin(), outputs.end()};
}

// One call for all nodes of a graph: rows are tuples, read without casters where they are many.
ValueId add_nodes(GraphBuilder& builder, const std::string& domain, const py::list& rows) {
  const auto first = static_cast<ValueId>(builder.graph().values.size());
  std::vector<ValueId> inputs;
  for (const py::handle item : rows) {
    const auto row = py::reinterpret_borrow<py::tuple>(item);
    inputs.clear();
    for (const py::handle input : py::reinterpret_borrow<py::list>(row[1])) {
      const auto id = input.cast<std::int64_t>();
      inputs.push_back(id < 0 ? kNone : static_cast<ValueId>(id));
    }
    const auto types = py::reinterpret_borrow<py::list>(row[7]);
    const NodeId node = builder.add(row[0].cast<std::string_view>(), inputs,
                                    to_attrs(py::reinterpret_borrow<py::dict>(row[2])),
                                    row[3].cast<std::string_view>(), types.size(), domain);
    builder.describe(node, row[4].cast<std::string_view>(), row[5].cast<std::string_view>(),
                     row[6].cast<bool>());
    const std::uint32_t output = builder.graph().nodes[node].first_output;
    for (std::size_t i = 0; i < types.size(); ++i) {
      builder.declare(builder.graph().edges[output + i], types[i].cast<std::string_view>());
    }
  }
  return first;
}

ValueId add_state(GraphBuilder& builder, const py::list& rows) {
  const auto first = static_cast<ValueId>(builder.graph().values.size());
  for (const py::handle item : rows) {
    const auto row = py::reinterpret_borrow<py::tuple>(item);
    TensorData data;
    data.dtype = dtype_from_name(row[1].cast<std::string_view>()).value_or(DType::kUnknown);
    data.dims = row[2].cast<std::vector<std::int64_t>>();
    const ValueId id = builder.constant(row[0].cast<std::string_view>(), std::move(data));
    Value& value = builder.graph().values[id];
    value.requires_grad = row[3].cast<bool>();
    value.is_buffer = row[4].cast<bool>();
  }
  return first;
}

void add_fault(GraphBuilder& builder, const std::string& code, const std::string& severity,
               const std::string& message, const Facts& facts, const std::string& hint,
               std::optional<NodeId> node) {
  builder.graph().faults.push_back(
      {code, message, facts, node.value_or(kNone), severity == "error", hint, severity == "note"});
}

void add_demand(GraphBuilder& builder, const std::string& relation, const std::string& left,
                const std::string& right, NodeId node, bool is_branch) {
  const Demand::Kind kind = relation == "equal"     ? Demand::Kind::kEqual
                            : relation == "at-most" ? Demand::Kind::kAtMost
                                                    : Demand::Kind::kDivides;
  builder.demand(kind, left, right, node, is_branch);
}

}  // namespace

void bind_builder(py::module_& m) {
  py::class_<GraphBuilder>(m, "GraphBuilder", "Builds a graph by hand; values are numbers.")
      .def(py::init<std::int64_t>(), py::arg("opset") = 20)
      .def(
          "input",
          [](GraphBuilder& b, const std::string& name, const std::string& type) {
            return b.input(name, parse_declared_type(b.graph(), type));
          },
          py::arg("name"), py::arg("type"))
      .def(
          "param",
          [](GraphBuilder& b, const std::string& name, const std::string& type) {
            return b.param(name, parse_declared_type(b.graph(), type));
          },
          py::arg("name"), py::arg("type"))
      .def("constant", &GraphBuilder::constant, py::arg("name"), py::arg("data"))
      .def("add", &add_node, py::arg("op"), py::arg("inputs"), py::arg("attrs") = py::dict(),
           py::arg("name") = "", py::arg("num_outputs") = 1, py::arg("domain") = "",
           "Adds a node; the numbers of its outputs.")
      .def("add_many", &add_nodes, py::arg("domain"), py::arg("rows"),
           "Adds nodes (op, inputs, attrs, name, module, origin, grad_enabled, types of outputs); "
           "an input is the number of a value, -1 for none. The number of the first output.")
      .def("state", &add_state, py::arg("rows"),
           "Adds params (name, dtype, dims, requires_grad, is_buffer); the number of the first.")
      .def(
          "require_grad",
          [](GraphBuilder& b, ValueId value) { b.graph().values.at(value).requires_grad = true; },
          py::arg("value"))
      .def(
          "loss", [](GraphBuilder& b, ValueId value) { b.graph().loss = value; }, py::arg("value"))
      .def(
          "released_after",
          [](GraphBuilder& b, std::vector<std::int64_t> nodes) {
            std::vector<NodeId> ids;
            for (const std::int64_t n : nodes)
              ids.push_back(n < 0 ? kNone : static_cast<NodeId>(n));
            b.graph().released_after = std::move(ids);
          },
          py::arg("nodes"), "By value: the node after which it has no name, -1 for never.")
      .def(
          "held",
          [](GraphBuilder& b, std::vector<ValueId> ids) { b.graph().held = std::move(ids); },
          py::arg("values"), "Values that the model itself holds on to after the call.")
      .def("fault", &add_fault, py::arg("code"), py::arg("severity"), py::arg("message"),
           py::arg("facts"), py::arg("hint") = "", py::arg("node") = py::none())
      .def("demand", &add_demand, py::arg("relation"), py::arg("left"), py::arg("right"),
           py::arg("node"), py::arg("is_branch") = false)
      .def("symbol_range", &GraphBuilder::symbol_range, py::arg("name"), py::arg("lower"),
           py::arg("upper"))
      .def(
          "call_it",
          [](GraphBuilder& b, const std::string& name, const std::string& producer) {
            b.graph().graph_name = name;
            b.graph().producer = producer;
          },
          py::arg("name"), py::arg("producer"))
      .def_property_readonly("num_values", [](GraphBuilder& b) { return b.graph().values.size(); })
      .def("output", &GraphBuilder::output, py::arg("value"))
      .def("opset", &GraphBuilder::opset, py::arg("domain"), py::arg("version"))
      .def("begin_block", [](GraphBuilder& b) { return BlockRef{b.begin_block()}; })
      .def("end_block", &GraphBuilder::end_block)
      .def(
          "name_of",
          [](GraphBuilder& b, ValueId value) {
            if (value >= b.graph().values.size()) throw py::index_error("no such value");
            return text_to_python(b.graph().values[value].name);
          },
          py::arg("value"))
      .def(
          "snapshot", [](GraphBuilder& b) { return std::make_shared<Graph>(b.graph().snapshot()); },
          "The graph as it is now; what is added later does not change it.");
}

}  // namespace shapewright
