// What is known of a value: element type and shape. A shape has known or unknown rank; a dim that
// is not known is a symbol of kind kUnknown, so that two uses of the same unknown stay equal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dim/dim.h"
#include "graph/dtype.h"

namespace shapewright {

inline constexpr int kMaxRank = 64;

// Up to kInline dims without allocation. Unknown rank is a state of its own.
class Shape {
 public:
  Shape() = default;  // rank 0
  Shape(std::initializer_list<Dim> dims) { assign({dims.begin(), dims.size()}); }
  explicit Shape(std::span<const Dim> dims) { assign(dims); }
  static Shape unknown_rank() {
    Shape s;
    s.rank_ = -1;
    return s;
  }
  static Shape of_rank(int rank, Dim fill = Dim(0)) {
    Shape s;
    for (int i = 0; i < rank; ++i) s.push_back(fill);
    return s;
  }

  bool has_rank() const { return rank_ >= 0; }
  int rank() const { return rank_; }  // -1 if unknown
  std::span<const Dim> dims() const {
    return {data(), static_cast<std::size_t>(rank_ < 0 ? 0 : rank_)};
  }
  Dim operator[](int axis) const { return data()[axis]; }  // 0 <= axis < rank
  Dim& operator[](int axis) { return data()[axis]; }
  void push_back(Dim d) {
    if (rank_ < kInline) {
      inline_[rank_++] = d;
    } else {
      insert(rank_, d);
    }
  }
  void insert(int axis, Dim d);
  void erase(int axis);
  const Dim* begin() const { return data(); }
  const Dim* end() const { return data() + (rank_ < 0 ? 0 : rank_); }

  friend bool operator==(const Shape& a, const Shape& b) {
    return a.rank_ == b.rank_ && std::equal(a.begin(), a.end(), b.begin());
  }

 private:
  static constexpr int kInline = 6;
  void assign(std::span<const Dim> dims);
  const Dim* data() const { return heap_.empty() ? inline_ : heap_.data(); }
  Dim* data() { return heap_.empty() ? inline_ : heap_.data(); }

  int rank_ = 0;
  Dim inline_[kInline];
  std::vector<Dim> heap_;  // holds all dims once rank > kInline
};

enum class Container : std::uint8_t { kTensor, kSequence, kOptional, kOptionalSequence, kOther };

struct TensorType {
  DType dtype = DType::kUnknown;
  Shape shape = Shape::unknown_rank();
  // Of a sequence, dtype and shape are those of its elements. A size that is no expression of the
  // inputs' sizes may be another one in each. Of an empty sequence nothing holds, and all.
  Container container = Container::kTensor;
  Dim length = 0;  // of a sequence

  friend bool operator==(const TensorType&, const TensorType&) = default;
};

Dim num_elements(const Shape& shape);   // product of dims; the rank must be known
Dim num_bytes(const TensorType& type);  // ceil(elements * bits / 8): sub-byte types are packed
std::string to_string(
    const Shape& s);  // "[N, 3, H]", "[...]" for unknown rank, "?" for an unknown dim
std::string to_string(const TensorType& t);  // "f32[N, 3, H]"

}  // namespace shapewright
