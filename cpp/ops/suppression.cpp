// NonMaxSuppression: [batch, class, box] of each box kept.
//
// Of a batch entry and class the boxes are taken by falling score; one that overlaps a box already
// taken by more than the threshold is left out.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ops/counts.h"
#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

enum : std::size_t { kBoxes, kScores, kMost, kIou, kScore };

// Most boxes of a batch entry and class; nullopt where that is not known.
std::optional<std::int64_t> limit_of(const Context& op) {
  if (!op.has_input(kMost)) return 0;
  const auto limit = op.literal_elements(kMost);
  if (!limit || limit->size() != 1) return std::nullopt;
  return std::max<std::int64_t>(0, (*limit)[0]);
}

struct Interval {
  double lo, hi;
};
struct Box {
  std::array<Interval, 2> sides;
};

Box box_at(const std::vector<double>& numbers, std::size_t first, bool is_centered) {
  const double* const n = numbers.data() + first;
  if (is_centered) {
    return {{{{n[0] - n[2] / 2, n[0] + n[2] / 2}, {n[1] - n[3] / 2, n[1] + n[3] / 2}}}};
  }
  return {{{{std::min(n[0], n[2]), std::max(n[0], n[2])},
            {std::min(n[1], n[3]), std::max(n[1], n[3])}}}};
}

// Whether the common area is more than `threshold` of the joint one; nullopt where the rounding of
// a runtime decides.
std::optional<bool> overlaps(const Box& a, const Box& b, double threshold) {
  constexpr double kRounding = 1e-5;
  double common = 1, area_a = 1, area_b = 1;
  for (std::size_t k = 0; k < 2; ++k) {
    const Interval &x = a.sides[k], &y = b.sides[k];
    const double lo = std::max(x.lo, y.lo), hi = std::min(x.hi, y.hi);
    if (hi <= lo) {
      const double scale = std::max(std::fabs(hi), std::fabs(lo));
      if (hi < lo && lo - hi <= kRounding * scale) return std::nullopt;
      return false;
    }
    common *= hi - lo;
    area_a *= x.hi - x.lo;
    area_b *= y.hi - y.lo;
  }
  const double joint = area_a + area_b - common;
  if (!(area_a > 0 && area_b > 0 && joint > 0)) return false;
  const double ratio = common / joint;
  if (ratio == threshold) return false;
  // Where nothing is rounded before the division, f32 gives the quotient rounded once.
  const auto is_exact = [](double v) { return static_cast<double>(static_cast<float>(v)) == v; };
  if (is_exact(common) && is_exact(area_a) && is_exact(area_b) && is_exact(area_a + area_b) &&
      is_exact(joint)) {
    return static_cast<double>(static_cast<float>(ratio)) > threshold;
  }
  if (std::fabs(ratio - threshold) <= kRounding) return std::nullopt;
  return ratio > threshold;
}

