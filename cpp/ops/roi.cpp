// Pooling of regions: MaxRoiPool and RoiAlign.
#include <string>

#include "ops/pool.h"
#include "ops/window.h"

namespace shapewright::rules {

namespace {

DTypeSet pool_floats(const Context& op) { return op.version() >= 22 ? kAllFloats : kFloats; }

// One row of `columns` numbers a region; the result has one image a region.
Shape region_shape(Context& op, int columns, Dim height, Dim width) {
  require_rank(op, 0, 4, 4);
  require_rank(op, 1, 2, 2);
  Shape out;
  if (op.has_rank(1)) {
    const Shape& rois = op.shape(1);
    op.require_equal("shape-mismatch", rois[1], columns, [&] {
      return "rois axis 1 with the " + std::to_string(columns) + " numbers of a region";
    });
    out.push_back(rois[0]);
  } else {
    out.push_back(op.unknown_dim());
  }
  out.push_back(op.has_rank(0) ? op.shape(0)[1] : op.unknown_dim());
  out.push_back(height);
  out.push_back(width);
  return out;
}

std::int64_t output_size(const Context& op, std::string_view name) {
  const std::int64_t size = op.attr_int(name, 1);
  if (size < 1) {
    op.fail("attr-value", "RoiAlign attribute " + std::string(name) + " is " +
                              std::to_string(size) + ": at least 1 is needed");
  }
  return size;
}

}  // namespace

void max_roi_pool_infer(Context& op) {
  require_dtype(op, 0, pool_floats(op));
  const DType dtype = unify_dtypes(op, 0, 1);
  const auto size = axis_attr(op, "pooled_shape", 2, 1, "attr-value");
  op.output(0, dtype, region_shape(op, 5, size[0], size[1]));
}

void roi_align_infer(Context& op) {
  require_dtype(op, 0, pool_floats(op));
  require_dtype(op, 2, dtypes(DType::kI64));
  const DType dtype = unify_dtypes(op, 0, 1);
  word_attr(op, "mode", "avg", {"avg", "max"});
  if (op.version() >= 16) {
    word_attr(op, "coordinate_transformation_mode", "half_pixel",
              {"half_pixel", "output_half_pixel"});
  }
  Shape out =
      region_shape(op, 4, output_size(op, "output_height"), output_size(op, "output_width"));
  require_rank(op, 2, 1, 1);
  if (op.has_rank(2)) {
    out[0] = op.unify("shape-mismatch", out[0], op.shape(2)[0],
                      [] { return std::string("rois axis 0 with batch_indices axis 0"); });
  }
  op.output(0, dtype, std::move(out));
}

}  // namespace shapewright::rules
