// Operators steered by indices or lengths: OneHot, ReverseSequence.
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/indices.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// --- OneHot

// The size of the new axis: `depth` may be of any numeric type and is truncated.
Dim depth_of(Context& op) {
  const Elements* e = op.elements(1);
  const Elem depth = e != nullptr && e->size() == 1 ? rounded(e->elems[0], Rounding::kTowardZero)
                                                    : Elem::unknown();
  if (!depth.is_int()) return op.unknown_dim();
  if (prove_lt(depth.num, 1) == Truth::kYes)
    op.fail("onehot-depth", "OneHot needs a depth of at least 1, not " + to_string(depth.num));
  op.require_at_most("onehot-depth", 1, depth.num, [] { return std::string("1 within depth"); });
  return depth.num;
}

void one_hot_infer(Context& op) {
  require_dtype(op, 0, kNumeric);
  require_dtype(op, 1, kNumeric);
  require_dtype(op, 2, op.version() >= 28 ? kFirstTypes | kBFloat : kFirstTypes);
  require_rank(op, 0, 1);
  require_rank(op, 1, 0, 1);
  require_rank(op, 2, 1, 1);
  if (op.has_rank(1) && op.rank(1) == 1) {
    op.require_equal("onehot-depth", op.shape(1)[0], 1,
                     [] { return std::string("depth with a scalar"); });
  }
  if (op.has_rank(2)) {
    op.require_equal("onehot-values", op.shape(2)[0], 2,
                     [] { return std::string("values axis 0 with the pair [off, on]"); });
  }
  const DType dtype = op.dtype(2);
  const Dim depth = depth_of(op);
  if (!op.has_rank(0)) return op.output(0, dtype, Shape::unknown_rank());
  Shape out = op.shape(0);
  out.insert(normalize_axis(op, op.attr_int("axis", -1), out.rank() + 1, "axis"), depth);
  op.output(0, dtype, std::move(out));
}

// --- ReverseSequence

void reverse_sequence_infer(Context& op) {
  require_dtype(op, 0, op.version() >= 28 ? kFirstTypes | kBFloat : kFirstTypes);
  require_dtype(op, 1, kInt64);
  const std::int64_t batch = op.attr_int("batch_axis", 1), time = op.attr_int("time_axis", 0);
  if (batch < 0 || batch > 1 || time < 0 || time > 1 || batch == time) {
    op.fail("attr-value",
            "ReverseSequence batch_axis and time_axis are 0 and 1 in either order, not " +
                std::to_string(batch) + " and " + std::to_string(time));
  }
  require_rank(op, 0, 2);
  require_rank(op, 1, 1, 1);
  if (op.has_rank(0) && op.has_rank(1)) {
    const Shape& in = op.shape(0);
    op.require_equal("sequence-lens", op.shape(1)[0], in[static_cast<int>(batch)], [&] {
      return "sequence_lens axis 0 with " + axis_text("input", static_cast<int>(batch));
    });
    if (const Elements* lens = op.elements(1)) {
      for (const Elem& e : lens->elems) {
        if (!e.is_int()) continue;
        op.require_at_most("sequence-lens", e.num, in[static_cast<int>(time)], [&] {
          return "a sequence in " + axis_text("input", static_cast<int>(time));
        });
      }
    }
  }
  same_as_input(op);
}

constexpr AttrSpec kOneHot[] = {{"axis", AttrKind::kInt}};
constexpr AttrSpec kReverseSequence[] = {{"batch_axis", AttrKind::kInt},
                                         {"time_axis", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "OneHot",
     .since = 9,
     .inputs = {3, 3},
     .operands = "indices depth values",
     .attrs = kOneHot,
     .infer = one_hot_infer},
    {.name = "ReverseSequence",
     .since = 10,
     .inputs = {2, 2},
     .operands = "input sequence_lens",
     .attrs = kReverseSequence,
     .infer = reverse_sequence_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> index_ops() { return kOps; }

}  // namespace shapewright::families
