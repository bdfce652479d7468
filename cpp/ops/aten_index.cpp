// Indexing, gathering, scattering, repeating.
#include "ops/aten.h"
#include "ops/aten_positions.h"
#include "ops/aten_scatter.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

eager::Backward fresh_back(const Shape& old) {
  return [old](eager::Node&, const Tensors& g) { return Tensors{eager::empty(old, g[0].dtype())}; };
}

void embedding_row(EagerCall& c) {
  const Tensor weight = c.in(0), indices = c.in(1);
  Tensor out = eager::empty(c.out_shape(), weight.dtype());
  eager::record("Embedding", {weight}, {out}, {indices},
                [shape = weight.shape()](eager::Node&, const Tensors& g) {
                  const Tensor dense = on_cuda() ? g[0] : contiguous(g[0]);
                  return Tensors{eager::empty(shape, g[0].dtype())};
                });
  c.out(out);
}

// To which bag each index belongs, by a running count.
Tensor bag_numbers(const Tensor& indices, const Tensor& offsets) {
  const Shape shape = {indices.numel() + 1};
  const Tensor marks = eager::empty(shape, DType::kI64);
  {
    const Tensor ones = eager::empty(offsets.shape(), DType::kI64);
  }
  return eager::empty(shape, DType::kI64);
}

// Sums, means or maxima of bags of rows; results: of bags, the bag of each index, sizes, maxima.
void embedding_bag_row(EagerCall& c) {
  const Tensor weight = c.in(0), indices = c.in(1), offsets = c.in(2), factors = c.in(3);
  constexpr std::int64_t kSum = 0, kMean = 1, kMax = 2;
  const std::int64_t mode = c.int_of("mode", kSum);
  const bool is_fast = mode == kSum && !on_cuda();
  const Shape& shape = c.out_shape();
  const Shape per_bag = {shape[0]};
  Tensor out = eager::empty(shape, weight.dtype());
  const Tensor bags = is_fast ? eager::empty({0}, DType::kI64) : bag_numbers(indices, offsets);
  const Tensor sizes = eager::empty(per_bag, DType::kI64);
  {
    const Tensor differences = eager::empty({shape[0] - 1}, DType::kI64);
  }
  const Tensor maxima = eager::empty(mode == kMax ? shape : per_bag, DType::kI64);
  if (mode == kMean) {  // a bag without rows counts as of one
    const Tensor ones = eager::empty(per_bag, DType::kI64);
    const Tensor at_least_one = eager::empty(per_bag, DType::kI64);
    const Tensor divisors = eager::empty(per_bag, weight.dtype());
  }
  eager::record("EmbeddingBag", {weight, factors}, {out},
                {indices, offsets, bags, sizes, maxima, factors},
                [rows = weight.shape(), is_fast, mode](eager::Node& n, const Tensors& g) {
                  const Tensor& rows_read = n.saved[0];
                  Tensors grads(2);
                  if (n.needs(0)) {
                    const Tensor dense = contiguous(g[0]);
                    const Tensor numbers = is_fast ? bag_numbers(rows_read, n.saved[1]) : Tensor();
                    grads[0] = eager::empty(rows, g[0].dtype());
                    if (mode != kMax && !on_cuda()) {  // sorted, with the bag of each
                      const Shape each = {rows_read.numel()};
                      const Tensor sorted = eager::empty(each, DType::kI64);
                      const Tensor order = eager::empty(each, DType::kI64);
                      {
                        const Tensor work = eager::empty(each, DType::kI64);
                      }
                      const Tensor picked = eager::empty(each, DType::kI64);
                    }
                  }
                  if (n.needs(1)) grads[1] = eager::empty(rows_read.shape(), g[0].dtype());
                  return grads;
                });
  c.out(out);
  c.out(bags);
  c.out(sizes);
  c.out(maxima);
}

void index_row(EagerCall& c) {  // self, then indices; omitted ones take all
  const Tensor self = c.in(0);
  Tensors saved(c.inputs().begin() + 1, c.inputs().end());
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Index", {self}, {out}, saved, fresh_back(self.shape()));
  c.out(out);
}

void index_select_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("IndexSelect", {self}, {out}, {c.in(1)}, fresh_back(self.shape()));
  c.out(out);
}

void gather_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Gather", {self}, {out}, {self, c.in(1)}, fresh_back(self.shape()));
  c.out(out);
}

