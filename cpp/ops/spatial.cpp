// Images resampled and rearranged: GridSample, AffineGrid, DepthToSpace, SpaceToDepth, Col2Im.
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

// --- DepthToSpace, SpaceToDepth
// -------------------------------------------------------------------

std::int64_t block_size(const Context& op) {
  const std::int64_t block = op.attr_int("blocksize", 0);
  if (block < 1) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute blocksize is " +
                              std::to_string(block) + ": at least 1 is needed");
  }
  return block;
}

// [N, C, H, W] of X, unknown where its rank is.
Shape image_shape(Context& op) {
  require_rank(op, 0, 4, 4);
  return op.has_rank(0) ? op.shape(0) : unknown_dims(op, 4);
}

// in / divisor, which must come out even.
Dim divided(Context& op, Dim in, Dim divisor, int axis) {
  op.require_divides("depth-divides", divisor, in,
                     [&] { return axis_text(operand_name(op, 0), axis) + " into blocks"; });
  return exactdiv(in, divisor);
}

void depth_to_space_infer(Context& op) {
  require_moved(op, 0);
  const Dim block = block_size(op);
  if (op.version() >= 11) word_attr(op, "mode", "DCR", {"DCR", "CRD"});
  const Shape in = image_shape(op);
  op.output(0, op.dtype(0),
            {in[0], divided(op, in[1], block * block, 1), in[2] * block, in[3] * block});
}

void space_to_depth_infer(Context& op) {
  require_moved(op, 0);
  const Dim block = block_size(op);
  if (op.version() >= 28) word_attr(op, "mode", "DCR", {"DCR", "CRD"});
  const Shape in = image_shape(op);
  op.output(
      0, op.dtype(0),
      {in[0], in[1] * block * block, divided(op, in[2], block, 2), divided(op, in[3], block, 3)});
}

// --- GridSample, AffineGrid
// -----------------------------------------------------------------------

// X [N, C, d1..dr], grid [N, o1..or, r] -> Y [N, C, o1..or]
void grid_sample_infer(Context& op) {
  const bool bfloat = op.version() >= 22;
  require_dtype(op, 0, bfloat ? kFirstTypes | kBFloat : kFirstTypes);
  require_dtype(op, 1, bfloat ? kAllFloats : kFloats);
  if (op.version() >= 20) {
    word_attr(op, "mode", "linear", {"linear", "nearest", "cubic"});
  } else {
    word_attr(op, "mode", "bilinear", {"bilinear", "nearest", "bicubic"});
  }
  word_attr(op, "padding_mode", "zeros", {"zeros", "border", "reflection"});
  require_rank(op, 0, 3);
  require_rank(op, 1, 3);
  const bool x_ranked = op.has_rank(0), grid_ranked = op.has_rank(1);
  if (!x_ranked && !grid_ranked) return op.output(0, op.dtype(0), Shape::unknown_rank());
  const int rank = op.rank(grid_ranked ? 1 : 0);
  if (x_ranked && op.rank(0) != rank) {
    op.fail("rank-mismatch", "GridSample needs X and grid of one rank: " +
                                 std::to_string(op.rank(0)) + " != " + std::to_string(rank));
  }
  Shape out;
  out.push_back(x_ranked ? op.shape(0)[0] : op.shape(1)[0]);
  out.push_back(x_ranked ? op.shape(0)[1] : op.unknown_dim());
  if (grid_ranked) {
    const Shape& grid = op.shape(1);
    op.require_equal("shape-mismatch", grid[rank - 1], rank - 2, [&] {
      return axis_text("grid", rank - 1) + " with the number of spatial axes";
    });
    out[0] = op.unify("shape-mismatch", out[0], grid[0],
                      [] { return std::string("X axis 0 with grid axis 0"); });
    for (int axis = 1; axis < rank - 1; ++axis) out.push_back(grid[axis]);
    if (x_ranked && bounds(num_elements(out)).lo >= 1) {
      for (int axis = 2; axis < rank; ++axis) {
        op.require_at_most("size-too-small", 1, op.shape(0)[axis],
                           [&] { return "1 within " + axis_text("X", axis); });
      }
    }
  } else {
    for (int axis = 2; axis < rank; ++axis) out.push_back(op.unknown_dim());
  }
  op.output(0, op.dtype(0), std::move(out));
}

