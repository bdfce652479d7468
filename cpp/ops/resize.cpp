// Resize and Upsample: new sizes given as factors or outright.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- out = floor(in * scale), as runtimes compute it: in float32 -------------------------------

struct Factor {
  std::int64_t num = 1, den = 1;
};

// num/den such that floor(in * num / den) is what float32 gives for every `in`, as long as the
// result stays below 2^16; nullopt if there is none with a den up to 128.
//
// Let f be the float nearest to num/den. If in * num/den is no integer it is at least 1/den away
// from one, while f and the product are each off by at most 2^-24 of the result: less than 1/den in
// sum. If it is an integer m, the product must not round below m: it cannot if f >= num/den, nor if
// f is less by at most 2^-25, half the narrowest spacing of floats below m. (1.3f is neither: 90
// * 1.3f is 116.)
std::optional<Factor> exact_factor(float f) {
  for (std::int64_t den = 1; den <= 128; ++den) {
    const double scaled = static_cast<double>(f) * static_cast<double>(den);  // exact: 24 + 8 bits
    const double num = std::round(scaled);
    if (num < 1 || num > 1e6 || static_cast<float>(num / static_cast<double>(den)) != f) continue;
    if (scaled < num && num - scaled > num * 0x1p-25) continue;
    return Factor{static_cast<std::int64_t>(num), den};
  }
  // 256ths are exact, so that only the product rounds.
  const double scaled = static_cast<double>(f) * 256;
  if (scaled < 1 || scaled > 1e6 || scaled != std::floor(scaled)) return std::nullopt;
  return Factor{static_cast<std::int64_t>(scaled), 256};
}

// A float as a size; fails where it is none.
Dim dim_of(const Context& op, float value) {
  if (!(value >= 0 && value < 0x1p62f)) {
    op.fail("resize-spec", std::string(op.op_type()) + " gives a size beyond 64 bits");
  }
  return static_cast<std::int64_t>(value);
}

Dim scaled_by_float(Context& op, Dim in, float f) {
  if (const auto size = known(in)) return dim_of(op, std::floor(static_cast<float>(*size) * f));
  if (const auto factor = exact_factor(f)) return floordiv(in * Dim(factor->num), factor->den);
  const Bounds b = bounds(in);
  const auto bound = [f](std::int64_t size, double slack, std::int64_t unbounded) {
    const double value = std::floor(static_cast<double>(size) * static_cast<double>(f)) + slack;
    return size == kPlusInf || value >= 0x1p62 ? unbounded
                                               : static_cast<std::int64_t>(std::max(value, 0.0));
  };
  const std::int64_t lo = b.lo <= 0 ? 0 : bound(b.lo, -1, std::int64_t{1} << 61);
  return op.fresh("resized", SymbolKind::kDataDependent, {lo, bound(b.hi, 1, kPlusInf)});
}

[[noreturn]] void fail_scale(const Context& op, int axis, float scale, int least) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(scale));
  op.fail("resize-spec", std::string(op.op_type()) + " scale " + text + " on axis " +
                             std::to_string(axis) +
                             (least == 0 ? " is not positive" : " is less than 1"));
}

// Size of axis `axis` after scaling. `least` is 1 for Upsample, which never shrinks.
Dim scaled(Context& op, int axis, Dim in, const Elem& scale, int least) {
  if (!scale.is_known()) return op.unknown_dim();
  if (const auto number = scale.number()) {
    const float f = static_cast<float>(*number);
    if (!std::isfinite(f) || f <= 0 || f < static_cast<float>(least))
      fail_scale(op, axis, f, least);
    return scaled_by_float(op, in, f);
  }
  if (const auto fraction = scale.fraction()) {
    const Dim need = least == 0 ? Dim(1) : Dim(fraction->den);
    op.require_at_most("resize-spec", need, fraction->num,
                       [&] { return "the scale of axis " + std::to_string(axis); });
    return floordiv(in * fraction->num, fraction->den);
  }
  return op.unknown_dim();
}

