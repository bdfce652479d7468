// Operators whose sizes only a run can tell: NonZero, Compress, ImageDecoder. Such a size is a
// symbol of its own with the bounds that hold of every run; where the elements are known it is a
// number.
#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/counts.h"
#include "ops/families.h"
#include "ops/image_header.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

Bounds element_bounds(const Shape& shape) {
  return shape.has_rank() ? bounds(num_elements(shape)) : Bounds{0, kPlusInf};
}

// Whether each element is other than 0; nullopt unless that is known of all.
std::optional<std::vector<bool>> truths(const Elements* elements) {
  if (elements == nullptr) return std::nullopt;
  std::vector<bool> out;
  out.reserve(elements->size());
  for (const Elem& e : elements->elems) {
    if (const auto number = e.number()) {
      out.push_back(*number != 0);
    } else if (e.kind == Elem::Kind::kInt && prove_eq(e.num, 0) != Truth::kUnknown) {
      out.push_back(prove_eq(e.num, 0) == Truth::kNo);
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::int64_t count_of(const std::vector<bool>& picked) {
  return std::count(picked.begin(), picked.end(), true);
}

// --- NonZero: an index a row, a non-zero element a column

void non_zero_infer(Context& op) {
  require_moved(op, 0);
  const Shape& in = op.shape(0);
  Dim rows;
  if (!in.has_rank()) {
    rows = op.fresh("", SymbolKind::kUnknown, {0, kMaxRank});
  } else if (in.rank() == 0) {
    // 0 by the specification, 1 in ONNX Runtime.
    rows = op.fresh("nonzero_axes", SymbolKind::kDataDependent, {0, 1});
  } else {
    rows = in.rank();
  }
  const auto picked = truths(op.elements(0));
  op.output(0, DType::kI64,
            {rows, picked ? Dim(count_of(*picked)) : some_of(op, "nonzero", element_bounds(in))});
}

void non_zero_values(Context& op) {
  const auto picked = truths(op.elements(0));
  if (!picked || op.elements(0)->dims.empty()) return;
  const std::vector<std::int64_t>& dims = op.elements(0)->dims;
  const auto count = static_cast<std::size_t>(count_of(*picked));
  Elements out{{static_cast<std::int64_t>(dims.size()), static_cast<std::int64_t>(count)},
               std::vector<Elem>(dims.size() * count)};
  std::size_t column = 0;
  for (std::size_t i = 0; i < picked->size(); ++i) {
    if (!(*picked)[i]) continue;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = dims.size(); axis-- > 0; rest /= dims[axis])
      out.elems[axis * count + column] = Elem::of(rest % dims[axis]);
    ++column;
  }
  op.output_elements(0, std::move(out));
}

// --- Compress: what `condition` selects along an axis, or of all elements

// How many conditions hold of the first `size`, where few stretches of them do: of [a, b) as many
// as lie below it.
std::optional<Dim> picked_within(const Context& op, Dim size) {
  constexpr int kMostStretches = 4;
  const auto picked = truths(op.elements(1));
  if (!picked) return std::nullopt;
  Dim count = 0;
  int stretches = 0;
  for (std::size_t a = 0; a < picked->size();) {
    std::size_t b = a;
    while (b < picked->size() && (*picked)[b]) ++b;
    if (b > a) {
      if (++stretches > kMostStretches) return std::nullopt;
      const auto from = static_cast<std::int64_t>(a), length = static_cast<std::int64_t>(b - a);
      count += min(max(size - Dim(from), 0), length);
    }
    a = b + 1;
  }
  return count;
}

// Runtimes ignore conditions past the end, and take those that are missing as false.
Dim compressed(Context& op, Dim size) {
  if (const auto picked = truths(op.elements(1))) {
    const auto last = known(size);
    const auto within = [&](std::size_t i) { return static_cast<std::int64_t>(i) < *last; };
    std::int64_t count = 0;
    bool exact = last.has_value() || bounds(size).lo >= static_cast<std::int64_t>(picked->size());
    for (std::size_t i = 0; exact && i < picked->size(); ++i)
      count += (*picked)[i] && (!last || within(i)) ? 1 : 0;
    if (exact) return count;
  }
  if (const auto count = picked_within(op, size)) return *count;
  Bounds all = bounds(size);
  all.hi = std::min(all.hi, element_bounds(op.shape(1)).hi);
  return some_of(op, "compressed", all);
}

void compress_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 28 ? kFirstTypes | kBFloat : kFirstTypes);
  require_dtype(op, 1, kBools);
  require_rank(op, 0, 1);
  const DType dtype = op.dtype(0);
  if (!op.has_attr("axis")) {
    const Dim all = op.has_rank(0) ? num_elements(op.shape(0)) : op.unknown_dim();
    return op.output(0, dtype, {compressed(op, all)});
  }
  if (!op.has_rank(0)) return op.output(0, dtype, Shape::unknown_rank());
  Shape out = op.shape(0);
  const int axis = normalize_axis(op, op.attr_int("axis", 0), out.rank(), "axis");
  out[axis] = compressed(op, out[axis]);
  op.output(0, dtype, std::move(out));
}

