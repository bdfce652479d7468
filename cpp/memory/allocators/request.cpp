#include "memory/allocators/request.h"

#include <string>
#include <utility>

#include "base/error.h"

namespace shapewright {

namespace {

[[noreturn]] void refuse(const char* code, std::int64_t name, const char* what, std::size_t index) {
  throw Error(ErrorKind::kGeneric, code, "allocation " + std::to_string(name) + " " + what,
              {{"event", std::to_string(index)}});
}

}  // namespace

void RequestBuilder::alloc(std::int64_t name, std::int64_t bytes, std::uint32_t stream) {
  const std::size_t index = list_.all.size();
  if (bytes < 0 || bytes > kMaxRequestBytes)
    refuse("request-size", name, "has a size that is negative or past 2^56", index);
  const auto allocation = static_cast<std::uint32_t>(list_.first.size());
  if (!alive_.emplace(name, allocation).second)
    refuse("request-alive", name, "is asked for while it is alive", index);
  list_.all.push_back({RequestKind::kAlloc, allocation, stream, bytes});
  list_.first.push_back(static_cast<std::uint32_t>(index));
  list_.last.push_back(kNoIndex);
}

void RequestBuilder::release(RequestKind kind, std::int64_t name) {
  const std::size_t index = list_.all.size();
  auto& from = kind == RequestKind::kFreeCompleted ? pending_ : alive_;
  const auto found = from.find(name);
  if (found == from.end()) refuse("request-unknown", name, "is given back and not alive", index);
  const std::uint32_t allocation = found->second;
  from.erase(found);
  if (kind == RequestKind::kFreeRequested) pending_[name] = allocation;
  list_.last[allocation] = static_cast<std::uint32_t>(index);
  list_.all.push_back({kind, allocation, 0, 0});
}

void RequestBuilder::empty_cache() {
  list_.all.push_back({RequestKind::kEmptyCache, kNoIndex, 0, 0});
}

RequestList RequestBuilder::take() {
  for (std::uint32_t& end : list_.last)
    if (end == kNoIndex) end = static_cast<std::uint32_t>(list_.all.size());
  alive_.clear();
  pending_.clear();
  return std::exchange(list_, {});
}

}  // namespace shapewright
