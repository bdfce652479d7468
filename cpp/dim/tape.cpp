// Running a tape, on numbers and on intervals.
#include "dim/tape.h"

#include <algorithm>

#include "base/checked.h"
#include "dim/interval.h"

namespace shapewright {
namespace {

[[noreturn, gnu::cold, gnu::noinline]] void division_by_zero(std::int64_t a) {
  throw Error(ErrorKind::kDim, "division-by-zero", std::to_string(a) + " // 0 is undefined",
              {{"lhs", std::to_string(a)}, {"op", "//"}, {"rhs", "0"}});
}

[[noreturn, gnu::cold, gnu::noinline]] void too_wide(Wide a, const char* op, Wide b) {
  const auto text = [](Wide x) {
    if (fits_int64(x)) return std::to_string(static_cast<std::int64_t>(x));
    return std::string(x < 0 ? "below -2^63" : "above 2^63");
  };
  throw_overflow(text(a), op, text(b));
}

Wide wide_add(Wide a, Wide b) {
  Wide out;
  if (__builtin_add_overflow(a, b, &out)) too_wide(a, "+", b);
  return out;
}

Wide wide_mul(Wide a, Wide b) {
  Wide out;
  if (__builtin_mul_overflow(a, b, &out)) too_wide(a, "*", b);
  return out;
}

Wide wide_floor_div(Wide a, Wide b) {
  if (b == -1) return wide_mul(a, b);
  const Wide q = a / b;
  return q - static_cast<Wide>((a % b != 0) && ((a < 0) != (b < 0)));
}

}  // namespace

void Tape::run(std::span<const std::int64_t> symbol_values, std::span<std::int64_t> slots) const {
  const std::int64_t* const symbol = symbol_values.data();
  std::int64_t* const slot = slots.data();
  const Summand* const summands = summands_.data();
  std::int64_t* to = slot;
  for (const Instruction& i : program_) {
    std::int64_t out = 0;
    bool bad = false;
    switch (i.code) {
      case Code::kLiteral: out = i.imm; break;
      case Code::kSymbol: out = symbol[i.a]; break;
      case Code::kAddImm: bad = add_overflows(slot[i.a], i.imm, out); break;
      case Code::kMulImm: bad = mul_overflows(slot[i.a], i.imm, out); break;
      case Code::kAdd:
        bad = add_overflows(slot[i.a], slot[i.b], out) || add_overflows(out, i.imm, out);
        break;
      case Code::kSub:
        bad = sub_overflows(slot[i.a], slot[i.b], out) || add_overflows(out, i.imm, out);
        break;
      case Code::kLinear:
        out = i.imm;
        for (const Summand *t = summands + i.a, *end = t + i.b; t != end; ++t) {
          std::int64_t product;
          bad |= mul_overflows(t->coeff, slot[t->slot], product);
          bad |= add_overflows(out, product, out);
        }
        break;
      case Code::kMul: bad = mul_overflows(slot[i.a], slot[i.b], out); break;
      case Code::kShift: out = slot[i.a] >> i.imm; break;
      case Code::kFloorDivImm: out = floor_div(slot[i.a], i.imm); break;
      case Code::kFloorDiv:
        if (slot[i.b] == 0) [[unlikely]]
          division_by_zero(slot[i.a]);
        if (slot[i.b] == -1) {
          bad = sub_overflows(0, slot[i.a], out);
        } else {
          out = floor_div(slot[i.a], slot[i.b]);
        }
        break;
      case Code::kMax: out = std::max(slot[i.a], slot[i.b]); break;
      case Code::kMin: out = std::min(slot[i.a], slot[i.b]); break;
      case Code::kBroadcast: out = slot[i.a] == 1 ? slot[i.b] : slot[i.a]; break;
    }
    if (bad) [[unlikely]]
      return run_wide(symbol_values, slots);
    *to++ = out;
  }
}

void Tape::run_wide(std::span<const std::int64_t> symbol_values,
                    std::span<std::int64_t> slots) const {
  std::vector<Wide> slot(program_.size());
  for (std::size_t n = 0; n < program_.size(); ++n) {
    const Instruction& i = program_[n];
    Wide& out = slot[n];
    switch (i.code) {
      case Code::kLiteral: out = i.imm; break;
      case Code::kSymbol: out = symbol_values[i.a]; break;
      case Code::kAddImm: out = wide_add(slot[i.a], i.imm); break;
      case Code::kMulImm: out = wide_mul(slot[i.a], i.imm); break;
      case Code::kAdd: out = wide_add(wide_add(slot[i.a], slot[i.b]), i.imm); break;
      case Code::kSub: out = wide_add(wide_add(slot[i.a], wide_mul(slot[i.b], -1)), i.imm); break;
      case Code::kLinear:
        out = i.imm;
        for (const Summand& t : std::span(summands_).subspan(i.a, i.b))
          out = wide_add(out, wide_mul(t.coeff, slot[t.slot]));
        break;
      case Code::kMul: out = wide_mul(slot[i.a], slot[i.b]); break;
      case Code::kShift: out = slot[i.a] >> i.imm; break;
      case Code::kFloorDivImm: out = wide_floor_div(slot[i.a], i.imm); break;
      case Code::kFloorDiv:
        if (slot[i.b] == 0) division_by_zero(static_cast<std::int64_t>(slot[i.a]));
        out = wide_floor_div(slot[i.a], slot[i.b]);
        break;
      case Code::kMax: out = std::max(slot[i.a], slot[i.b]); break;
      case Code::kMin: out = std::min(slot[i.a], slot[i.b]); break;
      case Code::kBroadcast: out = slot[i.a] == 1 ? slot[i.b] : slot[i.a]; break;
    }
    if (n < is_added_.size() && is_added_[n] && !fits_int64(out)) {
      switch (i.code) {
        case Code::kAddImm: too_wide(slot[i.a], "+", i.imm);
        case Code::kMulImm: too_wide(slot[i.a], "*", i.imm);
        case Code::kMul: too_wide(slot[i.a], "*", slot[i.b]);
        case Code::kSub: too_wide(slot[i.a], "-", slot[i.b]);
        case Code::kLinear: {
          const Summand& last = summands_[i.a + i.b - 1];
          too_wide(last.coeff, "*", slot[last.slot]);
        }
        case Code::kMax: too_wide(slot[i.a], "max", slot[i.b]);
        case Code::kMin: too_wide(slot[i.a], "min", slot[i.b]);
        default: too_wide(slot[i.a], "+", slot[i.b]);
      }
    }
    slots[n] =
        static_cast<std::int64_t>(std::clamp(out, Wide{std::numeric_limits<std::int64_t>::min()},
                                             Wide{std::numeric_limits<std::int64_t>::max()}));
  }
}

void Tape::run_bounds(std::span<const Bounds> symbol_bounds, std::span<Bounds> slots) const {
  using namespace algebra;
  for (std::size_t n = 0; n < program_.size(); ++n) {
    const Instruction& i = program_[n];
    Bounds& out = slots[n];
    switch (i.code) {
      case Code::kLiteral: out = {i.imm, i.imm}; break;
      case Code::kSymbol: out = symbol_bounds[i.a]; break;
      case Code::kAddImm: out = interval_add(slots[i.a], {i.imm, i.imm}); break;
      case Code::kMulImm: out = interval_mul(slots[i.a], {i.imm, i.imm}); break;
      case Code::kAdd:
      case Code::kSub:
      case Code::kLinear: {
        IntervalSum sum(i.imm);
        if (i.code == Code::kLinear) {
          for (const Summand& t : std::span(summands_).subspan(i.a, i.b))
            sum.add(t.coeff, slots[t.slot]);
        } else {
          sum.add(1, slots[i.a]);
          sum.add(i.code == Code::kAdd ? 1 : -1, slots[i.b]);
        }
        out = sum.result();
        break;
      }
      case Code::kMul:
        out = i.a == i.b ? interval_pow(slots[i.a], 2) : interval_mul(slots[i.a], slots[i.b]);
        break;
      case Code::kShift:
      case Code::kFloorDivImm: {
        const std::int64_t k = i.code == Code::kShift ? std::int64_t{1} << i.imm : i.imm;
        out = interval_floordiv(slots[i.a], {k, k});
        break;
      }
      case Code::kFloorDiv: out = interval_floordiv(slots[i.a], slots[i.b]); break;
      case Code::kMax: out = interval_max(slots[i.a], slots[i.b]); break;
      case Code::kMin: out = interval_min(slots[i.a], slots[i.b]); break;
      case Code::kBroadcast:
        if (slots[i.a].lo > 1 || slots[i.a].hi < 1) {
          out = slots[i.a];
        } else if (slots[i.a] == Bounds{1, 1}) {
          out = slots[i.b];
        } else {
          out = hull(slots[i.a], slots[i.b]);
        }
        break;
    }
  }
}

}  // namespace shapewright
