// Attention: the kernel that PyTorch would choose, and what it keeps.
#include "ops/aten_attention.h"
#include "base/threads.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

using sdpa::Kernel;
using sdpa::Query;

constexpr bool is_half(DType d) { return d == DType::kBF16 || d == DType::kF16; }

// A lower triangle of booleans, then as the numbers that are added to the scores.
Tensor causal_bias(const Query& a) {
  const Shape shape = {a.q.size(-2), a.k.size(-2)};
  Tensor triangle;
  {
    const Tensor ones = eager::empty(shape, DType::kBool);
    triangle = eager::empty(shape, DType::kBool);
  }
  return eager::empty(shape, a.q.dtype());
}

// Rows that are masked as a whole become zeros: where they are is found out for it.
Tensor safe_softmax(const Tensor& scores) {
  Tensor out = softmax(scores, {});
  const Tensor masked = eager::empty(scores.shape(), DType::kBool);
  Shape rows = scores.shape();
  rows[rows.rank() - 1] = 1;
  const Tensor whole_rows = eager::empty(rows, DType::kBool);
  return out;
}

// softmax(q k^T + mask) v, step by step; halves are computed as floats
Tensor math_attention(const Query& given) {
  Query a = given;
  const DType dtype = a.q.dtype();
  const bool widens = is_half(dtype);
  if (widens) {
    a.q = to(a.q, DType::kF32);
    a.k = to(a.k, DType::kF32);
    a.v = to(a.v, DType::kF32);
  }
  const Tensor q = scale(a.q);
  if (a.is_causal) a.mask = causal_bias(a);
  const auto repeated = [&](const Tensor& t) {
    Shape shape = t.shape();
    shape[t.dim() - 3] = a.q.size(-3);
    Tensor out = eager::empty(shape, t.dtype());
    eager::record("Repeat", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
      return Tensors{eager::empty(old, g[0].dtype())};
    });
    return out;
  };
  Tensor k = a.k, v = a.v;
  if (a.is_grouped && a.q.size(-3) != k.size(-3)) {
    k = repeated(k);
    v = repeated(v);
  }
  Tensor scores = matmul(q, transpose(scale(k), -2, -1));
  if (a.mask.defined()) scores = add_(scores, a.mask);
  Tensor weights = safe_softmax(scores);
  scores = {};
  if (a.dropout > 0) weights = dropout(weights, a.dropout, true);
  const Tensor returned = widens ? to(weights, dtype) : weights;  // which nobody asks for
  Tensor out = matmul(weights, v);
  return widens ? to(out, dtype) : out;
}

Shape with_last(const Shape& shape, int rank) {
  Shape out;
  for (int i = 0; i < rank; ++i) out.push_back(shape[i]);
  return out;
}

// (batch, query, head, dim) seen as (batch, head, query, dim)
Tensor heads_inside(const Shape& shape, DType dtype) {
  const Tensor t = eager::empty({shape[0], shape[2], shape[1], shape[3]}, dtype);
  Strides strides = {t->strides[0], t->strides[2], t->strides[1], t->strides[3]};
  return eager::alias(t, shape, strides);
}

// The tiles that each thread of the CPU's flash kernel works on.
struct Tiles {
  Dim queries, keys;

  Tiles(const Tensor& q, const Tensor& k) {
    // 32 queries at a time, 64 from a length of 192, 256 from one of 768
    const Dim length = q.size(-2);
    const Dim at_least_192 = min(Dim(1), floordiv(length, 192));
    const Dim at_least_768 = min(Dim(1), floordiv(length, 768));
    queries = min(length, 32 + 32 * at_least_192 + 192 * at_least_768);
    keys = min(k.size(-2), Dim(512));
  }
};

void work_forward(const Query& a) {
  const Tiles t(a.q, a.k);
  const Dim threads = operator_threads();
  // scores, their maxima and sums, and the rows of the result
  const Dim each = t.queries * t.keys + 2 * t.queries + t.queries * a.v.size(-1);
  const Tensor work = eager::empty({threads, each}, DType::kF32);
  Tensor rounded;
  if (is_half(a.q.dtype())) rounded = eager::empty({threads, t.queries, t.keys}, a.q.dtype());
}

