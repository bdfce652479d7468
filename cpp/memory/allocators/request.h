// What an allocator is asked for, in order: a plain list at given sizes, whoever wrote it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace shapewright {

inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFFu;
inline constexpr std::int64_t kMaxRequestBytes = std::int64_t{1} << 56;

enum class RequestKind : std::uint8_t {
  kAlloc,
  kFree,           // given back and free at once
  kFreeRequested,  // given back, but another stream still uses it
  kFreeCompleted,  // the other stream is done; without effect if a synchronisation came first
  kEmptyCache,
};

struct Request {
  RequestKind kind = RequestKind::kAlloc;
  std::uint32_t allocation = kNoIndex;  // the how-manieth allocation is meant; kNoIndex: none
  std::uint32_t stream = 0;
  std::int64_t bytes = 0;  // of kAlloc
};

struct RequestList {
  std::vector<Request> all;
  std::vector<std::uint32_t> first;  // by allocation: index of its kAlloc
  std::vector<std::uint32_t>
      last;  // by allocation: index where it is given back; all.size() if never
};

// Names of the caller's own stand for allocations; one may be used again once it is given back.
class RequestBuilder {
 public:
  // Throws Error{kGeneric}: "request-alive" for a name that is alive, "request-unknown" for one
  // that is not, "request-size" for a size below 0 or past kMaxRequestBytes.
  void alloc(std::int64_t name, std::int64_t bytes, std::uint32_t stream = 0);
  void release(RequestKind kind, std::int64_t name);
  void empty_cache();
  RequestList take();

 private:
  RequestList list_;
  std::unordered_map<std::int64_t, std::uint32_t> alive_, pending_;
};

}  // namespace shapewright
