#include "ops/elementwise_values.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/rules.h"

namespace shapewright::rules {

namespace {

std::int64_t count(std::span<const std::int64_t> dims) {
  std::int64_t n = 1;
  for (const std::int64_t d : dims) {
    if (__builtin_mul_overflow(n, d, &n)) return -1;
  }
  return n;
}

// Shape of the broadcast of all operands; nullopt where they do not broadcast or it is too large to
// hold.
std::optional<std::vector<std::int64_t>> broadcast_dims_of(std::span<const Elements* const> in) {
  std::vector<std::int64_t> dims;
  for (const Elements* e : in) {
    const std::size_t rank = std::max(dims.size(), e->dims.size());
    dims.insert(dims.begin(), rank - dims.size(), 1);
    for (std::size_t i = 0; i < e->dims.size(); ++i) {
      std::int64_t& d = dims[rank - e->dims.size() + i];
      if (d != e->dims[i] && d != 1 && e->dims[i] != 1) return std::nullopt;
      if (d == 1) d = e->dims[i];
    }
  }
  const std::int64_t n = count(dims);
  if (n < 0 || n > static_cast<std::int64_t>(Elements::kMax)) return std::nullopt;
  return dims;
}

// Row-major position in `e` of position `at` in the broadcast shape `dims`.
std::size_t source_of(const Elements& e, std::span<const std::int64_t> dims, std::int64_t at) {
  std::int64_t position = 0, stride = 1;
  for (std::size_t i = 0; i < e.dims.size(); ++i) {  // from the last axis
    const std::int64_t d = dims[dims.size() - 1 - i];
    const std::int64_t own = e.dims[e.dims.size() - 1 - i];
    if (own != 1) position += at % d * stride;
    stride *= own;
    at /= d;
  }
  return static_cast<std::size_t>(position);
}

// f of the elements of all operands at each position of their broadcast.
template <typename F>
void combine(Context& op, std::span<const Elements* const> in, F f) {
  const auto dims = broadcast_dims_of(in);
  if (!dims) return;
  const std::int64_t n = count(*dims);
  std::vector<Elem> out;
  out.reserve(static_cast<std::size_t>(n));
  std::vector<Elem> at(in.size());
  bool any_known = n == 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < in.size(); ++k) at[k] = in[k]->elems[source_of(*in[k], *dims, i)];
    out.push_back(f(std::span<const Elem>(at)));
    any_known |= out.back().is_known();
  }
  if (any_known) op.output_elements(0, {std::move(*dims), std::move(out)});
}

// The elements of inputs [0, count), empty if any has none.
std::vector<const Elements*> all_elements(const Context& op, std::size_t count) {
  std::vector<const Elements*> in;
  for (std::size_t i = 0; i < count; ++i) {
    const Elements* e = op.elements(i);
    if (e == nullptr) return {};
    in.push_back(e);
  }
  return in;
}

// The same, where some elements of the result can be known though an operand has none: such a small
// operand counts as unknown elements. Empty unless one of the inputs from `first` on has elements.
std::vector<Elements> partial_elements(const Context& op, std::size_t first) {
  std::vector<Elements> in;
  bool any = false;
  for (std::size_t i = 0; i < op.num_inputs(); ++i) {
    if (const Elements* e = op.elements(i)) {
      any |= i >= first;
      in.push_back(*e);
      continue;
    }
    auto dims = op.has_input(i) ? small_dims(op.shape(i)) : std::nullopt;
    if (!dims) return {};
    const std::size_t n = static_cast<std::size_t>(count(*dims));
    in.push_back({std::move(*dims), std::vector<Elem>(n)});
  }
  return any ? in : std::vector<Elements>{};
}

std::vector<const Elements*> pointers(std::span<const Elements> in) {
  std::vector<const Elements*> out;
  for (const Elements& e : in) out.push_back(&e);
  return out;
}

// Size of one step along `axis`, and of everything from `axis` on.
std::pair<std::int64_t, std::int64_t> strides_at(const Elements& e, int axis) {
  const auto after = std::span(e.dims).subspan(static_cast<std::size_t>(axis) + 1);
  const std::int64_t step = count(after);
  return {step, step * e.dims[static_cast<std::size_t>(axis)]};
}

}  // namespace

void map_elements(Context& op, UnaryElem f) {
  const auto in = all_elements(op, 1);
  if (in.empty()) return;
  const DType dtype = op.output_type(0).dtype;
  combine(op, in, [&](std::span<const Elem> e) { return f(e[0], dtype); });
}

