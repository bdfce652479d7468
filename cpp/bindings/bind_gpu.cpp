// Calls on tensors of a GPU that were met before: read, matched and launched without Python code.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bindings/gpu_readers.h"
#include "bindings/gpu_rows.h"
#include "gpu/array_list.h"
#include "gpu/launch.h"
#include "gpu/signature.h"

namespace shapewright {

namespace {

using Range = std::pair<std::int64_t, std::int64_t>;  // bytes from the first element

struct Ready {
  std::shared_ptr<const Launch> launch;
  std::int64_t src_offset, dst_offset;
  std::vector<std::uint64_t> others;  // pointers after those of source and result
};

struct Entry {
  py::object tag;
  std::vector<std::int64_t> row;
  std::vector<Ready> launches;
  Range src_range, dst_range;
  py::object held;  // memory of the device that the launches read besides
  // Of a call that was given no result, which has no launches: what makes it, and the type of x.
  py::object make = {}, type = {};

  bool meets(std::uint64_t src, std::uint64_t dst) const {
    const auto at = [](std::uint64_t address, std::int64_t offset) {
      return static_cast<std::int64_t>(address) + offset;
    };
    return at(src, src_range.first) < at(dst, dst_range.second) &&
           at(dst, dst_range.first) < at(src, src_range.second);
  }
};

class KnownCalls {
 public:
  explicit KnownCalls(std::int32_t device_type) : device_type_(device_type) {}

  bool run(const py::object& tag, py::handle x, py::handle out) {
    Call call;
    return read(x, call.src, call) && read(out, call.dst, call) && enqueue(tag, x, call);
  }

  // The result of a call that was known, made and enqueued; None if it was not.
  py::object run_new(const py::object& tag, py::handle x) {
    Call call;
    if (!read(x, call.src, call)) return py::none();
    const std::shared_ptr<const Entry> entry = find(tag, call.signature);
    if (entry == nullptr || !entry->type.is(py::type::handle_of(x))) return py::none();
    py::object out = entry->make();
    if (!read(out, call.dst, call) || !enqueue(tag, x, call)) return py::none();
    return out;
  }

  void remember_new(const py::object& tag, py::handle x, py::object make) {
    Call call;
    if (!read(x, call.src, call)) return;
    add(call.signature, {tag, {}, {}, {}, {}, {}, std::move(make), py::type::of(x)});
  }

  void remember(const py::object& tag, py::handle x, py::handle out, std::vector<Ready> launches,
                Range src_range, Range dst_range, py::object held) {
    Call call;
    if (launches.empty() || !read(x, call.src, call) || !read(out, call.dst, call)) return;
    for (const Ready& ready : launches)
      if (ready.others.size() + 2 > Launch::kMostPointers) return;
    add(call.signature, {tag, {}, std::move(launches), src_range, dst_range, std::move(held)});
  }

  // The arrays of a sequence, or None if one of them cannot be read so.
  std::shared_ptr<ArrayList> read_all(const py::sequence& xs) {
    const auto fast =
        py::reinterpret_steal<py::object>(PySequence_Fast(xs.ptr(), "arrays come as a sequence"));
    if (!fast) throw py::error_already_set();
    auto list = std::make_shared<ArrayList>();
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(fast.ptr());
    list->reserve(static_cast<std::size_t>(count));
    const Reader* reader = nullptr;
    PyTypeObject* type = nullptr;
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* const x = PySequence_Fast_GET_ITEM(fast.ptr(), i);
      if (Py_TYPE(x) != type) {
        type = Py_TYPE(x);
        const Reader& other = readers_.of(x);
        if (reader != nullptr && reader->api != other.api) return nullptr;  // of two libraries
        reader = &other;
      }
      dlpack::Tensor tensor;
      Signature signature;
      if (!Readers::read(*reader, x, device_type_, tensor) || !signature.add(tensor))
        return nullptr;
      list->add(address_of(tensor), signature);
    }
    return list;
  }

 private:
  static constexpr std::size_t kMostEntries = 1024;
  using Entries = std::unordered_multimap<std::size_t, std::shared_ptr<const Entry>>;

  struct Call {
    dlpack::Tensor src, dst;
    Signature signature;
  };

  bool read(py::handle array, dlpack::Tensor& tensor, Call& call) {
    return readers_.read(array, device_type_, tensor) && call.signature.add(tensor);
  }