// theta [N, r, r + 1], size = [N, C, d1..dr] -> grid [N, d1..dr, r]
void affine_grid_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  require_dtype(op, 1, kInt64);
  require_rank(op, 0, 3, 3);
  require_rank(op, 1, 1, 1);
  const Elements* size = op.elements(1);
  std::optional<std::int64_t> length;
  if (op.has_rank(1)) length = known(op.shape(1)[0]);
  if (length && *length != 4 && *length != 5) {
    op.fail("shape-mismatch",
            "AffineGrid needs a size of 4 or 5 entries, not " + std::to_string(*length));
  }
  std::optional<std::int64_t> axes;  // r
  if (length) {
    axes = *length - 2;
  } else if (op.has_rank(0)) {
    axes = known(op.shape(0)[1]);
  }
  if (op.has_rank(0) && length) {
    for (int axis = 1; axis <= 2; ++axis) {
      op.require_equal("shape-mismatch", op.shape(0)[axis], *axes + axis - 1, [&] {
        return axis_text("theta", axis) + " with the " + std::to_string(*axes) +
               " spatial axes of size";
      });
    }
  }
  if (!axes || *axes < 2 || *axes > 3) return op.output(0, op.dtype(0), Shape::unknown_rank());
  const auto entry = [&](std::int64_t i) -> std::optional<Dim> {
    const std::size_t at = static_cast<std::size_t>(i);
    if (size == nullptr || at >= size->elems.size() || !size->elems[at].is_int())
      return std::nullopt;
    const Dim d = size->elems[at].num;
    if (prove_le(0, d) == Truth::kNo) {
      op.fail("negative-dim", "AffineGrid size " + to_string(d) + " at entry " + std::to_string(i) +
                                  " is negative");
    }
    op.require_at_most("negative-dim", 0, d, "a negative size into the grid");
    if (i >= 2) {
      op.require_at_most("size-too-small", 1, d,
                         [&] { return "1 within entry " + std::to_string(i) + " of size"; });
    }
    return d;
  };
  Shape out;
  if (const auto batch = entry(0); batch && op.has_rank(0)) {
    out.push_back(op.unify("shape-mismatch", *batch, op.shape(0)[0],
                           [] { return std::string("size entry 0 with theta axis 0"); }));
  } else {
    out.push_back(batch ? *batch : op.has_rank(0) ? op.shape(0)[0] : op.unknown_dim());
  }
  for (std::int64_t i = 0; i < *axes; ++i) {
    const auto dim = entry(i + 2);
    out.push_back(dim ? *dim : op.unknown_dim());
  }
  out.push_back(*axes);
  op.output(0, op.dtype(0), std::move(out));
}

// --- Col2Im
// ---------------------------------------------------------------------------------------

// Known entries of a 1-D integer operand; `axes` of them, unknown ones as unknown dims.
std::vector<Dim> entries(Context& op, std::size_t input, int axes) {
  std::vector<Dim> out;
  const Elements* e = op.elements(input);
  for (int i = 0; i < axes; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    const bool is_known = e != nullptr && at < e->elems.size() && e->elems[at].is_int();
    out.push_back(is_known ? e->elems[at].num : op.unknown_dim());
  }
  return out;
}

