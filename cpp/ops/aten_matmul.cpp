// Products of matrices: which are folded, which are batched, and what each keeps.
#include "ops/aten.h"
#include "ops/aten_einsum.h"
#include "ops/aten_table.h"
#include "ops/families.h"
#include "ops/onednn_product.h"

namespace shapewright::aten {

namespace {

// The gradient of a matrix lies as the matrix does, so that it needs no copy on its way to a leaf.
Tensor matrix_grad(const Shape& shape, const Strides& strides, DType dtype) {
  const bool by_columns = shape.rank() == 2 && strides[0] == Dim(1) && strides[1] == shape[0];
  Strides lay = eager::contiguous_strides(shape);
  if (by_columns) {
    lay[0] = 1;
    lay[1] = shape[0];
  }
  return eager::empty_strided(shape, lay, dtype);
}

// A gradient that lies neither by rows nor by columns is copied for each product that reads it. On
// the CPU products of floats are then made matrix by matrix.
Tensor readable(const Tensor& t) {
  const int rank = t.dim();
  const bool lies_well = t->strides[rank - 1] == Dim(1) || t->strides[rank - 2] == Dim(1) ||
                         t.size(rank - 1) == Dim(1) || t.size(rank - 2) == Dim(1);
  if (lies_well) return t;
  Tensor whole = eager::alias(t, t.shape(), eager::contiguous_strides(t.shape()));
  const bool one_by_one = rank == 3 && !on_cuda() && info(t.dtype()).bits >= 32;
  if (!one_by_one) return eager::empty(t.shape(), t.dtype());
  const Tensor matrix = eager::empty({t.size(1), t.size(2)}, t.dtype());
  return whole;
}

}  // namespace

void product_work(const Tensor& left, const Tensor& right) {
  if (on_cuda() || left.dtype() != DType::kBF16 || right.dtype() != DType::kBF16) return;
  const int rank = left.dim();
  onednn::Product p;
  if (rank == 3) p.batch = left.size(0);
  p.rows = left.size(rank - 2);
  p.inner = left.size(rank - 1);
  p.columns = right.size(right.dim() - 1);
  p.is_left_turned = left->strides[rank - 1] != Dim(1) && left->strides[rank - 2] == Dim(1);
  const Dim bytes = onednn::product_scratch(p);
  if (known(bytes) != 0) const Tensor scratch = eager::empty({bytes}, DType::kU8);
}

namespace {

struct Laid {
  Shape shape;
  Strides strides;
};
Laid laid(const Tensor& t) { return {t.shape(), t->strides}; }

bool is_by_columns(const Laid& m) { return m.strides[0] == Dim(1) && m.strides[1] == m.shape[0]; }

Tensor turned(const Tensor& t) { return t.defined() ? transpose(t, -2, -1) : t; }

// grad of a in a b = g: g b^T, or (b g^T)^T where a lies by columns.
Tensor left_grad(const Tensor& g, const Laid& a, const Tensor& b) {
  Tensor grad = matrix_grad(a.shape, a.strides, g.dtype());
  const Tensor dense = readable(g);
  if (!b.defined()) return grad;
  is_by_columns(a) ? product_work(b, turned(dense)) : product_work(dense, turned(b));
  return grad;
}

// grad of b: a^T g, or (g^T a)^T where b lies by columns.
Tensor right_grad(const Tensor& g, const Tensor& a, const Laid& b) {
  Tensor grad = matrix_grad(b.shape, b.strides, g.dtype());
  const Tensor dense = readable(g);
  if (!a.defined()) return grad;
  is_by_columns(b) ? product_work(turned(dense), a) : product_work(turned(a), dense);
  return grad;
}

// Leading axes of both, broadcast.
Shape batch_shape(const Tensor& a, const Tensor& b) {
  Shape x, y;
  for (int i = 0; i + 2 < a.dim(); ++i) x.push_back(a.size(i));
  for (int i = 0; i + 2 < b.dim(); ++i) y.push_back(b.size(i));
  return eager::broadcast_shape(x, y);
}

Shape joined(Shape batch, Dim rows, Dim columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

bool folds(const Tensor& a, const Tensor& b) {
  const bool a_larger = a.dim() >= b.dim();
  const Tensor& large = a_larger ? a : b;
  const Tensor& small = a_larger ? b : a;
  if (large.dim() < 3 || small.dim() > 2) return false;
  if (small.requires_grad()) return true;
  if (a.dim() == 2) return false;
  const int rank = large.dim();
  for (int i = 0; i + 2 < rank; ++i) {
    // The strides of the larger one, seen with its matrix transposed where it is the right operand.
    const Dim inner_stride =
        i + 1 == rank - 2 && !a_larger ? large->strides[rank - 1] : large->strides[i + 1];
    const Dim inner_size =
        i + 1 == rank - 2 && !a_larger ? large.size(rank - 1) : large.size(i + 1);
    if (large->strides[i] != inner_stride * inner_size) return false;
  }
  return true;
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  Tensor out = eager::empty({a.size(0), b.size(1)}, result_type({a, b}));
  product_work(a, b);
  eager::record("Mm", {b, a}, {out}, {if_needed(b, a), if_needed(a, b)},
                [la = laid(a), lb = laid(b)](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = right_grad(g[0], n.saved[0], lb);
                  if (n.needs(1)) grads[1] = left_grad(g[0], la, n.saved[1]);
                  return grads;
                });
  return out;
}

Tensor addmm(const Tensor& bias, const Tensor& a, const Tensor& b) {
  Tensor out = eager::empty({a.size(0), b.size(1)}, result_type({a, b}));
  product_work(a, b);
  eager::record("Addmm", {a, b, bias}, {out}, {if_needed(b, a), if_needed(a, b)},
                [la = laid(a), lb = laid(b)](eager::Node& n, const Tensors& g) {
                  Tensors grads(3);
                  if (n.needs(0)) grads[0] = left_grad(g[0], la, n.saved[1]);
                  if (n.needs(1)) grads[1] = right_grad(g[0], n.saved[0], lb);
                  if (n.needs(2)) grads[2] = g[0];
                  return grads;
                });
  return out;
}

namespace {

// a b = g of batches: g b^T and a^T g
Tensor left_batch_grad(const Tensor& g, const Shape& a, const Tensor& b) {
  Tensor grad = eager::empty(a, g.dtype());
  const Tensor dense = readable(g);
  if (b.defined()) product_work(dense, turned(b));
  return grad;
}

Tensor right_batch_grad(const Tensor& g, const Tensor& a, const Shape& b) {
  Tensor grad = eager::empty(b, g.dtype());
  const Tensor dense = readable(g);
  if (a.defined()) product_work(turned(a), dense);
  return grad;
}

}  // namespace

Tensor bmm(const Tensor& a, const Tensor& b) {
  Tensor out = eager::empty({a.size(0), a.size(1), b.size(2)}, result_type({a, b}));
  product_work(a, b);
  eager::record("Bmm", {b, a}, {out}, {if_needed(b, a), if_needed(a, b)},
                [sa = a.shape(), sb = b.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = right_batch_grad(g[0], n.saved[0], sb);
                  if (n.needs(1)) grads[1] = left_batch_grad(g[0], sa, n.saved[1]);
                  return grads;
                });
  return out;
}

namespace {

// A vector beside a vector or a matrix.
Tensor vector_product(const Tensor& a, const Tensor& b) {
  Shape shape;
  if (a.dim() == 2) shape = {a.size(0)};
  Tensor out = eager::empty(shape, result_type({a, b}));
  eager::record("Mv", {a, b}, {out}, {if_needed(b, a), if_needed(a, b)},
                [sa = a.shape(), sb = b.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = eager::empty(sa, g[0].dtype());
                  if (n.needs(1)) grads[1] = eager::empty(sb, g[0].dtype());
                  return grads;
                });
  return out;
}

Tensor folded(const Tensor& a, const Tensor& b) {
  if (a.dim() < b.dim()) {  // (b^T a^T)^T
    const Tensor turned = folded(transpose(b, -2, -1), a.dim() == 2 ? transpose(a, 0, 1) : a);
    return a.dim() == 2 ? contiguous(transpose(turned, -2, -1)) : turned;
  }
  Dim rows = 1;
  Shape shape;
  for (int i = 0; i + 1 < a.dim(); ++i) {
    rows *= a.size(i);
    shape.push_back(a.size(i));
  }
  const Tensor flat = reshape(a, {rows, a.size(-1)});
  if (b.dim() == 1) return view(vector_product(flat, b), shape);
  shape.push_back(b.size(1));
  return view(mm(flat, b), shape);
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.dim() <= 2 && b.dim() == 1) return vector_product(a, b);
  if (a.dim() == 1 && b.dim() == 2) return squeeze(mm(unsqueeze(a, 0), b), 0);
  if (a.dim() == 2 && b.dim() == 2) return mm(a, b);
  if (folds(a, b)) return folded(a, b);
  const Tensor left = a.dim() == 1 ? unsqueeze(a, 0) : a;
  const Tensor right = b.dim() == 1 ? unsqueeze(b, 1) : b;
  const Shape batch = batch_shape(left, right);
  const Dim count = num_elements(batch);
  const Dim n = left.size(-2), k = left.size(-1), m = right.size(-1);
  const Tensor x = reshape(expand(left, joined(batch, n, k)), {count, n, k});
  const Tensor y = reshape(expand(right, joined(batch, k, m)), {count, k, m});
  Shape shape = batch;
  if (a.dim() > 1) shape.push_back(n);
  if (b.dim() > 1) shape.push_back(m);
  return view(bmm(x, y), shape);
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const Tensor turned = transpose(weight, 0, 1);
  if (bias.defined() && input.dim() == 2) return addmm(bias, input, turned);
  if (bias.defined() && input.dim() > 2 && input.is_contiguous()) {
    Dim rows = 1;
    Shape shape;
    for (int i = 0; i + 1 < input.dim(); ++i) {
      rows *= input.size(i);
      shape.push_back(input.size(i));
    }
    shape.push_back(weight.size(0));
    Tensor out = view(addmm(bias, view(input, {rows, input.size(-1)}), turned), shape);
    out->is_view = true;
    return out;
  }
  Tensor out = matmul(input, turned);
  return bias.defined() ? add_(out, bias) : out;
}

namespace {

void linear_row(EagerCall& c) { c.out(linear(c.in(0), c.in(1), c.in(2))); }
void matmul_row(EagerCall& c) { c.out(matmul(c.in(0), c.in(1))); }
void mm_row(EagerCall& c) { c.out(mm(c.in(0), c.in(1))); }
void vdot_row(EagerCall& c) {
  const Tensor self = c.in(0), other = c.in(1);
  Tensor out = eager::empty({}, self.dtype());
  eager::record("Vdot", {other, self}, {out}, {if_needed(self, other), if_needed(other, self)},
                [shape = self.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  for (std::size_t i = 0; i < 2; ++i)
                    if (n.needs(i)) grads[i] = eager::empty(shape, g[0].dtype());
                  return grads;
                });
  c.out(out);
}

void bmm_row(EagerCall& c) { c.out(bmm(c.in(0), c.in(1))); }
void addmm_row(EagerCall& c) { c.out(addmm(c.in(0), c.in(1), c.in(2))); }

void baddbmm_row(EagerCall& c) {
  const Tensor self = c.in(0), a = c.in(1), b = c.in(2);
  Tensor out = eager::empty({a.size(0), a.size(1), b.size(2)}, result_type({a, b}));
  product_work(a, b);
  const bool scales_self = c.real_of("beta", 1) != 1;
  const bool scales = c.real_of("alpha", 1) != 1;
  eager::record(
      "Baddbmm", {a, b, self}, {out}, {if_needed(b, a), if_needed(a, b)},
      [sa = a.shape(), sb = b.shape(), scales, scales_self](eager::Node& n, const Tensors& g) {
        Tensors grads(3);
        for (std::size_t i = 0; i < 2; ++i) {
          if (!n.needs(i)) continue;
          Tensor product = i == 0 ? left_batch_grad(g[0], sa, n.saved[1])
                                  : right_batch_grad(g[0], n.saved[0], sb);
          grads[i] = scales ? eager::empty_like(product) : product;
        }
        if (n.needs(2)) grads[2] = scales_self ? eager::empty_like(g[0]) : g[0];
        return grads;
      });
  c.out(out);
}

// Rows of a against a matrix for each group of them, or groups of columns against rows; the last
// axis of the result is padded to 16 bytes.
Tensor grouped_product(const Shape& shape, DType dtype) {
  const std::int64_t step = 128 / info(dtype).bits;
  Shape whole = shape;
  const int last = shape.rank() - 1;
  whole[last] = ceildiv(shape[last], step) * Dim(step);
  return eager::alias(eager::empty(whole, dtype), shape, eager::contiguous_strides(whole));
}

void grouped_mm_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1), ends = c.in(2);
  Tensor out = eager::detach(grouped_product(c.out_shape(), c.out_dtype()));
  eager::record("GroupedMm", {b, a}, {out}, {if_needed(b, a), if_needed(a, b), ends},
                [la = laid(a), lb = laid(b)](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  const auto grad_of = [&](const Laid& l) {
                    const int rank = l.shape.rank();
                    const bool by_columns =
                        l.strides[rank - 2] == Dim(1) && l.strides[rank - 1] != Dim(1);
                    if (!by_columns) return grouped_product(l.shape, g[0].dtype());
                    Shape turned = l.shape;
                    std::swap(turned[rank - 2], turned[rank - 1]);
                    return transpose(grouped_product(turned, g[0].dtype()), -2, -1);
                  };
                  if (n.needs(0)) grads[0] = grad_of(lb);
                  if (n.needs(1)) grads[1] = grad_of(la);
                  return grads;
                });
  c.out(out);
}

// Distances of 2 between rows, by a product: of (-2 x, x^2, 1) and (y, 1, y^2).
void euclidean_dist_row(EagerCall& c) {
  const Tensor x = c.in(0), y = c.in(1);
  struct Widened {
    Tensor norm, ones;
    Shape shape;
  };
  const auto widened = [](const Tensor& t) {
    Shape one = t.shape(), wide = t.shape();
    one[t.dim() - 1] = 1;
    wide[t.dim() - 1] += 2;
    Tensor norm;
    {
      const Tensor square = eager::empty(t.shape(), t.dtype());
      norm = eager::empty(one, t.dtype());
    }
    return Widened{norm, eager::empty(one, t.dtype()), wide};
  };
  const Widened of_x = widened(x), of_y = widened(y);
  Tensor left, right;
  {
    const Tensor doubled = eager::empty(x.shape(), x.dtype());
    left = eager::empty(of_x.shape, x.dtype());
  }
  right = eager::empty(of_y.shape, y.dtype());
  Tensor out = eager::empty(c.out_shape(), x.dtype());
  eager::record("EuclideanDist", {x, y}, {out}, {x, y, out}, [](eager::Node& n, const Tensors& g) {
    const Tensor ratio = eager::empty_like(g[0]);
    {
      const Tensor mask = eager::empty_like(n.saved[2], DType::kBool);
    }
    // x times the sums of the ratios, less their product with y; and the other way round.
    Tensors held, grads;
    for (const Tensor& t : {n.saved[0], n.saved[1]}) {
      held.push_back(eager::empty(t.shape(), t.dtype()));
      held.push_back(eager::empty({floordiv(t.numel(), t.size(t.dim() - 1))}, t.dtype()));
      held.push_back(eager::empty(t.shape(), t.dtype()));
      grads.push_back(eager::empty(t.shape(), t.dtype()));
    }
    return grads;
  });
  c.out(out);
}

// Between rows, one by one.
void cdist_row(EagerCall& c) {
  const Tensor x = c.in(0), y = c.in(1);
  Tensor out = eager::empty(c.out_shape(), x.dtype());
  eager::record("Cdist", {x, y}, {out}, {x, y, out}, [](eager::Node& n, const Tensors& g) {
    const Tensor dense = contiguous(g[0]);
    Tensors grads(2);
    if (n.needs(0)) grads[0] = eager::empty(n.saved[0].shape(), g[0].dtype());
    if (n.needs(1)) {  // the same with both turned
      const Tensor turned = eager::empty(g[0].shape(), g[0].dtype());
      const Tensor distances = eager::empty(g[0].shape(), g[0].dtype());
      grads[1] = eager::empty(n.saved[1].shape(), g[0].dtype());
    }
    return grads;
  });
  c.out(out);
}

constexpr Op kRows[] = {
    row("_euclidean_dist.default", euclidean_dist_row),
    row("_cdist_forward.default", cdist_row),
    row("linear.default", linear_row),
    row("matmul.default", matmul_row),
    row("mm.default", mm_row),
    row("bmm.default", bmm_row),
    row("mv.default", matmul_row),
    row("dot.default", matmul_row),
    row("vdot.default", vdot_row),
    row("addmm.default", addmm_row),
    row("baddbmm.default", baddbmm_row),
    row("einsum.default", einsum_row),
    row("_trilinear.default", trilinear_row),
    row("__matmul__.default", matmul_row),
    row("_grouped_mm.default", grouped_mm_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_matmul_ops() { return aten::kRows; }
}  // namespace shapewright::families
