#include "layout/checks.h"

#include <algorithm>

#include "base/checked.h"

namespace shapewright {
namespace {

std::string text(std::int64_t n) { return std::to_string(n); }

[[noreturn]] void refuse(const char* code, std::string message, Facts facts) {
  throw Error(ErrorKind::kLayout, code, std::move(message), std::move(facts));
}

}  // namespace

std::int64_t count_elements(std::span<const std::int64_t> shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t n : shape) count = checked_mul(count, n);
  return count;
}

Sizes dense_strides(std::span<const std::int64_t> shape, std::int64_t item_bytes) {
  Sizes strides(shape.size());
  std::int64_t stride = item_bytes;
  for (std::size_t a = shape.size(); a-- > 0;) {
    strides[a] = stride;
    stride = checked_mul(stride, std::max<std::int64_t>(shape[a], 1));
  }
  return strides;
}

std::string to_text(std::span<const std::int64_t> shape) {
  std::string s = "[";
  for (std::size_t a = 0; a < shape.size(); ++a) s += (a == 0 ? "" : ", ") + text(shape[a]);
  return s + "]";
}

void check_shape(std::span<const std::int64_t> shape) {
  for (std::size_t a = 0; a < shape.size(); ++a)
    if (shape[a] < 0)
      refuse(
          "negative-dim",
          "axis " + text(static_cast<std::int64_t>(a)) + " of " + to_text(shape) + " is negative",
          {{"shape", to_text(shape)}});
  (void)count_elements(shape);
}

void check_rank(const char* what, std::size_t given, std::size_t rank) {
  if (given == rank) return;
  const auto n = text(static_cast<std::int64_t>(given));
  const auto r = text(static_cast<std::int64_t>(rank));
  refuse("rank-mismatch", n + " " + what + " for " + r + " axes", {{what, n}, {"rank", r}});
}

void check_strides(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides) {
  check_rank("strides", strides.size(), shape.size());
  std::int64_t reach = 0;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    if (shape[a] < 2) continue;
    const std::int64_t step = strides[a] < 0 ? checked_neg(strides[a]) : strides[a];
    reach = checked_add(reach, checked_mul(step, shape[a]));
  }
}

int check_axis(int axis, std::size_t rank) {
  const int r = static_cast<int>(rank);
  if (axis < -r || axis >= r)
    refuse("axis-out-of-range", "axis " + text(axis) + " of an array of rank " + text(r),
           {{"axis", text(axis)}, {"rank", text(r)}});
  return axis < 0 ? axis + r : axis;
}

std::int64_t check_index(std::int64_t index, int axis, std::int64_t size) {
  if (index < -size || index >= size)
    refuse("index-out-of-range",
           "index " + text(index) + " of axis " + text(axis) + ", which has size " + text(size),
           {{"index", text(index)}, {"axis", text(axis)}, {"size", text(size)}});
  return index < 0 ? index + size : index;
}

std::vector<int> check_permutation(std::span<const int> perm, std::size_t rank) {
  check_rank("entries of the permutation", perm.size(), rank);
  std::vector<int> from(rank);
  std::vector<char> seen(rank, 0);
  for (std::size_t a = 0; a < rank; ++a) {
    from[a] = check_axis(perm[a], rank);
    char& is_seen = seen[static_cast<std::size_t>(from[a])];
    if (is_seen != 0)
      refuse("perm-invalid", "the permutation names axis " + text(from[a]) + " twice",
             {{"axis", text(from[a])}, {"rank", text(static_cast<std::int64_t>(rank))}});
    is_seen = 1;
  }
  return from;
}

void check_expand(std::span<const std::int64_t> from, std::span<const std::int64_t> to) {
  const Facts facts = {{"from", to_text(from)}, {"to", to_text(to)}};
  if (to.size() < from.size())
    refuse("expand-mismatch",
           to_text(from) + " cannot be expanded to the lower rank of " + to_text(to), facts);
  const std::size_t added = to.size() - from.size();
  for (std::size_t a = 0; a < from.size(); ++a)
    if (from[a] != to[added + a] && from[a] != 1)
      refuse("expand-mismatch",
             "axis " + text(static_cast<std::int64_t>(a)) + " of " + to_text(from) + " is " +
                 text(from[a]) + ", not 1: it cannot be expanded to " + text(to[added + a]),
             facts);
}

void check_pad(int axis, std::int64_t before, std::int64_t after) {
  if (before < 0 || after < 0)
    refuse("pads-invalid",
           "pads of axis " + text(axis) + " are " + text(before) + " and " + text(after) +
               ": cropping is a slice",
           {{"axis", text(axis)}, {"before", text(before)}, {"after", text(after)}});
}

int check_concatenate(const std::vector<View>& views, int axis) {
  if (views.empty()) refuse("stack-empty", "there is nothing to concatenate", {});
  const Sizes& first = views.front().shape;
  axis = check_axis(axis, first.size());
  for (std::size_t i = 1; i < views.size(); ++i) {
    const Sizes& other = views[i].shape;
    bool same = other.size() == first.size();
    for (std::size_t a = 0; same && a < first.size(); ++a)
      same = static_cast<int>(a) == axis || other[a] == first[a];
    if (!same)
      refuse("concat-mismatch",
             "arrays 0 and " + text(static_cast<std::int64_t>(i)) + " differ beside axis " +
                 text(axis) + ": " + to_text(first) + " and " + to_text(other),
             {{"axis", text(axis)}, {"left", to_text(first)}, {"right", to_text(other)}});
  }
  return axis;
}

Sizes check_reshape(std::span<const std::int64_t> from, std::span<const std::int64_t> to) {
  Sizes shape(to.begin(), to.end());
  const Facts facts = {{"from", to_text(from)}, {"to", to_text(to)}};
  const auto open = std::find(shape.begin(), shape.end(), -1);
  if (std::count(shape.begin(), shape.end(), -1) > 1)
    refuse("reshape-target", "only one entry of " + to_text(to) + " may be -1", facts);
  if (open != shape.end()) *open = 1;
  for (const std::int64_t n : shape)
    if (n < 0) refuse("reshape-target", text(n) + " is no size", facts);
  const std::int64_t have = count_elements(from), want = count_elements(shape);
  if (open != shape.end() && want != 0 && have % want == 0) {
    *open = have / want;
  } else if (open != shape.end() || have != want) {
    refuse("reshape-elements",
           to_text(from) + " has " + text(have) + " elements and cannot become " + to_text(to),
           facts);
  }
  return shape;
}

}  // namespace shapewright