void work_backward(const Tensor& q, const Tensor& k) {
  const Tiles t(q, k);
  const Dim threads = operator_threads();
  const Tensor work = eager::empty({threads, 2, t.queries, t.keys}, DType::kF32);
  Tensor rounded;
  if (is_half(q.dtype())) rounded = eager::empty({threads, 2, t.queries, t.keys}, q.dtype());
  const Tensor sums = eager::empty({t.queries}, DType::kF32);
}

// What flash works on in backward on a GPU: sums of rows, the gradient of the queries as floats,
// and gradients of keys and values for each head of the queries.
void work_backward_cuda(const Tensor& q, const Tensor& k, const Tensor& v) {
  const Dim rows = ceildiv(q.size(2), 128) * Dim(128);
  const std::int64_t head = known(q.size(3)).value_or(0), step = head <= 128 ? 32 : 64;
  const Dim width = (head + step - 1) / step * step;
  const Tensor sums = eager::empty({q.size(0), q.size(1), rows}, DType::kF32);
  const Tensor dq = eager::empty({q.size(0), rows, q.size(1), width}, DType::kF32);
  Tensor dk, dv;
  if (q.size(1) == k.size(1)) return;
  dk = eager::empty({k.size(0), k.size(2), q.size(1), k.size(3)}, k.dtype());
  dv = eager::empty({v.size(0), v.size(2), q.size(1), v.size(3)}, v.dtype());
}

// The kernels that keep a row of the scores at a time: flash, and cuDNN's.
Tensor flash_attention(const Query& a, const Tensor& mask, Kernel kernel) {
  Shape shape = a.q.shape();
  shape[3] = a.v.size(-1);
  // On the CPU as the queries lie.
  Tensor out = on_cuda() ? heads_inside(shape, a.q.dtype()) : eager::empty_like(a.q);
  const Tensor lse = eager::empty(with_last(a.q.shape(), 3), DType::kF32);
  if (!on_cuda()) work_forward(a);
  Tensor seed, offset;
  if (on_cuda()) {
    seed = eager::empty({}, DType::kI64);
    offset = eager::empty({}, DType::kI64);
  }
  eager::record("ScaledDotProductFlashAttention", {a.q, a.k, a.v}, {out},
                {a.q, a.k, a.v, mask, out, lse, seed, offset},
                [kernel](eager::Node& n, const Tensors& g) {
                  Tensors grads;
                  // Contiguous in (batch, length, head, dim).
                  for (std::size_t i = 0; i < 3; ++i)
                    grads.push_back(heads_inside(n.saved[i].shape(), g[0].dtype()));
                  if (!on_cuda()) {
                    const bool lies_so = transpose(g[0], 1, 2).is_contiguous();
                    const Tensor turned = lies_so ? Tensor() : eager::empty_like(g[0]);
                    work_backward(n.saved[0], n.saved[1]);
                  } else if (kernel == Kernel::kFlash) {
                    work_backward_cuda(n.saved[0], n.saved[1], n.saved[2]);
                  }
                  return grads;
                });
  return out;
}

// Zeros behind the last axis to a whole number of eights.
Tensor padded_last(const Tensor& t) {
  Shape shape = t.shape();
  shape[t.dim() - 1] = ceildiv(t.size(-1), 8) * Dim(8);
  if (shape == t.shape()) return t;
  const Tensor out = eager::empty(shape, t.dtype());
  eager::record("ConstantPadNd", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(old, g[0].dtype())};
  });
  return out;
}

Tensor flash_on_cuda(Query a) {
  const Dim head = a.v.size(-1);
  a.q = padded_last(a.q);
  a.k = padded_last(a.k);
  a.v = padded_last(a.v);
  const Tensor out = flash_attention(a, {}, Kernel::kFlash);
  return a.v.size(-1) == head ? out : narrow(out, 3, head);
}

constexpr std::int64_t kAlignLse = 32;

