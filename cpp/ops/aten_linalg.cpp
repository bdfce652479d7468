// Factorizations of matrices and what is solved with them. LAPACK writes by columns, and checks
// pivots afterwards; the gradients are products and triangular systems of what came out.
//
// What a library works in is its own matter: on a GPU nothing of cuSOLVER's or MAGMA's is known, on
// a CPU that of a QR is what MKL asks for, by its threads.
#include <utility>

#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

Shape batch_of(const Tensor& t) {
  Shape shape = t.shape();
  for (int i = 0; i < 2; ++i) shape.erase(shape.rank() - 1);
  return shape;
}

Shape with(Shape batch, std::initializer_list<Dim> axes) {
  for (const Dim& axis : axes) batch.push_back(axis);
  return batch;
}

// A batch of matrices, each lying by columns.
Tensor by_columns(const Shape& shape, DType dtype) {
  const int rank = shape.rank();
  Shape turned = shape;
  std::swap(turned[rank - 2], turned[rank - 1]);
  Strides strides = eager::contiguous_strides(turned);
  std::swap(strides[rank - 2], strides[rank - 1]);
  return eager::empty_strided(shape, strides, dtype);
}

Tensor by_columns_like(const Tensor& t) { return by_columns(t.shape(), t.dtype()); }
Tensor made_like(const Tensor& t) { return eager::empty(t.shape(), t.dtype()); }
Tensor turned(const Tensor& t) { return transpose(t, -2, -1); }

bool at_most(Dim a, Dim b) { return prove_le(a, b) == Truth::kYes; }

Dim least(const Tensor& t) { return min(t.size(-2), t.size(-1)); }

Tensor infos_of(const Tensor& t) { return eager::empty(batch_of(t), DType::kI32); }
Tensor pivots_of(const Tensor& t) {
  return eager::empty(with(batch_of(t), {least(t)}), DType::kI32);
}

// Each of two bounds makes a mask.
void check_pivots(const Tensor& pivots) {
  if (on_cuda()) return;
  for (int i = 0; i < 2; ++i) const Tensor mask = eager::empty_like(pivots, DType::kBool);
}

// X of A X = B or X A = B, A triangular. What lies neither by rows nor by columns is copied.
Tensor solved_triangular(const Tensor& b) { return by_columns_like(b); }

Tensor summed(const Tensor& gradient, Tensor made) {
  return gradient.defined() ? elementwise_out({gradient, made}) : made;
}

// --- Cholesky

// L^-H sym(tril(L^H g)) L^-1
Tensors cholesky_back(eager::Node& n, const Tensors& g) {
  const Tensor factor = n.saved[0];
  Tensor symmetric;
  {
    Tensor lower;
    {
      const Tensor product = matmul(turned(factor), g[0]);
      lower = made_like(product);
    }
    const Tensor strict = made_like(lower), whole = made_like(lower);
    symmetric = made_like(lower);
  }
  Tensor left = solved_triangular(symmetric);
  symmetric = {};
  return {solved_triangular(left)};
}

void cholesky_row(EagerCall& c) {
  const Tensor self = c.in(0);
  if (on_cuda()) c.count_in_part();
  Tensor factor = by_columns_like(self), infos = infos_of(self);
  eager::record("LinalgCholeskyEx", {self}, {factor}, {factor}, cholesky_back);
  c.out(factor);
  if (c.num_outputs() > 1) c.out(infos);
}

// --- LU

// P L^-H (tril(L^H gL) + triu(gU U^H)) U^-H of square matrices
Tensor lu_grad(const Tensor& of_lower, const Tensor& of_upper, const Tensor& perm,
               const Tensor& lower, const Tensor& upper) {
  Tensor made;
  if (of_lower.defined()) {
    const Tensor product = matmul(turned(lower), of_lower);
    made = made_like(product);
  }
  if (of_upper.defined()) {
    const Tensor product = matmul(of_upper, turned(upper)), part = made_like(product);
    made = made.defined() ? made_like(product) : part;
  }
  made = solved_triangular(made);
  made = solved_triangular(made);
  return matmul(perm, made);
}

// P of pivots: by the order of the rows.
Tensor permutation(const Tensor& pivots, const Tensor& like) {
  Tensor perm = made_like(like);
  const Tensor places = eager::empty({pivots.size(-1)}, DType::kI64);
  const Tensor order = eager::empty(pivots.shape(), DType::kI64);
  return perm;
}