  bool enqueue(const py::object& tag, py::handle x, const Call& call) {
    const std::shared_ptr<const Entry> entry = find(tag, call.signature);
    if (entry == nullptr) return false;
    const std::uint64_t src = address_of(call.src), dst = address_of(call.dst);
    if (entry->meets(src, dst)) return false;
    const auto stream = readers_.stream(x, call.src);
    if (!stream) return false;
    std::array<std::uint64_t, Launch::kMostPointers> pointers;
    for (const Ready& ready : entry->launches) {
      pointers[0] = src + static_cast<std::uint64_t>(ready.src_offset);
      pointers[1] = dst + static_cast<std::uint64_t>(ready.dst_offset);
      std::ranges::copy(ready.others, pointers.begin() + 2);
      if ((*ready.launch)(*stream, {pointers.data(), 2 + ready.others.size()}) != 0) return false;
    }
    return true;
  }

  static std::size_t hash_of(const py::object& tag, const Signature& signature) {
    return static_cast<std::size_t>(py::hash(tag)) ^ signature.hash();
  }

  void add(const Signature& signature, Entry entry) {
    if (find(entry.tag, signature) != nullptr) return;
    const auto row = signature.row();
    entry.row.assign(row.begin(), row.end());
    const std::size_t hash = hash_of(entry.tag, signature);
    auto kept = std::make_shared<const Entry>(std::move(entry));
    Entries dropped;  // outlives the lock, for it lets go of objects of Python
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kMostEntries) entries_.swap(dropped);
    entries_.emplace(hash, std::move(kept));
  }

  // A signature of x alone is one of a call that was given no result.
  std::shared_ptr<const Entry> find(const py::object& tag, const Signature& signature) {
    const std::size_t hash = hash_of(tag, signature);
    std::vector<std::shared_ptr<const Entry>> alike;
    {
      const std::scoped_lock lock(mutex_);
      const auto [from, to] = entries_.equal_range(hash);
      for (auto it = from; it != to; ++it)
        if (std::ranges::equal(it->second->row, signature.row())) alike.push_back(it->second);
    }
    for (const auto& entry : alike)
      if (entry->tag.is(tag) || entry->tag.equal(tag)) return entry;
    return nullptr;
  }

  std::int32_t device_type_;
  Readers readers_;
  std::mutex mutex_;  // of the entries; never held while Python runs
  Entries entries_;
};

std::shared_ptr<Launch> make_launch(std::uintptr_t enqueue, std::uintptr_t function,
                                    std::uint32_t blocks, std::uint32_t threads,
                                    const py::bytes& numbers, std::vector<std::uint32_t> offsets) {
  const std::string_view text = numbers;
  const auto* const first = reinterpret_cast<const std::byte*>(text.data());
  return std::make_shared<Launch>(enqueue, function, blocks, threads,
                                  std::vector<std::byte>(first, first + text.size()),
                                  std::move(offsets));
}

int call_launch(const Launch& launch, std::uintptr_t stream,
                const std::vector<std::uint64_t>& pointers) {
  return launch(stream, pointers);
}

}  // namespace

void bind_gpu(py::module_& m) {
  bind_rows(m);
  py::class_<Launch, std::shared_ptr<Launch>>(m, "Launch", "A kernel with all but its pointers.")
      .def(py::init(&make_launch), py::arg("enqueue"), py::arg("function"), py::arg("blocks"),
           py::arg("threads"), py::arg("numbers"), py::arg("offsets"))
      .def("__call__", &call_launch, py::arg("stream"), py::arg("pointers"),
           "The driver's status, 0 for success.");
  py::class_<KnownCalls>(m, "KnownCalls",
                         "Moves that were planned before, found by what decides them.")
      .def(py::init<std::int32_t>(), py::arg("device_type") = dlpack::kCuda)
      .def("run", &KnownCalls::run, py::arg("tag"), py::arg("x"), py::arg("out"),
           "Whether the call was known, and is enqueued.")
      .def("run_new", &KnownCalls::run_new, py::arg("tag"), py::arg("x"),
           "The result of a call without `out` that was known, and is enqueued; else None.")
      .def("remember_new", &KnownCalls::remember_new, py::arg("tag"), py::arg("x"), py::arg("make"),
           "`make` makes the results of such calls.")
      .def(
          "remember",
          [](KnownCalls& calls, const py::object& tag, const py::object& x, const py::object& out,
             const std::vector<std::tuple<std::shared_ptr<Launch>, std::int64_t, std::int64_t,
                                          std::vector<std::uint64_t>>>& launches,
             Range src_range, Range dst_range, const py::object& held) {
            std::vector<Ready> ready;
            for (const auto& [launch, src, dst, others] : launches)
              ready.push_back({launch, src, dst, others});
            calls.remember(tag, x, out, std::move(ready), src_range, dst_range, held);
          },
          py::arg("tag"), py::arg("x"), py::arg("out"), py::arg("launches"), py::arg("src_range"),
          py::arg("dst_range"), py::arg("held") = py::none())
      .def("read", &KnownCalls::read_all, py::arg("xs"),
           "Arrays as they lie in memory; None if one of them cannot be read so.");
}

}  // namespace shapewright
