// Sliding windows: the attributes that convolution and pooling share, and the size they give.
//
//   in = 9, pads = [1, 1], kernel = 3, dilation = 2, stride = 3
//   . 0 1 2 3 4 5 6 7 8 .        . is padding
//   k   k   k                    window 0 starts at 0 of the padded input
//         k   k   k              window 1 starts at 3
//               k   k   k        window 2 starts at 6: the last that fits
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ops/context.h"

namespace shapewright::rules {

enum class AutoPad : std::uint8_t { kNotSet, kSameUpper, kSameLower, kValid };

// strides, dilations, pads and auto_pad of one node, checked once. Reads the attributes in place.
class Windows {
 public:
  // How a node may use them.
  struct Rules {
    bool dilations = true;              // the attribute exists
    bool pads_exclude_auto_pad = true;  // else auto_pad wins silently, as ONNX Runtime pools do
  };

  // `spatial` is the number of axes the window slides over; they follow batch and channel.
  Windows(const Context& op, int spatial, Rules rules);
  Windows(const Context& op, int spatial) : Windows(op, spatial, Rules{}) {}

  AutoPad auto_pad() const { return auto_pad_; }
  bool same() const { return auto_pad_ == AutoPad::kSameUpper || auto_pad_ == AutoPad::kSameLower; }
  std::int64_t stride(int i) const { return at(strides_, i, 1); }
  std::int64_t dilation(int i) const { return at(dilations_, i, 1); }
  std::int64_t pad_begin(int i) const { return at(pads_, i, 0); }
  std::int64_t pad_end(int i) const { return at(pads_, i + spatial_, 0); }
  Dim pads(int i) const { return Dim(pad_begin(i)) + Dim(pad_end(i)); }
  // What a dilated kernel spans: dilation * (kernel - 1) + 1.
  Dim extent(int i, Dim kernel) const;

  // Number of windows along spatial axis `i`; fails with `kernel-too-large` if not even one fits.
  Dim count(Context& op, int i, Dim in, Dim kernel, bool ceil_mode) const;

 private:
  static std::int64_t at(std::span<const std::int64_t> values, int i, std::int64_t fallback) {
    return values.empty() ? fallback : values[static_cast<std::size_t>(i)];
  }

  std::span<const std::int64_t> strides_, dilations_, pads_;
  int spatial_;
  AutoPad auto_pad_ = AutoPad::kNotSet;
};

// An attribute with one entry of at least `lo` an axis; empty if absent. Fails with `code`.
std::span<const std::int64_t> axis_attr(const Context& op, std::string_view name, int count,
                                        std::int64_t lo, std::string_view code);
// The text of an attribute that must be one of `allowed`; fails with `attr-value`.
std::string_view word_attr(const Context& op, std::string_view name, std::string_view fallback,
                           std::initializer_list<std::string_view> allowed);

}  // namespace shapewright::rules