// --- the operands of a node ----------------------------------------------------------------------

bool surely_empty(const Context& op, std::size_t input) {
  return op.has_rank(input) && op.rank(input) == 1 && known(op.shape(input)[0]) == 0;
}

// Elements of `input`, one for each resized axis; nullopt if they are not known.
std::optional<std::vector<Elem>> per_axis(Context& op, std::size_t input, std::size_t count) {
  const std::string name = operand_name(op, input);
  require_rank(op, input, 1, 1);
  if (op.has_rank(input)) {
    op.require_equal("resize-spec", op.shape(input)[0], static_cast<std::int64_t>(count),
                     [&] { return axis_text(name, 0) + " with the axes to resize"; });
  }
  const Elements* e = op.elements(input);
  if (e == nullptr || e->elems.size() != count) return std::nullopt;
  return e->elems;
}

// The axes that scales and sizes speak of, in their order.
std::vector<int> resized_axes(const Context& op, int rank) {
  std::vector<int> axes;
  const Attr* attr = op.version() >= 18 ? op.attr("axes") : nullptr;
  if (attr == nullptr) {
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
  }
  normalize_axes(op, attr->ints, rank, "axes");  // fails on a repeat
  for (const std::int64_t axis : attr->ints) axes.push_back(normalize_axis(op, axis, rank, "axes"));
  return axes;
}

// --- sizes given outright
// -------------------------------------------------------------------------

enum class Aspect : std::uint8_t { kStretch, kNotLarger, kNotSmaller };

// round(in_d * size_j / in_j), halves up, for the j whose ratio is the least (or the largest).
Dim kept_aspect(const Shape& in, const std::vector<int>& axes, const std::vector<Dim>& sizes,
                std::size_t d, Aspect aspect) {
  const auto pick = [aspect](Dim a, Dim b) {
    return aspect == Aspect::kNotLarger ? min(a, b) : max(a, b);
  };
  Dim out = sizes[d];  // j == d
  for (std::size_t j = 0; j < axes.size(); ++j) {
    if (j == d) continue;
    const Dim from = in[axes[j]];
    out = pick(out, floordiv(Dim(2) * in[axes[d]] * sizes[j] + from, Dim(2) * from));
  }
  return out;
}

// The same where all is literal, in float32 as ONNX Runtime does.
std::optional<Dim> kept_aspect_literal(const Context& op, const Shape& in,
                                       const std::vector<int>& axes, const std::vector<Dim>& sizes,
                                       std::size_t d, Aspect aspect) {
  float scale = 0;
  for (std::size_t j = 0; j < axes.size(); ++j) {
    const auto from = known(in[axes[j]]), to = known(sizes[j]);
    if (!from || !to || *from == 0) return std::nullopt;
    const float s = static_cast<float>(*to) / static_cast<float>(*from);
    if (j == 0 || (aspect == Aspect::kNotLarger ? s < scale : s > scale)) scale = s;
  }
  return dim_of(op, std::round(scale * static_cast<float>(*known(in[axes[d]]))));
}

void resize_to(Context& op, Shape& out, const std::vector<int>& axes,
               const std::vector<Elem>& given, Aspect aspect) {
  const Shape in = out;
  std::vector<Dim> sizes;
  bool all_known = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = axes[i];
    const bool is_int = given[i].is_int();
    all_known = all_known && is_int;
    sizes.push_back(is_int ? given[i].num : op.unknown_dim());
    if (!is_int || given[i].num == in[axis]) continue;
    if (prove_le(1, given[i].num) == Truth::kNo) {
      op.fail("resize-spec", "Resize size " + to_string(given[i].num) + " on axis " +
                                 std::to_string(axis) + " is not positive");
    }
    op.require_at_most("resize-spec", 1, given[i].num,
                       [&] { return "the size of axis " + std::to_string(axis); });
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Dim& dim = out[axes[i]];
    if (aspect == Aspect::kStretch) {
      dim = sizes[i];
    } else if (!all_known) {
      dim = op.unknown_dim();
    } else {
      const auto literal = kept_aspect_literal(op, in, axes, sizes, i, aspect);
      dim = literal ? *literal : kept_aspect(in, axes, sizes, i, aspect);
    }
  }
}