void lu_factor_row(EagerCall& c) {
  const Tensor self = c.in(0);
  if (on_cuda() || !surely_eq(self.size(-2), self.size(-1))) c.count_in_part();
  Tensor factored = by_columns_like(self), pivots = pivots_of(self), infos = infos_of(self);
  eager::record("LinalgLuFactorEx", {self}, {factored}, {factored, pivots},
                [](eager::Node& n, const Tensors& g) {
                  const Tensor lower = made_like(g[0]), upper = made_like(g[0]);
                  const Tensor perm = permutation(n.saved[1], g[0]);
                  return Tensors{lu_grad(g[0], g[0], perm, lower, upper)};
                });
  c.out(factored);
  c.out(pivots);
  c.out(infos);
}

void lu_row(EagerCall& c) {
  const Tensor self = c.in(0);
  if (on_cuda() || !surely_eq(self.size(-2), self.size(-1))) c.count_in_part();
  Tensor perm = eager::empty(c.out_shape(0), self.dtype());
  Tensor lower = by_columns(c.out_shape(1), self.dtype());
  Tensor upper = by_columns(c.out_shape(2), self.dtype());
  {
    const Tensor pivots = pivots_of(self), infos = infos_of(self), factored = by_columns_like(self);
  }
  eager::record("LinalgLu", {self}, {lower, upper}, {perm, lower, upper},
                [](eager::Node& n, const Tensors& g) {
                  return Tensors{lu_grad(g[0], g[1], n.saved[0], n.saved[1], n.saved[2])};
                });
  c.out(perm);
  c.out(lower);
  c.out(upper);
}

// --- QR

Tensors qr_back(eager::Node& n, const Tensors& g) {
  const Tensor q = n.saved[0], r = n.saved[1];
  Tensor core;  // gR R^H - Q^H gQ
  if (g[0].defined()) {
    Tensor of_r, of_q;
    if (g[1].defined()) of_r = matmul(g[1], turned(r));
    of_q = matmul(turned(q), g[0]);
    core = made_like(of_q);
  } else {
    core = matmul(g[1], turned(r));
  }
  Tensor made;
  if (at_most(r.size(-1), q.size(-2))) {
    {
      const Tensor upper = made_like(core), symmetric = made_like(core);
      made = matmul(q, symmetric);
    }
    core = {};
    if (g[0].defined()) made = summed(g[0], made);
    return {solved_triangular(made)};
  }
  {
    const Tensor lower = made_like(core);
    Tensor skew;
    {
      const Tensor difference = made_like(core);
      skew = made_like(core);
    }
    made = matmul(q, skew);
  }
  core = {};
  Tensor square;
  {
    const Tensor copied = by_columns_like(made);
    square = solved_triangular(made);
  }
  made = {};
  Tensor joined;
  {
    Shape rest = r.shape();
    rest[rest.rank() - 1] = r.size(-1) - r.size(-2);
    const Tensor zeros = eager::empty(rest, r.dtype());
    joined = eager::empty(r.shape(), r.dtype());
  }
  square = {};
  if (!g[1].defined()) return {joined};
  const Tensor product = matmul(q, g[1]);
  return {summed(product, joined)};
}

void qr_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool has_q = c.text_of("mode") != "r";
  c.count_in_part();
  Tensor q = has_q ? by_columns(c.out_shape(0), self.dtype()) : Tensor();
  Tensor r = by_columns(c.out_shape(1), self.dtype());
  {
    const Tensor reflectors = eager::empty(with(batch_of(self), {least(self)}), self.dtype());
    const Tensor factored = has_q ? Tensor() : by_columns_like(self);
    if (!at_most(self.size(-2), self.size(-1))) const Tensor upper = made_like(r);
  }
  if (!has_q) q = eager::empty(c.out_shape(0), self.dtype());
  eager::record("LinalgQr", {self}, {q, r}, {q, r}, qr_back);
  c.out(q);
  c.out(r);
}

// --- singular values

// X - X^H of U^H gU
Tensor skew_of(const Tensor& left, const Tensor& right) {
  const Tensor product = matmul(left, right);
  return made_like(product);
}

