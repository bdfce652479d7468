// Reshape, group by group: axes that multiply to the same size on both sides are merged into one
// and divided again, box by box.
#include <algorithm>
#include <iterator>

#include "layout/checks.h"
#include "layout/view.h"

namespace shapewright {
namespace {

std::size_t index(int axis) { return static_cast<std::size_t>(axis); }

// Axes [from_begin, from_end) of one shape count through the same indices as [to_begin, to_end) of
// the other.
struct Group {
  int from_begin = 0, from_end = 0;
  int to_begin = 0, to_end = 0;
};

std::vector<Group> groups_of(const Sizes& from, const Sizes& to) {
  std::vector<Group> groups;
  const int from_rank = static_cast<int>(from.size()), to_rank = static_cast<int>(to.size());
  int i = 0, j = 0;
  while (i < from_rank || j < to_rank) {
    Group g{i, i, j, j};
    std::int64_t left = i < from_rank ? from[index(i++)] : 1;
    std::int64_t right = j < to_rank ? to[index(j++)] : 1;
    while (left != right) {
      if (left < right) {
        left *= from[index(i++)];
      } else {
        right *= to[index(j++)];
      }
    }
    g.from_end = i;
    g.to_end = j;
    groups.push_back(g);
  }
  return groups;
}

std::string clash_of(const Sizes& from, const Sizes& to, int axis, const Box& box) {
  const auto [begin, end] = digits_of(box, axis);
  std::string digits;
  for (std::size_t k = begin; k < end; ++k)
    digits += (digits.empty() ? "" : " x ") + std::to_string(box.digits[k].size);
  return "the reshape of " + to_text(from) + " to " + to_text(to) + " does not divide the digits " +
         digits + " at axis " + std::to_string(axis);
}

// Replaces the axes of one group. On failure, says which digits clash.
bool regroup(Boxes& boxes, std::size_t max_boxes, const Group& g, const Sizes& from,
             const Sizes& to, std::string& clash) {
  const Sizes merged(from.begin() + g.from_begin, from.begin() + g.from_end);
  for (Box& b : boxes) merge(b, g.from_begin, merged);
  if (g.to_begin == g.to_end) {
    for (Box& b : boxes) drop_axis(b, g.from_begin);
    return true;
  }
  std::int64_t inner = 1;
  for (int a = g.to_begin; a < g.to_end; ++a) inner *= to[index(a)];
  int axis = g.from_begin;
  for (int a = g.to_begin; a + 1 < g.to_end; ++a, ++axis) {
    inner /= to[index(a)];
    Boxes divided;
    divided.reserve(boxes.size());
    for (const Box& b : boxes) {
      if (!divide(b, axis, inner, divided)) {
        clash = clash_of(from, to, a, b);
        return false;
      }
    }
    if (divided.size() > max_boxes) {
      clash = "the reshape of " + to_text(from) + " to " + to_text(to) + " falls into more than " +
              std::to_string(max_boxes) + " pieces";
      return false;
    }
    boxes = std::move(divided);
  }
  return true;
}

}  // namespace

View reshape(View view, std::span<const std::int64_t> target) {
  Sizes shape = check_reshape(view.shape, target);
  view.shape = shape;
  view.clash.clear();
  if (view.stage.shape == shape) return view;
  if (view.stage.boxes.empty()) {
    view.stage.shape = std::move(shape);
    return view;
  }
  const std::vector<Group> groups = groups_of(view.stage.shape, shape);
  Boxes boxes = view.stage.boxes;
  const std::size_t max_boxes = boxes.size() + kMaxNewBoxes;
  // From the last group to the first, so that the axes to come keep their numbers.
  for (auto g = groups.rbegin(); g != groups.rend(); ++g) {
    const bool same = g->from_end - g->from_begin == 1 && g->to_end - g->to_begin == 1;
    if (!same && !regroup(boxes, max_boxes, *g, view.stage.shape, shape, view.clash)) return view;
  }
  view.stage = {std::move(shape), std::move(boxes)};
  return view;
}

}  // namespace shapewright
