// Does a size fit: at one size exactly, over a range of sizes by intervals.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/family.h"
#include "memory/peak.h"

namespace shapewright {

// What counts as fitting: the upper end of the peak, or, where it has none, the part of it that is
// known.
enum class PeakSide : std::uint8_t { kUpper, kLower };

class Judge {
 public:
  Judge(const Memory& memory, const Family& family, std::int64_t limit_bytes);

  enum class Admission : std::uint8_t { kNo, kYes, kOverflow };
  Admission admit(std::int64_t size);      // whether the contract holds and all sizes fit in int64
  std::int64_t peak(PeakSide side) const;  // in bytes, after admit() was kYes
  bool fits(std::int64_t size, PeakSide side);

  // Over every size of [lo, hi]; hi may be kPlusInf.
  Truth admit_over(std::int64_t lo, std::int64_t hi);
  Truth fits_over(std::int64_t lo, std::int64_t hi, PeakSide side);

 private:
  const Tape& tape() const { return family_.program().tape(); }

  const Memory& memory_;
  const Family& family_;
  std::int64_t limit_bytes_;
  bool is_exact_;
  std::vector<std::int64_t> symbols_, slots_;
  std::vector<Bounds> box_symbols_, box_;
};

}  // namespace shapewright