void resize_by(Context& op, Shape& out, const std::vector<int>& axes,
               const std::vector<Elem>& scales, int least) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    out[axes[i]] = scaled(op, axes[i], out[axes[i]], scales[i], least);
}

void lose(Context& op, Shape& out, const std::vector<int>& axes) {
  for (const int axis : axes) out[axis] = op.unknown_dim();
}

// --- rules
// ----------------------------------------------------------------------------------------

Aspect read_aspect(const Context& op) {
  if (op.version() < 18) return Aspect::kStretch;
  const std::string_view text = word_attr(op, "keep_aspect_ratio_policy", "stretch",
                                          {"stretch", "not_larger", "not_smaller"});
  if (text == "stretch") return Aspect::kStretch;
  return text == "not_larger" ? Aspect::kNotLarger : Aspect::kNotSmaller;
}

// roi crops only what is sampled: neither ONNX's own inference nor ONNX Runtime lets it change the
// size, though the text of the specification does.
void check_crop(Context& op, std::size_t axes) {
  const std::string_view mode =
      word_attr(op, "coordinate_transformation_mode", "half_pixel",
                {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                 "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"});
  if (mode != "tf_crop_and_resize" || !op.has_input(1)) return;
  require_rank(op, 1, 1, 1);
  if (op.has_rank(1)) {
    op.require_equal("resize-spec", op.shape(1)[0], 2 * static_cast<std::int64_t>(axes),
                     [] { return std::string("roi axis 0 with a begin and an end an axis"); });
  }
}

// Since opset 11: X, roi, scales, sizes.
void resize_infer(Context& op) {
  enum { kX, kRoi, kScales, kSizes };
  require_moved(op, kX);
  require_dtype(op, kRoi, kFloats);
  require_dtype(op, kScales, dtypes(DType::kF32));
  require_dtype(op, kSizes, kInt64);
  word_attr(op, "mode", "nearest", {"nearest", "linear", "cubic"});
  const Aspect aspect = read_aspect(op);
  const bool by_sizes = op.has_input(kSizes);
  // An empty scales means sizes: the only way to say so at opset 11.
  const bool by_scales = op.has_input(kScales) && !surely_empty(op, kScales);
  if (!by_sizes && !by_scales)
    op.fail("resize-spec", "Resize needs scales or sizes, and has neither");
  const bool length_known =
      op.has_rank(kScales) && op.rank(kScales) == 1 && known(op.shape(kScales)[0]).has_value();
  if (by_sizes && by_scales && length_known)
    op.fail("resize-spec", "Resize needs scales or sizes, and has both");
  if (!by_sizes && aspect != Aspect::kStretch) {
    op.fail("resize-spec", "Resize keeps an aspect ratio only of sizes, and has scales");
  }
  if (!op.has_rank(kX)) {
    // Without axes there is one entry an axis.
    const std::size_t given = by_sizes ? kSizes : kScales;
    const auto rank = op.has_rank(given) && op.rank(given) == 1 && !op.has_attr("axes")
                          ? known(op.shape(given)[0])
                          : std::nullopt;
    const bool usable = rank && *rank >= 0 && *rank <= kMaxRank;
    return op.output(0, op.dtype(kX),
                     usable ? unknown_dims(op, static_cast<int>(*rank)) : Shape::unknown_rank());
  }
  Shape out = op.shape(kX);
  const std::vector<int> axes = resized_axes(op, out.rank());
  check_crop(op, axes.size());
  if (const auto given = per_axis(op, by_sizes ? kSizes : kScales, axes.size())) {
    if (by_sizes) {
      resize_to(op, out, axes, *given, aspect);
    } else {
      resize_by(op, out, axes, *given, 0);
    }
  } else {
    lose(op, out, axes);
  }
  op.output(0, op.dtype(kX), std::move(out));
}

