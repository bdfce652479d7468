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

// Sums whose total fits although a partial sum does not.
template <class Summands, class Slots>
[[gnu::cold, gnu::noinline]] std::int64_t wide_linear(std::int64_t constant,
                                                      const Summands& summands,
                                                      const Slots& slots) {
  Wide total = constant;
  for (const auto& t : summands) {
    const Wide product = Wide{t.coeff} * slots[t.slot];
    if (__builtin_add_overflow(total, product, &total)) throw_overflow(t.coeff, "*", slots[t.slot]);
  }
  if (!fits_int64(total)) {
    const auto& last = summands.back();
    throw_overflow(last.coeff, "*", slots[last.slot]);
  }
  return static_cast<std::int64_t>(total);
}

}  // namespace

void Tape::run(std::span<const std::int64_t> symbol_values, std::span<std::int64_t> slots) const {
  const std::int64_t* const symbol = symbol_values.data();
  std::int64_t* const slot = slots.data();
  const Summand* const summands = summands_.data();
  std::int64_t* to = slot;
  for (const Instruction& i : program_) {
    std::int64_t out = 0;
    switch (i.code) {
      case Code::kLiteral: out = i.imm; break;
      case Code::kSymbol: out = symbol[i.a]; break;
      case Code::kAddImm: out = checked_add(slot[i.a], i.imm); break;
      case Code::kMulImm: out = checked_mul(slot[i.a], i.imm); break;
      case Code::kAdd:
      case Code::kSub: {
        const std::int64_t b = slot[i.b];
        const bool bad = i.code == Code::kAdd ? add_overflows(slot[i.a], b, out)
                                              : sub_overflows(slot[i.a], b, out);
        if (bad || add_overflows(out, i.imm, out)) [[unlikely]] {
          const Summand pair[] = {{1, i.a}, {i.code == Code::kAdd ? 1 : -1, i.b}};
          out = wide_linear(i.imm, std::span<const Summand>(pair), slot);
        }
        break;
      }
      case Code::kLinear: {
        out = i.imm;
        bool bad = false;
        for (const Summand *t = summands + i.a, *end = t + i.b; t != end; ++t) {
          std::int64_t product;
          bad |= mul_overflows(t->coeff, slot[t->slot], product);
          bad |= add_overflows(out, product, out);
        }
        if (bad) [[unlikely]] {
          out = wide_linear(i.imm, std::span<const Summand>(summands + i.a, i.b), slot);
        }
        break;
      }
      case Code::kMul: out = checked_mul(slot[i.a], slot[i.b]); break;
      case Code::kShift: out = slot[i.a] >> i.imm; break;
      case Code::kFloorDivImm: out = floor_div(slot[i.a], i.imm); break;
      case Code::kFloorDiv:
        if (slot[i.b] == 0) [[unlikely]]
          division_by_zero(slot[i.a]);
        out = checked_floor_div(slot[i.a], slot[i.b]);
        break;
      case Code::kMax: out = std::max(slot[i.a], slot[i.b]); break;
      case Code::kMin: out = std::min(slot[i.a], slot[i.b]); break;
      case Code::kBroadcast: out = slot[i.a] == 1 ? slot[i.b] : slot[i.a]; break;
    }
    *to++ = out;
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
