// Unique: each element, or each slice along an axis, once.
//
//   X        2 1 1 3 4 3
//   Y        1 2 3 4            sorted
//   indices  1 0 3 4            where each occurs first
//   inverse  1 0 0 2 3 2        which of Y each one is
//   counts   2 1 2 1
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/counts.h"
#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// The operand as rows: one along the axis each, or one an element.
struct Rows {
  std::vector<std::size_t> first;  // by row, into `elements`
  std::vector<std::size_t> step;   // from a row's first element to its others
};

struct Found {
  std::vector<std::int64_t> first;    // by unique row: where it occurs first
  std::vector<std::int64_t> inverse;  // by row: which of the unique ones it is
  std::vector<std::int64_t> counts;   // by unique row
};

Rows rows_of(const std::vector<std::int64_t>& dims, std::size_t count, std::optional<int> axis) {
  Rows out;
  if (!axis) {
    out.first.resize(count);
    std::iota(out.first.begin(), out.first.end(), std::size_t{0});
    out.step = {0};
    return out;
  }
  const auto at = static_cast<std::size_t>(*axis);
  std::size_t inner = 1;
  for (std::size_t k = at + 1; k < dims.size(); ++k) inner *= static_cast<std::size_t>(dims[k]);
  const auto size = static_cast<std::size_t>(dims[at]);
  for (std::size_t i = 0; i < size; ++i) out.first.push_back(i * inner);
  for (std::size_t i = 0; i < count; ++i)
    if (i / inner % std::max<std::size_t>(size, 1) == 0) out.step.push_back(i);
  return out;
}

template <typename T>
Found unique_rows(const std::vector<T>& elements, const Rows& rows, bool sorted) {
  const std::size_t n = rows.first.size();
  const auto compare = [&](std::size_t a, std::size_t b) {
    for (const std::size_t step : rows.step) {
      const T &x = elements[rows.first[a] + step], &y = elements[rows.first[b] + step];
      if (x < y) return -1;
      if (y < x) return 1;
    }
    return 0;
  };
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
  Found out;
  out.inverse.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (i == 0 || compare(order[i - 1], order[i]) != 0) {
      out.first.push_back(static_cast<std::int64_t>(order[i]));
      out.counts.push_back(0);
    }
    ++out.counts.back();
    out.inverse[order[i]] = static_cast<std::int64_t>(out.counts.size()) - 1;
  }
  if (sorted) return out;
  // By first occurrence.
  const std::size_t groups = out.first.size();
  std::vector<std::size_t> by_first(groups), place(groups);
  std::iota(by_first.begin(), by_first.end(), std::size_t{0});
  std::sort(by_first.begin(), by_first.end(),
            [&](std::size_t a, std::size_t b) { return out.first[a] < out.first[b]; });
  Found moved;
  for (std::size_t k = 0; k < groups; ++k) {
    place[by_first[k]] = k;
    moved.first.push_back(out.first[by_first[k]]);
    moved.counts.push_back(out.counts[by_first[k]]);
  }
  for (const std::int64_t group : out.inverse)
    moved.inverse.push_back(static_cast<std::int64_t>(place[static_cast<std::size_t>(group)]));
  return moved;
}

std::optional<int> axis_of(const Context& op) {
  if (!op.has_attr("axis")) return std::nullopt;
  return normalize_axis(op, op.attr_int("axis", 0), op.rank(0), "axis");
}

// nullopt unless every element is known as a number or as a text. NaN is equal to nothing, or to
// itself, as the runtime has it.
std::optional<Found> found_in(const Context& op) {
  const Elements* e = op.elements(0);
  if (e == nullptr || !op.has_rank(0)) return std::nullopt;
  const Rows rows = rows_of(e->dims, e->size(), axis_of(op));
  const bool sorted = op.attr_int("sorted", 1) != 0;
  if (const auto texts = e->texts()) return unique_rows(*texts, rows, sorted);
  if (const auto integers = e->literals()) return unique_rows(*integers, rows, sorted);
  std::vector<double> numbers;
  for (const Elem& x : e->elems) {
    const auto number = x.number();
    if (!number || std::isnan(*number)) return std::nullopt;
    numbers.push_back(*number);
  }
  return unique_rows(numbers, rows, sorted);
}

void unique_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 28 ? kFirstTypes | kBFloat : kFirstTypes);
  const Shape& in = op.shape(0);
  const auto known_rows = found_in(op);
  const auto count = [&](Dim among) {
    if (known_rows) return Dim(static_cast<std::int64_t>(known_rows->first.size()));
    return some_of(op, "unique", bounds(among), 1);
  };
  Shape out = Shape::unknown_rank();
  Dim searched;  // the elements or slices among which the unique ones are found
  Dim found;
  if (!op.has_attr("axis")) {
    searched = in.has_rank() ? num_elements(in) : op.unknown_dim();
    found = count(searched);
    out = {found};
  } else if (in.has_rank()) {
    out = in;
    const int axis = *axis_of(op);
    searched = in[axis];
    found = count(searched);
    out[axis] = found;
  } else {
    searched = op.unknown_dim();
    found = op.unknown_dim();
  }
  op.output(0, op.dtype(0), std::move(out));
  op.output(1, DType::kI64, {found});
  op.output(2, DType::kI64, {searched});
  op.output(3, DType::kI64, {found});
}

Elements numbers(const std::vector<std::int64_t>& values) {
  std::vector<Elem> out;
  for (const std::int64_t value : values) out.push_back(Elem::of(value));
  return Elements::vector(std::move(out));
}

void unique_values(Context& op) {
  const auto found = found_in(op);
  if (!found) return;
  const Elements& in = *op.elements(0);
  const auto axis = axis_of(op);
  if (!axis) {
    const auto size = static_cast<std::int64_t>(in.size());
    op.output_elements(0, pick(in, {size}, {found->first}, Elem::unknown()));
  } else {
    std::vector<std::vector<std::int64_t>> tables;
    for (const std::int64_t d : in.dims) {
      tables.emplace_back(static_cast<std::size_t>(d));
      std::iota(tables.back().begin(), tables.back().end(), 0);
    }
    tables[static_cast<std::size_t>(*axis)] = found->first;
    op.output_elements(0, pick(in, in.dims, tables, Elem::unknown()));
  }
  op.output_elements(1, numbers(found->first));
  op.output_elements(2, numbers(found->inverse));
  op.output_elements(3, numbers(found->counts));
}

constexpr AttrSpec kUnique[] = {{"axis", AttrKind::kInt}, {"sorted", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Unique",
     .since = 11,
     .outputs = {1, 4},
     .operands = "X",
     .attrs = kUnique,
     .infer = unique_infer,
     .values = unique_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> unique_ops() { return kOps; }

}  // namespace shapewright::families
