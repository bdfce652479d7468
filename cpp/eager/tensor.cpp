#include "eager/tensor.h"

#include "eager/autograd.h"

namespace shapewright::eager {

TensorBody::TensorBody(StorageId s, DType d, Shape sh, Strides st)
    : storage(s), dtype(d), shape(std::move(sh)), strides(std::move(st)) {
  Machine::current().retain(storage);
}

TensorBody::~TensorBody() {
  Machine& m = Machine::current();
  m.release(storage);
  if (grad_fn) m.bury(std::move(grad_fn));
}

Dim bytes_of(DType dtype, const Shape& shape) { return num_bytes(TensorType{dtype, shape}); }

Tensor empty_strided(const Shape& shape, const Strides& strides, DType dtype) {
  const StorageId s = Machine::current().alloc(bytes_of(dtype, shape));
  return Tensor(std::make_shared<TensorBody>(s, dtype, shape, strides));
}

Tensor empty(const Shape& shape, DType dtype) {
  return empty_strided(shape, contiguous_strides(shape), dtype);
}

Tensor empty_like(const Tensor& t, DType dtype) {
  return empty_strided(t.shape(), dense_like(t.shape(), t->strides), dtype);
}

Tensor empty_like(const Tensor& t) { return empty_like(t, t.dtype()); }

Tensor alias(const Tensor& t, const Shape& shape, const Strides& strides) {
  auto body = std::make_shared<TensorBody>(t->storage, t.dtype(), shape, strides);
  body->base = t->base ? t->base : t.body();
  return Tensor(std::move(body));
}

Tensor detach(const Tensor& t) {
  return Tensor(std::make_shared<TensorBody>(t->storage, t.dtype(), t.shape(), t->strides));
}

}  // namespace shapewright::eager
