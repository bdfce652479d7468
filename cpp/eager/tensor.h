// A tensor of the machine: a shared handle, as a Python name or a C++ local holds one.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "eager/layout.h"
#include "eager/machine.h"

namespace shapewright::eager {

struct TensorBody {
  StorageId storage = kNone;
  DType dtype = DType::kUnknown;
  Shape shape;
  Strides strides;
  bool is_leaf_with_grad = false;  // a parameter or input that asks for a gradient
  bool is_wrapped_number = false;  // a Python number: takes no part in type promotion
  std::shared_ptr<Node> grad_fn;   // of a leaf: what accumulates into `grad`
  std::uint32_t output_nr = 0;     // which output of grad_fn
  std::shared_ptr<TensorBody> grad;
  bool is_view = false;  // one that autograd knows: writing into it is writing into its base
  // Of a view: the tensor that the storage was made for, which it keeps.
  std::shared_ptr<TensorBody> base;

  TensorBody(StorageId s, DType d, Shape sh, Strides st);
  ~TensorBody();
  TensorBody(const TensorBody&) = delete;
  TensorBody& operator=(const TensorBody&) = delete;
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(std::shared_ptr<TensorBody> body) : body_(std::move(body)) {}

  bool defined() const { return body_ != nullptr; }
  explicit operator bool() const { return defined(); }
  TensorBody* operator->() const { return body_.get(); }
  TensorBody& operator*() const { return *body_; }
  const std::shared_ptr<TensorBody>& body() const { return body_; }
  bool is(const Tensor& other) const { return body_ == other.body_; }

  DType dtype() const { return body_->dtype; }
  const Shape& shape() const { return body_->shape; }
  Dim size(int axis) const { return body_->shape[axis < 0 ? axis + dim() : axis]; }
  int dim() const { return body_->shape.rank(); }
  Dim numel() const { return num_elements(body_->shape); }
  bool is_contiguous() const { return eager::is_contiguous(body_->shape, body_->strides); }
  bool is_dense() const { return eager::is_dense(body_->shape, body_->strides); }
  // Whether gradients flow to it.
  bool has_gradient() const {
    return body_ && (body_->is_leaf_with_grad || body_->grad_fn != nullptr);
  }
  // As PyTorch's flag says: also of a view of such a tensor, made where nothing is recorded.
  bool requires_grad() const {
    return has_gradient() || (body_ && body_->base && Tensor(body_->base).has_gradient());
  }
  // As ATen counts: handles on this tensor, and tensors over its storage.
  long use_count() const { return body_.use_count(); }

 private:
  std::shared_ptr<TensorBody> body_;
};
using Tensors = std::vector<Tensor>;

Dim bytes_of(DType dtype, const Shape& shape);

Tensor empty(const Shape& shape, DType dtype);
Tensor empty_strided(const Shape& shape, const Strides& strides, DType dtype);
Tensor empty_like(const Tensor& t);  // dense, axes in the order of t
Tensor empty_like(const Tensor& t, DType dtype);
// The same storage seen otherwise, outside of autograd; a view.
Tensor alias(const Tensor& t, const Shape& shape, const Strides& strides);
// The same storage without history, and no view of t.
Tensor detach(const Tensor& t);

}  // namespace shapewright::eager
