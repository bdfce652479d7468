// Operators whose sizes only a run can tell: NonZero, Compress, Unique, NonMaxSuppression,
// ImageDecoder. Such a size is a symbol of its own with the bounds that hold of every run.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

// A count of some of `all`; at least `least` of them where there are any.
Dim some_of(Context& op, std::string_view why, Bounds all, std::int64_t least = 0) {
  if (all.hi == 0) return 0;
  return op.fresh(why, SymbolKind::kDataDependent, {all.lo >= 1 ? least : 0, all.hi});
}

Bounds element_bounds(const Shape& shape) {
  return shape.has_rank() ? bounds(num_elements(shape)) : Bounds{0, kPlusInf};
}

// Of counts; kPlusInf past int64.
std::int64_t clamped_product(std::int64_t a, std::int64_t b) {
  const Wide product = Wide{a} * b;
  return fits_int64(product) ? static_cast<std::int64_t>(product) : kPlusInf;
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

// --- Unique

void unique_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 28 ? kFirstTypes | kBFloat : kFirstTypes);
  const Shape& in = op.shape(0);
  Shape out = Shape::unknown_rank();
  Dim searched;  // the elements or slices among which the unique ones are found
  Dim found;
  if (!op.has_attr("axis")) {
    searched = in.has_rank() ? num_elements(in) : op.unknown_dim();
    found = some_of(op, "unique", bounds(searched), 1);
    out = {found};
  } else if (in.has_rank()) {
    out = in;
    const int axis = normalize_axis(op, op.attr_int("axis", 0), in.rank(), "axis");
    searched = in[axis];
    found = some_of(op, "unique", bounds(searched), 1);
    out[axis] = found;
  } else {
    searched = op.unknown_dim();
    found = op.unknown_dim();
  }
  op.output(0, op.dtype(0), std::move(out));
  op.output(1, DType::kI64, {found});     // where each occurs first
  op.output(2, DType::kI64, {searched});  // which of them each element is
  op.output(3, DType::kI64, {found});     // how often each occurs
}

// --- NonMaxSuppression: [batch, class, box] of each box kept

void non_max_suppression_infer(Context& op) {
  require_dtype(op, 0, dtypes(DType::kF32));
  require_dtype(op, 1, dtypes(DType::kF32));
  require_dtype(op, 2, kInt64);
  require_dtype(op, 3, dtypes(DType::kF32));
  require_dtype(op, 4, dtypes(DType::kF32));
  const std::int64_t center = op.attr_int("center_point_box", 0);
  if (center != 0 && center != 1) {
    op.fail("attr-value",
            "NonMaxSuppression center_point_box is 0 or 1, not " + std::to_string(center));
  }
  require_rank(op, 0, 3, 3);
  require_rank(op, 1, 3, 3);
  std::int64_t most = kPlusInf;  // of one batch entry and class
  if (!op.has_input(2)) {
    most = 0;
  } else if (const auto limit = op.literal_elements(2); limit && limit->size() == 1) {
    most = std::max<std::int64_t>(0, (*limit)[0]);
  }
  if (const auto iou = scalar_of(op, 3).number(); iou && !(*iou >= 0 && *iou <= 1)) {
    op.fail("attr-value",
            "NonMaxSuppression needs an iou_threshold within [0, 1], not " + std::to_string(*iou));
  }
  if (op.has_rank(0)) {
    const Shape& boxes = op.shape(0);
    op.require_equal("shape-mismatch", boxes[2], 4,
                     [] { return std::string("boxes axis 2 with the 4 numbers of a box"); });
    if (op.has_rank(1)) {
      op.require_equal("shape-mismatch", boxes[0], op.shape(1)[0],
                       [] { return std::string("boxes axis 0 with scores axis 0"); });
      op.require_equal("shape-mismatch", boxes[1], op.shape(1)[2],
                       [] { return std::string("boxes axis 1 with scores axis 2"); });
    }
    most = std::min(most, bounds(boxes[1]).hi);
  }
  Bounds all{0, most};
  for (const int axis : {0, 1})
    all.hi = clamped_product(all.hi, op.has_rank(1) ? bounds(op.shape(1)[axis]).hi : kPlusInf);
  op.output(0, DType::kI64, {some_of(op, "boxes", all), Dim(3)});
}

// --- ImageDecoder

void image_decoder_infer(Context& op) {
  require_dtype(op, 0, dtypes(DType::kU8));
  require_rank(op, 0, 1, 1);
  const std::string_view format = word_attr(op, "pixel_format", "RGB", {"RGB", "BGR", "Grayscale"});
  const Dim height = op.fresh("height", SymbolKind::kDataDependent, {0, kPlusInf});
  const Dim width = op.fresh("width", SymbolKind::kDataDependent, {0, kPlusInf});
  op.output(0, DType::kU8, {height, width, Dim(format == "Grayscale" ? 1 : 3)});
}

constexpr AttrSpec kAxis[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kUnique[] = {{"axis", AttrKind::kInt}, {"sorted", AttrKind::kInt}};
constexpr AttrSpec kCenter[] = {{"center_point_box", AttrKind::kInt}};
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
     .infer = compress_infer},
    {.name = "Unique",
     .since = 11,
     .outputs = {1, 4},
     .operands = "X",
     .attrs = kUnique,
     .infer = unique_infer},
    {.name = "NonMaxSuppression",
     .since = 10,
     .inputs = {2, 5},
     .operands = "boxes scores max_output_boxes_per_class iou_threshold score_threshold",
     .attrs = kCenter,
     .infer = non_max_suppression_infer},
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
