// The memory an allocator draws on, and which other capacities would have answered it alike.
#pragma once

#include <algorithm>
#include <cstdint>

namespace shapewright {

inline constexpr std::int64_t kUnlimited = std::int64_t{1} << 62;

struct Tally {
  std::int64_t now = 0, peak = 0;
  void add(std::int64_t amount) { peak = std::max(peak, now += amount); }
};

// Capacities [from, below) for which a replay is the same, step by step: it asks the device only
// whether something fits.
struct Window {
  std::int64_t from = 0, below = kUnlimited;
};

class Device {
 public:
  explicit Device(std::int64_t capacity_bytes) : capacity_(capacity_bytes) {}

  // Whether the capacity is at least as much.
  bool has(std::int64_t needed) {
    if (needed > capacity_) {
      window_.below = std::min(window_.below, needed);
      return false;
    }
    window_.from = std::max(window_.from, needed);
    return true;
  }
  bool take(std::int64_t bytes) {
    if (!has(reserved_.now + bytes)) return false;
    reserved_.add(bytes);
    ++num_allocs_;
    return true;
  }
  void give_back(std::int64_t bytes) {
    reserved_.add(-bytes);
    ++num_frees_;
  }
  // A size was made from the capacity itself, the same one only for [from, below).
  void depend_on_capacity(std::int64_t from, std::int64_t below) {
    window_ = {std::max(window_.from, from), std::min(window_.below, below)};
  }

  // Addresses only rise, and are never given twice, so that the older of two is the lower one.
  std::int64_t place(std::int64_t bytes) {
    const std::int64_t address = next_address_;
    next_address_ += (bytes + kPage - 1) / kPage * kPage;
    return address;
  }

  std::int64_t capacity() const { return capacity_; }
  const Tally& reserved() const { return reserved_; }
  const Window& window() const { return window_; }
  std::int64_t num_allocs() const { return num_allocs_; }
  std::int64_t num_frees() const { return num_frees_; }

 private:
  static constexpr std::int64_t kPage = std::int64_t{2} << 20;
  std::int64_t capacity_, next_address_ = 0;
  Tally reserved_;
  Window window_;
  std::int64_t num_allocs_ = 0, num_frees_ = 0;
};

}  // namespace shapewright