// Rows of a mask that start at no multiple of 8 are copied to where they do: what is kept of it.
Tensors aligned_masks(const Tensor& mask) {
  constexpr std::int64_t kAlignment = 8;
  if (!mask.defined()) return {};
  Dim gap = 0;
  for (int i = 0; i + 1 < mask.dim(); ++i) {
    const Dim stride = mask->strides[i];
    gap = max(gap, stride - floordiv(stride, kAlignment) * kAlignment);
  }
  if (known(gap) == 0) return {mask};
  Shape shape = mask.shape();
  shape[mask.dim() - 1] = (floordiv(mask.size(-1), kAlignment) + 1) * Dim(kAlignment);
  if (known(gap)) return {eager::empty(shape, mask.dtype())};
  shape[0] *= min(Dim(1), gap);  // no copy at the sizes that need none
  return {mask, eager::empty(shape, mask.dtype())};
}

Tensor efficient_attention(const Query& a) {
  Shape shape = a.q.shape();
  shape[3] = a.v.size(-1);
  Tensor out = heads_inside(shape, a.q.dtype());
  const bool records =
      eager::Machine::current().grad_enabled && eager::any_needs_grad({a.q, a.k, a.v});
  const Dim rows = records ? ceildiv(a.q.size(-2), kAlignLse) * Dim(kAlignLse) : Dim(0);
  const Tensor lse = eager::empty({a.q.size(0), a.q.size(1), rows}, DType::kF32);
  const Tensor seed = eager::empty({}, DType::kI64), offset = eager::empty({}, DType::kI64);
  Tensors saved = {a.q, a.k, a.v, out, lse, seed, offset};
  for (Tensor& mask : aligned_masks(a.mask)) saved.push_back(std::move(mask));
  eager::record("ScaledDotProductEfficientAttention", {a.q, a.k, a.v}, {out}, std::move(saved),
                [](eager::Node& n, const Tensors& g) {
                  Tensors grads;
                  for (std::size_t i = 0; i < 3; ++i)
                    grads.push_back(heads_inside(n.saved[i].shape(), g[0].dtype()));
                  // delta = (grad * out) summed over the head's dim, in f32
                  const Tensor delta = eager::empty(n.saved[4].shape(), DType::kF32);
                  return grads;
                });
  return out;
}

}  // namespace

Tensor attention(Query a) {
  const Kernel kernel = sdpa::choose(a);
  eager::Machine& machine = eager::Machine::current();
  machine.kernels.push_back({machine.node, sdpa::name_of(kernel)});
  if (a.mask.defined() && a.mask.dtype() == DType::kBool)  // becomes 0 and -inf
    a.mask = eager::empty(a.mask.shape(), a.q.dtype());
  switch (kernel) {
    case Kernel::kFlash: return on_cuda() ? flash_on_cuda(a) : flash_attention(a, a.mask, kernel);
    case Kernel::kCudnn: return flash_attention(a, a.mask, kernel);
    case Kernel::kEfficient: return efficient_attention(a);
    case Kernel::kMath: break;
  }
  return math_attention(a);
}

namespace {

void attention_row(EagerCall& c) {
  Query a;
  a.q = c.in(0);
  a.k = c.in(1);
  a.v = c.in(2);
  a.mask = c.in(3);
  a.dropout = c.real_of("dropout_p", 0);
  a.is_causal = c.flag("is_causal", false);
  a.is_grouped = c.flag("enable_gqa", false);
  c.out(attention(std::move(a)));
}

constexpr Op kRows[] = {
    row("scaled_dot_product_attention.default", attention_row),
    row("_native_multi_head_attention.default", multi_head_attention_row),
    row("_transformer_encoder_layer_fwd.default", encoder_layer_row),
    row("_transformer_encoder_layer_fwd.nested", nested_encoder_layer_row),
    row("_nested_tensor_from_mask.default", nested_from_mask_row),
    row("to_padded_tensor.default", nested_to_padded_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_attention_ops() { return aten::kRows; }
}  // namespace shapewright::families
