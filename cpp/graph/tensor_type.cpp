#include "graph/tensor_type.h"

namespace shapewright {

void Shape::assign(std::span<const Dim> dims) {
  rank_ = static_cast<int>(dims.size());
  if (rank_ <= kInline) {
    heap_.clear();
    std::ranges::copy(dims, inline_);
  } else {
    heap_.assign(dims.begin(), dims.end());
  }
}

void Shape::insert(int axis, Dim d) {
  if (rank_ < kInline) {
    for (int i = rank_; i > axis; --i) inline_[i] = inline_[i - 1];
    inline_[axis] = d;
  } else {
    if (heap_.empty()) heap_.assign(inline_, inline_ + rank_);
    heap_.insert(heap_.begin() + axis, d);
  }
  ++rank_;
}

void Shape::erase(int axis) {
  Dim* const first = data();
  std::copy(first + axis + 1, first + rank_, first + axis);
  --rank_;
  if (heap_.empty()) return;
  heap_.pop_back();
  if (rank_ > kInline) return;
  std::ranges::copy(heap_, inline_);
  heap_.clear();
}

Dim num_elements(const Shape& shape) {
  Dim product = 1;
  for (Dim d : shape) product *= d;
  return product;
}

Dim num_bytes(const TensorType& type) {
  const int bits = info(type.dtype).bits;
  const Dim elements = num_elements(type.shape);
  if (bits % 8 == 0) return elements * Dim(bits / 8);
  return ceildiv(elements * Dim(bits), Dim(8));
}

std::string to_string(const Shape& s) {
  if (!s.has_rank()) return "[...]";
  std::string text = "[";
  for (Dim d : s) {
    if (text.size() > 1) text += ", ";
    const auto symbol = d.is_inline_literal() ? std::nullopt : Arena::current().as_symbol(d);
    if (symbol && Arena::current().symbol_info(*symbol).kind == SymbolKind::kUnknown) {
      text += '?';
    } else {
      text += to_string(d);
    }
  }
  return text += ']';
}

std::string to_string(const TensorType& t) {
  std::string element = std::string(name_of(t.dtype)) + to_string(t.shape);
  const bool is_sequence =
      t.container == Container::kSequence || t.container == Container::kOptionalSequence;
  if (is_sequence && is_of_inputs(t.length)) element += ", " + to_string(t.length);
  switch (t.container) {
    case Container::kTensor: return element;
    case Container::kSequence: return "seq(" + element + ")";
    case Container::kOptional: return "optional(" + element + ")";
    case Container::kOptionalSequence: return "optional(seq(" + element + "))";
    case Container::kOther: return "map(" + element + ")";
  }
  return element;
}

}  // namespace shapewright
