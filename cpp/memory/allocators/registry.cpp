#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "memory/allocators/allocator.h"

namespace shapewright {

std::span<const AllocatorRow> allocators() {
  static const std::array rows{kTorchCuda, kBfc, kOrtArena, kOrtPattern, kStaticPlan};
  return rows;
}

const AllocatorRow& find_allocator(std::string_view name) {
  const auto rows = allocators();
  const auto found = std::ranges::find(rows, name, &AllocatorRow::name);
  if (found != rows.end()) return *found;
  std::string known;
  for (const AllocatorRow& row : rows) known += (known.empty() ? "" : ", ") + std::string(row.name);
  throw Error(ErrorKind::kGeneric, "allocator-unknown",
              "there is no allocator '" + std::string(name) + "'", {{"allocators", known}});
}

}  // namespace shapewright
