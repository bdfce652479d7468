// Operands are laid over the axes of the result and, behind them, of what is summed out; they are
// then contracted two at a time: by a bmm, or by a mul where nothing is summed. An axis that an
// operand lacks is one of size 1, and an open size counts as none of 1.
#include "ops/aten_einsum.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace shapewright::aten {

namespace {

constexpr int kLetters = 52;  // A..Z, a..z: in the order of axes that are summed out
constexpr int kEllipsis = kLetters;

using Labels = std::vector<int>;
using Axes = std::vector<int>;

std::optional<Labels> labels_of(std::string_view text) {
  Labels labels;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char ch = text[i];
    if (ch == ' ') continue;
    if (text.substr(i, 3) == "...") {
      labels.push_back(kEllipsis);
      i += 2;
    } else if (ch >= 'A' && ch <= 'Z') {
      labels.push_back(ch - 'A');
    } else if (ch >= 'a' && ch <= 'z') {
      labels.push_back(ch - 'a' + kLetters / 2);
    } else {
      return std::nullopt;
    }
  }
  return labels;
}

struct Equation {
  std::vector<Labels> operands;
  std::array<int, kLetters + 1> axis_of;  // where each label lies in the common shape, -1: nowhere
  int covered = 0;                        // axes of the ellipsis
  int result_rank = 0;
  int rank = 0;
};

// Nothing where operands and equation do not go together.
std::optional<Equation> equation_of(std::string_view text, const Tensors& operands) {
  Equation e;
  e.axis_of.fill(-1);
  const std::size_t arrow = text.find("->");
  std::string_view left = text.substr(0, arrow);
  while (true) {
    const std::size_t comma = left.find(',');
    auto labels = labels_of(left.substr(0, comma));
    if (!labels) return std::nullopt;
    e.operands.push_back(std::move(*labels));
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
  }
  if (e.operands.size() != operands.size()) return std::nullopt;
  std::array<int, kLetters + 1> count{};
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Labels& labels = e.operands[i];
    const auto dots = std::count(labels.begin(), labels.end(), kEllipsis);
    const int rest = operands[i].dim() - static_cast<int>(labels.size() - dots);
    if (dots > 1 || rest < 0 || (dots == 0 && rest != 0)) return std::nullopt;
    e.covered = std::max(e.covered, rest);
    for (const int label : labels) ++count[label];
  }
  const auto place = [&](int label) {
    e.axis_of[label] = e.rank;
    e.rank += label == kEllipsis ? e.covered : 1;
  };
  if (arrow == std::string_view::npos) {  // what stands once
    place(kEllipsis);
    for (int label = 0; label < kLetters; ++label)
      if (count[label] == 1) place(label);
  } else {
    const auto result = labels_of(text.substr(arrow + 2));
    if (!result) return std::nullopt;
    for (const int label : *result) {
      if (e.axis_of[label] >= 0 || (label != kEllipsis && count[label] == 0)) return std::nullopt;
      place(label);
    }
  }
  e.result_rank = e.rank;
  if (e.axis_of[kEllipsis] < 0) place(kEllipsis);
  for (int label = 0; label < kLetters; ++label)
    if (count[label] > 0 && e.axis_of[label] < 0) place(label);
  return e;
}

Tensor diagonal(const Tensor& t, int kept, int gone) {
  Shape shape = t.shape();
  Strides strides = t->strides;
  strides[kept] = strides[kept] + strides[gone];
  shape.erase(gone);
  strides.erase(gone);
  Tensor out = eager::alias(t, shape, strides);
  eager::record("Diagonal", {t}, {out}, {}, [old = t.shape()](eager::Node&, const Tensors& g) {
    return Tensors{eager::empty(old, g[0].dtype())};
  });
  return out;
}

Tensor over_common_axes(Tensor t, const Labels& labels, const Equation& e) {
  Axes axes(static_cast<std::size_t>(e.rank), -1);
  const int rest = t.dim() - static_cast<int>(labels.size()) + 1;  // that its ellipsis covers
  int next = 0;
  for (const int label : labels) {
    const auto at = static_cast<std::size_t>(e.axis_of[label]);
    if (label == kEllipsis) {
      for (int i = e.covered - rest; i < e.covered; ++i)
        axes[at + static_cast<std::size_t>(i)] = next++;
    } else if (axes[at] < 0) {
      axes[at] = next++;
    } else {
      t = diagonal(t, axes[at], next);
    }
  }
  for (int& axis : axes) {
    if (axis >= 0) continue;
    t = unsqueeze(t, next);
    axis = next++;
  }
  return permute(t, axes);
}

