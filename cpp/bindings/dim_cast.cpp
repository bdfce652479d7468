#include "bindings/dim_cast.h"

#include <optional>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace shapewright {
namespace {

// What a Dim becomes, decided under the lock; the Python object is made after it.
struct Seen {
  std::optional<std::int64_t> number;
  bool unknown = false;
};

Seen look(const Arena& arena, Dim d) {
  Seen seen;
  seen.number = known(d);
  if (!seen.number) {
    const auto symbol = arena.as_symbol(d);
    seen.unknown = symbol && arena.symbol_info(*symbol).kind == SymbolKind::kUnknown;
  }
  return seen;
}

py::object to_python(const std::shared_ptr<Arena>& arena, Dim d, const Seen& seen) {
  if (seen.number) return py::int_(*seen.number);
  if (seen.unknown) return py::none();
  return py::cast(DimHandle{arena, d, {}});
}

}  // namespace

std::mutex& arena_mutex() {
  static std::mutex mutex;
  return mutex;
}

py::object dim_to_python(const std::shared_ptr<Arena>& arena, Dim d) {
  if (d.is_inline_literal()) return py::int_(d.inline_literal());
  Seen seen;
  {
    ArenaLock lock(*arena);
    seen = look(*arena, d);
  }
  return to_python(arena, d, seen);
}

py::object shape_to_python(const std::shared_ptr<Arena>& arena, const Shape& shape) {
  if (!shape.has_rank()) return py::none();
  const auto dims = shape.dims();
  std::vector<Seen> seen(dims.size());
  {
    ArenaLock lock(*arena);
    for (std::size_t i = 0; i < dims.size(); ++i) seen[i] = look(*arena, dims[i]);
  }
  py::tuple out(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) out[i] = to_python(arena, dims[i], seen[i]);
  return out;
}

}  // namespace shapewright
