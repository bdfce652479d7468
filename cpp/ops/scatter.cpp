// Operators that write by index into a copy: ScatterElements, Scatter, ScatterND, TensorScatter.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ops/element_math.h"
#include "ops/families.h"
#include "ops/indices.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

enum class Reduction { kNone, kAdd, kMul, kMax, kMin };

Reduction reduction_of(const Context& op) {
  const std::string_view name = op.attr_string("reduction", "none");
  if (name == "none") return Reduction::kNone;
  if (name == "add") return Reduction::kAdd;
  if (name == "mul") return Reduction::kMul;
  if (name == "max") return Reduction::kMax;
  if (name == "min") return Reduction::kMin;
  op.fail("attr-value", std::string(op.op_type()) + " reduction '" + std::string(name) +
                            "' is not known at opset " + std::to_string(op.version()));
}

Elem combined(const Elem& old, const Elem& update, Reduction reduction, DType dtype) {
  switch (reduction) {
    case Reduction::kNone: return update;
    case Reduction::kAdd: return elem::add(old, update, dtype);
    case Reduction::kMul: return elem::mul(old, update, dtype);
    case Reduction::kMax: return elem::max(old, update, dtype);
    case Reduction::kMin: return elem::min(old, update, dtype);
  }
  return Elem::unknown();
}

// --- ScatterElements (its first name was Scatter)

void require_one_rank(const Context& op, std::size_t a, std::size_t b) {
  if (!op.has_rank(a) || !op.has_rank(b) || op.rank(a) == op.rank(b)) return;
  op.fail("rank-mismatch", std::string(op.op_type()) + " needs " + operand_name(op, a) + " and " +
                               operand_name(op, b) + " of one rank: " + std::to_string(op.rank(a)) +
                               " != " + std::to_string(op.rank(b)));
}

void scatter_elements_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kIndices);
  const DType dtype = unify_dtypes(op, 0, 2);
  reduction_of(op);
  for (std::size_t i = 0; i < 3; ++i) require_rank(op, i, 1);
  require_one_rank(op, 0, 1);
  require_one_rank(op, 1, 2);
  require_one_rank(op, 0, 2);
  if (op.has_rank(1) && op.has_rank(2)) {
    for (int k = 0; k < op.rank(1); ++k) {
      op.require_equal("scatter-updates", op.shape(1)[k], op.shape(2)[k], [&] {
        return axis_text("indices", k) + " with " + axis_text("updates", k);
      });
    }
  }
  if (op.has_rank(0)) {
    const Shape& data = op.shape(0);
    const int axis = normalize_axis(op, op.attr_int("axis", 0), data.rank(), "axis");
    for (int k = 0; k < data.rank() && op.has_rank(1); ++k) {
      if (k == axis) continue;
      op.require_at_most("scatter-updates", op.shape(1)[k], data[k], [&] {
        return axis_text("indices", k) + " within " + axis_text("data", k);
      });
    }
    if (const Elements* e = op.elements(1)) require_in_range(op, *e, 0, 1, data[axis], 0, axis);
  }
  op.output(0, dtype, op.shape(0));
}

void scatter_elements_values(Context& op) {
  const Elements* data = op.elements(0);
  const Elements* indices = op.elements(1);
  const Elements* updates = op.elements(2);
  if (data == nullptr || indices == nullptr) return;
  const std::size_t rank = data->dims.size();
  if (rank == 0 || indices->dims.size() != rank) return;
  if (updates != nullptr && updates->size() != indices->size()) return;
  const Reduction reduction = reduction_of(op);
  const auto axis = static_cast<std::size_t>(
      normalize_axis(op, op.attr_int("axis", 0), static_cast<int>(rank), "axis"));
  Elements out = *data;
  for (std::size_t n = 0; n < indices->size(); ++n) {
    const auto place = place_of(indices->elems[n], data->dims[axis]);
    if (!place) return;  // might be any element
    std::size_t offset = 0, stride = 1, rest = n;
    for (std::size_t k = rank; k-- > 0;) {
      const auto here = rest % static_cast<std::size_t>(indices->dims[k]);
      rest /= static_cast<std::size_t>(indices->dims[k]);
      offset += stride * (k == axis ? *place : here);
      stride *= static_cast<std::size_t>(data->dims[k]);
    }
    if (offset >= out.size()) return;
    out.elems[offset] =
        combined(out.elems[offset], updates != nullptr ? updates->elems[n] : Elem::unknown(),
                 reduction, op.dtype(0));
  }
  op.output_elements(0, std::move(out));
}

