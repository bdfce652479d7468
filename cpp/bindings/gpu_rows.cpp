// Batches of tensors whose layouts were met before: the table and the map of kernels/batched.py,
// written without Python code for each tensor.
#include "bindings/gpu_rows.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gpu/array_list.h"

namespace shapewright {

namespace py = pybind11;

namespace {

constexpr std::uint64_t kPhases = 16;  // addresses modulo the widest item

// An entry of the map: a block of work.
struct Block {
  std::uint64_t src, dst;
  std::uint32_t row, tile;
};
static_assert(sizeof(Block) == 24);

struct Row {
  int item_bytes = 0;
  std::uint32_t tiles = 0;
  std::int64_t src_offset = 0, dst_offset = 0;
  bool is_fill = false;  // read from the fill instead of the tensor
  std::string data;
};

// A tensor, or the part of its result that is filled, with its row and the row's place in the
// table.
struct Move {
  const Row* row;
  std::uint32_t place;
  std::uint64_t src, dst;
};

// What one width of items makes: a launch.
struct Part {
  int item_bytes = 0;
  std::size_t blocks = 0;
  std::vector<Move> moves;
  std::string table;
  std::unordered_map<const Row*, std::uint32_t> places;

  void add(const Row& row, std::uint64_t src, std::uint64_t dst) {
    const auto [it, is_new] = places.emplace(&row, static_cast<std::uint32_t>(places.size()));
    if (is_new) table += row.data;
    moves.push_back({&row, it->second, src + static_cast<std::uint64_t>(row.src_offset),
                     dst + static_cast<std::uint64_t>(row.dst_offset)});
    blocks += row.tiles;
  }

  // The table, then the map, in memory of Python's: they are long, and are written once.
  py::bytes data() const {
    const std::size_t size = table.size() + blocks * sizeof(Block);
    PyObject* const bytes = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (bytes == nullptr) throw py::error_already_set();
    char* at = std::ranges::copy(table, PyBytes_AS_STRING(bytes)).out;
    for (const Move& move : moves)
      for (std::uint32_t tile = 0; tile < move.row->tiles; ++tile, at += sizeof(Block)) {
        const Block block{move.src, move.dst, move.place, tile};
        std::memcpy(at, &block, sizeof(Block));
      }
    return py::reinterpret_steal<py::bytes>(bytes);
  }
};

class RowBook {
 public:
  using Given = std::tuple<int, std::uint32_t, std::int64_t, std::int64_t, bool, py::bytes>;

  void add(const py::object& tag, const ArrayList& arrays, std::uint32_t group,
           std::uint64_t dst_phase, const std::vector<Given>& given) {
    const auto row = arrays.row(group);
    auto entry = std::make_shared<Entry>(Entry{tag, {row.begin(), row.end()}, dst_phase, {}});
    for (const auto& [item_bytes, tiles, src, dst, is_fill, data] : given)
      entry->rows.push_back({item_bytes, tiles, src, dst, is_fill, std::string(data)});
    const std::size_t hash = hash_of(tag, arrays, group, dst_phase);
    Entries dropped;  // outlives the lock, for it lets go of objects of Python
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kMostEntries) entries_.swap(dropped);
    entries_.emplace(hash, std::move(entry));
  }

  // For tensors written at `first`, `first + step`, ...: (bytes of an item, blocks, rows of the
  // table, table and map) for each launch; or the number of the first tensor whose row is not
  // known.
  py::object plan(const py::object& tag, const ArrayList& arrays, std::uint64_t first,
                  std::uint64_t step, std::uint64_t fill) {
    std::vector<Part> parts;
    std::vector<std::shared_ptr<const Entry>> used;  // keeps the rows that the parts point to
    const Entry* entry = nullptr;
    std::uint32_t last_group = 0;
    std::uint64_t last_phase = 0;
    for (std::size_t i = 0; i < arrays.groups().size(); ++i) {
      const std::uint32_t group = arrays.groups()[i];
      const std::uint64_t dst = first + i * step, phase = dst % kPhases;
      if (entry == nullptr || group != last_group || phase != last_phase) {
        used.push_back(find(tag, arrays, group, phase));
        entry = used.back().get();
        if (entry == nullptr) return py::int_(i);
        last_group = group;
        last_phase = phase;
      }
      for (const Row& row : entry->rows) {
        const std::uint64_t src = row.is_fill ? fill : arrays.addresses()[i];
        part_of(parts, row.item_bytes).add(row, src, dst);
      }
    }
    py::list launches;
    for (const Part& part : parts)
      launches.append(py::make_tuple(part.item_bytes, part.blocks, part.table.size(), part.data()));
    return launches;
  }

 private:
  static constexpr std::size_t kMostEntries = 8192;

  struct Entry {
    py::object tag;
    std::vector<std::int64_t> row;
    std::uint64_t dst_phase;
    std::vector<Row> rows;
  };
  using Entries = std::unordered_multimap<std::size_t, std::shared_ptr<const Entry>>;

  static Part& part_of(std::vector<Part>& parts, int item_bytes) {
    for (Part& part : parts)
      if (part.item_bytes == item_bytes) return part;
    return parts.emplace_back(Part{item_bytes, 0, {}, {}, {}});
  }

  static std::size_t hash_of(const py::object& tag, const ArrayList& arrays, std::uint32_t group,
                             std::uint64_t dst_phase) {
    return static_cast<std::size_t>(py::hash(tag)) ^ (arrays.hash(group) + dst_phase);
  }

  std::shared_ptr<const Entry> find(const py::object& tag, const ArrayList& arrays,
                                    std::uint32_t group, std::uint64_t dst_phase) {
    const std::size_t hash = hash_of(tag, arrays, group, dst_phase);
    std::vector<std::shared_ptr<const Entry>> alike;
    {
      const std::scoped_lock lock(mutex_);
      const auto [from, to] = entries_.equal_range(hash);
      for (auto it = from; it != to; ++it)
        if (it->second->dst_phase == dst_phase &&
            std::ranges::equal(it->second->row, arrays.row(group)))
          alike.push_back(it->second);
    }
    for (const auto& entry : alike)
      if (entry->tag.is(tag) || entry->tag.equal(tag)) return entry;
    return nullptr;
  }

  std::mutex mutex_;  // of the entries; never held while Python runs
  Entries entries_;
};

template <typename Number>
py::bytes bytes_of(std::span<const Number> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

py::object most_of(const ArrayList& arrays) {
  const auto sizes = arrays.most();
  return sizes ? py::object(py::tuple(py::cast(*sizes))) : py::none();
}

}  // namespace

void bind_rows(py::module_& m) {
  py::class_<ArrayList, std::shared_ptr<ArrayList>>(m, "ArrayList",
                                                    "Tensors of a GPU, read together.")
      .def_property_readonly("addresses",
                             [](const ArrayList& a) { return bytes_of(a.addresses()); })
      .def_property_readonly("groups", [](const ArrayList& a) { return bytes_of(a.groups()); })
      .def_property_readonly("firsts", [](const ArrayList& a) { return bytes_of(a.firsts()); })
      .def_property_readonly("most", &most_of,
                             "The largest sizes; None where types, devices or ranks differ.");
  py::class_<RowBook>(m, "RowBook", "Rows of batches that were worked out before.")
      .def(py::init<>())
      .def("add", &RowBook::add, py::arg("tag"), py::arg("arrays"), py::arg("group"),
           py::arg("dst_phase"), py::arg("rows"))
      .def("plan", &RowBook::plan, py::arg("tag"), py::arg("arrays"), py::arg("first"),
           py::arg("step"), py::arg("fill"));
}

}  // namespace shapewright
