// Memory of an analysis: formulas, peak, timeline and layers at given sizes, and the largest size
// that fits.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bindings/dim_cast.h"
#include "bindings/run_options.h"
#include "bindings/text_cast.h"
#include "memory/allocators/device_run.h"
#include "memory/allocators/profile.h"
#include "memory/fit.h"
#include "memory/formula.h"
#include "memory/layers.h"
#include "memory/peak.h"
#include "memory/training/checkpoints.h"
#include "memory/training/iteration.h"

namespace py = pybind11;

namespace shapewright {

namespace {

using BoundPtr = std::shared_ptr<const BoundMemory>;

py::object node_name(const Graph& g, NodeId n) {
  return n == kNone ? py::none() : py::object(text_to_python(display_name(g, n)));
}

py::object value_name(const Memory& m, BufferId b) {
  return text_to_python(buffer_name(m.graph(), m.buffers[b]));
}

std::int64_t to_size(const std::string& name, py::handle value) {
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  if (!number) {
    PyErr_Clear();
    throw Error(ErrorKind::kDim, "symbol-bounds",
                name + " = " + py::repr(value).cast<std::string>() + " is no whole number",
                {{"symbol", name}}, "", "give " + name + " as an int");
  }
  int overflow = 0;
  const long long size = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0)
    throw Error(ErrorKind::kDim, "symbol-bounds",
                name + " = " + py::str(number).cast<std::string>() + " does not fit in 64 bits",
                {{"symbol", name}});
  return size;
}

NamedSizes to_sizes(const py::dict& sizes) {
  NamedSizes out;
  for (const auto& [key, value] : sizes) {
    std::string name = key.cast<std::string>();
    const std::int64_t size = to_size(name, value);
    out.emplace_back(std::move(name), size);
  }
  return out;
}

// Built on first use, under the lock of the arenas.
class MemoryModel {
 public:
  MemoryModel(std::shared_ptr<const Analysis> analysis, RunOptions options, DeviceOptions device)
      : analysis_(std::move(analysis)), options_(std::move(options)), device_(std::move(device)) {}

  std::shared_ptr<const Memory> memory() {
    const ArenaLock lock(*analysis_->arena);
    if (!memory_) memory_ = build_memory(analysis_, options_);
    return memory_;
  }

  std::shared_ptr<const LayerTable> layers() {
    const auto m = memory();
    const ArenaLock lock(*analysis_->arena);
    if (!layers_) layers_ = std::make_shared<LayerTable>(make_layers(*m));
    return layers_;
  }

  // Null where no caching allocator of a GPU is asked.
  std::shared_ptr<const RankRuns> device_run(const std::shared_ptr<const BoundMemory>& bound) {
    if (!bound || !bound->memory().runs_on_cuda) return nullptr;
    return std::make_shared<RankRuns>(bound, loops(), device_);
  }

  const Loops& loops() {
    const ArenaLock lock(*analysis_->arena);
    if (loops_.empty()) loops_ = loops_of(*memory_, device_.sharding);
    return loops_;
  }

  const DeviceOptions& device() const { return device_; }

  Arena& arena() const { return *analysis_->arena; }

 private:
  std::shared_ptr<const Analysis> analysis_;
  RunOptions options_;
  DeviceOptions device_;
  std::shared_ptr<const Memory> memory_;
  Loops loops_;
  std::shared_ptr<const LayerTable> layers_;
};
using ModelPtr = std::shared_ptr<MemoryModel>;

struct FormulaView {
  Formula formula;
  CompiledFormula compiled;
};

FormulaView formula_of(MemoryModel& model, const std::string& kind) {
  const auto m = model.memory();
  const ArenaLock lock(model.arena());
  Formula f = make_formula(*m, kind);
  CompiledFormula compiled(*m, f);
  return {std::move(f), std::move(compiled)};
}

// A BoundMemory that can be asked for its layers too.
struct BoundView {
  ModelPtr model;
  BoundPtr bound;
};

struct PeakView {
  BoundPtr bound;
  std::shared_ptr<const RankRuns> run;  // null without a GPU

