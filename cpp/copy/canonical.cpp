#include "copy/canonical.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"

namespace shapewright {
namespace {

// Runs the digit backwards, so that its destination ascends.
void turn(Digit& d, CanonicalCopy& c) {
  c.src_offset += (d.size - 1) * d.src;
  c.dst_offset += (d.size - 1) * d.dst;
  c.param_offset += (d.size - 1) * d.param;
  d.src = -d.src;
  d.dst = -d.dst;
  d.param = -d.param;
}

void fold_neighbours(std::vector<Digit>& digits) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (kept > 0) {
      Digit& low = digits[kept - 1];
      const Digit& high = digits[i];
      if (high.src == low.src * low.size && high.dst == low.dst * low.size &&
          high.param == low.param * low.size) {
        low.size *= high.size;
        continue;
      }
    }
    digits[kept++] = digits[i];
  }
  digits.resize(kept);
}

// A dense run on both sides is one item; where it is too long for one, a run of bytes.
void widen(CanonicalCopy& c) {
  if (c.digits.empty()) return;
  Digit& inner = c.digits.front();
  if (inner.src != c.item_bytes || inner.dst != c.item_bytes) return;
  const std::int64_t run = inner.size * c.item_bytes;
  if (c.digits.size() > 1 && run <= kWidestItem) {
    c.item_bytes = run;
    c.digits.erase(c.digits.begin());
    return;
  }
  inner.size = run;
  inner.src = inner.dst = c.item_bytes = 1;
}

}  // namespace

CanonicalCopy canonicalize(const CopySpec& spec) {
  CanonicalCopy c;
  c.item_bytes = spec.item_bytes;
  c.digits.reserve(spec.digits.size());
  for (Digit d : spec.digits) {
    if (d.size == 0) c.empty = true;
    if (d.size <= 1) continue;
    if (d.dst < 0) turn(d, c);
    if (d.dst == 0)
      throw Error(ErrorKind::kLayout, "layout-destination-stride",
                  "the destination holds " + std::to_string(d.size) +
                      " elements at one address: it cannot be written",
                  {{"size", std::to_string(d.size)}}, {},
                  "give a destination that is not expanded");
    c.digits.push_back(d);
  }
  if (c.empty) {
    c.digits.clear();
    return c;
  }
  std::sort(c.digits.begin(), c.digits.end(), [](const Digit& a, const Digit& b) {
    return a.dst != b.dst ? a.dst < b.dst : a.size < b.size;
  });
  fold_neighbours(c.digits);
  if (!spec.cast) widen(c);
  return c;
}

}  // namespace shapewright
