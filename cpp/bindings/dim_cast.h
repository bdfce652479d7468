// Dims as Python sees them: an int, a `Dim` that keeps its arena alive, or None for a size nothing
// is known of.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <mutex>
#include <string>

#include "dim/dim.h"
#include "graph/tensor_type.h"

namespace shapewright {

// The Python class `Dim`. Equality, order of printing and hash go by the canonical text, so that a
// Dim of a report equals the one a user writes.
struct DimHandle {
  std::shared_ptr<Arena> arena;  // may alias the owner of the arena: a report, an analysis
  Dim dim;
  mutable std::string text;  // canonical spelling, made on first use under the lock
};

// Arenas are not thread-safe, and a Dim may reach several threads. Everything that touches the
// arena of a published object holds this one lock; it is held over C++ only, never while Python
// code may run.
std::mutex& arena_mutex();

// Locks and makes `arena` current.
class ArenaLock {
 public:
  explicit ArenaLock(Arena& arena) : lock_(arena_mutex()), scope_(arena) {}

 private:
  std::lock_guard<std::mutex> lock_;
  ArenaScope scope_;
};

// The arena of an owner (an Analysis, say) as a handle that keeps the owner alive.
template <typename Owner>
std::shared_ptr<Arena> share_arena(const std::shared_ptr<Owner>& owner) {
  return std::shared_ptr<Arena>(owner, owner->arena.get());
}

// int for a literal, None for a bare kUnknown symbol, Dim otherwise. Takes the lock.
pybind11::object dim_to_python(const std::shared_ptr<Arena>& arena, Dim d);
// A tuple of the above, or None for unknown rank. Takes the lock.
pybind11::object shape_to_python(const std::shared_ptr<Arena>& arena, const Shape& shape);

}  // namespace shapewright