// input [N, C * prod(block), L], image_shape [r], block_shape [r] -> [N, C, image...]
void col2im_infer(Context& op) {
  enum { kInput, kImage, kBlock };
  require_moved(op, kInput);
  require_rank(op, kInput, 3, 3);
  std::optional<std::int64_t> axes;
  for (const std::size_t i : {kImage, kBlock}) {
    require_dtype(op, i, kInt64);
    require_rank(op, i, 1, 1);
    if (op.has_rank(i) && !axes) axes = known(op.shape(i)[0]);
  }
  if (op.has_rank(kImage) && op.has_rank(kBlock)) {
    op.require_equal("shape-mismatch", op.shape(kImage)[0], op.shape(kBlock)[0],
                     [] { return std::string("image_shape axis 0 with block_shape axis 0"); });
  }
  if (!axes || *axes > kMaxRank - 2) return op.output(0, op.dtype(0), Shape::unknown_rank());
  const int spatial = static_cast<int>(*axes);
  const Windows windows(op, spatial);
  const std::vector<Dim> image = entries(op, kImage, spatial);
  const std::vector<Dim> block = entries(op, kBlock, spatial);
  Dim count = 1;  // of blocks
  for (int i = 0; i < spatial; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    for (const Dim size : {image[at], block[at]}) {
      if (const auto literal = known(size); literal && *literal < 1) {
        op.fail("shape-mismatch", "Col2Im size " + std::to_string(*literal) + " on axis " +
                                      std::to_string(i + 2) + " is not positive");
      }
    }
    count *= windows.count(op, i, image[at], block[at], false);
  }
  Shape out;
  if (op.has_rank(kInput)) {
    const Shape& in = op.shape(kInput);
    const Dim block_size = product(block);
    op.require_divides("depth-divides", block_size, in[1],
                       [] { return std::string("input axis 1 by the size of a block"); });
    op.require_equal("shape-mismatch", in[2], count,
                     [] { return std::string("input axis 2 with the number of blocks"); });
    out.push_back(in[0]);
    out.push_back(exactdiv(in[1], block_size));
  } else {
    out = unknown_dims(op, 2);
  }
  for (const Dim size : image) out.push_back(size);
  op.output(0, op.dtype(0), std::move(out));
}

// --- the table
// ------------------------------------------------------------------------------------

constexpr AttrSpec kBlock[] = {{"blocksize", AttrKind::kInt, true}};
constexpr AttrSpec kBlockMode[] = {
    {"blocksize", AttrKind::kInt, true},
    {"mode", AttrKind::kString},
};
constexpr AttrSpec kGridSample[] = {
    {"align_corners", AttrKind::kInt},
    {"mode", AttrKind::kString},
    {"padding_mode", AttrKind::kString},
};
constexpr AttrSpec kAffineGrid[] = {{"align_corners", AttrKind::kInt}};
constexpr AttrSpec kCol2Im[] = {
    {"dilations", AttrKind::kInts},
    {"pads", AttrKind::kInts},
    {"strides", AttrKind::kInts},
};

constexpr Op depth_to_space_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "DepthToSpace",
          .since = since,
          .operands = "input",
          .attrs = attrs,
          .infer = depth_to_space_infer};
}
constexpr Op space_to_depth_row(int since, std::span<const AttrSpec> attrs) {
  return {.name = "SpaceToDepth",
          .since = since,
          .operands = "input",
          .attrs = attrs,
          .infer = space_to_depth_infer};
}
constexpr Op grid_sample_row(int since) {
  return {.name = "GridSample",
          .since = since,
          .inputs = {2, 2},
          .operands = "X grid",
          .attrs = kGridSample,
          .infer = grid_sample_infer};
}

constexpr Op kOps[] = {
    depth_to_space_row(1, kBlock),
    depth_to_space_row(11, kBlockMode),
    depth_to_space_row(13, kBlockMode),
    space_to_depth_row(1, kBlock),
    space_to_depth_row(13, kBlock),
    space_to_depth_row(28, kBlockMode),
    grid_sample_row(16),
    grid_sample_row(20),
    grid_sample_row(22),
    {.name = "AffineGrid",
     .since = 20,
     .inputs = {2, 2},
     .operands = "theta size",
     .attrs = kAffineGrid,
     .infer = affine_grid_infer},
    {.name = "Col2Im",
     .since = 18,
     .inputs = {3, 3},
     .operands = "input image_shape block_shape",
     .attrs = kCol2Im,
     .infer = col2im_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> spatial_ops() { return kOps; }

}  // namespace shapewright::families
