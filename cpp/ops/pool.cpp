// Pooling: windows that keep batch and channels. MaxUnpool undoes one.
#include "ops/pool.h"

#include <string>

#include "ops/families.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

constexpr DTypeSet kBytes = dtypes(DType::kI8, DType::kU8);

DTypeSet pool_floats(const Context& op) { return op.version() >= 22 ? kAllFloats : kFloats; }

// What the versions of a pooling operator differ in.
struct PoolVersions {
  int ceil_since, dilations_since;
};

// Spatial axes, told by the input or by the attribute alone.
int spatial_axes(const Context& op) {
  require_rank(op, 0, 3);
  if (op.has_rank(0)) return op.rank(0) - 2;
  const std::size_t axes = op.attr("kernel_shape")->ints.size();
  if (axes == 0 || axes + 2 > static_cast<std::size_t>(kMaxRank)) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute kernel_shape has " +
                              std::to_string(axes) + " entries");
  }
  return static_cast<int>(axes);
}

// A window that lies in the padding alone has no value, so each pad is below the kernel.
void require_small_pads(const Context& op, const Windows& windows, int i, std::int64_t kernel) {
  for (const std::int64_t pad : {windows.pad_begin(i), windows.pad_end(i)}) {
    if (pad < kernel) continue;
    op.fail("pads-invalid", std::string(op.op_type()) + " pads by " + std::to_string(pad) +
                                " on axis " + std::to_string(i + 2) +
                                ", which is not less than its kernel " + std::to_string(kernel));
  }
}

// ONNX Runtime pools over up to three axes, and nothing but the batch may be empty.
void require_pooled(Context& op) {
  require_rank(op, 0, 3, 5);
  if (!op.has_rank(0) || bounds(op.shape(0)[0]).lo < 1) return;
  for (int axis = 1; axis < op.rank(0); ++axis) {
    op.require_at_most("size-too-small", 1, op.shape(0)[axis],
                       [&] { return "1 within " + axis_text("X", axis); });
  }
}

Shape pool_shape(Context& op, PoolVersions versions) {
  const int spatial = spatial_axes(op);
  const auto kernel = axis_attr(op, "kernel_shape", spatial, 1, "attr-value");
  const Windows windows(
      op, spatial,
      {.dilations = op.version() >= versions.dilations_since, .pads_exclude_auto_pad = false});
  const bool ceil_mode = op.version() >= versions.ceil_since && op.attr_int("ceil_mode", 0) != 0;
  Shape out = op.has_rank(0) ? op.shape(0) : unknown_dims(op, spatial + 2);
  for (int i = 0; i < spatial; ++i) {
    const std::int64_t size = kernel[static_cast<std::size_t>(i)];
    require_small_pads(op, windows, i, size);
    if (!op.has_rank(0)) continue;
    out[i + 2] = windows.count(op, i, out[i + 2], size, ceil_mode);
    // ceil(in / stride) says the specification; ONNX Runtime pads as if nothing were dilated, and
    // gives less.
    if (windows.same() && windows.dilation(i) != 1)
      out[i + 2] = op.fresh("", SymbolKind::kUnknown, {0, bounds(out[i + 2]).hi});
  }
  return out;
}

template <PoolVersions kVersions>
void pool_infer(Context& op) {
  require_dtype(op, 0, pool_floats(op));
  Shape out = pool_shape(op, kVersions);
  require_pooled(op);
  op.output(0, op.dtype(0), std::move(out));
}

void max_pool_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 12 ? pool_floats(op) | kBytes : kFloats);
  if (const std::int64_t order = op.attr_int("storage_order", 0); order != 0 && order != 1)
    op.fail("attr-value",
            "MaxPool attribute storage_order is " + std::to_string(order) + ": 0 or 1 is needed");
  Shape out = pool_shape(op, {.ceil_since = 10, .dilations_since = 10});
  require_pooled(op);
  op.output(1, DType::kI64, out);
  op.output(0, op.dtype(0), std::move(out));
}

void global_pool_infer(Context& op) {
  require_dtype(op, 0, pool_floats(op));
  require_pooled(op);
  Shape out = op.shape(0);
  for (int axis = 2; axis < out.rank(); ++axis) out[axis] = 1;
  op.output(0, op.dtype(0), std::move(out));
}

