// Analysis: types, findings, contract, coverage, and the chain behind a size.
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>

#include "bindings/attr_cast.h"
#include "bindings/dim_cast.h"
#include "bindings/text_cast.h"
#include "graph/builder.h"
#include "infer/batch.h"
#include "infer/infer.h"

namespace py = pybind11;

namespace shapewright {

namespace {

using AnalysisPtr = std::shared_ptr<Analysis>;

// Contract and findings as Python reads them: texts and Dims, no ids.
struct FindingView {
  std::string code, severity;
  py::object message, node, index, op;
  py::list facts;
  py::object hint;
};

struct ConstraintView {
  py::object text;
  std::string kind;
  py::object lhs, rhs, node;
  std::string code;
};

py::object text_or_none(const std::string& text) {
  return text.empty() ? py::none() : py::object(text_to_python(text));
}

py::list findings_of(const Analysis& a) {
  py::list out;
  const Graph& g = *a.graph;
  for (const Finding& f : a.findings) {
    FindingView v;
    v.code = f.code;
    v.severity = std::string(name_of(f.severity));
    v.message = text_to_python(f.message);
    v.node = py::none();
    v.index = py::none();
    v.op = py::none();
    if (f.node != kNone) {
      v.node = text_to_python(display_name(g, f.node));
      v.index = py::int_(g.nodes[f.node].index);
      v.op = text_to_python(g.op(g.nodes[f.node]).name);
    }
    for (const auto& [label, text] : f.facts)
      v.facts.append(py::make_tuple(text_to_python(label), text_to_python(text)));
    v.hint = text_or_none(f.hint);
    out.append(v);
  }
  return out;
}

py::list contract_of(const AnalysisPtr& a) {
  py::list out;
  const auto arena = share_arena(a);
  for (const Constraint& c : a->contract) {
    std::string text;
    {
      const ArenaLock lock(*arena);
      text = to_string(c);
    }
    out.append(ConstraintView{text_to_python(text), std::string(name_of(c.relation)),
                              dim_to_python(arena, c.lhs), dim_to_python(arena, c.rhs),
                              text_to_python(display_name(*a->graph, c.node)),
                              std::string(c.code)});
  }
  return out;
}

// (value, node or None, "contradicts" | "refines", declared type, inferred type, what) for each.
py::list differences_of(const Analysis& a) {
  py::list out;
  const Graph& g = *a.graph;
  for (const Difference& d : a.differences) {
    std::string declared, inferred;
    {
      const ArenaLock lock(*a.arena);
      declared = to_string(d.declared);
      inferred = to_string(d.inferred);
    }
    const NodeId n = g.values[d.value].producer;
    out.append(py::make_tuple(
        text_to_python(g.values[d.value].name),
        n == kNone ? py::none() : py::object(text_to_python(display_name(g, n))), name_of(d.kind),
        text_to_python(declared), text_to_python(inferred), text_to_python(d.what)));
  }
  return out;
}

ValueId value_id(const Analysis& a, std::string_view name) {
  const auto id = a.graph->find(name);
  if (!id) throw py::key_error(std::string(name));
  return *id;
}

py::list value_names(const Analysis& a) {
  py::list names;
  for (const Value& v : a.graph->values)
    if (v.block == 0 && !v.name.empty()) names.append(text_to_python(v.name));
  return names;
}

py::tuple value_type(const AnalysisPtr& a, std::string_view name) {
  const ValueId v = value_id(*a, name);
  static constexpr std::string_view kContainers[] = {"tensor", "sequence", "optional",
                                                     "optional-sequence", "map"};
  const TensorType& t = a->type(v);
  const bool is_sequence =
      t.container == Container::kSequence || t.container == Container::kOptionalSequence;
  const auto arena = share_arena(a);
  bool has_length = false;
  if (is_sequence) {
    const ArenaLock lock(*arena);
    has_length = is_of_inputs(t.length);
  }
  return py::make_tuple(
      t.dtype == DType::kUnknown ? py::none() : py::object(py::str(name_of(t.dtype))),
      shape_to_python(arena, t.shape), kContainers[static_cast<std::size_t>(t.container)],
      has_length ? dim_to_python(arena, t.length) : py::none());
}

py::object elements_of_value(const AnalysisPtr& a, std::string_view name) {
  const Elements* e = a->elements(value_id(*a, name));
  if (e == nullptr) return py::none();
  py::list out;
  const auto arena = share_arena(a);
  for (const Elem& x : e->elems) {
    switch (x.kind) {
      case Elem::Kind::kUnknown: out.append(py::none()); break;
      case Elem::Kind::kInt: out.append(dim_to_python(arena, x.num)); break;
      case Elem::Kind::kReal: out.append(x.real); break;
      case Elem::Kind::kText: out.append(text_to_python(x.text)); break;
      case Elem::Kind::kRatio:
        out.append(py::make_tuple(dim_to_python(arena, x.num), x.den));
        break;
    }
  }
  return out;
}

std::vector<std::tuple<std::string, std::string, std::int64_t, std::optional<std::int64_t>>>
symbols_of_inputs(const Analysis& a) {
  static constexpr std::string_view kKinds[] = {"input", "data-dependent", "unknown", "widened"};
  std::vector<std::tuple<std::string, std::string, std::int64_t, std::optional<std::int64_t>>> out;
  const ArenaLock lock(*a.arena);
  std::vector<std::uint32_t> ids;
  const auto note = [&](Dim d) {
    for (const std::uint32_t id : symbols_of(d))
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const ValueId v : a.graph->blocks[0].inputs) {
    const TensorType& type = a.type(v);
    for (const Dim d : type.shape)
      if (type.container == Container::kTensor || is_of_inputs(d)) note(d);
    if (is_of_inputs(type.length)) note(type.length);
  }
  for (const std::uint32_t id : ids) {
    const SymbolInfo& s = a.arena->symbol_info(id);
    out.emplace_back(s.name, std::string(kKinds[static_cast<std::size_t>(s.kind)]), s.bounds.lo,
                     s.bounds.hi == kPlusInf ? std::nullopt : std::optional(s.bounds.hi));
  }
  return out;
}

Dim dim_of(const DeclaredDim& dim) {
  if (dim.kind == DeclaredDim::Kind::kNumber) return dim.number;
  if (dim.kind == DeclaredDim::Kind::kText && !dim.text.empty()) return parse_dim(dim.text);
  return Arena::current().fresh("", SymbolKind::kUnknown, {0, kPlusInf});
}

TensorType type_of(const DeclaredType& declared) {
  TensorType type{declared.dtype, declared.has_shape ? Shape() : Shape::unknown_rank(),
                  static_cast<Container>(declared.container)};
  for (const DeclaredDim& dim : declared.dims) type.shape.push_back(dim_of(dim));
  if (type.container != Container::kTensor) type.length = dim_of(declared.length);
  return type;
}

// What a rule refuses by raising ShapeError; what else it raises goes on.
Error refusal_of(py::error_already_set& raised) {
  const py::object shape_error = py::module_::import("shapewright.errors").attr("ShapeError");
  if (!raised.matches(shape_error)) throw py::error_already_set(raised);
  const py::object error = raised.value();
  Facts facts;
  for (const auto& [label, text] : error.attr("facts").cast<py::dict>())
    facts.emplace_back(label.cast<std::string>(), text.cast<std::string>());
  return Error(ErrorKind::kShape, error.attr("code").cast<std::string>(),
               error.attr("message").cast<std::string>(), std::move(facts), "",
               error.attr("hint").cast<std::string>());
}

// The user's callable: (domain, op, node, input types, attributes, number of outputs) -> list of
// type texts, or None.
UserRule user_rule_of(const py::object& callable, Graph& texts) {
  if (callable.is_none()) return {};
  return [callable, &texts](const UserCall& call) -> std::optional<std::vector<TensorType>> {
    const py::gil_scoped_acquire gil;
    py::list inputs;
    for (const OperandType* t : call.inputs)
      inputs.append(t == nullptr ? py::none() : py::object(py::str(to_string(t->type))));
    py::dict attrs;
    for (const Attr& a : call.attrs) attrs[py::str(a.name)] = attr_value(a);
    try {
      const py::object result = callable(call.op.domain, call.op.name, text_to_python(call.node),
                                         inputs, attrs, call.num_outputs);
      if (result.is_none()) return std::nullopt;
      std::vector<TensorType> types;
      for (const py::handle h : result)
        types.push_back(type_of(parse_declared_type(texts, h.cast<std::string>())));
      return types;
    } catch (py::error_already_set& raised) {
      throw refusal_of(raised);
    }
  };
}

AnalysisPtr infer_graph(
    const std::shared_ptr<Graph>& graph,
    const std::vector<std::pair<std::string, std::string>>& inputs,
    const std::vector<std::tuple<std::string, std::int64_t, std::optional<std::int64_t>>>& symbols,
    bool strict, const py::object& user_rule, std::string_view declared, std::string batch) {
  InferOptions options;
  options.declared = declared == "check"    ? Declared::kCheck
                     : declared == "trust"  ? Declared::kTrust
                     : declared == "ignore" ? Declared::kIgnore
                                            : Declared::kRefine;
  options.batch = std::move(batch);
  for (const auto& [name, type] : inputs) options.inputs.push_back({name, type});
  for (const auto& [name, lo, hi] : symbols)
    options.symbols.push_back({name, {lo, hi.value_or(kPlusInf)}});
  options.strict = strict;
  Graph texts;
  options.user_rule = user_rule_of(user_rule, texts);
  const py::gil_scoped_release release;
  return infer(graph, options);
}

}  // namespace

void bind_infer(py::module_& m) {
  py::class_<FindingView>(m, "Finding")
      .def_readonly("code", &FindingView::code)
      .def_readonly("severity", &FindingView::severity)
      .def_readonly("message", &FindingView::message)
      .def_readonly("node", &FindingView::node)
      .def_readonly("index", &FindingView::index)
      .def_readonly("op", &FindingView::op)
      .def_readonly("facts", &FindingView::facts)
      .def_readonly("hint", &FindingView::hint);
  py::class_<ConstraintView>(m, "Constraint")
      .def_readonly("text", &ConstraintView::text)
      .def_readonly("kind", &ConstraintView::kind)
      .def_readonly("lhs", &ConstraintView::lhs)
      .def_readonly("rhs", &ConstraintView::rhs)
      .def_readonly("node", &ConstraintView::node)
      .def_readonly("code", &ConstraintView::code);
  py::class_<Analysis, AnalysisPtr>(m, "Analysis")
      .def_property_readonly(
          "graph", [](const Analysis& a) { return std::const_pointer_cast<Graph>(a.graph); })
      .def_property_readonly("ok", &Analysis::ok)
      .def("value_names", &value_names)
      .def("value_type", &value_type, py::arg("name"))
      .def("elements", &elements_of_value, py::arg("name"))
      .def(
          "producer",
          [](const Analysis& a, std::string_view name) {
            const NodeId n = a.graph->values[value_id(a, name)].producer;
            return n == kNone ? py::none() : py::object(text_to_python(display_name(*a.graph, n)));
          },
          py::arg("name"))
      .def(
          "describe",
          [](const Analysis& a, std::string_view name) {
            const ArenaLock lock(*a.arena);
            return text_to_python(describe_value(a, value_id(a, name)));
          },
          py::arg("name"))
      .def_property_readonly("findings", &findings_of)
      .def_property_readonly("contract", &contract_of)
      .def_property_readonly("differences", &differences_of)
      .def_property_readonly(
          "coverage",
          [](const Analysis& a) {
            const Coverage& c = a.coverage;
            return py::make_tuple(
                c.static_count, c.symbolic, c.rank_only, c.unknown,
                c.first_unknown == kNone
                    ? py::none()
                    : py::object(text_to_python(display_name(*a.graph, c.first_unknown))));
          })
      .def_property_readonly("symbols", &symbols_of_inputs)
      .def_property_readonly(
          "batch_symbol",
          [](const Analysis& a) -> std::optional<std::string> {
            const ArenaLock lock(*a.arena);
            const auto id = batch_symbol(a);
            return id ? std::optional(std::string(a.arena->symbol_info(*id).name)) : std::nullopt;
          },
          "The symbol of the first axis of the first input that has one.")
      .def(
          "why",
          [](const Analysis& a, std::string_view name, int axis) {
            const ValueId v = value_id(a, name);
            std::vector<std::string> lines;
            {
              const std::lock_guard<std::mutex> lock(arena_mutex());
              for (const Cause& cause : why(a, v, axis)) lines.push_back(describe(a, cause));
            }
            py::list texts;
            for (const std::string& line : lines) texts.append(text_to_python(line));
            return texts;
          },
          py::arg("name"), py::arg("axis"));
  m.def("infer", &infer_graph, py::arg("graph"), py::arg("inputs"), py::arg("symbols"),
        py::arg("strict"), py::arg("user_rule"), py::arg("declared") = "refine",
        py::arg("batch") = "");
}

}  // namespace shapewright