Tensors svd_back(eager::Node& n, const Tensors& g) {
  const Tensor u = n.saved[0], s = n.saved[1], vh = n.saved[2];
  const bool has_u = g[0].defined(), has_s = g[1].defined(), has_vh = g[2].defined();
  const Dim rows = u.size(-2), columns = vh.size(-1);
  const bool is_tall = at_most(columns, rows);
  if (!has_u && !has_vh) {  // U diag(gS) V^H
    const Tensor scaled = is_tall ? made_like(vh) : made_like(u);
    return {is_tall ? matmul(u, scaled) : matmul(scaled, vh)};
  }
  const Tensor of_u = has_u ? skew_of(turned(u), g[0]) : Tensor();
  const Tensor of_vh = has_vh ? skew_of(g[2], turned(vh)) : Tensor();
  const Tensor& any = has_u ? of_u : of_vh;
  Tensor core, gaps;
  {
    const Tensor squares = made_like(s);
    gaps = made_like(any);
  }
  if (has_u && has_vh) {
    const Tensor left = made_like(any), right = made_like(any), both = made_like(any);
    core = made_like(any);
  } else {
    const Tensor quotient = made_like(any);
    core = made_like(any);
  }
  gaps = {};
  if (has_s) {
    const Tensor diagonal = made_like(core);
    core = made_like(core);
  }
  // What of U's gradient lies beside the span of U, and so of V's.
  if (has_u && !at_most(rows, s.size(-1))) {
    core = matmul(u, core);
    {
      const Tensor scaled = made_like(g[0]);
      const Tensor inner = matmul(turned(u), scaled), within = matmul(u, inner);
      const Tensor both = made_like(core);
      core = made_like(core);
    }
    return {matmul(core, vh)};
  }
  if (has_vh && !at_most(columns, s.size(-1))) {
    core = matmul(core, vh);
    {
      const Tensor scaled = made_like(g[2]);
      const Tensor inner = matmul(scaled, turned(vh)), within = matmul(inner, vh);
      const Tensor both = made_like(core);
      core = made_like(core);
    }
    return {matmul(u, core)};
  }
  return {is_tall ? matmul(u, matmul(core, vh)) : matmul(matmul(u, core), vh)};
}

// The first `count` of U's columns or of V^H's rows.
Tensor narrowed(const Tensor& t, int axis, Dim count) {
  return t.size(axis) == count ? t : narrow(t, axis, count);
}

void svd_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool is_open = prove_le(self.size(-2), self.size(-1)) == Truth::kUnknown;
  if (on_cuda() || is_open) c.count_in_part();
  Tensor u = by_columns(c.out_shape(0), self.dtype());
  Tensor vh = on_cuda() ? eager::empty(c.out_shape(2), self.dtype())
                        : by_columns(c.out_shape(2), self.dtype());
  Tensor s = eager::empty(c.out_shape(1), self.dtype());
  {
    const Tensor infos = infos_of(self), copied = by_columns_like(self);
  }
  const int last = self.dim() - 1;
  eager::record("LinalgSvd", {self}, {u, s, vh}, {u, s, vh},
                [last](eager::Node& n, const Tensors& g) {
                  const Dim count = n.saved[1].size(-1);
                  n.saved[0] = narrowed(n.saved[0], last, count);
                  n.saved[2] = narrowed(n.saved[2], last - 1, count);
                  Tensors given = g;
                  if (given[0].defined()) given[0] = narrowed(given[0], last, count);
                  if (given[2].defined()) given[2] = narrowed(given[2], last - 1, count);
                  return svd_back(n, given);
                });
  c.out(u);
  c.out(s);
  c.out(vh);
}

// --- eigenvalues of symmetric matrices

Tensors eigh_back(eager::Node& n, const Tensors& g) {
  const Tensor values = n.saved[0], vectors = n.saved[1];
  if (!g[1].defined()) {
    const Tensor scaled = made_like(vectors);
    return {matmul(scaled, turned(vectors))};
  }
  const Tensor core = matmul(turned(vectors), g[1]);
  const Tensor gaps = made_like(core);
  return {matmul(vectors, matmul(core, turned(vectors)))};
}

