#include "memory/judge.h"

#include <algorithm>

namespace shapewright {

namespace {

// Data-dependent sizes at the upper end of their bounds. That is one point of the box: what does
// not fit there is not sure to fit.
void pin_free(const Program& program, std::vector<Bounds>& symbols) {
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (program.symbols()[i].kind == SymbolKind::kInput) continue;
    const Bounds b = symbols[i];
    const std::int64_t at = b.hi != kPlusInf ? b.hi : std::max<std::int64_t>(0, b.lo);
    symbols[i] = {at, at};
  }
}

}  // namespace

Judge::Judge(const Memory& memory, const Family& family, std::int64_t limit_bytes)
    : memory_(memory),
      family_(family),
      limit_bytes_(limit_bytes),
      is_exact_(!family.program().has_data_dependent()),
      slots_(tape().num_slots()),
      box_(tape().num_slots()) {}

Judge::Admission Judge::admit(std::int64_t size) {
  const Program& program = family_.program();
  if (!family_.symbols_at(size, symbols_)) return Admission::kNo;
  if (!is_exact_) {
    if (!family_.symbols_over(size, size, box_symbols_)) return Admission::kNo;
    tape().run_bounds(box_symbols_, box_);
    return first_broken(program, box_) < 0 ? Admission::kYes : Admission::kNo;
  }
  try {
    tape().run(symbols_, slots_);
  } catch (const Error& e) {
    return e.kind == ErrorKind::kDimOverflow ? Admission::kOverflow : Admission::kNo;
  }
  return first_broken(program, slots_) < 0 ? Admission::kYes : Admission::kNo;
}

std::int64_t Judge::peak(PeakSide side) const {
  if (is_exact_) return replay(memory_, slots_).bytes;
  return side == PeakSide::kUpper ? replay_upper(memory_, box_).bytes
                                  : replay_lower(memory_, box_).bytes;
}

bool Judge::fits(std::int64_t size, PeakSide side) {
  return admit(size) == Admission::kYes && peak(side) <= limit_bytes_;
}

Truth Judge::admit_over(std::int64_t lo, std::int64_t hi) {
  if (!family_.symbols_over(lo, hi, box_symbols_)) return Truth::kNo;
  tape().run_bounds(box_symbols_, box_);
  return family_.contract_over(lo, hi, box_);
}

Truth Judge::fits_over(std::int64_t lo, std::int64_t hi, PeakSide side) {
  const Truth admitted = admit_over(lo, hi);
  if (admitted == Truth::kNo) return Truth::kNo;
  const bool all_fit = admitted == Truth::kYes && side == PeakSide::kUpper &&
                       replay_upper(memory_, box_).bytes <= limit_bytes_;
  if (all_fit) return Truth::kYes;
  if (!is_exact_ && side == PeakSide::kUpper) {
    pin_free(family_.program(), box_symbols_);
    tape().run_bounds(box_symbols_, box_);
  }
  return replay_lower(memory_, box_).bytes > limit_bytes_ ? Truth::kNo : Truth::kUnknown;
}

}  // namespace shapewright
