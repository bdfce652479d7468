// Canonical sums and products.
#include "dim/construct.h"

#include <limits>

#include "base/checked.h"

namespace shapewright::algebra {
namespace {

Dim add_literal(State& s, const Expr& e, std::int64_t literal, Dim a, const char* op, Dim b) {
  std::int64_t constant;
  if (add_overflows(e.constant, literal, constant)) overflow(a, op, b);
  if (e.terms.empty()) return Dim(constant);
  return *intern_shifted(s, e, constant);
}

// The least that |d| can be.
Wide least_magnitude(State& s, Dim d) {
  const Bounds b = bounds_of(s, d);
  return b.lo > 0 ? Wide{b.lo} : b.hi < 0 ? -Wide{b.hi} : Wide{0};
}

// Whether the result fits in 64 bits for some sizes, though it does not once it is multiplied out:
// a product of two differences, one of which may be 0.
bool may_fit(State& s, Op op, Dim a, Dim b) {
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  if (op == Op::kMul) return least_magnitude(s, a) * least_magnitude(s, b) <= kMost;
  const Bounds x = bounds_of(s, a), y = bounds_of(s, b);
  const bool adds = op == Op::kAdd;
  const Wide low = adds ? Wide{x.lo} + y.lo : Wide{x.lo} - y.hi;
  const Wide high = adds ? Wide{x.hi} + y.hi : Wide{x.hi} - y.lo;
  return low <= kMost && high >= -kMost;
}

std::optional<Dim> finish(State& s, Poly& p, bool exact) {
  if (exact) rewrite_exact(s, p);
  return intern(s, p);
}

}  // namespace

void overflow(Dim a, const char* op, Dim b) { throw_overflow(to_string(a), op, to_string(b)); }

std::optional<Dim> try_linear(State& s, Dim a, Dim b, std::int64_t factor) {
  Poly p;
  if (!add_scaled(p, view(s, a), view(s, b), factor)) return std::nullopt;
  return finish(s, p, has_exact(s, b) && (factor != 1 || has_exact(s, a)));
}

std::optional<Dim> try_mul(State& s, Dim a, Dim b) {
  Poly p;
  if (!multiply(s, p, view(s, a), view(s, b))) return std::nullopt;
  return finish(s, p, has_exact(s, a) || has_exact(s, b));
}

namespace {

Dim add_or_sub(State& s, Dim a, Dim b, Op op) {
  const std::int64_t sign = op == Op::kAdd ? 1 : -1;
  const char* const text = op == Op::kAdd ? "+" : "-";
  if (b.is_inline_literal())
    return add_literal(s, s.exprs[a.expr_id()], sign * b.inline_literal(), a, text, b);
  if (a.is_inline_literal() && sign == 1)
    return add_literal(s, s.exprs[b.expr_id()], a.inline_literal(), a, text, b);
  if (is_too_much(s, a, b)) return widen(s, op, a, b);
  Poly p;
  if (!add_scaled(p, view(s, a), view(s, b), sign)) {
    if (!may_fit(s, op, a, b)) overflow(a, text, b);
    return widen(s, op, a, b);
  }
  // A product b * exactdiv(a, b) newly forms only where terms merge or change sign.
  if (const auto d = finish(s, p, has_exact(s, b) && (sign != 1 || has_exact(s, a)))) return *d;
  return widen(s, op, a, b);
}

}  // namespace
}  // namespace shapewright::algebra

namespace shapewright {

using namespace algebra;

Dim operator+(Dim a, Dim b) {
  if (a.is_inline_literal() && b.is_inline_literal())
    return Dim(a.inline_literal() + b.inline_literal());
  return add_or_sub(current_state(), a, b, Op::kAdd);
}

Dim operator-(Dim a, Dim b) {
  if (a.is_inline_literal() && b.is_inline_literal())
    return Dim(a.inline_literal() - b.inline_literal());
  if (a == b) return Dim(0);
  return add_or_sub(current_state(), a, b, Op::kSub);
}

Dim operator-(Dim a) { return Dim(0) - a; }

Dim operator*(Dim a, Dim b) {
  if (a.is_inline_literal() && b.is_inline_literal()) {
    std::int64_t out;
    if (mul_overflows(a.inline_literal(), b.inline_literal(), out)) overflow(a, "*", b);
    return Dim(out);
  }
  if (a == Dim(0) || b == Dim(0)) return Dim(0);
  if (a == Dim(1)) return b;
  if (b == Dim(1)) return a;
  State& s = current_state();
  if (b.word() < a.word()) std::swap(a, b);
  OpCache::Entry& cached = s.cache.at(Op::kMul, a, b);
  if (cached.op == Op::kMul && cached.a == a && cached.b == b) return cached.result;
  if (is_too_much(s, a, b)) return widen(s, Op::kMul, a, b);
  Poly p;
  const bool is_expanded = multiply(s, p, view(s, a), view(s, b));
  if (!is_expanded && !may_fit(s, Op::kMul, a, b)) overflow(a, "*", b);
  const auto d = is_expanded ? finish(s, p, has_exact(s, a) || has_exact(s, b)) : std::nullopt;
  const Dim out = d ? *d : widen(s, Op::kMul, a, b);
  s.cache.at(Op::kMul, a, b) = {a, b, out, Op::kMul};
  return out;
}

}  // namespace shapewright
