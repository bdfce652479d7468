// Random numbers: RandomNormal, RandomUniform, those like a tensor, Multinomial.
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

DTypeSet random_floats(const Context& op) { return op.version() >= 22 ? kAllFloats : kFloats; }

void require_result(const Context& op, DType dtype, DTypeSet allowed) {
  if (dtype == DType::kUnknown || allowed.has(dtype)) return;
  op.fail("dtype-unsupported", std::string(op.op_type()) + " does not make " +
                                   std::string(name_of(dtype)) + " at opset " +
                                   std::to_string(op.version()));
}

void random_infer(Context& op) {
  const DType dtype = dtype_attr(op, "dtype", DType::kF32);
  require_result(op, dtype, random_floats(op));
  const IntList sizes = IntList::of_attr(op, "shape");
  limit_rank(op, sizes.size());
  Shape shape;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t size = *sizes.literal(i);
    if (size < 0) {
      op.fail("negative-dim", std::string(op.op_type()) + " attribute shape is " +
                                  std::to_string(size) + " at entry " + std::to_string(i));
    }
    shape.push_back(size);
  }
  op.output(0, dtype, std::move(shape));
}

void random_like_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 22 ? kFirstTypes | kBFloat : kFirstTypes);
  const DType dtype = dtype_attr(op, "dtype", op.dtype(0));
  require_result(op, dtype, random_floats(op));
  op.output(0, dtype, op.shape(0));
}

// --- Multinomial: draws from the classes of each row

void multinomial_infer(Context& op) {
  require_dtype(op, 0, random_floats(op));
  require_rank(op, 0, 2, 2);
  const DType dtype = dtype_attr(op, "dtype", DType::kI32);
  require_result(op, dtype, kIndices);
  const std::int64_t samples = op.attr_int("sample_size", 1);
  if (samples < 1) {
    op.fail("attr-value",
            "Multinomial draws at least 1 sample, not sample_size " + std::to_string(samples));
  }
  if (op.has_rank(0)) {
    for (int axis = 0; axis < 2; ++axis) {
      op.require_at_most("size-too-small", 1, op.shape(0)[axis],
                         [&] { return "1 within " + axis_text("input", axis); });
    }
  }
  op.output(0, dtype, {op.has_rank(0) ? op.shape(0)[0] : op.unknown_dim(), Dim(samples)});
}

constexpr AttrSpec kNormal[] = {{"dtype", AttrKind::kInt},
                                {"mean", AttrKind::kFloat},
                                {"scale", AttrKind::kFloat},
                                {"seed", AttrKind::kFloat},
                                {"shape", AttrKind::kInts, true}};
constexpr AttrSpec kUniform[] = {{"dtype", AttrKind::kInt},
                                 {"high", AttrKind::kFloat},
                                 {"low", AttrKind::kFloat},
                                 {"seed", AttrKind::kFloat},
                                 {"shape", AttrKind::kInts, true}};
constexpr AttrSpec kMultinomial[] = {
    {"dtype", AttrKind::kInt}, {"sample_size", AttrKind::kInt}, {"seed", AttrKind::kFloat}};

constexpr Op kOps[] = {
    {.name = "RandomNormal", .inputs = {0, 0}, .attrs = kNormal, .infer = random_infer},
    {.name = "RandomUniform", .inputs = {0, 0}, .attrs = kUniform, .infer = random_infer},
    {.name = "RandomNormalLike",
     .operands = "input",
     .attrs = std::span(kNormal).first(4),
     .infer = random_like_infer},
    {.name = "RandomUniformLike",
     .operands = "input",
     .attrs = std::span(kUniform).first(4),
     .infer = random_like_infer},
    {.name = "Multinomial",
     .since = 7,
     .operands = "input",
     .attrs = kMultinomial,
     .infer = multinomial_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> random_ops() { return kOps; }

}  // namespace shapewright::families
