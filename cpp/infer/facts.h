// Interning of operand types and element values: equal facts get one id, so that types compare by
// id and repeated blocks of a network meet the memo.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "infer/analysis.h"

namespace shapewright {

// Open addressing over indices into a container that only grows.
class IndexTable {
 public:
  template <typename Equal>
  std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (slots_.empty()) return kNone;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask; slots_[i].index != kNone; i = (i + 1) & mask)
      if (slots_[i].hash == hash && equal(slots_[i].index)) return slots_[i].index;
    return kNone;
  }
  void insert(std::uint64_t hash, std::uint32_t index);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t index = kNone;
  };
  void place(Slot slot);
  KeptVector<Slot> slots_;
  std::size_t used_ = 0;
};

inline std::uint64_t mix(std::uint64_t h, std::uint64_t x) {
  h = (h ^ x) * 0x9E3779B97F4A7C15ull;
  return h ^ (h >> 29);
}

class FactTable {
 public:
  explicit FactTable(Analysis& analysis) : analysis_(analysis) { intern({}); }
  FactId intern(const OperandType& t);
  const Elements* keep(Elements e);

 private:
  Analysis& analysis_;
  IndexTable types_, elements_;
};

// Results by (operator, attributes, omitted outputs, input facts).
class Memo {
 public:
  // Room for a key of so many words, to be filled before `find`.
  std::uint32_t* begin(std::size_t words) {
    key_.resize(words);
    return key_.data();
  }
  const FactId* find();  // outputs of the key, nullptr if it is new
  void remember(const FactId* outputs, std::size_t count);  // for the key of the last `find`

 private:
  struct Entry {
    std::uint32_t key_first, key_size, outputs_first;
  };
  std::vector<std::uint32_t> key_;
  KeptVector<std::uint32_t> keys_;
  KeptVector<FactId> outputs_;
  KeptVector<Entry> entries_;
  IndexTable table_;
  std::uint64_t hash_ = 0;
};

}  // namespace shapewright