void take_along_dim_row(EagerCall& c) {  // indices wrapped around first
  const Tensor self = c.in(0);
  const Tensor wrapped = eager::empty_like(c.in(1));
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Gather", {self}, {out}, {self, wrapped}, fresh_back(self.shape()));
  c.out(out);
}

// self with src written at the indices; the gradient of src is gathered
// of index_add and index_copy, which keep src for its shape
template <bool kInPlace, bool kKeepsGradient, bool kKeepsSource = false>
void scatter_row(EagerCall& c) {
  const Tensor self = c.in(0), index = c.in(1), src = c.in(2);
  Tensor out = kInPlace ? self : eager::empty_like(self);
  eager::record("Scatter", {self, src}, {out}, {index, kKeepsSource ? src : Tensor()},
                [shape = src.defined() ? src.shape() : Shape{}](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = kKeepsGradient ? g[0] : eager::empty_like(g[0]);
                  if (n.needs(1)) grads[1] = eager::empty(shape, g[0].dtype());
                  return grads;
                });
  c.out(out);
}

// index_put(self, indices..., values): values come last
template <bool kInPlace>
void index_put_row(EagerCall& c) {
  const Tensor self = c.in(0), values = c.inputs().back();
  Tensors saved(c.inputs().begin() + 1, c.inputs().end() - 1);
  Tensor out = kInPlace ? self : eager::empty_like(self);
  eager::record("IndexPut", {self, values}, {out}, saved,
                [shape = values.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = eager::empty_like(g[0]);
                  if (n.needs(1)) grads[1] = eager::empty(shape, g[0].dtype());
                  return grads;
                });
  c.out(out);
}

void repeat_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Repeat", {self}, {out}, {}, fresh_back(self.shape()));
  c.out(out);
}

// A clone with a piece of it written anew.
void slice_scatter_row(EagerCall& c) {
  const Tensor self = c.in(0), src = c.in(1);
  Tensor out = eager::empty_like(self);
  eager::record("SliceScatter", {self, src}, {out}, {},
                [shape = src.shape()](eager::Node& n, const Tensors& g) {
                  Tensors grads(2);
                  if (n.needs(0)) grads[0] = eager::empty_like(g[0]);
                  if (n.needs(1)) grads[1] = eager::empty(shape, g[0].dtype());
                  return grads;
                });
  c.out(out);
}

void made_row(EagerCall& c) {  // a tensor that nothing is differentiated through
  for (std::size_t i = 0; i < c.num_outputs(); ++i)
    c.out(eager::empty(c.out_shape(i), c.out_dtype(i)));
}

void made_like_row(EagerCall& c) {
  const Tensor self = c.in(0);
  c.out(eager::empty_strided(c.out_shape(), eager::contiguous_strides(c.out_shape()),
                             c.dtype_of().value_or(self.dtype())));
}

void filled_row(EagerCall& c) {  // fill_, zero_, normal_, ...: in place
  const Tensor self = c.in(0);
  eager::record("Fill", {self}, {self}, {}, fresh_back(self.shape()));
  c.out(self);
}

void expanded_row(EagerCall& c) {  // meshgrid
  for (std::size_t i = 0; i < c.num_outputs(); ++i)
    c.out(eager::alias(c.in(i), c.out_shape(i), Shape::of_rank(c.out_shape(i).rank(), 0)));
}

void nothing_row(EagerCall&) {}

// Neighbours' differences, of what was put before and behind joined to it first.
void diff_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Shape shape = c.out_shape();
  shape[c.axis_of("dim", -1, self.dim())] += 1;
  const Tensor joined = c.num_inputs() > 1 ? eager::empty(shape, self.dtype()) : Tensor();
  Tensor out = eager::empty(c.out_shape(), self.dtype());
  eager::record("Diff", {self}, {out}, {}, fresh_back(self.shape()));
  c.out(out);
}

void broadcast_row(EagerCall& c) {
  for (std::size_t i = 0; i < c.num_outputs(); ++i) c.out(expand(c.in(i), c.out_shape(i)));
}