// One operation an element of each window.
Dim pool_flops(const Context& op) {
  Dim flops = elements_or_zero(op.output_type(0).shape);
  if (const Attr* kernel = op.attr("kernel_shape"))
    for (const std::int64_t size : kernel->ints) flops *= Dim(size);
  return flops;
}

Dim global_pool_flops(const Context& op) { return elements_or_zero(op.shape(0)); }

// --- MaxUnpool

// The size whose pooling gives X: (in - 1) * stride - pads + kernel.
Shape unpooled_shape(Context& op) {
  const int spatial = spatial_axes(op);
  const auto kernel = axis_attr(op, "kernel_shape", spatial, 1, "attr-value");
  const Windows windows(op, spatial, {.dilations = false});
  Shape out = op.has_rank(0) ? op.shape(0) : unknown_dims(op, spatial + 2);
  for (int i = 0; i < spatial && op.has_rank(0); ++i) {
    const Dim in = out[i + 2], size = kernel[static_cast<std::size_t>(i)];
    const Dim full = (in - 1) * Dim(windows.stride(i)) + size;
    op.require_at_most("pads-invalid", windows.pads(i), full, [&] {
      return "pads of " + to_string(windows.pads(i)) + " into the output on axis " +
             std::to_string(i + 2);
    });
    out[i + 2] = full - windows.pads(i);
  }
  return out;
}

// A given output_shape is at least what X needs, and keeps its batch and channels.
Shape given_shape(Context& op, const Shape& least) {
  require_rank(op, 2, 1, 1);
  const Elements* e = op.elements(2);
  const auto length = op.has_rank(2) ? known(op.shape(2)[0]) : std::nullopt;
  if (length && *length != least.rank()) {
    op.fail("rank-mismatch", "MaxUnpool output_shape has " + std::to_string(*length) +
                                 " entries for X of rank " + std::to_string(least.rank()));
  }
  Shape out;
  for (int axis = 0; axis < least.rank(); ++axis) {
    const std::size_t at = static_cast<std::size_t>(axis);
    if (e == nullptr || at >= e->elems.size() || !e->elems[at].is_int()) {
      out.push_back(axis < 2 ? least[axis] : op.unknown_dim());
      continue;
    }
    const Dim size = e->elems[at].num;
    const auto what = [&] { return "output_shape entry " + std::to_string(axis) + " with X"; };
    if (axis < 2) {
      out.push_back(op.unify("shape-mismatch", size, least[axis], what));
    } else {
      op.require_at_most("shape-mismatch", least[axis], size, [&] {
        return "the pooled windows into output_shape entry " + std::to_string(axis);
      });
      out.push_back(size);
    }
  }
  return out;
}

void max_unpool_infer(Context& op) {
  require_dtype(op, 0, pool_floats(op));
  require_dtype(op, 1, dtypes(DType::kI64));
  require_dtype(op, 2, dtypes(DType::kI64));
  unify_except(op, 0, 2, -1);
  const Shape least = unpooled_shape(op);
  op.output(0, op.dtype(0), op.has_input(2) ? given_shape(op, least) : least);
}

// --- the table

