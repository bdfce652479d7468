#include "onnx/name_table.h"

#include <random>
#include <utility>

namespace shapewright::onnx {

std::uint64_t hash_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
  }();
  return seed;
}

void NameTable::grow() {
  std::vector<Entry> old(2 * entries_.size());
  std::swap(old, entries_);
  for (const Entry& entry : old) {
    if (entry.data != nullptr) slot(entry.name(), entry.hash) = entry;
  }
}

}  // namespace shapewright::onnx
