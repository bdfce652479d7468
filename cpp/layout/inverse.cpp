// The inverse of a View: boxes that count through the source, reading the result.
#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "layout/checks.h"
#include "layout/view.h"

namespace shapewright {
namespace {

[[noreturn]] void no_inverse(const std::string& why) {
  throw Error(ErrorKind::kLayout, "layout-no-inverse", "the view has no inverse: " + why);
}

// The box that reads the dense result, whose axis `a` has stride dst[a], and that counts through
// the elements of the source on one axis.
Box turned(const Box& box, const Sizes& dst, std::int64_t item_bytes) {
  Box out;
  out.at.assign(1, box.src_offset);
  for (std::size_t a = 0; a < dst.size(); ++a) out.src_offset += box.at[a] * dst[a];
  for (const AxisDigit& d : box.digits) {
    if (d.src == 0) no_inverse("it repeats elements");
    if (d.src % item_bytes != 0) no_inverse("its source is not dense");
    AxisDigit t{0, d.size, d.src / item_bytes, d.weight * dst[static_cast<std::size_t>(d.axis)]};
    if (t.weight < 0) {
      out.at[0] += (d.size - 1) * d.src;
      out.src_offset += (d.size - 1) * t.src;
      t.weight = -t.weight;
      t.src = -t.src;
    }
    out.digits.push_back(t);
  }
  if (out.at[0] % item_bytes != 0) no_inverse("its source is not dense");
  out.at[0] /= item_bytes;
  std::stable_sort(out.digits.begin(), out.digits.end(),
                   [](const AxisDigit& x, const AxisDigit& y) { return x.weight > y.weight; });
  std::int64_t reach = 0;
  for (std::size_t k = out.digits.size(); k-- > 0;) {
    if (out.digits[k].weight <= reach) no_inverse("its source is not dense");
    reach += (out.digits[k].size - 1) * out.digits[k].weight;
  }
  canonicalize(out);
  return out;
}

// Indices along one axis, in order. They are spelt out where the ranges of two boxes interleave,
// which is rare and bounded.
constexpr std::int64_t kMostIndices = std::int64_t{1} << 22;

Sizes indices_of(const Box& box, int axis) {
  Sizes all = {box.at[static_cast<std::size_t>(axis)]};
  const auto [begin, end] = digits_of(box, axis);
  for (std::size_t k = begin; k < end; ++k) {
    const AxisDigit& d = box.digits[k];
    const std::size_t count = all.size();
    if (d.size > kMostIndices / static_cast<std::int64_t>(count))
      no_inverse("its pieces interleave in too many places to compare");
    for (std::int64_t i = 1; i < d.size; ++i)
      for (std::size_t j = 0; j < count; ++j) all.push_back(all[j] + i * d.weight);
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool disjoint_on(const Box& x, const Box& y, int axis) {
  const auto a = static_cast<std::size_t>(axis);
  if (last_index(x, axis) < y.at[a] || last_index(y, axis) < x.at[a]) return true;
  const Sizes i = indices_of(x, axis), j = indices_of(y, axis);
  Sizes both;
  std::set_intersection(i.begin(), i.end(), j.begin(), j.end(), std::back_inserter(both));
  return both.empty();
}

}  // namespace

View inverse(const View& view, std::int64_t item_bytes) {
  if (!view.done.empty() || view.stage.shape != view.shape) {
    no_inverse("it takes more than one pass");
  }
  if (view.sources.size() != 1) no_inverse("it joins several sources");
  const Sizes& source = view.sources.front();
  const std::int64_t count = count_elements(source);
  if (count != count_elements(view.shape))
    no_inverse(to_text(view.shape) + " has not as many elements as its source " + to_text(source));
  const Sizes dst = dense_strides(view.shape, item_bytes);
  View flat;
  flat.shape = {count};
  flat.stage.shape = flat.shape;
  flat.sources = {view.shape};
  for (const Box& b : view.stage.boxes) {
    if (b.source == kFill) no_inverse("a part of it is fill");
    Box t = turned(b, dst, item_bytes);
    if (t.at[0] < 0 || last_index(t, 0) >= count) no_inverse("its source is not dense");
    flat.stage.boxes.push_back(std::move(t));
  }
  View back = reshape(std::move(flat), source);
  if (back.stage.shape != back.shape) no_inverse(back.clash);
  // As many elements as there are, none of them twice: all of them.
  const Boxes& boxes = back.stage.boxes;
  constexpr std::size_t kMostBoxes = 512;
  if (boxes.size() > kMostBoxes) no_inverse("it has too many pieces");
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      bool disjoint = false;
      for (int a = 0; !disjoint && a < static_cast<int>(source.size()); ++a)
        disjoint = disjoint_on(boxes[i], boxes[j], a);
      if (!disjoint) no_inverse("it reads some elements twice");
    }
  }
  return back;
}

}  // namespace shapewright
