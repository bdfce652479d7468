// Reshape: the sizes of the target, the one it leaves out, and that no element is lost.
//
// Counts are compared after equal sizes on both sides are struck out, so that [N, L, 12, 64] -> [N,
// L, -1] never multiplies N by L, and what remains reads as the model's demand: N*1024 elements
// into [1024] is N == 1.
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/int_list.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"
#include "ops/shape.h"

namespace shapewright::families {

namespace {

using namespace rules;

struct Target {
  Shape shape;               // the axes in `holes` hold nothing yet
  int holes = 0;             // sizes not told: -1, or an element that is not known
  int hole = -1;             // the last of them
  std::uint64_t copies = 0;  // axes whose size is a computed one, or copied where that is 0
  bool has_minus_one = false;
  bool has_zero = false;  // a size 0 that is meant, not copied
};

std::string entry_text(std::size_t i) { return "entry " + std::to_string(i) + " of shape"; }

// Where `size` is 0, so is the axis of data that is copied for it.
bool copies_itself(const Context& op, int axis, Dim size) {
  if (!op.has_rank(0) || axis >= op.rank(0)) return false;
  const Dim copied = op.shape(0)[axis];
  if (copied == size) return true;
  return copied != Dim(0) && prove_divides(copied, size) == Truth::kYes &&
         bounds(exactdiv(size, copied)).lo >= 1;
}

Target read_target(Context& op, const IntList& list) {
  Target target;
  const bool allow_zero = op.version() >= 14 && op.attr_int("allowzero", 0) != 0;
  const auto leave_open = [&](std::size_t i) {
    target.hole = static_cast<int>(i);
    ++target.holes;
    target.shape.push_back(0);
  };
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Elem e = list[i];
    if (!e.is_int()) {
      leave_open(i);
      continue;
    }
    const auto literal = known(e.num);
    if (!literal) {
      // A negative size would be read as "infer" or refused, and 0 as "copy": the model means one.
      const int least = allow_zero || copies_itself(op, static_cast<int>(i), e.num) ? 0 : 1;
      const bool is_held = op.require_at_most("reshape-target", least, e.num, [&] {
        return std::to_string(least) + " within " + entry_text(i);
      });
      if (is_held || bounds(e.num).lo >= least) {
        target.shape.push_back(e.num);
      } else {
        leave_open(i);
        target.copies |= std::uint64_t{1} << i;
      }
    } else if (*literal > 0) {
      target.shape.push_back(e.num);
    } else if (*literal == 0 && allow_zero) {
      target.has_zero = true;
      target.shape.push_back(0);
    } else if (*literal == 0) {
      if (!op.has_rank(0)) {
        leave_open(i);
      } else if (static_cast<int>(i) >= op.rank(0)) {
        op.fail("reshape-target", "Reshape copies axis " + std::to_string(i) +
                                      " of data, which has rank " + std::to_string(op.rank(0)));
      } else {
        target.shape.push_back(op.shape(0)[static_cast<int>(i)]);
        target.has_zero |= target.shape[static_cast<int>(i)] == Dim(0);
      }
    } else if (*literal == -1) {
      if (target.has_minus_one)
        op.fail("reshape-target", "Reshape can infer one size only, but shape holds -1 twice");
      target.has_minus_one = true;
      leave_open(i);
    } else {
      op.fail("reshape-target",
              "Reshape " + entry_text(i) + " is negative: " + std::to_string(*literal));
    }
  }
  if (target.has_minus_one && target.has_zero) {
    op.fail("reshape-target", "Reshape cannot infer the size for -1 beside a size of 0");
  }
  return target;
}

// Elements of data and of target but for what both have in common.
struct Counts {
  Dim data = 1, target = 1;
};

Counts remaining_counts(const Shape& data, const Target& target) {
  Counts counts;
  std::uint64_t struck = 0;  // axes of data
  static_assert(kMaxRank <= 64);
  const bool infers = target.has_minus_one;
  for (int i = 0; i < target.shape.rank(); ++i) {
    if (target.holes == 1 && i == target.hole) continue;
    const Dim t = target.shape[i];
    // What may be 0 stays on both sides, except beside -1: there a 0 is refused at run time anyway.
    bool found = false;
    if (infers || bounds(t).lo >= 1) {
      for (int k = 0; k < data.rank() && !found; ++k) {
        if (((struck >> k) & 1) != 0 || data[k] != t) continue;
        struck |= std::uint64_t{1} << k;
        found = true;
      }
    }
    if (!found) counts.target *= t;
  }
  for (int k = 0; k < data.rank(); ++k)
    if (((struck >> k) & 1) == 0) counts.data *= data[k];
  return counts;
}

[[noreturn]] void fail_count(const Context& op, const Shape& target,
                             const std::string& difference) {
  op.fail("reshape-elements", "Reshape cannot turn " + to_string(op.shape(0)) + " into " +
                                  to_string(target) + ": " + difference);
}

std::string target_text(const Target& target, const char* inferred) {
  std::string text = "[";
  for (int i = 0; i < target.shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += target.holes == 1 && i == target.hole ? inferred : to_string(target.shape[i]);
  }
  return text + "]";
}

// The greatest literal that surely divides d; 1 for 0.
std::int64_t content(Dim d) {
  const Congruence c = congruence(d);
  if (c.residue == kMinusInf) return 1;
  const std::int64_t g = std::gcd(c.modulus, c.residue);
  return g == 0 ? 1 : g;
}

Dim infer_size(Context& op, const Target& target, Counts n) {
  if (n.target == Dim(1)) return n.data;
  if (n.target == Dim(0)) return op.unknown_dim();  // an unknown element beside a 0
  const Truth divides = prove_divides(n.target, n.data);
  if (divides == Truth::kYes) return exactdiv(n.data, n.target);
  if (divides == Truth::kNo) {
    op.fail("reshape-elements", "Reshape cannot turn " + to_string(op.shape(0)) + " into " +
                                    target_text(target, "-1") + ": " + to_string(n.data) +
                                    " is no multiple of " + to_string(n.target));
  }
  // q divides c*m exactly if q/g divides m, where g = gcd(q, c).
  const auto q = known(n.target);
  const std::int64_t c = q ? content(n.data) : 1;
  const std::int64_t g = q ? std::gcd(*q, c) : 1;
  const Dim divisor = q ? Dim(*q / g) : n.target;
  const Dim rest = c == 1 ? n.data : floordiv(n.data, c);
  op.require_divides("reshape-elements", divisor, rest,
                     [&] { return "the elements of data into " + target_text(target, "-1"); });
  return Dim(c / g) * exactdiv(rest, divisor);
}

void require_same_count(Context& op, const Shape& target, Counts n) {
  const Truth equal = prove_eq(n.data, n.target);
  if (equal == Truth::kYes) return;
  if (equal == Truth::kNo) {
    fail_count(
        op, target,
        to_string(num_elements(op.shape(0))) + " elements != " + to_string(num_elements(target)));
  }
  const auto what = [] { return std::string("the elements of data with those of shape"); };
  if (bounds(n.target).lo >= 1 && prove_divides(n.target, n.data) == Truth::kYes) {
    op.require_equal("reshape-elements", exactdiv(n.data, n.target), 1, what);
  } else if (bounds(n.data).lo >= 1 && prove_divides(n.data, n.target) == Truth::kYes) {
    op.require_equal("reshape-elements", exactdiv(n.target, n.data), 1, what);
  } else {
    op.require_equal("reshape-elements", n.data, n.target, what);
  }
}

// The size of an axis of which only a run tells whether it is copied.
Dim computed_or_copied(Context& op, int axis, Dim computed) {
  const Bounds size = bounds(computed);
  Bounds all{0, kPlusInf};
  if (op.has_rank(0) && size.lo >= 0) {  // a negative one is inferred
    const Bounds copied = axis < op.rank(0) ? bounds(op.shape(0)[axis]) : Bounds{1, 1};
    all = {std::min(copied.lo, std::max<std::int64_t>(size.lo, 1)), std::max(size.hi, copied.hi)};
  }
  return op.fresh("reshaped", SymbolKind::kDataDependent, all);
}

// The rank is told by the length of the target alone.
Shape shape_of_length(Context& op, std::size_t rank) {
  limit_rank(op, rank);
  if (op.has_rank(0) && rank == 1) return {num_elements(op.shape(0))};
  if (op.has_rank(0) && rank == 0) {
    op.require_equal("reshape-elements", num_elements(op.shape(0)), 1,
                     [] { return std::string("the elements of data with a scalar"); });
  }
  return unknown_dims(op, static_cast<int>(rank));
}

void reshape_infer(Context& op) {
  require_moved(op, 0, 19);
  require_dtype(op, 1, kInt64);
  const DType dtype = op.dtype(0);
  const IntList list = IntList::of_input(op, 1);
  if (!list.has_size()) return op.output(0, dtype, Shape::unknown_rank());
  if (!list.has_elements()) return op.output(0, dtype, shape_of_length(op, list.size()));
  limit_rank(op, list.size());
  Target target = read_target(op, list);
  if (op.has_rank(0) && target.holes <= 1) {
    const Counts n = remaining_counts(op.shape(0), target);
    if (target.holes == 1) {
      target.shape[target.hole] = infer_size(op, target, n);
    } else {
      require_same_count(op, target.shape, n);
    }
  } else if (target.holes > 0) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Elem e = list[i];
      const auto literal = e.literal();
      if (((target.copies >> i) & 1) != 0) {
        target.shape[static_cast<int>(i)] = computed_or_copied(op, static_cast<int>(i), e.num);
      } else if (!e.is_int() || literal == -1 ||
                 (literal == 0 && !op.has_rank(0) && !target.has_zero)) {
        target.shape[static_cast<int>(i)] = op.unknown_dim();
      }
    }
  }
  op.output(0, dtype, std::move(target.shape));
}

constexpr AttrSpec kReshape14[] = {{"allowzero", AttrKind::kInt}};

constexpr Op kOps[] = {
    {.name = "Reshape",
     .since = 5,
     .inputs = {2, 2},
     .operands = "data shape",
     .infer = reshape_infer,
     .values = regrouped_values,
     .alias = view_of_first},
    {.name = "Reshape",
     .since = 14,
     .inputs = {2, 2},
     .operands = "data shape",
     .attrs = kReshape14,
     .infer = reshape_infer,
     .values = regrouped_values,
     .alias = view_of_first},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> reshape_ops() { return kOps; }

}  // namespace shapewright::families
