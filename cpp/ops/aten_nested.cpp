// An encoder whose padding mask hides the ends of rows: PyTorch drops what is hidden and works on
// nested tensors, rows of several lengths one behind the other. The lengths are known in a run
// alone. A nested tensor is here (batch, longest, width), as if all rows were as long as the
// longest, which is the most that they take.
#include "ops/aten_attention.h"
#include "ops/onednn_product.h"

namespace shapewright::aten {

namespace {

// Numbers a row beside its elements: sizes, strides and offsets, or those that are not another's.
constexpr std::int64_t kPlaces = 5, kSameSizes = 3;

Tensor nested(const Shape& shape, DType dtype, std::int64_t numbers) {
  constexpr std::int64_t kBits = 64;
  const Dim places = shape[0] * Dim(numbers * kBits / info(dtype).bits);
  const Tensor all = eager::empty({num_elements(shape) + places}, dtype);
  return eager::detach(eager::alias(all, shape, eager::contiguous_strides(shape)));
}

// What a product works in, at most.
void work(const onednn::Product& p, DType dtype) {
  if (on_cuda() || dtype != DType::kBF16) return;
  const Tensor scratch = eager::empty({onednn::most_product_scratch(p)}, DType::kU8);
}

Tensor product(const Tensor& x, const Tensor& weight) {
  const Tensor out = nested({x.size(0), x.size(1), weight.size(0)}, x.dtype(), kPlaces);
  work({1, x.size(0) * x.size(1), x.size(2), weight.size(0)}, x.dtype());
  return out;
}

// On the CPU row by row, then joined.
Tensor padded(const Tensor& rows) {
  if (on_cuda()) return eager::empty(rows.shape(), rows.dtype());
  const Tensor each = eager::empty(rows.shape(), rows.dtype());
  return eager::empty(rows.shape(), rows.dtype());
}

// What a mask says is taken from a padded tensor: a mask for each row, all of them, and their sum
// in int64.
Tensor from_padded(const Shape& shape, DType dtype, std::int64_t numbers) {
  Tensor each, mask;
  if (!on_cuda()) {
    each = eager::empty(shape, DType::kBool);
    mask = eager::empty(shape, DType::kBool);
    const Tensor counted = eager::empty(shape, DType::kI64);
  }
  return nested(shape, dtype, numbers);
}

// Softmax row by row. A row that is shorter than the longest is copied before, which takes most
// where it is hardly shorter.
Tensor softmax_by_rows(const Tensor& scores) {
  Tensor out = eager::empty_like(scores);
  if (on_cuda()) return out;
  const Dim copies = 1 + min(scores.size(0) - 1, Dim(1));
  const Dim row = copies * scores.size(1) * scores.size(2) * scores.size(3);
  const Tensor work = eager::empty({row + 1}, scores.dtype());  // and where it starts, as a number
  return out;
}

Tensor attention_of(const Tensor& x, Dim heads, const Tensors& weights) {
  Tensor qkv = product(x, weights[0]);
  const Dim batch = x.size(0), length = x.size(1), width = x.size(2);
  const Dim head = floordiv(width, heads);
  Tensor q_k_v;
  {
    const Tensor dense = padded(qkv);
    q_k_v = eager::empty({3, batch, heads, length, head}, x.dtype());
  }
  qkv = {};
  const Tensor one = select(q_k_v, 0);
  Tensor scores = eager::empty({batch, heads, length, length}, x.dtype());
  work({batch * heads, length, head, length}, x.dtype());
  scores = softmax_by_rows(scores);
  work({batch * heads, length, length, head}, x.dtype());
  scores = {};
  Tensor context;
  {
    const Tensor turned = contiguous(transpose(one, 1, 2));
    context = from_padded(x.shape(), x.dtype(), kSameSizes);
  }
  return product(context, weights[1]);
}

Tensor norm(const Tensor& x, const Tensor& weight) {
  const Tensor out = nested(x.shape(), x.dtype(), kPlaces);  // its sizes keep those of x
  const Shape each = {x.size(0), x.size(1)};
  const Tensor mean = eager::empty(each, weight.dtype()), rstd = eager::empty(each, weight.dtype());
  return out;
}

}  // namespace

void nested_from_mask_row(EagerCall& c) {
  const Tensor padded = c.in(0), mask = c.in(1);
  if (on_cuda()) c.count_in_part();
  {
    const Tensor counted = eager::empty(mask.shape(), DType::kI64);
    const Tensor copy = eager::empty(mask.shape(), DType::kI64);
  }
  c.out(from_padded(c.out_shape(), padded.dtype(), kPlaces));
}

void nested_encoder_layer_row(EagerCall& c) {
  if (on_cuda()) c.count_in_part();
  const bool norm_first = c.flag("norm_first", false);
  Tensor x = c.in(0);
  if (norm_first) x = norm(x, c.in(5));
  x = attention_of(x, c.int_of("num_heads", 1), {c.in(1), c.in(3)});
  if (!norm_first) x = norm(x, c.in(5));
  const Tensor kept = x;
  if (norm_first) x = norm(x, c.in(7));
  x = product(product(x, c.in(9)), c.in(11));
  if (!norm_first) x = norm(x, c.in(7));
  c.out(std::move(x));
}

void nested_to_padded_row(EagerCall& c) {
  if (on_cuda()) c.count_in_part();
  const Tensor dense = padded(c.in(0));
  c.out(eager::empty(c.out_shape(), dense.dtype()));
}

}  // namespace shapewright::aten
