// Operators that read by index: Gather, GatherElements, GatherND.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ops/families.h"
#include "ops/indices.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

std::size_t product_of(const std::vector<std::int64_t>& dims, std::size_t first, std::size_t last) {
  std::size_t product = 1;
  for (std::size_t k = first; k < last; ++k) product *= static_cast<std::size_t>(dims[k]);
  return product;
}

// --- Gather: the axis of data is replaced by the shape of indices

void gather_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kIndices);
  const DType dtype = op.dtype(0);
  if (!op.has_rank(0)) return op.output(0, dtype, Shape::unknown_rank());
  require_rank(op, 0, 1);
  const Shape& data = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", 0), data.rank(), "axis");
  if (const Elements* e = op.elements(1)) require_in_range(op, *e, 0, 1, data[axis], 0, axis);
  require_greatest_in_range(op, 1, data[axis], 0, axis);
  if (!op.has_rank(1)) return op.output(0, dtype, Shape::unknown_rank());
  const Shape& indices = op.shape(1);
  if (known(data[axis]) == 0 && bounds(num_elements(indices)).lo >= 1) {
    op.fail("index-out-of-range", "Gather takes " + to_string(num_elements(indices)) +
                                      " indices of axis " + std::to_string(axis) +
                                      ", which is empty");
  }
  Shape out;
  for (int k = 0; k < axis; ++k) out.push_back(data[k]);
  for (const Dim d : indices) out.push_back(d);
  for (int k = axis + 1; k < data.rank(); ++k) out.push_back(data[k]);
  op.output(0, dtype, std::move(out));
}

void gather_values(Context& op) {
  const Elements* data = op.elements(0);
  const Elements* indices = op.elements(1);
  if (data == nullptr || indices == nullptr || data->dims.empty()) return;
  const auto rank = data->dims.size();
  const auto axis = static_cast<std::size_t>(
      normalize_axis(op, op.attr_int("axis", 0), static_cast<int>(rank), "axis"));
  const std::int64_t d = data->dims[axis];
  const std::size_t outer = product_of(data->dims, 0, axis);
  const std::size_t inner = product_of(data->dims, axis + 1, rank);
  if (outer * indices->size() * inner > Elements::kMax) return;
  Elements out;
  if (rank == 1) {
    out.dims = indices->dims;
  } else {
    const auto at = static_cast<std::ptrdiff_t>(axis);
    out.dims.assign(data->dims.begin(), data->dims.begin() + at);
    out.dims.insert(out.dims.end(), indices->dims.begin(), indices->dims.end());
    out.dims.insert(out.dims.end(), data->dims.begin() + at + 1, data->dims.end());
  }
  out.elems.reserve(outer * indices->size() * inner);
  for (std::size_t o = 0; o < outer; ++o) {
    for (const Elem& index : indices->elems) {
      const auto place = place_of(index, d);
      for (std::size_t i = 0; i < inner; ++i) {
        out.elems.push_back(
            place ? data->elems[(o * static_cast<std::size_t>(d) + *place) * inner + i]
                  : Elem::unknown());
      }
    }
  }
  op.output_elements(0, std::move(out));
}

// --- GatherElements: the shape of indices, which fits within data on every other axis

void gather_elements_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kIndices);
  require_rank(op, 0, 1);
  require_rank(op, 1, 1);
  const Shape& indices = op.shape(1);
  if (op.has_rank(0) && op.has_rank(1)) {
    const Shape& data = op.shape(0);
    if (data.rank() != indices.rank()) {
      op.fail("rank-mismatch",
              "GatherElements needs data and indices of one rank: " + std::to_string(data.rank()) +
                  " != " + std::to_string(indices.rank()));
    }
    const int axis = normalize_axis(op, op.attr_int("axis", 0), data.rank(), "axis");
    for (int k = 0; k < data.rank(); ++k) {
      if (k == axis) continue;
      op.require_at_most("gather-shape", indices[k], data[k], [&] {
        return axis_text("indices", k) + " within " + axis_text("data", k);
      });
    }
    if (const Elements* e = op.elements(1)) require_in_range(op, *e, 0, 1, data[axis], 0, axis);
    require_greatest_in_range(op, 1, data[axis], 0, axis);
  }
  op.output(0, op.dtype(0),
            op.has_rank(1) || !op.has_rank(0) ? indices : unknown_dims(op, op.rank(0)));
}

void gather_elements_values(Context& op) {
  const Elements* data = op.elements(0);
  const Elements* indices = op.elements(1);
  if (data == nullptr || indices == nullptr) return;
  const std::size_t rank = data->dims.size();
  if (rank == 0 || indices->dims.size() != rank) return;
  const auto axis = static_cast<std::size_t>(
      normalize_axis(op, op.attr_int("axis", 0), static_cast<int>(rank), "axis"));
  Elements out{indices->dims, {}};
  out.elems.reserve(indices->size());
  for (std::size_t n = 0; n < indices->size(); ++n) {
    const auto place = place_of(indices->elems[n], data->dims[axis]);
    std::size_t offset = 0, stride = 1, rest = n;
    bool inside = place.has_value();
    for (std::size_t k = rank; k-- > 0;) {
      const auto here = rest % static_cast<std::size_t>(indices->dims[k]);
      rest /= static_cast<std::size_t>(indices->dims[k]);
      inside = inside && (k == axis || here < static_cast<std::size_t>(data->dims[k]));
      offset += stride * (k == axis && place ? *place : here);
      stride *= static_cast<std::size_t>(data->dims[k]);
    }
    out.elems.push_back(inside ? data->elems[offset] : Elem::unknown());
  }
  op.output_elements(0, std::move(out));
}