constexpr Op kRows[] = {
    row("diff.default", diff_row),
    row("broadcast_tensors.default", broadcast_row),
    with_values(row("embedding.default", embedding_row), embedding_values),
    row("embedding_bag.default", embedding_bag_row),
    row("embedding_bag.padding_idx", embedding_bag_row),
    with_values(row("index.Tensor", index_row), index_values),
    with_values(row("index_select.default", index_select_row), index_select_values),
    row("gather.default", gather_row),
    row("take_along_dim.default", take_along_dim_row),
    row("scatter.src", scatter_row<false, false>),
    row("scatter.value", scatter_row<false, false>),
    row("scatter_.src", scatter_row<true, false>),
    row("scatter_.value", scatter_row<true, false>),
    row("scatter_add.default", scatter_row<false, true>),
    row("scatter_add_.default", scatter_row<true, true>),
    row("index_add.default", scatter_row<false, true, true>),
    row("index_add_.default", scatter_row<true, true, true>),
    row("index_copy.default", scatter_row<false, false, true>),
    row("index_copy_.default", scatter_row<true, false, true>),
    row("index_fill.int_Scalar", index_fill_row),
    row("index_fill_.int_Scalar", index_fill_in_place_row),
    row("scatter_reduce.two", scatter_reduce_row),
    row("scatter_reduce_.two", scatter_reduce_in_place_row),
    row("index_reduce.default", index_reduce_row),
    row("index_reduce_.default", index_reduce_in_place_row),
    row("masked_scatter.default", masked_scatter_row),
    row("masked_scatter_.default", masked_scatter_in_place_row),
    row("index_put.default", index_put_row<false>),
    row("index_put_.default", index_put_row<true>),
    row("slice_scatter.default", slice_scatter_row),
    row("select_scatter.default", slice_scatter_row),
    with_values(row("repeat.default", repeat_row), kept_values),
    row("tile.default", repeat_row),
    row("repeat_interleave.self_int", repeat_row),
    row("repeat_interleave.self_Tensor", repeat_by_tensor_row),
    row("meshgrid.default", expanded_row),
    row("meshgrid.indexing", expanded_row),
    with_values(row("arange.default", made_row), arange_values),
    with_values(row("arange.start", made_row), arange_values),
    with_values(row("arange.start_step", made_row), arange_values),
    row("linspace.default", made_row),
    row("zeros.default", made_row),
    row("ones.default", made_row),
    row("full.default", made_row),
    row("empty.memory_format", made_row),
    row("eye.default", made_row),
    row("eye.m", made_row),
    row("rand.default", made_row),
    row("randn.default", made_row),
    row("randint.default", made_row),
    row("randint.low", made_row),
    row("randperm.default", made_row),
    row("scalar_tensor.default", made_row),
    row("one_hot.default", made_row),
    row("tril_indices.default", made_row),
    row("triu_indices.default", made_row),
    row("isin.Tensor_Tensor", made_row),
    row("zeros_like.default", made_like_row),
    row("ones_like.default", made_like_row),
    row("full_like.default", made_like_row),
    row("empty_like.default", made_like_row),
    row("rand_like.default", made_like_row),
    row("randn_like.default", made_like_row),
    row("new_zeros.default", made_like_row),
    row("new_ones.default", made_like_row),
    row("new_full.default", made_like_row),
    row("new_empty.default", made_like_row),
    row("bernoulli.p", made_like_row),
    row("bernoulli.default", made_like_row),
    row("multinomial.default", made_row),
    row("hann_window.default", made_row),
    row("hann_window.periodic", made_row),
    row("hamming_window.default", made_row),
    row("poisson.default", made_like_row),
    row("normal.Tensor_Tensor", made_row),
    row("normal.Tensor_float", made_row),
    row("normal.float_Tensor", made_row),
    row("bernoulli_.float", filled_row),
    row("fill_.Scalar", filled_row),
    row("fill_.Tensor", filled_row),
    row("zero_.default", filled_row),
    row("normal_.default", filled_row),
    row("uniform_.default", filled_row),
    row("exponential_.default", filled_row),
    row("geometric_.default", filled_row),
    row("cauchy_.default", filled_row),
    row("log_normal_.default", filled_row),
    row("random_.default", filled_row),
    row("random_.from", filled_row),
    row("random_.to", filled_row),
    row("_assert_tensor_metadata.default", nothing_row),
    row("_assert_scalar.default", nothing_row),
    row("_assert_async.msg", nothing_row),
    row("sym_size.int", nothing_row),
    row("sym_constrain_range_for_size.default", nothing_row),
    row("item.default", nothing_row),
    row("_local_scalar_dense.default", nothing_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_index_ops() { return aten::kRows; }
}  // namespace shapewright::families