void eigh_row(EagerCall& c) {
  const Tensor self = c.in(0);
  const bool has_vectors = c.flag("compute_v", true);
  if (on_cuda() || !has_vectors) c.count_in_part();
  Tensor vectors = by_columns_like(self);
  Tensor values = eager::empty(c.out_shape(0), self.dtype());
  {
    const Tensor infos = infos_of(self);
    if (!on_cuda() && has_vectors) {  // of ?syevd
      const Dim order = self.size(-1);
      const Tensor work = eager::empty({order * order * 2 + order * 6 + 2}, self.dtype());
      const Tensor int_work = eager::empty({order * 5 + 3}, DType::kI32);
    }
  }
  if (!has_vectors) vectors = eager::empty(c.out_shape(1), self.dtype());
  eager::record("LinalgEigh", {self}, {values, vectors}, {values, vectors}, eigh_back);
  c.out(values);
  c.out(vectors);
}

// --- inverses and systems

void inv_row(EagerCall& c) {
  const Tensor self = c.in(0);
  if (on_cuda()) c.count_in_part();
  Tensor inverse = by_columns_like(self), infos = infos_of(self);
  {
    const Tensor factored = by_columns_like(self), pivots = pivots_of(self);
    check_pivots(pivots);
  }
  eager::record("LinalgInvEx", {self}, {inverse}, {inverse},
                [](eager::Node& n, const Tensors& g) {  // -X^H g X^H
                  const Tensor right = matmul(g[0], turned(n.saved[0]));
                  const Tensor product = matmul(turned(n.saved[0]), right);
                  return Tensors{made_like(product)};
                });
  c.out(inverse);
  c.out(infos);
}

// A X = B or, from the right, X A = B; a vector is a matrix of one column.
void solve_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  if (on_cuda()) c.count_in_part();
  const bool is_vector = b.dim() == a.dim() - 1;
  Tensor result =
      is_vector ? eager::empty(c.out_shape(0), b.dtype()) : by_columns(c.out_shape(0), b.dtype());
  Tensor factored = by_columns_like(a), pivots = pivots_of(a), infos = infos_of(a);
  {
    const Tensor copied = is_vector ? made_like(result) : Tensor();
    check_pivots(pivots);
  }
  eager::record("LinalgSolveEx", {a, b}, {result}, {result, a, factored, pivots},
                [](eager::Node& n, const Tensors&) {
                  const Tensor x = n.saved[0], lu = n.saved[2];
                  Tensors grads(2);
                  const bool is_row = x.dim() == lu.dim() - 1;
                  grads[1] = is_row ? made_like(x) : by_columns_like(x);
                  check_pivots(n.saved[3]);
                  if (n.needs(0)) {  // -gB X^H
                    const Tensor product = made_like(lu);
                    grads[0] = made_like(lu);
                  }
                  if (!n.needs(1)) grads[1] = {};
                  return grads;
                });
  c.out(result);
  c.out(factored);
  c.out(pivots);
  c.out(infos);
}

void solve_triangular_row(EagerCall& c) {
  const Tensor a = c.in(0), b = c.in(1);
  Tensor result = by_columns(c.out_shape(0), b.dtype());
  eager::record("LinalgSolveTriangular", {b, a}, {result}, {a, result},
                [](eager::Node& n, const Tensors&) {
                  const Tensor triangle = n.saved[0];
                  Tensors grads(2);
                  grads[0] = solved_triangular(n.saved[1]);
                  if (n.needs(1)) {
                    Tensor negated;
                    {
                      const Tensor product = made_like(triangle);
                      negated = made_like(triangle);
                    }
                    grads[1] = made_like(triangle);
                  }
                  if (!n.needs(0)) grads[0] = {};
                  return grads;
                });
  c.out(result);
}

constexpr Op kRows[] = {
    row("linalg_cholesky_ex.default", cholesky_row),
    row("cholesky.default", cholesky_row),
    row("linalg_lu_factor_ex.default", lu_factor_row),
    row("linalg_lu.default", lu_row),
    row("linalg_qr.default", qr_row),
    row("_linalg_svd.default", svd_row),
    row("_linalg_eigh.default", eigh_row),
    row("linalg_inv_ex.default", inv_row),
    row("_linalg_solve_ex.default", solve_row),
    row("linalg_solve_triangular.default", solve_triangular_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_linalg_ops() { return aten::kRows; }
}  // namespace shapewright::families
