#include "layout/view.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/checked.h"
#include "layout/checks.h"

namespace shapewright {
namespace {

std::size_t index(int axis) { return static_cast<std::size_t>(axis); }

Stage one_box(Sizes shape, std::span<const std::int64_t> strides) {
  Stage stage{std::move(shape), {}};
  if (count_elements(stage.shape) == 0) return stage;
  Box& box = stage.boxes.emplace_back();
  box.at.assign(stage.shape.size(), 0);
  for (std::size_t a = 0; a < stage.shape.size(); ++a)
    if (stage.shape[a] > 1)
      box.digits.push_back({static_cast<std::int32_t>(a), stage.shape[a], 1, strides[a]});
  return stage;
}

// Operations below work on the stage, and change both shapes alike.
void settle(View& view) {
  if (view.stage.shape == view.shape) return;
  const Sizes shape = view.shape;
  view = reshape(materialize(std::move(view), {}), shape);
}

void set_size(View& view, int axis, std::int64_t size) {
  view.shape[index(axis)] = size;
  view.stage.shape[index(axis)] = size;
  if (size == 0) view.stage.boxes.clear();
}

void remove_axis(View& view, int axis) {
  view.shape.erase(view.shape.begin() + axis);
  view.stage.shape.erase(view.stage.shape.begin() + axis);
  for (Box& b : view.stage.boxes) drop_axis(b, axis);
}

Box fill_box(const Sizes& shape, int axis, std::int64_t at, std::int64_t size) {
  Box box;
  box.source = kFill;
  box.at.assign(shape.size(), 0);
  box.at[index(axis)] = at;
  for (int a = 0; a < static_cast<int>(shape.size()); ++a)
    box.digits.push_back({a, a == axis ? size : shape[index(a)], 1, 0});
  canonicalize(box);
  return box;
}

// Makes all stages of the view one more, without a change of what it reads.
void add_stage_in_front(View& view) {
  Stage first = view.done.empty() ? view.stage : view.done.front();
  const Sizes strides = dense_strides(first.shape, 1);
  Stage copy = one_box(first.shape, strides);
  (view.done.empty() ? view.stage : view.done.front()) = std::move(copy);
  view.done.insert(view.done.begin(), std::move(first));
}

// Boxes of `part` shifted behind what `joined` holds: along `axis` by `at`, their addresses by
// `src_offset`, their sources by `first_source`.
void append(Boxes& joined, Boxes&& part, int axis, std::int64_t at, std::int64_t src_offset,
            std::int32_t first_source) {
  for (Box& b : part) {
    b.at[index(axis)] += at;
    if (b.source != kFill) {
      b.src_offset += src_offset;
      b.source += first_source;
    }
    joined.push_back(std::move(b));
  }
}

}  // namespace

View source_view(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides_bytes) {
  check_shape(shape);
  check_strides(shape, strides_bytes);
  View view;
  view.shape.assign(shape.begin(), shape.end());
  view.stage = one_box(view.shape, strides_bytes);
  view.sources.push_back(view.shape);
  return view;
}

View dense_view(std::span<const std::int64_t> shape, std::int64_t item_bytes) {
  check_shape(shape);
  return source_view(shape, dense_strides(shape, item_bytes));
}

View materialize(View view, const std::string& why) {
  const std::string& reason = why.empty() ? view.clash : why;
  if (!reason.empty()) view.why += (view.why.empty() ? "" : "; ") + reason;
  view.clash.clear();
  Stage next = one_box(view.stage.shape, dense_strides(view.stage.shape, 1));
  view.shape = view.stage.shape;
  view.done.push_back(std::exchange(view.stage, std::move(next)));
  return view;
}

View permute(View view, std::span<const int> perm) {
  const std::vector<int> from = check_permutation(perm, view.shape.size());
  settle(view);
  std::vector<std::int32_t> to(from.size());
  for (std::size_t a = 0; a < from.size(); ++a) {
    view.shape[a] = view.stage.shape[index(from[a])];
    to[index(from[a])] = static_cast<std::int32_t>(a);
  }
  view.stage.shape = view.shape;
  for (Box& b : view.stage.boxes) {
    const Sizes at = b.at;
    for (std::size_t a = 0; a < from.size(); ++a) b.at[a] = at[index(from[a])];
    for (AxisDigit& d : b.digits) d.axis = to[index(d.axis)];
    std::stable_sort(b.digits.begin(), b.digits.end(),
                     [](const AxisDigit& x, const AxisDigit& y) { return x.axis < y.axis; });
  }
  return view;
}

View flip(View view, int axis) {
  axis = check_axis(axis, view.shape.size());
  settle(view);
  for (Box& b : view.stage.boxes) reverse(b, axis, view.shape[index(axis)]);
  return view;
}

View slice(View view, int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
           std::int64_t step) {
  axis = check_axis(axis, view.shape.size());
  if (step == 0)
    throw Error(ErrorKind::kLayout, "slice-step", "the step of a slice is 0",
                {{"axis", std::to_string(axis)}});
  settle(view);
  const std::int64_t size = view.shape[index(axis)];
  // A backward slice is a forward one of the reversed axis.
  if (step < 0) view = flip(std::move(view), axis);
  const auto clamped = [&](std::optional<std::int64_t> end, std::int64_t otherwise) {
    if (!end) return otherwise;
    const std::int64_t i = *end < 0 ? std::max<std::int64_t>(*end + size, step < 0 ? -1 : 0)
                                    : std::min(*end, step < 0 ? size - 1 : size);
    return step < 0 ? size - 1 - i : i;
  };
  const std::int64_t first = clamped(start, 0), end = std::max(first, clamped(stop, size));
  const std::int64_t forward =
      step > 0 ? step : -std::max(step, -std::numeric_limits<std::int64_t>::max());
  const std::int64_t count = ceil_div(end - first, forward);
  const auto sliced = [&](const Boxes& boxes, Boxes& out) {
    for (const Box& b : boxes) {
      Boxes below, from, within, beyond;
      cut(b, axis, first, below, from);
      for (Box& f : from) cut(std::move(f), axis, end, within, beyond);
      for (Box& w : within) {
        w.at[index(axis)] -= first;
        if (!keep_every(std::move(w), axis, forward, out)) return false;
      }
    }
    return out.size() <= boxes.size() + kMaxNewBoxes;
  };
  Boxes kept;
  if (!sliced(view.stage.boxes, kept)) {
    const std::string why = "a step of " + std::to_string(forward) + " along axis " +
                            std::to_string(axis) + " of " + to_text(view.shape) +
                            " meets digits that it does not divide";
    view = materialize(std::move(view), why);
    kept.clear();
    (void)sliced(view.stage.boxes, kept);
  }
  view.stage.boxes = std::move(kept);
  set_size(view, axis, count);
  return view;
}

View select(View view, int axis, std::int64_t i) {
  axis = check_axis(axis, view.shape.size());
  i = check_index(i, axis, view.shape[index(axis)]);
  view = slice(std::move(view), axis, i, i + 1);
  remove_axis(view, axis);
  return view;
}

View expand(View view, std::span<const std::int64_t> shape) {
  check_shape(shape);
  check_expand(view.shape, shape);
  settle(view);
  for (std::size_t added = shape.size() - view.shape.size(); added > 0; --added) {
    view.shape.insert(view.shape.begin(), 1);
    for (Box& b : view.stage.boxes) merge(b, 0, {});
  }
  view.stage.shape = view.shape;
  for (int a = 0; a < static_cast<int>(shape.size()); ++a) {
    const std::int64_t size = shape[index(a)];
    if (view.shape[index(a)] == size) continue;
    set_size(view, a, size);
    if (size < 2) continue;
    for (Box& b : view.stage.boxes) {
      const auto place = static_cast<std::ptrdiff_t>(digits_of(b, a).begin);
      b.digits.insert(b.digits.begin() + place, {a, size, 1, 0});
    }
  }
  return view;
}

View pad(View view, std::span<const std::pair<std::int64_t, std::int64_t>> before_after) {
  check_rank("pads", before_after.size(), view.shape.size());
  settle(view);
  for (int a = 0; a < static_cast<int>(before_after.size()); ++a) {
    const auto [before, after] = before_after[index(a)];
    check_pad(a, before, after);
    if (before == 0 && after == 0) continue;
    const std::int64_t size = view.shape[index(a)];
    const bool was_empty = view.stage.boxes.empty();
    for (Box& b : view.stage.boxes) b.at[index(a)] += before;
    set_size(view, a, checked_add(checked_add(before, size), after));
    if (count_elements(view.shape) == 0) continue;
    Boxes& boxes = view.stage.boxes;
    if (was_empty) {  // the axis had size 0: all is fill
      boxes.push_back(fill_box(view.shape, a, 0, view.shape[index(a)]));
      continue;
    }
    if (before > 0) boxes.push_back(fill_box(view.shape, a, 0, before));
    if (after > 0) boxes.push_back(fill_box(view.shape, a, before + size, after));
  }
  return view;
}

View roll(View view, int axis, std::int64_t shift) {
  axis = check_axis(axis, view.shape.size());
  settle(view);
  const std::int64_t size = view.shape[index(axis)];
  if (size == 0) return view;
  shift = floor_mod(shift, size);
  Boxes stay, wrap;
  for (Box& b : view.stage.boxes) cut(std::move(b), axis, size - shift, stay, wrap);
  for (Box& b : stay) b.at[index(axis)] += shift;
  for (Box& b : wrap) b.at[index(axis)] -= size - shift;
  stay.insert(stay.end(), std::make_move_iterator(wrap.begin()),
              std::make_move_iterator(wrap.end()));
  view.stage.boxes = std::move(stay);
  return view;
}

View concatenate(std::vector<View> views, int axis) {
  axis = check_concatenate(views, axis);
  std::size_t num_done = 0;
  for (View& v : views) {
    settle(v);
    num_done = std::max(num_done, v.done.size());
  }
  View out;
  out.shape = views.front().shape;
  out.shape[index(axis)] = 0;
  // A pass before the last writes the scratch arrays of all views one behind the other.
  out.done.assign(num_done, Stage{{0}, {}});
  for (View& v : views) {
    while (v.done.size() < num_done) add_stage_in_front(v);
    const auto first_source = static_cast<std::int32_t>(out.sources.size());
    std::int64_t src_offset = 0;  // bytes of the sources are counted from each
    std::int32_t source_shift = first_source;
    for (std::size_t s = 0; s < num_done; ++s) {
      Stage& from = v.done[s];
      Stage& to = out.done[s];
      for (Box& b : from.boxes) merge(b, 0, from.shape);
      const std::int64_t at = to.shape[0];
      append(to.boxes, std::move(from.boxes), 0, at, src_offset, source_shift);
      to.shape[0] = checked_add(at, count_elements(from.shape));
      src_offset = at;
      source_shift = 0;
    }
    std::int64_t& at = out.shape[index(axis)];
    append(out.stage.boxes, std::move(v.stage.boxes), axis, at, src_offset, source_shift);
    at = checked_add(at, v.shape[index(axis)]);
    std::move(v.sources.begin(), v.sources.end(), std::back_inserter(out.sources));
    if (!v.why.empty()) out.why += (out.why.empty() ? "" : "; ") + v.why;
  }
  (void)count_elements(out.shape);
  out.stage.shape = out.shape;
  return out;
}

View stack(std::vector<View> views, int axis) {
  if (views.empty()) return concatenate({}, axis);
  axis = check_axis(axis, views.front().shape.size() + 1);
  for (View& v : views) {
    settle(v);
    const int place = std::min(axis, static_cast<int>(v.shape.size()));
    v.shape.insert(v.shape.begin() + place, 1);
    v.stage.shape = v.shape;
    for (Box& b : v.stage.boxes) merge(b, place, {});
  }
  return concatenate(std::move(views), axis);
}

}  // namespace shapewright