void removed_scatter_infer(Context& op) {
  op.fail("op-removed", "Scatter was removed at opset 11", {}, "ScatterElements is its new name");
}

// --- ScatterND: updates has the shape indices[:-1] ++ data[k:], k the length of the index tuples

void scatter_nd_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, kInt64);
  const DType dtype = unify_dtypes(op, 0, 2);
  reduction_of(op);
  require_rank(op, 0, 1);
  require_rank(op, 1, 1);
  op.output(0, dtype, op.shape(0));
  if (!op.has_rank(0) || !op.has_rank(1)) return;
  const Shape& data = op.shape(0);
  const Shape& indices = op.shape(1);
  const int last = indices.rank() - 1;
  const auto tuple = known(indices[last]);
  if (!tuple) return;
  if (*tuple > data.rank()) {
    op.fail("scatter-updates", "ScatterND indices hold " + std::to_string(*tuple) +
                                   " numbers each, but data has rank " +
                                   std::to_string(data.rank()));
  }
  const int t = static_cast<int>(*tuple);
  if (const Elements* e = op.elements(1)) {
    for (int k = 0; k < t; ++k)
      require_in_range(op, *e, static_cast<std::size_t>(k), static_cast<std::size_t>(t), data[k], 0,
                       k);
  }
  if (!op.has_rank(2)) return;
  const Shape& updates = op.shape(2);
  const int expected = last + data.rank() - t;
  if (updates.rank() != expected) {
    op.fail("scatter-updates", "ScatterND needs updates of rank " + std::to_string(expected) +
                                   ", not rank " + std::to_string(updates.rank()));
  }
  for (int k = 0; k < expected; ++k) {
    const bool from_indices = k < last;
    const int axis = from_indices ? k : k - last + t;
    op.require_equal("scatter-updates", updates[k], from_indices ? indices[axis] : data[axis], [&] {
      return axis_text("updates", k) + " with " +
             axis_text(from_indices ? "indices" : "data", axis);
    });
  }
}

void scatter_nd_values(Context& op) {
  const Elements* data = op.elements(0);
  const Elements* indices = op.elements(1);
  const Elements* updates = op.elements(2);
  if (data == nullptr || indices == nullptr || indices->dims.empty()) return;
  const auto tuple = static_cast<std::size_t>(indices->dims.back());
  if (tuple == 0 || tuple > data->dims.size()) return;
  std::size_t inner = 1;
  for (std::size_t k = tuple; k < data->dims.size(); ++k)
    inner *= static_cast<std::size_t>(data->dims[k]);
  const std::size_t tuples = indices->size() / tuple;
  if (updates != nullptr && updates->size() != tuples * inner) return;
  const Reduction reduction = reduction_of(op);
  Elements out = *data;
  for (std::size_t n = 0; n < tuples; ++n) {
    std::size_t offset = 0;
    for (std::size_t k = 0; k < tuple; ++k) {
      const auto place = place_of(indices->elems[n * tuple + k], data->dims[k]);
      if (!place) return;
      offset = offset * static_cast<std::size_t>(data->dims[k]) + *place;
    }
    for (std::size_t i = 0; i < inner; ++i) {
      Elem& target = out.elems[offset * inner + i];
      target =
          combined(target, updates != nullptr ? updates->elems[n * inner + i] : Elem::unknown(),
                   reduction, op.dtype(0));
    }
  }
  op.output_elements(0, std::move(out));
}