bool has_axis(const Tensor& t, int axis) { return t.size(axis) != Dim(1); }

Tensor summed_over(const Tensor& t, const Axes& axes) {
  if (axes.empty()) return t;
  Shape shape = t.shape();
  for (const int axis : axes) shape[axis] = 1;
  return sum(t, shape);
}

Dim elements_of(const Tensor& t, const Axes& axes) {
  Dim count = 1;
  for (const int axis : axes) count *= t.size(axis);
  return count;
}

Axes joined(std::initializer_list<Axes> parts) {
  Axes all;
  for (const Axes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Tensor as_view(Tensor t) {  // to autograd
  t->is_view = true;
  return t;
}

// The product of two, summed over axes that both have, which stay as axes of size 1.
Tensor contracted(Tensor left, Tensor right, const Axes& summed) {
  if (summed.empty()) return mul(left, right);
  Axes both, of_left, of_right;
  for (int i = 0; i < left.dim(); ++i) {
    if (std::find(summed.begin(), summed.end(), i) != summed.end()) continue;
    if (!has_axis(left, i))
      of_right.push_back(i);
    else if (has_axis(right, i))
      both.push_back(i);
    else
      of_left.push_back(i);
  }
  // So that the result lies in the order of its axes.
  if (!of_left.empty() && !of_right.empty() && of_right.back() < of_left.front()) {
    std::swap(left, right);
    std::swap(of_left, of_right);
  }
  const Dim batch = elements_of(left, both), depth = elements_of(left, summed);
  const Tensor x = reshape(permute(left, joined({both, of_left, summed, of_right})),
                           {batch, elements_of(left, of_left), depth});
  const Tensor y = reshape(permute(right, joined({both, summed, of_right, of_left})),
                           {batch, depth, elements_of(right, of_right)});
  const Axes made = joined({both, of_left, summed, of_right});
  Shape shape;
  Axes back(made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    const int axis = made[i];
    const bool is_summed = std::find(summed.begin(), summed.end(), axis) != summed.end();
    shape.push_back(is_summed ? Dim(1) : has_axis(left, axis) ? left.size(axis) : right.size(axis));
    back[static_cast<std::size_t>(axis)] = static_cast<int>(i);
  }
  return as_view(permute(view(bmm(x, y), shape), back));
}

// The same over axes that one of them may lack.
Tensor summed_product(const Tensor& left, const Tensor& right, const Axes& axes) {
  Axes both, of_left, of_right;
  for (const int axis : axes) {
    const bool in_left = has_axis(left, axis), in_right = has_axis(right, axis);
    if (in_left && in_right) both.push_back(axis);
    if (in_left && !in_right) of_left.push_back(axis);
    if (!in_left && in_right) of_right.push_back(axis);
  }
  return contracted(summed_over(left, of_left), summed_over(right, of_right), both);
}

Axes axes_of(const std::vector<std::int64_t>& numbers) { return {numbers.begin(), numbers.end()}; }

bool holds(const Axes& axes, int axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

// The product of three, summed: slice by slice along one axis, each slice as the first.
Tensor trilinear(const std::array<Tensor, 3>& operands, const std::array<Axes, 3>& expanded,
                 const Axes& summed, int unrolled) {
  const int rank = operands[0].dim() + static_cast<int>(expanded[0].size());
  std::array<Tensor, 3> t = operands;
  Shape shape = Shape::of_rank(rank, 1);
  Axes of_pair, of_all;
  for (int axis = 0; axis < rank; ++axis) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (holds(expanded[i], axis))
        t[i] = unsqueeze(t[i], axis);
      else if (!holds(summed, axis))
        shape[axis] = t[i].size(axis);
    }
    if (holds(summed, axis) && axis != unrolled)
      (holds(expanded[2], axis) ? of_pair : of_all).push_back(axis);
  }
  Tensor out = eager::empty(shape, operands[0].dtype());
  for (Tensor& each : t) each = narrow(each, unrolled, 1);
  {
    const Tensor pair = summed_product(t[0], t[1], of_pair);
    const Tensor all = summed_product(pair, t[2], of_all);
  }
  for (int axis = rank - 1; axis >= 0; --axis)
    if (holds(summed, axis)) out = squeeze(out, axis);
  return out;
}

}  // namespace

