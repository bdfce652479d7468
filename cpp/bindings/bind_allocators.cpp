// Allocators replayed, capacities and offset plans, on lists of plain numbers.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "memory/allocators/allocator.h"
#include "memory/allocators/capacity.h"
#include "memory/packer/heuristics.h"
#include "memory/packer/plan.h"

namespace py = pybind11;

namespace shapewright {

namespace {

using Interval = std::tuple<std::int64_t, std::int64_t, std::int64_t>;  // begin, end, bytes

RequestList make_requests(const py::iterable& events) {
  RequestBuilder builder;
  for (const py::handle event : events) {
    const auto [kind, name, bytes, stream] =
        event.cast<std::tuple<std::string, std::int64_t, std::int64_t, std::uint32_t>>();
    if (kind == "alloc")
      builder.alloc(name, bytes, stream);
    else if (kind == "free")
      builder.release(RequestKind::kFree, name);
    else if (kind == "free_requested")
      builder.release(RequestKind::kFreeRequested, name);
    else if (kind == "free_completed")
      builder.release(RequestKind::kFreeCompleted, name);
    else if (kind == "empty_cache")
      builder.empty_cache();
    else
      throw py::value_error("no kind of request: " + kind);
  }
  return builder.take();
}

Replay run_replay(const std::string& allocator, const RequestList& requests,
                  const std::string& settings, std::optional<std::int64_t> capacity,
                  std::int64_t total, bool blocks) {
  const AllocatorRow& row = find_allocator(allocator);
  const py::gil_scoped_release release;
  return row.replay(requests, Settings(settings, row.settings),
                    {capacity.value_or(kUnlimited), total, blocks});
}

Capacity run_capacity(const std::string& allocator, const RequestList& requests,
                      const std::string& settings, std::int64_t total, std::int64_t max_replays) {
  const AllocatorRow& row = find_allocator(allocator);
  const py::gil_scoped_release release;
  return least_capacity(row, requests, settings, total, max_replays);
}

std::vector<PackItem> to_items(const std::vector<Interval>& intervals) {
  std::vector<PackItem> items;
  items.reserve(intervals.size());
  for (const auto& [begin, end, bytes] : intervals) items.push_back({begin, end, bytes});
  return items;
}

OffsetPlan run_plan(const std::vector<Interval>& intervals, std::int64_t alignment,
                    std::int64_t max_nodes) {
  const std::vector<PackItem> items = to_items(intervals);
  const py::gil_scoped_release release;
  return plan_offsets(items, {alignment, max_nodes});
}

py::list allocator_rows() {
  py::list out;
  for (const AllocatorRow& row : allocators()) {
    py::dict settings;
    for (const SettingRow& s : row.settings) settings[py::str(std::string(s.name))] = s.meaning;
    out.append(py::make_tuple(row.name, row.summary, settings));
  }
  return out;
}

py::dict heuristic_offsets(const std::vector<Interval>& intervals, std::int64_t alignment) {
  py::dict out;
  const std::vector<PackItem> items = to_items(intervals);
  for (const PackHeuristic& row : pack_heuristics())
    out[py::str(std::string(row.name))] = row.place(items, alignment);
  return out;
}

std::optional<std::int64_t> index_or_none(std::uint32_t index) {
  return index == kNoIndex ? std::nullopt : std::optional<std::int64_t>(index);
}

std::vector<std::tuple<std::int64_t, std::int64_t>> placements_of(const Replay& r) {
  std::vector<std::tuple<std::int64_t, std::int64_t>> out;
  out.reserve(r.placements.size());
  for (const Placement& p : r.placements) out.emplace_back(p.address, p.bytes);
  return out;
}

std::vector<std::tuple<std::int64_t, std::int64_t, std::string>> blocks_of(const Replay& r) {
  constexpr std::string_view kUses[] = {"free", "used", "pending", "unmapped"};
  std::vector<std::tuple<std::int64_t, std::int64_t, std::string>> out;
  for (const BlockState& b : r.blocks)
    out.emplace_back(b.address, b.bytes, kUses[static_cast<std::size_t>(b.use)]);
  return out;
}

}  // namespace

void bind_allocators(py::module_& m) {
  py::class_<RequestList>(m, "Requests", "What an allocator is asked for, in order.")
      .def(py::init(&make_requests), py::arg("events"),
           "(kind, name, bytes, stream) each; kind: alloc, free, free_requested, free_completed, "
           "empty_cache.")
      .def("__len__", [](const RequestList& r) { return r.all.size(); });

  py::class_<Replay>(m, "Replay", "What an allocator does with requests; sizes in bytes.")
      .def_readonly("runs", &Replay::runs)
      .def_property_readonly("failed_request",
                             [](const Replay& r) { return index_or_none(r.failed_request); })
      .def_readonly("failed_bytes", &Replay::failed_bytes)
      .def_readonly("failed_free_bytes", &Replay::failed_free_bytes)
      .def_property_readonly("allocated", [](const Replay& r) { return r.allocated.now; })
      .def_property_readonly("allocated_peak", [](const Replay& r) { return r.allocated.peak; })
      .def_property_readonly("active", [](const Replay& r) { return r.active.now; })
      .def_property_readonly("active_peak", [](const Replay& r) { return r.active.peak; })
      .def_property_readonly("requested", [](const Replay& r) { return r.requested.now; })
      .def_property_readonly("requested_peak", [](const Replay& r) { return r.requested.peak; })
      .def_property_readonly("reserved", [](const Replay& r) { return r.reserved.now; })
      .def_property_readonly("reserved_peak", [](const Replay& r) { return r.reserved.peak; })
      .def_property_readonly("peak_request",
                             [](const Replay& r) { return index_or_none(r.peak_request); })
      .def_readonly("num_device_allocs", &Replay::num_device_allocs)
      .def_readonly("num_device_frees", &Replay::num_device_frees)
      .def_readonly("num_retries", &Replay::num_retries)
      .def_property_readonly(
          "window", [](const Replay& r) { return std::pair(r.window.from, r.window.below); },
          "Capacities [from, below) with which all is the same.")
      .def_property_readonly("placements", &placements_of, "(address, bytes) by allocation.")
      .def_property_readonly("blocks", &blocks_of, "(address, bytes, use) at the end.");

  py::class_<Capacity>(m, "Capacity", "The least device memory that runs, in bytes.")
      .def_readonly("least", &Capacity::least)
      .def_readonly("least_lower", &Capacity::least_lower)
      .def_readonly("steady", &Capacity::steady)
      .def_readonly("free_running", &Capacity::free_running)
      .def_readonly("num_replays", &Capacity::num_replays)
      .def_property_readonly("is_exact", &Capacity::is_exact);

  py::class_<OffsetPlan>(m, "OffsetPlan", "Offsets in one arena, in bytes.")
      .def_readonly("offsets", &OffsetPlan::offsets)
      .def_readonly("height", &OffsetPlan::height)
      .def_readonly("lower_bound", &OffsetPlan::lower_bound)
      .def_property_readonly("method", [](const OffsetPlan& p) { return std::string(p.method); })
      .def_readonly("nodes", &OffsetPlan::nodes)
      .def_property_readonly("is_optimal", &OffsetPlan::is_optimal);

  m.def("allocators", &allocator_rows, "(name, summary, settings) of each.");
  m.def("replay", &run_replay, py::arg("allocator"), py::arg("requests"), py::arg("settings") = "",
        py::arg("capacity") = py::none(), py::arg("total") = 0, py::arg("blocks") = false);
  m.def("least_capacity", &run_capacity, py::arg("allocator"), py::arg("requests"),
        py::arg("settings") = "", py::arg("total") = 0, py::arg("max_replays") = 256);
  m.def("plan_offsets", &run_plan, py::arg("intervals"), py::arg("alignment") = 64,
        py::arg("max_nodes") = 200'000, "Intervals are (begin, end, bytes).");
  m.def("heuristic_offsets", &heuristic_offsets, py::arg("intervals"), py::arg("alignment") = 64,
        "Offsets by each heuristic.");
  m.def(
      "check_plan",
      [](const std::vector<Interval>& intervals, const OffsetPlan& plan, std::int64_t alignment) {
        return check_plan(to_items(intervals), plan, alignment);
      },
      py::arg("intervals"), py::arg("plan"), py::arg("alignment") = 64,
      "What is wrong with a plan; empty if nothing is.");
}

}  // namespace shapewright