// Resize of opset 10 and Upsample of opset 9: X, scales.
template <int kLeast>
void scale_infer(Context& op) {
  require_moved(op, 0);
  require_dtype(op, 1, dtypes(DType::kF32));
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), Shape::unknown_rank());
  Shape out = op.shape(0);
  const std::vector<int> axes = resized_axes(op, out.rank());
  if (const auto scales = per_axis(op, 1, axes.size())) {
    resize_by(op, out, axes, *scales, kLeast);
  } else {
    lose(op, out, axes);
  }
  op.output(0, op.dtype(0), std::move(out));
}

void upsample7_infer(Context& op) {
  require_moved(op, 0);
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), Shape::unknown_rank());
  Shape out = op.shape(0);
  const std::vector<float>& floats = op.attr("scales")->floats;
  if (floats.size() != static_cast<std::size_t>(out.rank())) {
    op.fail("resize-spec", "Upsample attribute scales has " + std::to_string(floats.size()) +
                               " entries for X of rank " + std::to_string(out.rank()));
  }
  std::vector<Elem> scales;
  for (const float f : floats) scales.push_back(Elem::of_real(static_cast<double>(f)));
  resize_by(op, out, resized_axes(op, out.rank()), scales, 1);
  op.output(0, op.dtype(0), std::move(out));
}

void upsample_removed(Context& op) {
  op.fail("op-deprecated", "Upsample ended with opset 9", {}, "use Resize");
}

// --- the table
// ------------------------------------------------------------------------------------

constexpr AttrSpec kUpsample7[] = {
    {"mode", AttrKind::kString},
    {"scales", AttrKind::kFloats, true},
};
constexpr AttrSpec kUpsample9[] = {{"mode", AttrKind::kString}};
constexpr AttrSpec kResize11[] = {
    {"coordinate_transformation_mode", AttrKind::kString},
    {"cubic_coeff_a", AttrKind::kFloat},
    {"exclude_outside", AttrKind::kInt},
    {"extrapolation_value", AttrKind::kFloat},
    {"mode", AttrKind::kString},
    {"nearest_mode", AttrKind::kString},
};
constexpr AttrSpec kResize18[] = {
    {"antialias", AttrKind::kInt},
    {"axes", AttrKind::kInts},
    {"coordinate_transformation_mode", AttrKind::kString},
    {"cubic_coeff_a", AttrKind::kFloat},
    {"exclude_outside", AttrKind::kInt},
    {"extrapolation_value", AttrKind::kFloat},
    {"keep_aspect_ratio_policy", AttrKind::kString},
    {"mode", AttrKind::kString},
    {"nearest_mode", AttrKind::kString},
};
constexpr std::string_view kResizeOperands = "X roi scales sizes";

constexpr Op kOps[] = {
    {.name = "Upsample",
     .since = 7,
     .operands = "X",
     .attrs = kUpsample7,
     .infer = upsample7_infer},
    {.name = "Upsample",
     .since = 9,
     .inputs = {2, 2},
     .operands = "X scales",
     .attrs = kUpsample9,
     .infer = scale_infer<1>},
    {.name = "Upsample",
     .since = 10,
     .inputs = {2, 2},
     .operands = "X scales",
     .attrs = kUpsample9,
     .infer = upsample_removed},
    {.name = "Resize",
     .since = 10,
     .inputs = {2, 2},
     .operands = "X scales",
     .attrs = kUpsample9,
     .infer = scale_infer<0>},
    {.name = "Resize",
     .since = 11,
     .inputs = {3, 4},
     .operands = kResizeOperands,
     .attrs = kResize11,
     .infer = resize_infer},
    {.name = "Resize",
     .since = 13,
     .inputs = {1, 4},
     .operands = kResizeOperands,
     .attrs = kResize11,
     .infer = resize_infer},
    {.name = "Resize",
     .since = 18,
     .inputs = {1, 4},
     .operands = kResizeOperands,
     .attrs = kResize18,
     .infer = resize_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> resize_ops() { return kOps; }

}  // namespace shapewright::families