  const PlannedPeak& get() const { return run ? run->largest().peak() : bound->peak(); }
  const Peak& bounded() const { return run ? run->largest().bounded_peak() : bound->peak(); }
  Event event_at(std::uint32_t index) const {
    const auto& events = bound->memory().timeline.events;
    return index < events.size() ? events[index] : Event{};
  }
  Event event() const { return event_at(get().event); }
  std::vector<LiveItem> live_set() const {
    return run ? run->largest().live_set() : bound->live_set();
  }
};

PeakView peak_view(MemoryModel& model, const BoundPtr& bound) {
  const py::gil_scoped_release release;
  return {bound, model.device_run(bound)};
}

BoundView bind_at(const ModelPtr& model, const py::dict& sizes) {
  const auto m = model->memory();
  const NamedSizes named = to_sizes(sizes);
  const py::gil_scoped_release release;
  const ArenaLock lock(model->arena());  // a broken contract is explained with the arena
  return {model, std::make_shared<BoundMemory>(m, named)};
}

py::object shape_of(const BoundMemory& bound, ValueId v) {
  const auto dims = bound.shape(v);
  if (!dims) return py::none();
  py::tuple out(dims->size());
  for (std::size_t i = 0; i < dims->size(); ++i) out[i] = (*dims)[i];
  return out;
}

ValueId value_id(const BoundMemory& bound, const std::string& name) {
  const auto v = bound.memory().graph().find(name);
  if (!v) throw py::key_error(name);
  return *v;
}

py::dict shapes_of(const BoundMemory& bound) {
  py::dict out;
  const Graph& g = bound.memory().graph();
  for (ValueId v = 0; v < g.values.size(); ++v)
    if (g.values[v].block == 0) out[text_to_python(g.values[v].name)] = shape_of(bound, v);
  return out;
}

py::object bounds_of(const BoundMemory& bound, ValueId v) {
  const auto dims = bound.shape_bounds(v);
  if (!dims) return py::none();
  py::tuple out(dims->size());
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const Bounds b = (*dims)[i];
    const auto end = [](std::int64_t x, std::int64_t open) {
      return x == open ? py::none() : py::object(py::int_(x));
    };
    out[i] = py::make_tuple(end(b.lo, kMinusInf), end(b.hi, kPlusInf));
  }
  return out;
}

py::list rows_of(const BoundMemory& bound, const std::vector<LiveItem>& items) {
  py::list out;
  for (const LiveItem& item : items)
    out.append(py::make_tuple(item.buffer == kNone ? text_to_python("workspace")
                                                   : value_name(bound.memory(), item.buffer),
                              item.bytes, text_to_python(item.why)));
  return out;
}

py::list timeline_of(const BoundMemory& bound) {
  const Memory& m = bound.memory();
  const std::vector<std::int64_t> live = bound.live_after_events();
  py::list out;
  for (std::size_t i = 0; i < live.size(); ++i) {
    const Event& e = m.timeline.events[i];
    out.append(py::make_tuple(e.step, name_of(e.phase), node_name(m.graph(), e.node),
                              name_of(e.action), value_name(m, e.buffer), bound.bytes(e.buffer),
                              live[i]));
  }
  return out;
}

py::list layers_of(const BoundView& view) {
  const auto table = view.model->layers();
  const double live = static_cast<double>(view.bound->peak().live);
  py::list out;
  for (const BoundLayer& row : bind_layers(*table, *view.bound)) {
    const double share = live > 0 ? static_cast<double>(row.peak_bytes) / live : 0.0;
    out.append(py::make_tuple(text_to_python(row.path), text_to_python(row.op),
                              text_to_python(row.kernel), text_to_python(row.output), row.params,
                              row.saved, row.flops, share));
  }
  return out;
}

// (value, kind, bytes, is_known, values that are views of it) of every buffer.
py::list buffers_of(MemoryModel& model) {
  const auto m = model.memory();
  const auto arena = std::shared_ptr<Arena>(m, &model.arena());
  std::vector<py::list> views(m->buffers.size());
  const Graph& g = m->graph();
  for (ValueId v = 0; v < g.values.size(); ++v) {
    const BufferId b = m->buffers.of_value[v];
    if (b != kNone && m->buffers[b].value != v) views[b].append(text_to_python(g.values[v].name));
  }
  py::list out;
  for (BufferId b = 0; b < m->buffers.size(); ++b) {
    const Buffer& buffer = m->buffers[b];
    out.append(py::make_tuple(value_name(*m, b), name_of(buffer.kind),
                              dim_to_python(arena, buffer.bytes), buffer.is_known, views[b]));
  }
  return out;
}

// (capacity, what is proved of it, reserved, both with the most that libraries take) of a profile;
// None if it has no allocator here.
py::object profile_of(const PeakView& peak, const std::string& profile) {
  std::optional<ProfileMemory> memory;
  {
    const py::gil_scoped_release release;
    memory = peak.run ? peak.run->memory() : profile_memory(*peak.bound, profile);
  }
  if (!memory) return py::none();
  return py::make_tuple(memory->capacity, memory->capacity_lower, memory->reserved,
                        memory->capacity_upper, memory->reserved_upper);
}

