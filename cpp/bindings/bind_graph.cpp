// Graph, its builder, and the ONNX reader.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
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

// A body of If, Loop or Scan as an attribute.
struct BlockRef {
  BlockId index = 0;
};

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

py::object attr_value(const Attr& attr) {
  switch (attr.kind) {
    case AttrKind::kInt: return py::int_(attr.i);
    case AttrKind::kFloat: return py::float_(attr.f);
    case AttrKind::kString: return text_to_python(attr.s);
    case AttrKind::kInts: return py::cast(attr.ints);
    case AttrKind::kFloats: return py::cast(attr.floats);
    case AttrKind::kStrings: {
      py::list texts;
      for (const std::string& s : attr.strings) texts.append(text_to_python(s));
      return texts;
    }
    case AttrKind::kTensor: return py::cast(attr.tensor);
    case AttrKind::kGraph:
    case AttrKind::kGraphs: {
      py::list blocks;
      for (const BlockId block : attr.blocks) blocks.append(BlockRef{block});
      if (attr.kind == AttrKind::kGraph && !attr.blocks.empty()) return blocks[0];
      return blocks;
    }
    case AttrKind::kOther: return py::none();
  }
  return py::none();
}

[[noreturn]] void bad_attr(const std::string& name, const py::handle& value) {
  throw py::type_error("attribute '" + name + "' cannot be " +
                       py::repr(py::type::handle_of(value)).cast<std::string>());
}

// A list as the narrowest of ints, floats and strings that holds it; an empty one is ints.
void set_list(Attr& attr, const py::sequence& list) {
  bool all_ints = true, all_floats = true, all_texts = true, all_blocks = list.size() > 0;
  for (const py::handle item : list) {
    all_ints = all_ints && PyIndex_Check(item.ptr()) != 0;
    all_floats = all_floats && (PyIndex_Check(item.ptr()) != 0 || PyFloat_Check(item.ptr()) != 0);
    all_texts = all_texts && (py::isinstance<py::str>(item) || py::isinstance<py::bytes>(item));
    all_blocks = all_blocks && py::isinstance<BlockRef>(item);
  }
  if (all_ints) {
    attr.kind = AttrKind::kInts;
    attr.ints = list.cast<std::vector<std::int64_t>>();
  } else if (all_floats) {
    attr.kind = AttrKind::kFloats;
    attr.floats = list.cast<std::vector<float>>();
  } else if (all_texts) {
    attr.kind = AttrKind::kStrings;
    attr.strings = list.cast<std::vector<std::string>>();
  } else if (all_blocks) {
    attr.kind = AttrKind::kGraphs;
    for (const py::handle item : list) attr.blocks.push_back(item.cast<BlockRef>().index);
  } else {
    bad_attr(attr.name, list);
  }
}

Attr to_attr(const std::string& name, const py::handle& value) {
  if (py::hasattr(value, "tolist")) return to_attr(name, value.attr("tolist")());  // of NumPy
  Attr attr;
  attr.name = name;
  if (py::isinstance<py::str>(value) || py::isinstance<py::bytes>(value)) {
    attr.kind = AttrKind::kString;
    attr.s = value.cast<std::string>();
  } else if (py::isinstance<TensorData>(value)) {
    attr.kind = AttrKind::kTensor;
    attr.tensor = value.cast<TensorData>();
  } else if (py::isinstance<BlockRef>(value)) {
    attr.kind = AttrKind::kGraph;
    attr.blocks = {value.cast<BlockRef>().index};
  } else if (PyIndex_Check(value.ptr())) {
    attr.kind = AttrKind::kInt;
    attr.i = value.cast<std::int64_t>();
  } else if (PyFloat_Check(value.ptr()) || PyNumber_Check(value.ptr())) {
    attr.kind = AttrKind::kFloat;
    attr.f = value.cast<float>();
  } else if (py::isinstance<py::sequence>(value)) {
    set_list(attr, value.cast<py::sequence>());
  } else {
    bad_attr(name, value);
  }
  return attr;
}

AttrSet to_attrs(const py::dict& attrs) {
  AttrSet set;
  for (const auto& [name, value] : attrs) {
    const auto text = name.cast<std::string>();
    try {
      set.push_back(to_attr(text, value));
    } catch (const py::cast_error&) {  // a number past 64 bits
      bad_attr(text, value);
    }
  }
  return set;
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

py::object tensor_bytes(const TensorData& tensor) {
  if (!tensor.has_data) return py::none();
  return py::bytes(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
}

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
                const std::string& right, NodeId node) {
  const Demand::Kind kind = relation == "equal"     ? Demand::Kind::kEqual
                            : relation == "at-most" ? Demand::Kind::kAtMost
                                                    : Demand::Kind::kDivides;
  builder.demand(kind, left, right, node);
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
      .def("reals", &TensorData::reals);
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
      .def("fault", &add_fault, py::arg("code"), py::arg("severity"), py::arg("message"),
           py::arg("facts"), py::arg("hint") = "", py::arg("node") = py::none())
      .def("demand", &add_demand, py::arg("relation"), py::arg("left"), py::arg("right"),
           py::arg("node"))
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
