// A hash map from byte strings to ids: open addressing, keys not copied (they must outlive the
// table).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace shapewright::onnx {

// Drawn once a process, so that a file cannot be made to collide.
std::uint64_t hash_seed();

inline std::uint32_t hash_bytes(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ull;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = seed ^ (left * kMultiplier);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;  // a product carries upward only: bring the high bits down
  };
  for (; left > 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    mix(word);
  }
  std::uint64_t tail = 0;
  if (text.size() >= 8) {  // the last eight bytes, some of them again
    std::memcpy(&tail, text.data() + text.size() - 8, 8);
  } else if (left >= 4) {
    std::uint32_t low, high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    tail = static_cast<std::uint64_t>(high) << 32 | low;
  } else if (left > 0) {
    const auto byte = [at](std::size_t i) {
      return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i]));
    };
    tail = byte(0) | byte(left / 2) << 8 | byte(left - 1) << 16;
  }
  mix(tail);
  return static_cast<std::uint32_t>(hash * kMultiplier >> 32);
}

class NameTable {
 public:
  static constexpr std::uint32_t kUnset = 0xFFFFFFFFu;

  struct Entry {
    const char* data = nullptr;  // nullptr: free
    std::uint32_t size = 0;
    std::uint32_t hash = 0;
    std::uint32_t id = kUnset;
    std::uint32_t depth = 0;  // of the block that binds the name

    std::string_view name() const { return {data, size}; }
  };

  explicit NameTable(std::size_t expected = 0) { reset(expected); }

  void reset(std::size_t expected) {
    std::size_t capacity = 16;
    while (capacity < 2 * expected) capacity *= 2;
    entries_.assign(capacity, Entry{});
    used_ = 0;
  }

  // nullptr if the name was never added.
  Entry* find(std::string_view name) {
    Entry& entry = slot(name, hash_bytes(name, seed_));
    return entry.data == nullptr ? nullptr : &entry;
  }

  // The entry of `name`, a new one with id kUnset if there was none. Valid until the next call.
  Entry& add(std::string_view name) {
    const std::uint32_t hash = hash_bytes(name, seed_);
    Entry* entry = &slot(name, hash);
    if (entry->data != nullptr) return *entry;
    if (2 * ++used_ > entries_.size()) {
      grow();
      entry = &slot(name, hash);
    }
    entry->data = name.data() == nullptr ? "" : name.data();
    entry->size = static_cast<std::uint32_t>(name.size());
    entry->hash = hash;
    return *entry;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.data != nullptr && entry.id != kUnset) visit(entry);
    }
  }

 private:
  Entry& slot(std::string_view name, std::uint32_t hash) {
    const std::size_t mask = entries_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      Entry& entry = entries_[i];
      if (entry.data == nullptr || (entry.hash == hash && entry.name() == name)) return entry;
    }
  }
  void grow();

  std::vector<Entry> entries_;  // a power of two, at most half full
  std::size_t used_ = 0;
  std::uint64_t seed_ = hash_seed();
};

}  // namespace shapewright::onnx