void trilinear_row(EagerCall& c) {
  const std::array<Tensor, 3> t = {c.in(0), c.in(1), c.in(2)};
  const std::array<Axes, 3> expanded = {
      axes_of(c.ints_of("expand1")), axes_of(c.ints_of("expand2")), axes_of(c.ints_of("expand3"))};
  const Axes summed = axes_of(c.ints_of("sumdim"));
  const int unrolled = static_cast<int>(c.int_of("unroll_dim", 1));
  Tensor out;
  {
    const eager::Setting no_grad(eager::Machine::current().grad_enabled, false);
    out = trilinear(t, expanded, summed, unrolled);
  }
  const auto asked_beside = [&](std::size_t i) {
    return t[(i + 1) % 3].requires_grad() || t[(i + 2) % 3].requires_grad() ? t[i] : Tensor();
  };
  eager::record("Trilinear", {t[0], t[1], t[2]}, {out},
                {asked_beside(0), asked_beside(1), asked_beside(2)},
                [expanded, summed](eager::Node& n, const Tensors& g) {
                  const Tensors& s = n.saved;
                  const auto& [e1, e2, e3] = expanded;
                  Tensors grads(3);
                  if (n.needs(0)) grads[0] = trilinear({g[0], s[1], s[2]}, {summed, e2, e3}, e1, 1);
                  if (n.needs(1)) grads[1] = trilinear({s[0], g[0], s[2]}, {e1, summed, e3}, e2, 1);
                  if (n.needs(2)) grads[2] = trilinear({s[0], s[1], g[0]}, {e1, e2, summed}, e3, 1);
                  return grads;
                });
  c.out(out);
}

void einsum_row(EagerCall& c) {
  const Tensors& in = c.inputs();
  const auto equation = equation_of(c.text_of("equation"), in);
  if (!equation) {
    c.count_in_part();
    return c.out(eager::empty(c.out_shape(), result_type(in)));
  }
  const Equation& e = *equation;
  std::deque<Tensor> left;
  std::vector<int> holders(static_cast<std::size_t>(e.rank), 0);  // operands that have each axis
  for (std::size_t i = 0; i < in.size(); ++i) {
    left.push_back(over_common_axes(in[i], e.operands[i], e));
    for (int axis = 0; axis < e.rank; ++axis)
      holders[static_cast<std::size_t>(axis)] += has_axis(left.back(), axis);
  }
  const std::vector<std::int64_t> path = c.ints_of("path");
  std::size_t step = 0;
  while (left.size() > 1) {
    std::size_t i = 0, j = 1;
    if (step + 1 < path.size()) {
      i = static_cast<std::size_t>(std::min(path[step], path[step + 1]));
      j = static_cast<std::size_t>(std::max(path[step], path[step + 1]));
      step += 2;
    }
    if (i == j || j >= left.size()) i = 0, j = 1;
    Tensor a = left[i], b = left[j];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(j));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
    Axes summed, of_a, of_b;
    for (int axis = e.result_rank; axis < e.rank; ++axis) {
      int& count = holders[static_cast<std::size_t>(axis)];
      const bool in_a = has_axis(a, axis), in_b = has_axis(b, axis);
      if (in_a && in_b) {
        if (--count > 1) continue;
        summed.push_back(axis);
        count = 0;
      } else if (count == 1 && (in_a || in_b)) {
        (in_a ? of_a : of_b).push_back(axis);
        count = 0;
      }
    }
    Tensor made = contracted(summed_over(a, of_a), summed_over(b, of_b), summed);
    path.empty() ? left.push_front(std::move(made)) : left.push_back(std::move(made));
  }
  Tensor out = left.front();
  if (e.rank == e.result_rank) return c.out(in.size() > 1 ? out : as_view(out));
  Shape shape = out.shape();
  while (shape.rank() > e.result_rank) shape.erase(shape.rank() - 1);
  c.out(in.size() > 1 ? as_view(view(out, shape)) : sum(out, shape));
}

}  // namespace shapewright::aten