// (node, phase, bytes asked of the device, bytes it still had, what was alive) where a GPU of
// `capacity` bytes refuses; None if it does not, or no GPU is asked.
py::object failure_of(const PeakView& peak, std::int64_t capacity, bool with_most) {
  if (!peak.run) return py::none();
  std::optional<DeviceFailure> failure;
  {
    const py::gil_scoped_release release;
    failure = peak.run->failure(capacity, with_most);
  }
  if (!failure) return py::none();
  const Event e = peak.event_at(failure->event);
  const BoundMemory& bound = *peak.bound;
  return py::make_tuple(node_name(bound.memory().graph(), e.node), name_of(e.phase),
                        failure->asked_bytes, failure->free_bytes,
                        rows_of(bound, bound.live_set_at(failure->event)));
}

bool runs_in(const PeakView& peak, std::int64_t capacity, bool with_most) {
  const py::gil_scoped_release release;
  if (peak.run) return peak.run->runs(capacity, with_most);
  const auto& upper = peak.bound->peak().upper;
  return upper && *upper <= capacity;
}

py::tuple plan_of(const BoundView& view, std::int64_t alignment, std::int64_t max_nodes) {
  const BufferPlan made = plan_buffers(*view.bound, {alignment, max_nodes});
  py::list rows;
  for (std::size_t i = 0; i < made.buffers.size(); ++i)
    rows.append(py::make_tuple(value_name(view.bound->memory(), made.buffers[i]),
                               made.plan.offsets[i], made.bytes[i]));
  return py::make_tuple(rows, made.plan);
}

// The event list as requests, and the bytes that stand beside the allocator.
py::tuple requests_of(const BoundView& view) {
  if (const auto run = view.model->device_run(view.bound))
    return py::make_tuple(run->largest().requests(), std::int64_t{0});
  TimelineRequests made = timeline_requests(*view.bound);
  return py::make_tuple(std::move(made.requests), made.held_bytes);
}

struct FitView {
  ModelPtr model;
  Fit fit;

  std::optional<PeakView> peak_of(const BoundPtr& bound) const {
    if (!bound) return std::nullopt;
    return peak_view(*model, bound);
  }
};

FitView solve_fit(const ModelPtr& model, std::string solve, const py::dict& sizes,
                  const py::dict& tie, std::int64_t multiple_of, std::int64_t budget_bytes,
                  bool with_most) {
  const auto m = model->memory();
  FitQuery query{std::move(solve), to_sizes(sizes), {}, multiple_of, budget_bytes};
  for (const auto& [name, text] : tie)
    query.ties.emplace_back(name.cast<std::string>(), py::str(text).cast<std::string>());
  const py::gil_scoped_release release;
  const Loops loops = m->runs_on_cuda ? model->loops() : Loops();
  const ArenaLock lock(model->arena());
  const FitProblem problem(m, query);
  if (loops.empty()) return {model, problem.solve()};
  const DeviceOptions& device = model->device();
  RunTest test{[&](const BoundPtr& bound) {
    return runs_on_device(*bound, loops, device, budget_bytes, with_most);
  }};
  if (device.sharding.is_asked()) {
    test.holds = [&](const BoundPtr& bound) {
      return holds_on_device(*bound, loops, device, budget_bytes);
    };
    test.spared_bytes = most_spared_bytes(*m, device, budget_bytes);
  }
  return {model, problem.solve(test)};
}

}  // namespace