// --- GatherND: the last axis of indices holds tuples into data, behind `batch_dims` common axes

void gather_nd_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kInt64);
  require_rank(op, 0, 1);
  require_rank(op, 1, 1);
  const DType dtype = op.dtype(0);
  const std::int64_t batch = op.attr_int("batch_dims", 0);
  for (std::size_t i = 0; i < 2; ++i) {
    if (batch < 0 || (op.has_rank(i) && batch >= op.rank(i))) {
      op.fail("attr-value", "GatherND batch_dims " + std::to_string(batch) +
                                " is out of range for " + operand_name(op, i) +
                                (op.has_rank(i) ? " of rank " + std::to_string(op.rank(i)) : ""));
    }
  }
  if (!op.has_rank(0) || !op.has_rank(1)) return op.output(0, dtype, Shape::unknown_rank());
  const Shape& data = op.shape(0);
  const Shape& indices = op.shape(1);
  const int b = static_cast<int>(batch), last = indices.rank() - 1;
  for (int k = 0; k < b; ++k) {
    op.require_equal("gather-shape", data[k], indices[k],
                     [&] { return axis_text("data", k) + " with " + axis_text("indices", k); });
  }
  const auto tuple = known(indices[last]);
  if (!tuple) return op.output(0, dtype, Shape::unknown_rank());
  if (*tuple > data.rank() - b) {
    op.fail("gather-shape", "GatherND indices hold " + std::to_string(*tuple) +
                                " numbers each, but data has " + std::to_string(data.rank() - b) +
                                " axes to index");
  }
  const int t = static_cast<int>(*tuple);
  if (const Elements* e = op.elements(1)) {
    for (int k = 0; k < t; ++k)
      require_in_range(op, *e, static_cast<std::size_t>(k), static_cast<std::size_t>(t),
                       data[b + k], 0, b + k);
  }
  Shape out(indices.dims().first(static_cast<std::size_t>(last)));
  for (int k = b + t; k < data.rank(); ++k) out.push_back(data[k]);
  op.output(0, dtype, std::move(out));
}

void gather_nd_values(Context& op) {
  const Elements* data = op.elements(0);
  const Elements* indices = op.elements(1);
  if (data == nullptr || indices == nullptr || indices->dims.empty()) return;
  const auto b = static_cast<std::size_t>(op.attr_int("batch_dims", 0));
  const auto tuple = static_cast<std::size_t>(indices->dims.back());
  const std::size_t last = indices->dims.size() - 1;
  if (b > last || b + tuple > data->dims.size()) return;
  const std::size_t tuples = product_of(indices->dims, 0, last);
  const std::size_t batches = product_of(indices->dims, 0, b);
  const std::size_t inner = product_of(data->dims, b + tuple, data->dims.size());
  if (tuples * inner > Elements::kMax || batches != product_of(data->dims, 0, b)) return;
  Elements out;
  out.dims.assign(indices->dims.begin(), indices->dims.end() - 1);
  out.dims.insert(out.dims.end(), data->dims.begin() + static_cast<std::ptrdiff_t>(b + tuple),
                  data->dims.end());
  out.elems.reserve(tuples * inner);
  for (std::size_t n = 0; n < tuples; ++n) {
    std::size_t offset = n / (tuples / batches);  // which batch
    bool inside = true;
    for (std::size_t k = 0; k < tuple; ++k) {
      const std::int64_t d = data->dims[b + k];
      const auto place = place_of(indices->elems[n * tuple + k], d);
      inside = inside && place.has_value();
      offset = offset * static_cast<std::size_t>(d) + place.value_or(0);
    }
    for (std::size_t i = 0; i < inner; ++i)
      out.elems.push_back(inside ? data->elems[offset * inner + i] : Elem::unknown());
  }
  op.output_elements(0, std::move(out));
}

constexpr AttrSpec kGather[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kGatherNd12[] = {{"batch_dims", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Gather",
     .since = 1,
     .inputs = {2, 2},
     .operands = "data indices",
     .attrs = kGather,
     .infer = gather_infer,
     .values = gather_values},
    {.name = "GatherElements",
     .since = 11,
     .inputs = {2, 2},
     .operands = "data indices",
     .attrs = kGather,
     .infer = gather_elements_infer,
     .values = gather_elements_values},
    {.name = "GatherND",
     .since = 11,
     .inputs = {2, 2},
     .operands = "data indices",
     .infer = gather_nd_infer,
     .values = gather_nd_values},
    {.name = "GatherND",
     .since = 12,
     .inputs = {2, 2},
     .operands = "data indices",
     .attrs = kGatherNd12,
     .infer = gather_nd_infer,
     .values = gather_nd_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> gather_ops() { return kOps; }

}  // namespace shapewright::families
