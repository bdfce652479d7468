// Split: one axis cut into parts, of told or of equal sizes.
#include <cstdint>
#include <numeric>
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

[[noreturn]] void fail_split(const Context& op, const std::string& why) {
  op.fail("split-sizes", "Split " + why);
}

// Sizes told by the node. `dim` is the size to be split.
std::vector<Dim> told_sizes(Context& op, const IntList& list, Dim dim, int axis) {
  if (list.size() != op.num_outputs()) {
    fail_split(op, "has " + std::to_string(list.size()) + " sizes for " +
                       std::to_string(op.num_outputs()) + " outputs");
  }
  std::vector<Dim> sizes(list.size());
  Dim sum = 0;
  std::size_t unknown = 0, last_unknown = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Elem e = list[i];
    if (!e.is_int()) {
      ++unknown;
      last_unknown = i;
      continue;
    }
    op.require_at_most("split-sizes", 0, e.num,
                       [&] { return "0 within size " + std::to_string(i) + " of split"; });
    sizes[i] = e.num;
    sum += e.num;
  }
  const auto what = [&] { return "the sum of split with " + axis_text("input", axis); };
  if (unknown == 0) {
    if (prove_eq(sum, dim) == Truth::kNo) {
      fail_split(op, "sizes add up to " + to_string(sum) + ", but axis " + std::to_string(axis) +
                         " has size " + to_string(dim));
    }
    op.require_equal("split-sizes", sum, dim, what);
  } else {
    op.require_at_most("split-sizes", sum, dim, what);
    if (unknown == 1) {
      sizes[last_unknown] = dim - sum;
    } else {
      const std::int64_t most = bounds(dim).hi;
      for (std::size_t i = 0; i < list.size(); ++i)
        if (!list[i].is_int()) sizes[i] = op.fresh("split", SymbolKind::kDataDependent, {0, most});
    }
  }
  return sizes;
}

// Before opset 18 the parts are equal; from then on the last may be smaller.
std::vector<Dim> equal_sizes(Context& op, Dim dim, int axis) {
  const auto parts = static_cast<std::int64_t>(op.num_outputs());
  if (op.version() < 18) {
    if (prove_divides(parts, dim) == Truth::kNo) {
      fail_split(op, "cannot cut axis " + std::to_string(axis) + " of size " + to_string(dim) +
                         " into " + std::to_string(parts) + " equal parts");
    }
    op.require_divides("split-sizes", parts, dim,
                       [&] { return axis_text("input", axis) + " into equal parts"; });
    return std::vector<Dim>(op.num_outputs(), exactdiv(dim, parts));
  }
  if (parts == 1) return {dim};
  const Dim chunk = floordiv(dim - Dim(1), parts) + Dim(1);
  const Dim before = Dim(parts - 1) * chunk;
  // The last part must not be empty, nor may more be missing: past (parts - 1)^2 it never is.
  if (bounds(dim).lo <= (parts - 1) * (parts - 1)) {
    const Dim need = parts == 2 ? Dim(2) : before + Dim(1);
    if (prove_lt(dim, need) == Truth::kYes) {
      fail_split(op, "cannot cut axis " + std::to_string(axis) + " of size " + to_string(dim) +
                         " into " + std::to_string(parts) + " parts of " + to_string(chunk));
    }
    op.require_at_most("split-sizes", need, dim, [&] {
      return std::to_string(parts) + " parts into " + axis_text("input", axis);
    });
  }
  std::vector<Dim> sizes(op.num_outputs(), chunk);
  sizes.back() = parts == 2 ? floordiv(dim, 2) : dim - before;
  return sizes;
}

void check_num_outputs(const Context& op, bool sizes_given) {
  const Attr* count = op.attr("num_outputs");
  if (count == nullptr && !sizes_given)
    op.fail("attr-missing", "Split needs either the input split or the attribute num_outputs");
  if (count == nullptr) return;
  if (sizes_given)
    op.fail("attr-value", "Split takes either the input split or num_outputs, not both");
  if (count->i != static_cast<std::int64_t>(op.num_outputs())) {
    fail_split(op, "num_outputs is " + std::to_string(count->i) + ", but the node has " +
                       std::to_string(op.num_outputs()) + " outputs");
  }
}

void split_infer(Context& op) {
  require_moved(op, 0);
  if (op.version() >= 13) require_dtype(op, 1, kInt64);
  const IntList list =
      op.version() >= 13 ? IntList::of_input(op, 1) : IntList::of_attr(op, "split");
  if (op.version() >= 18) check_num_outputs(op, list.given());
  const DType dtype = op.dtype(0);
  if (!op.has_rank(0)) {
    for (std::size_t i = 0; i < op.num_outputs(); ++i) op.output(i, dtype, Shape::unknown_rank());
    return;
  }
  require_rank(op, 0, 1);
  const int axis = normalize_axis(op, op.attr_int("axis", 0), op.rank(0), "axis");
  const Dim dim = op.shape(0)[axis];
  std::vector<Dim> sizes;
  if (!list.given()) {
    sizes = equal_sizes(op, dim, axis);
  } else if (list.has_size()) {
    sizes = told_sizes(op, list, dim, axis);
  } else if (op.num_outputs() == 1) {
    sizes = {dim};
  } else {
    for (std::size_t i = 0; i < op.num_outputs(); ++i)
      sizes.push_back(op.fresh("split", SymbolKind::kDataDependent, {0, bounds(dim).hi}));
  }
  for (std::size_t i = 0; i < op.num_outputs(); ++i) {
    Shape out = op.shape(0);
    out[axis] = sizes[i];
    op.output(i, dtype, std::move(out));
  }
}

void split_values(Context& op) {
  const Elements* in = op.elements(0);
  if (in == nullptr) return;
  const int rank = static_cast<int>(in->dims.size());
  const auto axis =
      static_cast<std::size_t>(normalize_axis(op, op.attr_int("axis", 0), rank, "axis"));
  std::int64_t first = 0;
  for (std::size_t i = 0; i < op.num_outputs(); ++i) {
    const auto dims = small_dims(op.output_type(i).shape);
    if (!dims) return;
    std::vector<std::vector<std::int64_t>> tables(dims->size());
    for (std::size_t k = 0; k < dims->size(); ++k) {
      tables[k].resize(static_cast<std::size_t>((*dims)[k]));
      std::iota(tables[k].begin(), tables[k].end(), k == axis ? first : 0);
    }
    op.output_elements(i, pick(*in, in->dims, tables, Elem::unknown()));
    first += (*dims)[axis];
  }
}

constexpr AttrSpec kSplit2[] = {{"axis", AttrKind::kInt}, {"split", AttrKind::kInts}};
constexpr AttrSpec kSplit13[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kSplit18[] = {{"axis", AttrKind::kInt}, {"num_outputs", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Split",
     .since = 2,
     .outputs = {1, kMany},
     .operands = "input",
     .attrs = kSplit2,
     .infer = split_infer,
     .values = split_values},
    {.name = "Split",
     .since = 13,
     .inputs = {1, 2},
     .outputs = {1, kMany},
     .operands = "input split",
     .attrs = kSplit13,
     .infer = split_infer,
     .values = split_values},
    {.name = "Split",
     .since = 18,
     .inputs = {1, 2},
     .outputs = {1, kMany},
     .operands = "input split",
     .attrs = kSplit18,
     .infer = split_infer,
     .values = split_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> split_ops() { return kOps; }

}  // namespace shapewright::families