std::optional<std::vector<double>> numbers_of(const Context& op, std::size_t input) {
  const Elements* e = op.elements(input);
  if (e == nullptr) return std::nullopt;
  std::vector<double> out;
  out.reserve(e->size());
  for (const Elem& x : e->elems) {
    const auto number = x.number();
    if (!number || !std::isfinite(*number)) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

// The threshold of an optional operand; nullopt where it is there and not known.
std::optional<double> threshold_of(const Context& op, std::size_t input, double absent) {
  return op.has_input(input) ? scalar_of(op, input).number() : absent;
}

using Kept = std::vector<std::array<std::int64_t, 3>>;

std::optional<Kept> kept_boxes(const Context& op) {
  const auto limit = limit_of(op);
  const auto boxes = numbers_of(op, kBoxes), scores = numbers_of(op, kScores);
  const auto iou = threshold_of(op, kIou, 0);
  const auto least = threshold_of(op, kScore, -std::numeric_limits<double>::infinity());
  if (!limit || !boxes || !scores || !iou || !least) return std::nullopt;
  const auto& dims = op.elements(kScores)->dims;
  const auto batches = static_cast<std::size_t>(dims[0]),
             classes = static_cast<std::size_t>(dims[1]), count = static_cast<std::size_t>(dims[2]);
  const bool is_centered = op.attr_int("center_point_box", 0) == 1;
  Kept out;
  for (std::size_t row = 0; row < batches * classes; ++row) {
    const double* const score = scores->data() + row * count;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < count; ++i)
      if (score[i] > *least) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    std::vector<Box> taken;
    for (const std::size_t i : order) {
      if (static_cast<std::int64_t>(taken.size()) >= *limit) break;
      const Box box = box_at(*boxes, (row / classes * count + i) * 4, is_centered);
      bool is_free = true;
      for (const Box& other : taken) {
        const auto covered = overlaps(box, other, *iou);
        if (!covered) return std::nullopt;
        if (*covered) {
          is_free = false;
          break;
        }
      }
      if (!is_free) continue;
      taken.push_back(box);
      out.push_back({static_cast<std::int64_t>(row / classes),
                     static_cast<std::int64_t>(row % classes), static_cast<std::int64_t>(i)});
    }
  }
  return out;
}

void non_max_suppression_infer(Context& op) {
  require_dtype(op, kBoxes, dtypes(DType::kF32));
  require_dtype(op, kScores, dtypes(DType::kF32));
  require_dtype(op, kMost, kInt64);
  require_dtype(op, kIou, dtypes(DType::kF32));
  require_dtype(op, kScore, dtypes(DType::kF32));
  const std::int64_t center = op.attr_int("center_point_box", 0);
  if (center != 0 && center != 1) {
    op.fail("attr-value",
            "NonMaxSuppression center_point_box is 0 or 1, not " + std::to_string(center));
  }
  require_rank(op, kBoxes, 3, 3);
  require_rank(op, kScores, 3, 3);
  if (const auto iou = scalar_of(op, kIou).number(); iou && !(*iou >= 0 && *iou <= 1)) {
    op.fail("attr-value",
            "NonMaxSuppression needs an iou_threshold within [0, 1], not " + std::to_string(*iou));
  }
  std::int64_t most = limit_of(op).value_or(kPlusInf);
  if (op.has_rank(kBoxes)) {
    const Shape& boxes = op.shape(kBoxes);
    op.require_equal("shape-mismatch", boxes[2], 4,
                     [] { return std::string("boxes axis 2 with the 4 numbers of a box"); });
    if (op.has_rank(kScores)) {
      op.require_equal("shape-mismatch", boxes[0], op.shape(kScores)[0],
                       [] { return std::string("boxes axis 0 with scores axis 0"); });
      op.require_equal("shape-mismatch", boxes[1], op.shape(kScores)[2],
                       [] { return std::string("boxes axis 1 with scores axis 2"); });
    }
    most = std::min(most, bounds(boxes[1]).hi);
  }
  if (const auto kept = kept_boxes(op)) {
    return op.output(0, DType::kI64, {Dim(static_cast<std::int64_t>(kept->size())), Dim(3)});
  }
  Bounds all{0, most};
  for (const int axis : {0, 1}) {
    const bool has_axis = op.has_rank(kScores);
    all.hi = clamped_product(all.hi, has_axis ? bounds(op.shape(kScores)[axis]).hi : kPlusInf);
  }
  op.output(0, DType::kI64, {some_of(op, "boxes", all), Dim(3)});
}

void non_max_suppression_values(Context& op) {
  const auto kept = kept_boxes(op);
  if (!kept) return;
  Elements out{{static_cast<std::int64_t>(kept->size()), 3}, {}};
  for (const auto& place : *kept)
    for (const std::int64_t index : place) out.elems.push_back(Elem::of(index));
  op.output_elements(0, std::move(out));
}

constexpr AttrSpec kCenter[] = {{"center_point_box", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "NonMaxSuppression",
     .since = 10,
     .inputs = {2, 5},
     .operands = "boxes scores max_output_boxes_per_class iou_threshold score_threshold",
     .attrs = kCenter,
     .infer = non_max_suppression_infer,
     .values = non_max_suppression_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> suppression_ops() { return kOps; }

}  // namespace shapewright::families