void fold_elements(Context& op, BinaryElem f) {
  const auto in = all_elements(op, op.num_inputs());
  if (in.empty()) return;
  const DType dtype = op.dtype(0);
  combine(op, in, [&](std::span<const Elem> e) {
    Elem result = e[0];
    for (std::size_t i = 1; i < e.size(); ++i) result = f(result, e[i], dtype);
    return result;
  });
}

void mean_elements(Context& op) {
  const auto in = all_elements(op, op.num_inputs());
  if (in.empty()) return;
  const DType dtype = op.dtype(0);
  combine(op, in, [&](std::span<const Elem> e) {
    Elem sum = e[0];
    for (std::size_t i = 1; i < e.size(); ++i) sum = elem::add(sum, e[i], dtype);
    return elem::div(sum, Elem::of(static_cast<std::int64_t>(e.size())), dtype);
  });
}

void fold_partial_elements(Context& op, BinaryElem f) {
  const auto in = partial_elements(op, 0);
  if (in.empty()) return;
  combine(op, pointers(in), [&](std::span<const Elem> e) { return f(e[0], e[1], DType::kBool); });
}

void where_elements(Context& op) {
  const auto in = partial_elements(op, 1);
  if (in.empty()) return;
  combine(op, pointers(in), [](std::span<const Elem> e) { return elem::select(e[0], e[1], e[2]); });
}

void clip_elements(Context& op) {
  std::vector<const Elements*> in = all_elements(op, 1);
  if (in.empty()) return;
  const DType dtype = op.dtype(0);
  std::vector<BinaryElem> steps;
  for (const std::size_t i : {1, 2}) {
    if (!op.has_input(i)) continue;
    const Elements* bound = op.elements(i);
    if (bound == nullptr || bound->elems.size() != 1) return;
    in.push_back(bound);
    steps.push_back(i == 1 ? &elem::max : &elem::min);
  }
  // A bound of shape [1] must not raise the rank of a scalar.
  std::vector<Elem> out;
  for (const Elem& e : in[0]->elems) {
    Elem result = e;
    for (std::size_t k = 0; k < steps.size(); ++k) {
      result = steps[k](result, in[k + 1]->elems[0], dtype);
    }
    out.push_back(result);
  }
  op.output_elements(0, {in[0]->dims, std::move(out)});
}

void scan_elements(Context& op, BinaryElem f, std::int64_t start) {
  const Elements* e = op.elements(0);
  const auto axis = op.literal_elements(1);
  if (e == nullptr || !axis || axis->size() != 1 || e->dims.empty()) return;
  const int a = normalize_axis(op, (*axis)[0], static_cast<int>(e->dims.size()), "axis");
  const bool exclusive = op.attr_int("exclusive", 0) == 1, reverse = op.attr_int("reverse", 0) == 1;
  const auto [step, block] = strides_at(*e, a);
  const std::int64_t n = static_cast<std::int64_t>(e->elems.size());
  Elements out = *e;
  for (std::int64_t first = 0; first < n; ++first) {
    if (first % block >= step) continue;  // not the start of a line along the axis
    Elem sum = Elem::of(start);
    for (std::int64_t k = 0; k < block / step; ++k) {
      const std::int64_t at = first + (reverse ? block / step - 1 - k : k) * step;
      const Elem next = f(sum, e->elems[static_cast<std::size_t>(at)], op.dtype(0));
      out.elems[static_cast<std::size_t>(at)] = exclusive ? sum : next;
      sum = next;
    }
  }
  op.output_elements(0, std::move(out));
}

std::optional<Elements> reduce_elements(const Elements& e, std::span<const int> axes, bool keepdims,
                                        BinaryElem f, std::optional<Elem> start, DType dtype) {
  const auto reduced = [&](std::size_t axis) {
    return std::binary_search(axes.begin(), axes.end(), static_cast<int>(axis));
  };
  Elements kept;  // the result with every reduced axis of size 1
  Elements out;
  for (std::size_t i = 0; i < e.dims.size(); ++i) {
    kept.dims.push_back(reduced(i) ? 1 : e.dims[i]);
    if (keepdims || !reduced(i)) out.dims.push_back(kept.dims.back());
  }
  const std::int64_t n = count(kept.dims);
  if (n < 0 || n > static_cast<std::int64_t>(Elements::kMax)) return std::nullopt;
  std::vector<std::optional<Elem>> sums(static_cast<std::size_t>(n), start);
  for (std::size_t i = 0; i < e.elems.size(); ++i) {
    auto& sum = sums[source_of(kept, e.dims, static_cast<std::int64_t>(i))];
    sum = sum ? f(*sum, e.elems[i], dtype) : e.elems[i];
  }
  for (const auto& sum : sums) {
    if (!sum) return std::nullopt;
    out.elems.push_back(*sum);
  }
  return out;
}

}  // namespace shapewright::rules