// --- TensorScatter: a cache [batch, ..., max_length, ...] takes an update of at most that length

void tensor_scatter_infer(Context& op) {
  require_moved(op, 0, 24);
  require_dtype(op, 2, kInt64);
  const DType dtype = unify_dtypes(op, 0, 1);
  const std::string_view mode = op.attr_string("mode", "linear");
  if (mode != "linear" && mode != "circular") {
    op.fail("attr-value",
            "TensorScatter mode is linear or circular, not '" + std::string(mode) + "'");
  }
  require_rank(op, 0, 2);
  require_rank(op, 2, 1, 1);
  require_one_rank(op, 0, 1);
  op.output(0, dtype, op.has_rank(0) ? op.shape(0) : Shape::unknown_rank());
  if (!op.has_rank(0)) return;
  Shape cache = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", -2), cache.rank(), "axis");
  if (axis == 0) op.fail("attr-value", "TensorScatter axis cannot be 0, the batch");
  for (int k = 0; k < cache.rank() && op.has_rank(1); ++k) {
    const auto what = [&](const char* relation) {
      return axis_text("update", k) + relation + axis_text("past_cache", k);
    };
    if (k == axis) {
      op.require_at_most("scatter-updates", op.shape(1)[k], cache[k],
                         [&] { return what(" within "); });
    } else {
      cache[k] =
          op.unify("scatter-updates", cache[k], op.shape(1)[k], [&] { return what(" with "); });
    }
  }
  if (op.has_rank(2)) {
    op.require_equal("scatter-updates", op.shape(2)[0], cache[0],
                     [] { return std::string("write_indices axis 0 with past_cache axis 0"); });
  }
  const Elements* starts = op.elements(2);
  if (starts != nullptr && mode == "linear" && op.has_rank(1)) {
    for (const Elem& e : starts->elems) {
      if (!e.is_int()) continue;
      op.require_at_most("index-out-of-range", e.num + op.shape(1)[axis], cache[axis], [&] {
        return "update at " + to_string(e.num) + " into " + axis_text("past_cache", axis);
      });
    }
  }
  op.output(0, dtype, std::move(cache));
}

constexpr AttrSpec kScatter11[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kScatter16[] = {{"axis", AttrKind::kInt}, {"reduction", AttrKind::kString}};
constexpr AttrSpec kScatterNd16[] = {{"reduction", AttrKind::kString}};
constexpr AttrSpec kTensorScatter[] = {{"axis", AttrKind::kInt}, {"mode", AttrKind::kString}};

constexpr Op scatter_elements_row(std::string_view name, int since,
                                  std::span<const AttrSpec> attrs) {
  return {.name = name,
          .since = since,
          .inputs = {3, 3},
          .operands = "data indices updates",
          .attrs = attrs,
          .infer = scatter_elements_infer,
          .values = scatter_elements_values};
}

constexpr Op scatter_nd_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "ScatterND",
          .since = since,
          .inputs = {3, 3},
          .operands = "data indices updates",
          .attrs = attrs,
          .infer = scatter_nd_infer,
          .values = scatter_nd_values};
}

constexpr Op kOps[] = {
    scatter_elements_row("Scatter", 9, kScatter11),
    {.name = "Scatter",
     .since = 11,
     .inputs = {3, 3},
     .operands = "data indices updates",
     .attrs = kScatter11,
     .infer = removed_scatter_infer},
    scatter_elements_row("ScatterElements", 11, kScatter11),
    scatter_elements_row("ScatterElements", 16, kScatter16),
    scatter_nd_row(11, {}),
    scatter_nd_row(16, kScatterNd16),
    {.name = "TensorScatter",
     .since = 24,
     .inputs = {2, 3},
     .operands = "past_cache update write_indices",
     .attrs = kTensorScatter,
     .infer = tensor_scatter_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> scatter_ops() { return kOps; }

}  // namespace shapewright::families
