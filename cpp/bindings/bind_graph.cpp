// Graph, its builder, and the ONNX reader.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bindings/attr_cast.h"
#include "bindings/text_cast.h"
#include "graph/builder.h"
#include "graph/scope.h"
#include "onnx/reader.h"

namespace py = pybind11;

namespace shapewright {

// A path as the file system spells it, whose name need not be UTF-8. Unlike pybind11's own caster
// it needs no std::filesystem, which an older libstdc++ does not have.
struct FilePath {
  std::string name;
};

}  // namespace shapewright

template <>
struct pybind11::detail::type_caster<shapewright::FilePath> {
  PYBIND11_TYPE_CASTER(shapewright::FilePath, const_name("os.PathLike | str | bytes"));

  bool load(handle source, bool) {
    PyObject* encoded = nullptr;
    if (PyUnicode_FSConverter(source.ptr(), &encoded) == 0) {
      PyErr_Clear();
      return false;
    }
    value.name = std::string(reinterpret_steal<bytes>(encoded));
    return true;
  }
};

namespace shapewright {

namespace {

using GraphPtr = std::shared_ptr<Graph>;

struct ValueView {
  GraphPtr graph;
  ValueId id;
  const Value& get() const { return graph->values[id]; }
};

struct NodeView {
  GraphPtr graph;
  NodeId id;
  const Node& get() const { return graph->nodes[id]; }
};

py::object value_or_none(const GraphPtr& graph, ValueId id) {
  return id == kNone ? py::none() : py::cast(ValueView{graph, id});
}

py::list names_of(const Graph& graph, std::span<const ValueId> ids) {
  py::list names;
  for (const ValueId id : ids) {
    names.append(id == kNone ? py::object(py::none()) : text_to_python(graph.values[id].name));
  }
  return names;
}

py::list values_of(const GraphPtr& graph, std::span<const ValueId> ids) {
  py::list values;
  for (const ValueId id : ids) values.append(value_or_none(graph, id));
  return values;
}

DType to_dtype(const std::string& name) {
  Graph scratch;
  return parse_declared_type(scratch, name).dtype;
}

TensorData make_tensor(const std::string& dtype, std::vector<std::int64_t> dims,
                       const std::optional<py::bytes>& data) {
  TensorData tensor;
  tensor.dtype = to_dtype(dtype);
  tensor.dims = std::move(dims);
  if (data) {
    const std::string_view bytes = *data;
    const auto* const first = reinterpret_cast<const std::byte*>(bytes.data());
    tensor.bytes.assign(first, first + bytes.size());
    tensor.has_data = true;
  }
  return tensor;
}

std::string tensor_repr(const TensorData& tensor) {
  std::string text = "TensorData(" + std::string(name_of(tensor.dtype)) + "[";
  for (std::size_t i = 0; i < tensor.dims.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(tensor.dims[i]);
  return text + "])";
}

py::object tensor_bytes(const TensorData& tensor) {
  if (!tensor.has_data) return py::none();
  return py::bytes(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
}

py::list nodes_of(const GraphPtr& graph, std::size_t block) {
  if (block >= graph->blocks.size()) throw py::index_error("no such block");
  py::list nodes;
  for (const NodeId node : graph->blocks[block].nodes) nodes.append(NodeView{graph, node});
  return nodes;
}

py::list faults_of(const Graph& graph) {
  py::list faults;
  for (const GraphFault& fault : graph.faults) {
    py::dict row;
    row["code"] = fault.code;
    row["message"] = fault.message;
    row["facts"] = fault.facts;
    row["node"] = fault.node == kNone ? py::object(py::none())
                                      : text_to_python(display_name(graph, fault.node));
    row["is_error"] = fault.is_error;
    row["is_note"] = fault.is_note;
    row["hint"] = fault.hint;
    faults.append(row);
  }
  return faults;
}

void bind_views(py::module_& m) {
  py::class_<TensorData>(m, "TensorData", "A constant: dtype, dims and, if it is small, its bytes.")
      .def(py::init(&make_tensor), py::arg("dtype"), py::arg("dims"), py::arg("data") = py::none())
      .def_property_readonly("dtype",
                             [](const TensorData& t) { return text_to_python(name_of(t.dtype)); })
      .def_readonly("dims", &TensorData::dims)
      .def_property_readonly("data", &tensor_bytes, "Little-endian, packed; None if not kept.")
      .def("ints", &TensorData::ints)
      .def("reals", &TensorData::reals)
      .def("__repr__", &tensor_repr);
  py::class_<BlockRef>(m, "BlockRef", "A body of If, Loop or Scan, by its index in the graph.")
      .def(py::init<BlockId>(), py::arg("index"))
      .def_readonly("index", &BlockRef::index);
  py::class_<NodeView> node(m, "NodeView");  // named before the signatures that give one
  py::class_<ValueView>(m, "ValueView")
      .def_readonly("id", &ValueView::id)
      .def_property_readonly("name",
                             [](const ValueView& v) { return text_to_python(v.get().name); })
      .def_property_readonly("kind",
                             [](const ValueView& v) {
                               constexpr const char* kKinds[] = {"input", "param", "result"};
                               return kKinds[static_cast<std::size_t>(v.get().kind)];
                             })
      .def_property_readonly("block", [](const ValueView& v) { return v.get().block; })
      .def_property_readonly("producer",
                             [](const ValueView& v) -> std::optional<NodeView> {
                               if (v.get().producer == kNone) return std::nullopt;
                               return NodeView{v.graph, v.get().producer};
                             })
      .def_property_readonly("declared",
                             [](const ValueView& v) -> std::optional<std::string> {
                               if (v.get().declared == kNone) return std::nullopt;
                               return to_string(v.graph->declared[v.get().declared]);
                             })
      .def_property_readonly("requires_grad",
                             [](const ValueView& v) { return v.get().requires_grad; })
      .def_property_readonly("is_buffer", [](const ValueView& v) { return v.get().is_buffer; })
      .def_property_readonly("constant", [](const ValueView& v) -> std::optional<TensorData> {
        if (v.get().constant == kNone) return std::nullopt;
        return v.graph->constants[v.get().constant];
      });
  node.def_readonly("id", &NodeView::id)
      .def_property_readonly("name", [](const NodeView& n) { return text_to_python(n.get().name); })
      .def_property_readonly(
          "display_name",
          [](const NodeView& n) { return text_to_python(display_name(*n.graph, n.id)); })
      .def_property_readonly("scope",
                             [](const NodeView& n) { return text_to_python(scope_of(n.get())); })
      .def_property_readonly(
          "op", [](const NodeView& n) { return text_to_python(n.graph->op(n.get()).name); })
      .def_property_readonly(
          "domain", [](const NodeView& n) { return text_to_python(n.graph->op(n.get()).domain); })
      .def_property_readonly("version",
                             [](const NodeView& n) { return n.graph->op(n.get()).version; })
      .def_property_readonly("index", [](const NodeView& n) { return n.get().index; })
      .def_property_readonly("origin",
                             [](const NodeView& n) -> std::optional<std::string> {
                               if (n.get().origin == kNone) return std::nullopt;
                               return std::string(n.graph->origins[n.get().origin]);
                             })
      .def_property_readonly("grad_enabled", [](const NodeView& n) { return n.get().grad_enabled; })
      .def_property_readonly("block", [](const NodeView& n) { return n.get().block; })
      .def_property_readonly("byte_offset", [](const NodeView& n) { return n.get().byte_offset; })
      .def_property_readonly(
          "inputs", [](const NodeView& n) { return names_of(*n.graph, n.graph->inputs(n.get())); })
      .def_property_readonly(
          "outputs",
          [](const NodeView& n) { return names_of(*n.graph, n.graph->outputs(n.get())); })
      .def_property_readonly("attrs", [](const NodeView& n) {
        py::dict attrs;
        for (const Attr& attr : n.graph->attrs(n.get())) {
          attrs[text_to_python(attr.name)] = attr_value(attr);
        }
        return attrs;
      });
}

}  // namespace

void bind_graph(py::module_& m) {
  bind_views(m);
  py::class_<Graph, GraphPtr>(m, "Graph", "A network as data: values, nodes, blocks.")
      .def_property_readonly("source", [](const Graph& g) { return text_to_python(g.source); })
      .def_readonly("producer", &Graph::producer)
      .def_readonly("name", &Graph::graph_name)
      .def_readonly("ir_version", &Graph::ir_version)
      .def_readonly("opsets", &Graph::opsets)
      .def_property_readonly("num_nodes", [](const Graph& g) { return g.nodes.size(); })
      .def_property_readonly("num_values", [](const Graph& g) { return g.values.size(); })
      .def_property_readonly("num_blocks", [](const Graph& g) { return g.blocks.size(); })
      .def_property_readonly("inputs",
                             [](const GraphPtr& g) { return values_of(g, g->blocks[0].inputs); })
      .def_property_readonly("outputs",
                             [](const GraphPtr& g) { return values_of(g, g->blocks[0].outputs); })
      .def_property_readonly(
          "nodes", [](const GraphPtr& g) { return nodes_of(g, 0); },
          "Of the main block, in execution order.")
      .def_property_readonly(
          "values",
          [](const GraphPtr& g) {
            py::list values;
            for (ValueId id = 0; id < g->values.size(); ++id) {
              values.append(ValueView{g, id});
            }
            return values;
          },
          "Of all blocks.")
      .def("block_nodes", &nodes_of, py::arg("block"))
      .def(
          "block_inputs",
          [](const GraphPtr& g, BlockRef b) { return values_of(g, g->blocks.at(b.index).inputs); },
          py::arg("block"))
      .def(
          "block_outputs",
          [](const GraphPtr& g, BlockRef b) { return values_of(g, g->blocks.at(b.index).outputs); },
          py::arg("block"))
      .def(
          "find",
          [](const GraphPtr& g, const std::string& name) {
            return value_or_none(g, g->find(name).value_or(kNone));
          },
          py::arg("name"))
      .def_property_readonly("loss", [](const GraphPtr& g) { return value_or_none(g, g->loss); })
      .def_property_readonly(
          "released_after", [](const Graph& g) { return g.released_after; },
          "By value: the number of the node after which the program has no name for it.")
      .def_property_readonly("faults", &faults_of);

  m.def(
      "read_onnx_file",
      [](const FilePath& path) { return std::make_shared<Graph>(read_onnx_file(path.name)); },
      py::arg("path"), py::call_guard<py::gil_scoped_release>());
  m.def(
      "read_onnx",
      [](const py::bytes& data, const std::string& name, const std::string& directory) {
        const std::string_view text = data;
        const py::gil_scoped_release release;
        return std::make_shared<Graph>(
            read_onnx(std::as_bytes(std::span(text.data(), text.size())), name, directory));
      },
      py::arg("data"), py::arg("name") = "", py::arg("directory") = "");
}

}  // namespace shapewright