void bind_memory(py::module_& m) {
  m.def(
      "is_eager", [](const Graph& g) { return is_eager(g); }, py::arg("graph"),
      "Whether the graph is one that an eager framework runs: of domain 'aten'.");
  m.def("unmatched_patterns", &unmatched_patterns, py::arg("graph"), py::arg("patterns"),
        "The patterns of module paths that match no module of the graph.");
  m.def("count_units", &count_units, py::arg("graph"), py::arg("patterns"),
        "How many modules of the graph the patterns match.");

  py::class_<FormulaView>(m, "Formula",
                          "Bytes as an expression of the symbols: the largest of a few sums.")
      .def("__str__", [](const FormulaView& f) { return f.formula.text; })
      .def("latex", [](const FormulaView& f) { return f.formula.latex; })
      .def(
          "evaluate",
          [](const FormulaView& f, const py::dict& sizes) {
            return f.compiled.evaluate(to_sizes(sizes));
          },
          py::arg("sizes"))
      .def(
          "range",
          [](const FormulaView& f, const py::dict& sizes) {
            const Bounds b = f.compiled.range(to_sizes(sizes));
            return std::pair(b.lo, b.hi == kPlusInf ? std::nullopt : std::optional(b.hi));
          },
          py::arg("sizes"), "Least and most over the bounds of what has no size; None: no most.")
      .def_property_readonly("symbols", [](const FormulaView& f) { return f.formula.symbols; })
      .def_property_readonly("num_arms", [](const FormulaView& f) { return f.formula.arms.size(); })
      .def_property_readonly(
          "num_unknown", [](const FormulaView& f) { return f.formula.num_unknown; },
          "Values of unknown size; if there are any, the formula is a lower bound.");

  py::class_<PeakView>(m, "Peak", "The most bytes alive at once.")
      .def_property_readonly("live", [](const PeakView& p) { return p.get().live; })
      .def_property_readonly("lower", [](const PeakView& p) { return p.get().lower; })
      .def_property_readonly("upper", [](const PeakView& p) { return p.bounded().upper; })
      .def_property_readonly("why_bounds", [](const PeakView& p) { return p.bounded().why_bounds; })
      .def_property_readonly("step", [](const PeakView& p) { return p.event().step; })
      .def_property_readonly("phase", [](const PeakView& p) { return name_of(p.event().phase); })
      .def_property_readonly(
          "node",
          [](const PeakView& p) { return node_name(p.bound->memory().graph(), p.event().node); })
      .def_property_readonly(
          "live_set", [](const PeakView& p) { return rows_of(*p.bound, p.live_set()); },
          "(value, bytes, why) of what is alive, largest first.")
      .def("profile", &profile_of, py::arg("profile"),
           "(capacity, its lower bound, reserved, capacity_upper, reserved_upper) in bytes; None "
           "without an allocator.")
      .def("runs", &runs_in, py::arg("capacity"), py::arg("with_most") = false,
           "Whether so much memory is enough; with_most: whatever libraries may take.")
      .def("failure", &failure_of, py::arg("capacity"), py::arg("with_most") = false,
           "(node, phase, asked_bytes, free_bytes, live_set) where a GPU refuses; None if not.");

  py::class_<BoundView>(m, "BoundMemory", "The memory of a model at given sizes.")
      .def(
          "shape",
          [](const BoundView& b, const std::string& name) {
            return shape_of(*b.bound, value_id(*b.bound, name));
          },
          py::arg("name"))
      .def(
          "shape_bounds",
          [](const BoundView& b, const std::string& name) {
            return bounds_of(*b.bound, value_id(*b.bound, name));
          },
          py::arg("name"))
      .def_property_readonly(
          "shapes", [](const BoundView& b) { return shapes_of(*b.bound); },
          "Of every value of the main block.")
      .def_property_readonly("peak",
                             [](const BoundView& b) { return peak_view(*b.model, b.bound); })
      .def_property_readonly(
          "timeline", [](const BoundView& b) { return timeline_of(*b.bound); },
          "(step, phase, node, action, buffer, bytes, live) of every event.")
      .def_property_readonly(
          "requests", &requests_of,
          "(requests of what nodes make, bytes of parameters and inputs); on a GPU "
          "those of three iterations, nothing beside them.")
      .def("plan", &plan_of, py::arg("alignment") = 64, py::arg("max_nodes") = 200'000,
           "((value, offset, bytes) of what nodes make, the plan).")
      .def_property_readonly(
          "layers", &layers_of,
          "(path, op, output, params, saved, flops, share_of_peak) of every node.");

  py::class_<FitView>(m, "Fit", "The largest size that fits.")
      .def_property_readonly("value", [](const FitView& f) { return f.fit.value; })
      .def_property_readonly("next_value", [](const FitView& f) { return f.fit.next; })
      .def_property_readonly("peak", [](const FitView& f) { return f.peak_of(f.fit.at_value); })
      .def_property_readonly("next", [](const FitView& f) { return f.peak_of(f.fit.at_next); })
      .def_property_readonly("slack", [](const FitView& f) { return f.fit.slack_bytes; })
      .def_property_readonly("num_untried", [](const FitView& f) { return f.fit.num_untried; })
      .def_property_readonly("evaluations", [](const FitView& f) { return f.fit.evaluations; });

  py::class_<MemoryModel, ModelPtr>(m, "MemoryModel",
                                    "The memory of an analysis; built on first use.")
      .def(py::init([](const std::shared_ptr<Analysis>& a, const py::dict& run) {
             return std::make_shared<MemoryModel>(a, run_options(run), device_options(run));
           }),
           py::arg("analysis"), py::arg("run") = py::dict(),
           "`run`: how an eager framework runs the model, by the names of its options.")
      .def("formula", &formula_of, py::arg("kind"))
      .def("at", &bind_at, py::arg("sizes"))
      .def_property_readonly("buffers", &buffers_of,
                             "(value, kind, bytes, is_known, views) of every buffer.")
      .def("fit", &solve_fit, py::arg("solve"), py::arg("sizes"), py::arg("tie"),
           py::arg("multiple_of"), py::arg("budget_bytes"), py::arg("with_most") = false);
}

}  // namespace shapewright
