// A hash map from byte strings to ids: open addressing, keys not copied (they must outlive the
// table).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/kept_blocks.h"
#include "graph/utf8.h"

namespace shapewright::onnx {

// Drawn once a process, so that a file cannot be made to collide.
std::uint64_t hash_seed();

inline std::uint32_t hash_bytes(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ull;
  std::uint64_t hash = seed ^ (text.size() * kMultiplier);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;  // a product carries upward only: bring the high bits down
  };
  if (text.size() <= 8) {
    mix(load_short(text));
  } else {
    const char* const last = text.data() + text.size() - 8;  // some of it again
    for (const char* at = text.data(); at < last; at += 8) mix(load8(at));
    mix(load8(last));
  }
  return static_cast<std::uint32_t>(hash * kMultiplier >> 32);
}

class NameTable {
 public:
  static constexpr std::uint32_t kUnset = 0xFFFFFFFFu;

  struct Entry {
    std::string_view name;
    std::uint32_t id = kUnset;
    std::uint32_t depth = 0;  // of the block that binds the name
  };

  explicit NameTable(std::size_t expected = 0) { reset(expected); }

  void reset(std::size_t expected) {
    std::size_t capacity = 16;
    while (capacity < 2 * expected) capacity *= 2;
    slots_.assign(capacity, 0);
    entries_.clear();
    entries_.reserve(expected);
  }

  // nullptr if the name was never added.
  Entry* find(std::string_view name) {
    const std::uint64_t slot = slots_[position(name, hash_bytes(name, seed_))];
    return slot == 0 ? nullptr : &entry_of(slot);
  }

  // The entry of `name`, a new one with id kUnset if there was none. Valid until the next call.
  Entry& add(std::string_view name) {
    const std::uint32_t hash = hash_bytes(name, seed_);
    const std::size_t at = position(name, hash);
    if (slots_[at] != 0) return entry_of(slots_[at]);
    entries_.push_back({name, kUnset, 0});
    slots_[at] = static_cast<std::uint64_t>(hash) << 32 | entries_.size();
    if (2 * entries_.size() > slots_.size()) grow();
    return entries_.back();
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.id != kUnset) visit(entry);
    }
  }

 private:
  Entry& entry_of(std::uint64_t slot) { return entries_[static_cast<std::uint32_t>(slot) - 1]; }
  // Of the slot that holds `name`, or of the free one where it would go.
  std::size_t position(std::string_view name, std::uint32_t hash) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      const std::uint64_t slot = slots_[i];
      if (slot == 0 || (slot >> 32 == hash && same_bytes(entry_of(slot).name, name))) return i;
    }
  }
  void grow();

  KeptVector<Entry> entries_;        // in the order they were added
  KeptVector<std::uint64_t> slots_;  // hash << 32 | index + 1, 0: free; a power of two, half full
  std::uint64_t seed_ = hash_seed();
};

}  // namespace shapewright::onnx