void compress_values(Context& op) {
  const Elements* in = op.elements(0);
  const auto picked = truths(op.elements(1));
  if (in == nullptr || !picked || !op.has_rank(0)) return;
  const auto chosen = [&](std::int64_t size) {
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < std::min(size, static_cast<std::int64_t>(picked->size())); ++i)
      if ((*picked)[static_cast<std::size_t>(i)]) out.push_back(i);
    return out;
  };
  if (!op.has_attr("axis")) {
    const auto size = static_cast<std::int64_t>(in->size());
    return op.output_elements(0, pick(*in, {size}, {chosen(size)}, Elem::unknown()));
  }
  const auto axis =
      static_cast<std::size_t>(normalize_axis(op, op.attr_int("axis", 0), op.rank(0), "axis"));
  std::vector<std::vector<std::int64_t>> tables;
  for (std::size_t k = 0; k < in->dims.size(); ++k) {
    tables.emplace_back(static_cast<std::size_t>(in->dims[k]));
    std::iota(tables.back().begin(), tables.back().end(), 0);
  }
  tables[axis] = chosen(in->dims[axis]);
  op.output_elements(0, pick(*in, in->dims, tables, Elem::unknown()));
}

// --- ImageDecoder

void image_decoder_infer(Context& op) {
  require_dtype(op, 0, dtypes(DType::kU8));
  require_rank(op, 0, 1, 1);
  const std::string_view format = word_attr(op, "pixel_format", "RGB", {"RGB", "BGR", "Grayscale"});
  Dim height, width;
  const auto stream = op.literal_elements(0);
  if (const auto size = stream ? image_size(*stream) : std::nullopt) {
    height = size->height;
    width = size->width;
  } else {
    height = op.fresh("height", SymbolKind::kDataDependent, {0, kPlusInf});
    width = op.fresh("width", SymbolKind::kDataDependent, {0, kPlusInf});
  }
  op.output(0, DType::kU8, {height, width, Dim(format == "Grayscale" ? 1 : 3)});
}

constexpr AttrSpec kAxis[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kPixels[] = {{"pixel_format", AttrKind::kString}};

constexpr Op kOps[] = {
    {.name = "NonZero",
     .since = 9,
     .operands = "X",
     .infer = non_zero_infer,
     .values = non_zero_values},
    {.name = "Compress",
     .since = 9,
     .inputs = {2, 2},
     .operands = "input condition",
     .attrs = kAxis,
     .infer = compress_infer,
     .values = compress_values},
    {.name = "ImageDecoder",
     .since = 20,
     .operands = "encoded_stream",
     .attrs = kPixels,
     .infer = image_decoder_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> dynamic_ops() { return kOps; }

}  // namespace shapewright::families
