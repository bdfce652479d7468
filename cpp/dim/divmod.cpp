// Floor and exact division, and what derives from them.
#include "base/checked.h"
#include "dim/construct.h"
#include "dim/quotient.h"

namespace shapewright::algebra {
namespace {

Dim literal_quotient(std::int64_t a, std::int64_t b) {
  if (b == -1 && a == kMinusInf) throw_overflow(a, "//", b);
  return floor_div(a, b);
}

Dim divide_dims(Rounding rounding, Dim a, Dim b) {
  if (b == Dim(0)) {
    throw Error(ErrorKind::kDim, "division-by-zero", "(" + to_string(a) + ") // 0 is undefined",
                {{"lhs", to_string(a)}, {"op", "//"}, {"rhs", "0"}});
  }
  if (a.is_inline_literal() && b.is_inline_literal())
    return literal_quotient(a.inline_literal(), b.inline_literal());
  if (a == Dim(0) || b == Dim(1)) return a;
  if (a == b) return Dim(1);
  State& s = current_state();
  if (is_literal(s, a) && is_literal(s, b))
    return literal_quotient(view(s, a).constant, view(s, b).constant);
  const Op op = rounding == Rounding::kFloor ? Op::kFloorDiv : Op::kExactDiv;
  OpCache::Entry& cached = s.cache.at(op, a, b);
  if (cached.op == op && cached.a == a && cached.b == b) return cached.result;
  if (is_too_much(s, a, b)) return widen(s, op, a, b);
  std::optional<Dim> d = normal_quotient(s, rounding, a, b);
  if (!d) {  // an intermediate form overflowed: keep the operands as they are
    d = single_atom(s, rounding == Rounding::kFloor ? AtomKind::kFloorDiv : AtomKind::kExactDiv, a,
                    b, {}, 1);
  }
  const Dim out = d ? *d : widen(s, op, a, b);
  s.cache.at(op, a, b) = {a, b, out, op};
  return out;
}

}  // namespace
}  // namespace shapewright::algebra

namespace shapewright {

using namespace algebra;

Dim floordiv(Dim a, Dim b) { return divide_dims(Rounding::kFloor, a, b); }
Dim exactdiv(Dim a, Dim b) { return divide_dims(Rounding::kExact, a, b); }
Dim ceildiv(Dim a, Dim b) {
  // One spelling with what rules write: ceildiv(a, k) and (a + k - 1)//k are the same object.
  if (const auto divisor = known(b); divisor && *divisor > 0 && !known(a)) {
    return floordiv(a + (b - 1), b);
  }
  return -floordiv(-a, b);
}
Dim mod(Dim a, Dim b) {
  const auto x = known(a), y = known(b);
  if (x && y && *y != 0) return floor_mod(*x, *y);
  return a - b * floordiv(a, b);
}

std::optional<Dim> truncdiv(Dim a, Dim b) {
  const Bounds x = bounds(a), y = bounds(b);
  if (y.hi <= 0 && y.lo != 0) {
    const auto positive = truncdiv(a, -b);
    if (!positive) return std::nullopt;
    return -*positive;
  }
  if (y.lo < 0) return std::nullopt;
  if (x.lo >= 0) return floordiv(a, b);
  if (x.hi <= 0) return -floordiv(-a, b);
  return floordiv(max(a, 0), b) - floordiv(max(-a, 0), b);
}

}  // namespace shapewright
