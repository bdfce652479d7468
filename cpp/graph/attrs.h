// Attributes of a node, and constant tensors small enough to be looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/dtype.h"

namespace shapewright {

// A constant. `bytes` is empty when the data is absent, external or larger than the decode limits.
// Of strings it holds each after its length, four bytes, little-endian.
struct TensorData {
  static constexpr std::int64_t kMaxElements = 1024;     // if a rule may ask for the elements
  static constexpr std::size_t kMaxTextBytes = 1 << 16;  // of a string tensor, lengths included

  DType dtype = DType::kUnknown;
  std::vector<std::int64_t> dims;
  bool has_data = false;
  std::vector<std::byte> bytes;  // little-endian, packed as ONNX raw_data
  // Elements of an integer or bool tensor, of a float tensor, and of a string tensor, which are
  // views of `bytes`; empty unless has_data.
  std::vector<std::int64_t> ints() const;
  std::vector<double> reals() const;
  std::vector<std::string_view> texts() const;
  void add_text(std::string_view text);
};

// Product of dims, each >= 0; nullopt past int64.
std::optional<std::int64_t> num_elements(std::span<const std::int64_t> dims);
// Bytes of a packed tensor; nullopt past int64, or for a type whose elements have no fixed size.
std::optional<std::int64_t> packed_bytes(DType dtype, std::int64_t elements);
std::optional<std::int64_t> packed_bytes(DType dtype, std::span<const std::int64_t> dims);

enum class AttrKind : std::uint8_t {
  kInt,
  kFloat,
  kString,
  kInts,
  kFloats,
  kStrings,
  kTensor,
  kGraph,
  kGraphs,
  kOther,
};
std::string_view name_of(AttrKind kind);

struct Attr {
  std::string name;
  AttrKind kind = AttrKind::kInt;
  std::int64_t i = 0;
  float f = 0;
  std::string s;
  std::vector<std::int64_t> ints;
  std::vector<float> floats;
  std::vector<std::string> strings;
  TensorData tensor;
  std::vector<std::uint32_t> blocks;  // kGraph, kGraphs: indices into Graph::blocks
};

using AttrSet = std::vector<Attr>;  // in file order; few entries, found by linear search
const Attr* find_attr(const AttrSet& attrs, std::string_view name);

}  // namespace shapewright
