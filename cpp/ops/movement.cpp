// Operators that put whole tensors in another order, together or apart: Transpose, Concat, Split,
// Trilu.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- Transpose

std::span<const std::int64_t> perm_of(const Context& op) {
  const Attr* a = op.attr("perm");
  return a == nullptr ? std::span<const std::int64_t>{} : a->ints;
}

std::string list_text(std::span<const std::int64_t> values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

// Fails unless `perm` holds each of 0 .. size-1 once.
void check_perm(const Context& op, std::span<const std::int64_t> perm) {
  limit_rank(op, perm.size());
  std::uint64_t seen = 0;
  for (const std::int64_t axis : perm) {
    const bool in_range = axis >= 0 && axis < static_cast<std::int64_t>(perm.size());
    if (!in_range || ((seen >> axis) & 1) != 0) {
      op.fail("perm-invalid", "Transpose perm " + list_text(perm) + " is no permutation of 0 to " +
                                  std::to_string(static_cast<std::int64_t>(perm.size()) - 1));
    }
    seen |= std::uint64_t{1} << axis;
  }
}

void transpose_infer(Context& op) {
  require_moved(op, 0, 21);
  const bool given = op.has_attr("perm");
  const auto perm = perm_of(op);
  if (given) check_perm(op, perm);
  if (!op.has_rank(0)) {
    return op.output(
        0, op.dtype(0),
        given ? unknown_dims(op, static_cast<int>(perm.size())) : Shape::unknown_rank());
  }
  const Shape& in = op.shape(0);
  if (given && static_cast<int>(perm.size()) != in.rank()) {
    op.fail("perm-invalid", "Transpose perm " + list_text(perm) + " has " +
                                std::to_string(perm.size()) + " axes, but data has rank " +
                                std::to_string(in.rank()));
  }
  Shape out;
  for (int i = 0; i < in.rank(); ++i)
    out.push_back(given ? in[static_cast<int>(perm[static_cast<std::size_t>(i)])]
                        : in[in.rank() - 1 - i]);
  op.output(0, op.dtype(0), std::move(out));
}

void transpose_values(Context& op) {
  op.output_greatest(0, op.greatest(0));
  const Elements* in = op.elements(0);
  if (in == nullptr) return;
  const std::size_t rank = in->dims.size();
  if (rank <= 1) return op.output_elements(0, *in);
  const bool given = op.has_attr("perm");
  const auto perm = perm_of(op);
  if (given && perm.size() != rank) return;
  std::vector<std::size_t> strides(rank, 1);
  for (std::size_t k = rank; k-- > 1;)
    strides[k - 1] = strides[k] * static_cast<std::size_t>(in->dims[k]);
  Elements out;
  std::vector<std::size_t> step(rank), index(rank, 0);
  for (std::size_t k = 0; k < rank; ++k) {
    const std::size_t from = given ? static_cast<std::size_t>(perm[k]) : rank - 1 - k;
    out.dims.push_back(in->dims[from]);
    step[k] = strides[from];
  }
  out.elems.reserve(in->size());
  for (std::size_t n = 0, offset = 0; n < in->size(); ++n) {
    out.elems.push_back(in->elems[offset]);
    for (std::size_t k = rank; k-- > 0;) {
      offset += step[k];
      if (++index[k] < static_cast<std::size_t>(out.dims[k])) break;
      offset -= step[k] * index[k];
      index[k] = 0;
    }
  }
  op.output_elements(0, std::move(out));
}

// --- Concat

void concat_infer(Context& op) {
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  Joined joined;
  bool all_ranked = true;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    require_moved(op, i);
    all_ranked = all_ranked && op.has_rank(i);
    if (op.has_rank(i)) join(op, joined, i);
  }
  if (joined.shape.has_rank() && !all_ranked) joined.shape[joined.axis] = op.unknown_dim();
  op.output(0, dtype, std::move(joined.shape));
}

// The common case: the entries of a shape, one after the other.
void concat_vectors(Context& op) {
  std::vector<Elem> elems;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    if (const Elements* e = op.elements(i)) {
      elems.insert(elems.end(), e->elems.begin(), e->elems.end());
    } else {
      const auto dims = op.has_input(i) ? small_dims(op.shape(i)) : std::nullopt;
      if (!dims || dims->size() != 1) return;
      elems.resize(elems.size() + static_cast<std::size_t>((*dims)[0]));
    }
    if (elems.size() > Elements::kMax) return;
  }
  op.output_elements(0, Elements::vector(std::move(elems)));
}

void concat_values(Context& op) {
  bool any = false;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) any |= op.elements(i) != nullptr;
  if (!any || !op.output_type(0).shape.has_rank()) return;
  if (op.output_type(0).shape.rank() == 1) return concat_vectors(op);
  auto dims = small_dims(op.output_type(0).shape);
  if (!dims) return;
  const auto axis = static_cast<std::size_t>(
      normalize_axis(op, op.attr_int("axis", 0), static_cast<int>(dims->size()), "axis"));
  const auto product_of = [&](std::size_t first, std::size_t last) {
    return std::accumulate(dims->begin() + static_cast<std::ptrdiff_t>(first),
                           dims->begin() + static_cast<std::ptrdiff_t>(last), std::int64_t{1},
                           std::multiplies<>());
  };
  const std::int64_t outer = product_of(0, axis), inner = product_of(axis + 1, dims->size());
  const std::int64_t row = inner * (*dims)[axis];
  std::vector<Elem> elems(static_cast<std::size_t>(outer * row));
  std::int64_t column = 0;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    auto part = op.has_input(i) ? small_dims(op.shape(i)) : std::nullopt;
    if (!part || part->size() != dims->size()) return;
    const std::int64_t width = inner * (*part)[axis];
    const Elements* e = op.elements(i);
    if (e != nullptr && static_cast<std::int64_t>(e->size()) == outer * width &&
        column + width <= row) {
      for (std::int64_t r = 0; r < outer; ++r)
        std::copy_n(e->elems.begin() + r * width, width, elems.begin() + r * row + column);
    }
    column += width;
  }
  op.output_elements(0, {std::move(*dims), std::move(elems)});
}

// --- Trilu

void trilu_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kInt64);
  require_rank(op, 0, 2);
  if (op.has_rank(1)) {
    require_rank(op, 1, 0, 1);
    if (op.rank(1) == 1) {
      op.require_equal("rank-mismatch", op.shape(1)[0], 1,
                       [] { return std::string("k with a scalar"); });
    }
  }
  same_as_input(op);
}

constexpr AttrSpec kTranspose[] = {{"perm", AttrKind::kInts}};
constexpr AttrSpec kConcat[] = {{"axis", AttrKind::kInt, true}};
constexpr AttrSpec kTrilu[] = {{"upper", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Transpose",
     .since = 1,
     .operands = "data",
     .attrs = kTranspose,
     .infer = transpose_infer,
     .values = transpose_values},
    {.name = "Concat",
     .since = 4,
     .inputs = {1, kMany},
     .attrs = kConcat,
     .infer = concat_infer,
     .values = concat_values},
    {.name = "Trilu",
     .since = 14,
     .inputs = {1, 2},
     .operands = "input k",
     .attrs = kTrilu,
     .infer = trilu_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> movement_ops() { return kOps; }

}  // namespace shapewright::families
