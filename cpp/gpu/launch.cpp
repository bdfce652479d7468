#include "gpu/launch.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace shapewright {

namespace {
constexpr std::size_t kMostNumbers = 512;
}

Launch::Launch(std::uintptr_t enqueue, std::uintptr_t function, std::uint32_t blocks,
               std::uint32_t threads, std::vector<std::byte> numbers,
               std::vector<std::uint32_t> offsets)
    : enqueue_(reinterpret_cast<Enqueue>(enqueue)),
      function_(reinterpret_cast<void*>(function)),
      blocks_(blocks),
      threads_(threads),
      numbers_(std::move(numbers)),
      offsets_(std::move(offsets)) {
  if (enqueue == 0 || offsets_.size() > kMostNumbers)
    throw std::invalid_argument("no entry point, or too many parameters");
  for (const std::uint32_t at : offsets_)
    if (at >= numbers_.size()) throw std::invalid_argument("a parameter outside of the numbers");
}

int Launch::operator()(std::uintptr_t stream, std::span<const std::uint64_t> pointers) const {
  if (pointers.size() > kMostPointers) throw std::invalid_argument("too many pointers");
  // The driver reads what these point to and keeps nothing of it.
  std::array<void*, kMostPointers + kMostNumbers> params;
  std::size_t count = 0;
  for (const std::uint64_t& pointer : pointers)
    params[count++] = const_cast<std::uint64_t*>(&pointer);
  for (const std::uint32_t at : offsets_)
    params[count++] = const_cast<std::byte*>(numbers_.data() + at);
  return enqueue_(function_, blocks_, 1, 1, threads_, 1, 1, 0, reinterpret_cast<void*>(stream),
                  params.data(), nullptr);
}

}  // namespace shapewright