constexpr AttrSpec kPool7[] = {
    {"auto_pad", AttrKind::kString},
    {"count_include_pad", AttrKind::kInt},
    {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kPool10[] = {
    {"auto_pad", AttrKind::kString},
    {"ceil_mode", AttrKind::kInt},
    {"count_include_pad", AttrKind::kInt},
    {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kPool19[] = {
    {"auto_pad", AttrKind::kString},
    {"ceil_mode", AttrKind::kInt},
    {"count_include_pad", AttrKind::kInt},
    {"dilations", AttrKind::kInts},
    {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kMaxPool1[] = {
    {"auto_pad", AttrKind::kString},
    {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kMaxPool8[] = {
    {"auto_pad", AttrKind::kString}, {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},       {"storage_order", AttrKind::kInt},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kMaxPool10[] = {
    {"auto_pad", AttrKind::kString}, {"ceil_mode", AttrKind::kInt},
    {"dilations", AttrKind::kInts},  {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},       {"storage_order", AttrKind::kInt},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kLpPool2[] = {
    {"auto_pad", AttrKind::kString}, {"kernel_shape", AttrKind::kInts, true},
    {"p", AttrKind::kInt},           {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kLpPool18[] = {
    {"auto_pad", AttrKind::kString}, {"ceil_mode", AttrKind::kInt},
    {"dilations", AttrKind::kInts},  {"kernel_shape", AttrKind::kInts, true},
    {"p", AttrKind::kInt},           {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kGlobalLpPool[] = {{"p", AttrKind::kInt}};
constexpr AttrSpec kMaxUnpool[] = {
    {"kernel_shape", AttrKind::kInts, true},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};
constexpr AttrSpec kMaxRoiPool[] = {
    {"pooled_shape", AttrKind::kInts, true},
    {"spatial_scale", AttrKind::kFloat},
};
constexpr AttrSpec kRoiAlign10[] = {
    {"mode", AttrKind::kString},         {"output_height", AttrKind::kInt},
    {"output_width", AttrKind::kInt},    {"sampling_ratio", AttrKind::kInt},
    {"spatial_scale", AttrKind::kFloat},
};
constexpr AttrSpec kRoiAlign16[] = {
    {"coordinate_transformation_mode", AttrKind::kString},
    {"mode", AttrKind::kString},
    {"output_height", AttrKind::kInt},
    {"output_width", AttrKind::kInt},
    {"sampling_ratio", AttrKind::kInt},
    {"spatial_scale", AttrKind::kFloat},
};

constexpr Op average_pool_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "AveragePool",
          .since = since,
          .operands = "X",
          .attrs = attrs,
          .infer = pool_infer<PoolVersions{.ceil_since = 10, .dilations_since = 19}>,
          .flops = pool_flops};
}
constexpr Op lp_pool_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "LpPool",
          .since = since,
          .operands = "X",
          .attrs = attrs,
          .infer = pool_infer<PoolVersions{.ceil_since = 18, .dilations_since = 18}>,
          .flops = pool_flops};
}
constexpr Op max_pool_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "MaxPool",
          .since = since,
          .outputs = {1, since >= 8 ? 2 : 1},
          .operands = "X",
          .attrs = attrs,
          .infer = max_pool_infer,
          .flops = pool_flops};
}
constexpr Op global_pool_row(std::string_view name, int since,
                             std::span<const AttrSpec> attrs = {}) {
  return {.name = name,
          .since = since,
          .operands = "X",
          .attrs = attrs,
          .infer = global_pool_infer,
          .flops = global_pool_flops};
}
constexpr Op max_unpool_row(int since) {
  return {.name = "MaxUnpool",
          .since = since,
          .inputs = {2, 3},
          .operands = "X I output_shape",
          .attrs = kMaxUnpool,
          .infer = max_unpool_infer};
}
constexpr Op max_roi_pool_row(int since) {
  return {.name = "MaxRoiPool",
          .since = since,
          .inputs = {2, 2},
          .operands = "X rois",
          .attrs = kMaxRoiPool,
          .infer = max_roi_pool_infer};
}
constexpr Op roi_align_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "RoiAlign",
          .since = since,
          .inputs = {3, 3},
          .operands = "X rois batch_indices",
          .attrs = attrs,
          .infer = roi_align_infer};
}

constexpr Op kOps[] = {
    average_pool_row(7, kPool7),
    average_pool_row(10, kPool10),
    average_pool_row(19, kPool19),
    average_pool_row(22, kPool19),
    max_pool_row(1, kMaxPool1),
    max_pool_row(8, kMaxPool8),
    max_pool_row(10, kMaxPool10),
    max_pool_row(12, kMaxPool10),
    max_pool_row(22, kMaxPool10),
    lp_pool_row(2, kLpPool2),
    lp_pool_row(18, kLpPool18),
    lp_pool_row(22, kLpPool18),
    global_pool_row("GlobalAveragePool", 1),
    global_pool_row("GlobalAveragePool", 22),
    global_pool_row("GlobalMaxPool", 1),
    global_pool_row("GlobalMaxPool", 22),
    global_pool_row("GlobalLpPool", 2, kGlobalLpPool),
    global_pool_row("GlobalLpPool", 22, kGlobalLpPool),
    max_unpool_row(9),
    max_unpool_row(22),
    max_roi_pool_row(1),
    max_roi_pool_row(22),
    roi_align_row(10, kRoiAlign10),
    roi_align_row(16, kRoiAlign16),
    roi_align_row(22, kRoiAlign16),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> pool_ops() { return kOps; }

}  // namespace shapewright::families
