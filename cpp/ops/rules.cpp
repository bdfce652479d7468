#include "ops/rules.h"

#include <algorithm>

#include "ops/registry.h"

namespace shapewright::rules {

void infer_declared(Context& /*op*/) {}  // the walk reads the declared types, which no rule sees

namespace {

// The `index`-th word of `words`, "" past the end.
std::string_view word_at(std::string_view words, std::size_t index) {
  for (; !words.empty(); --index) {
    const std::size_t end = words.find(' ');
    if (index == 0) return words.substr(0, end);
    words = end == std::string_view::npos ? std::string_view{} : words.substr(end + 1);
  }
  return {};
}

std::string op_text(const Context& op) { return std::string(op.op_type()); }

}  // namespace

// --- whole rules
// ----------------------------------------------------------------------------------

void same_as_input(Context& op) { op.output(0, op.input(0)); }

namespace {

// Names are made only for messages: `a_name` and `b_name` are callables.
template <typename AName, typename BName>
Shape broadcast_named(Context& op, const Shape& a, const Shape& b, AName a_name, BName b_name) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown_rank();
  const int rank = std::max(a.rank(), b.rank());
  const int a_pad = rank - a.rank(), b_pad = rank - b.rank();
  Shape out;
  for (int i = 0; i < rank; ++i) {
    const Dim x = i < a_pad ? Dim(1) : a[i - a_pad];
    const Dim y = i < b_pad ? Dim(1) : b[i - b_pad];
    out.push_back(op.broadcast_dims(x, y, [&] {
      return axis_text(a_name(), i - a_pad) + " with " + axis_text(b_name(), i - b_pad);
    }));
  }
  return out;
}

Shape broadcast_inputs(Context& op) {
  Shape shape = op.shape(0);
  for (std::size_t i = 1; i < op.num_inputs(); ++i) {
    if (!op.has_input(i)) continue;
    // Past two inputs the left side is what the earlier ones gave together.
    shape = broadcast_named(
        op, shape, op.shape(i),
        [&] { return i == 1 ? operand_name(op, 0) : std::string("the inputs before"); },
        [&] { return operand_name(op, i); });
  }
  return shape;
}

}  // namespace

void broadcast_all(Context& op) {
  const DType dtype = unify_all_dtypes(op, 0, op.num_inputs());
  op.output(0, dtype, broadcast_inputs(op));
}

void broadcast_to_bool(Context& op) {
  unify_all_dtypes(op, 0, op.num_inputs());
  op.output(0, DType::kBool, broadcast_inputs(op));
}

void pass_elements(Context& op) {
  if (const Elements* e = op.elements(0)) op.output_elements(0, *e);
  op.output_greatest(0, op.greatest(0));
}

int view_of_first(const Context&) { return 0; }

Dim one_flop_per_output(const Context& op) { return elements_or_zero(op.output_type(0).shape); }

// --- axes
// -------------------------------------------------------------------------------------------

int normalize_axis(const Context& op, std::int64_t axis, int rank, std::string_view what) {
  if (axis < -static_cast<std::int64_t>(rank) || axis >= rank) {
    std::string message = op_text(op) + " " + std::string(what) + " " + std::to_string(axis) +
                          " is out of range for rank " + std::to_string(rank);
    if (rank > 0) {
      message += ": " + std::to_string(-rank) + " to " + std::to_string(rank - 1) + " are allowed";
    }
    op.fail("axis-out-of-range", std::move(message));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int> normalize_axes(const Context& op, std::span<const std::int64_t> axes, int rank,
                                std::string_view what) {
  std::vector<int> out;
  out.reserve(std::min<std::size_t>(axes.size(), static_cast<std::size_t>(kMaxRank)));
  std::uint64_t seen = 0;  // kMaxRank bits
  static_assert(kMaxRank <= 64);
  for (const std::int64_t axis : axes) {
    const int a = normalize_axis(op, axis, rank, what);
    const std::uint64_t bit = std::uint64_t{1} << a;
    if (seen & bit) {
      op.fail("axis-repeated", op_text(op) + " " + std::string(what) + " names axis " +
                                   std::to_string(a) + " more than once");
    }
    seen |= bit;
    out.push_back(a);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Axes axes_from(const Context& op, std::string_view attr, std::size_t input_index, int input_since) {
  if (op.version() < input_since) {
    auto values = op.attr_ints(attr);
    return {values.has_value(), true, values ? std::move(*values) : std::vector<std::int64_t>{}};
  }
  if (!op.has_input(input_index)) return {};
  require_rank(op, input_index, 0, 1);
  if (auto values = op.literal_elements(input_index)) return {true, true, std::move(*values)};
  const Shape& shape = op.shape(input_index);
  if (shape.rank() == 1 && known(shape[0]) == 0) return {true, true, {}};
  return {true, false, {}};
}

// --- operands
// -----------------------------------------------------------------------------------------

void require_rank(const Context& op, std::size_t input, int lo, int hi) {
  if (!op.has_rank(input)) return;
  const int rank = op.rank(input);
  if (rank >= lo && rank <= hi) return;
  std::string need = std::to_string(lo);
  if (hi >= kMaxRank) {
    need = "at least " + need;
  } else if (hi != lo) {
    need += hi == lo + 1 ? " or " : " to ";
    need += std::to_string(hi);
  }
  op.fail("rank-mismatch", op_text(op) + " needs " + operand_name(op, input) + " of rank " + need +
                               ", not rank " + std::to_string(rank));
}

void require_one_value(Context& op, std::size_t input, std::string_view code) {
  if (!op.has_rank(input) || op.rank(input) == 0) return;
  if (op.rank(input) > 1) {
    op.fail(code, op_text(op) + " needs one value as " + operand_name(op, input) +
                      ", not a tensor of rank " + std::to_string(op.rank(input)));
  }
  op.require_equal(code, op.shape(input)[0], 1,
                   [&] { return axis_text(operand_name(op, input), 0) + " with one value"; });
}

Elem scalar_of(const Context& op, std::size_t input) {
  const Elements* e = op.elements(input);
  return e != nullptr && e->size() == 1 ? e->elems[0] : Elem::unknown();
}

void require_dtype(const Context& op, std::size_t input, DTypeSet allowed) {
  if (!op.has_input(input)) return;
  if (op.input(input).container != Container::kTensor) {
    op.fail("dtype-unsupported", op_text(op) + " needs a tensor as " + operand_name(op, input) +
                                     ", not a sequence or an optional");
  }
  const DType dtype = op.dtype(input);
  if (dtype == DType::kUnknown || allowed.has(dtype)) return;
  std::string list;
  for (const DTypeInfo& d : all_dtypes()) {
    if (d.dtype == DType::kUnknown || !allowed.has(d.dtype)) continue;
    if (!list.empty()) list += " ";
    list += d.name;
  }
  op.fail("dtype-unsupported", op_text(op) + " does not take " + operand_name(op, input) + " of " +
                                   std::string(name_of(dtype)) + " at opset " +
                                   std::to_string(op.version()) + ": one of " + list);
}

DType unify_dtypes(const Context& op, std::size_t a, std::size_t b) {
  const DType x = op.has_input(a) ? op.dtype(a) : DType::kUnknown;
  const DType y = op.has_input(b) ? op.dtype(b) : DType::kUnknown;
  if (x == DType::kUnknown) return y;
  if (y != DType::kUnknown && x != y) {
    op.fail("dtype-mismatch",
            op_text(op) + " needs " + operand_name(op, a) + " and " + operand_name(op, b) +
                " of one dtype: " + std::string(name_of(x)) + " != " + std::string(name_of(y)),
            {}, "cast " + operand_name(op, b) + " to " + std::string(name_of(x)));
  }
  return x;
}

DType unify_all_dtypes(const Context& op, std::size_t first, std::size_t last) {
  std::size_t with_dtype = first;  // the first input whose dtype is known
  DType dtype = DType::kUnknown;
  for (std::size_t i = first; i < last; ++i) {
    if (dtype == DType::kUnknown) with_dtype = i;
    dtype = unify_dtypes(op, with_dtype, i);
  }
  return dtype;
}

Shape broadcast_shapes(Context& op, const Shape& a, const Shape& b, std::string_view a_name,
                       std::string_view b_name) {
  return broadcast_named(op, a, b, [&] { return a_name; }, [&] { return b_name; });
}

Shape require_broadcast_onto(Context& op, std::string_view code, const Shape& target,
                             const Shape& b, std::string_view target_name,
                             std::string_view b_name) {
  if (!target.has_rank() || !b.has_rank()) return Shape::unknown_rank();
  if (b.rank() > target.rank()) {
    op.fail(code, op_text(op) + " cannot broadcast " + std::string(b_name) + " of rank " +
                      std::to_string(b.rank()) + " onto " + std::string(target_name) + " of rank " +
                      std::to_string(target.rank()));
  }
  Shape out = target;
  const int pad = target.rank() - b.rank();
  for (int i = 0; i < b.rank(); ++i) {
    const Dim x = target[i + pad], y = b[i];
    if (x == y || y == Dim(1)) continue;
    const auto what = [&] {
      return axis_text(b_name, i) + " with " + axis_text(target_name, i + pad);
    };
    const Bounds bound = bounds(y);
    if (bound.lo > 1 || bound.hi < 1) {  // y is never 1: it has to be the target's size
      if (!op.require_equal(code, y, x, what)) out[i + pad] = y;
      continue;
    }
    // y is 1 or x: that is, their broadcast is x. Where x may be 1 too, y > 1 would grow the
    // target.
    const Truth equal = prove_eq(y, x);
    if (equal == Truth::kYes) continue;
    if (equal == Truth::kNo) {
      if (!op.require_equal(code, y, Dim(1), what)) out[i + pad] = broadcast(x, y);
      continue;
    }
    bool is_held = true;
    op.broadcast_dims(y, x, what, &is_held);
    if (bounds(x).lo > 1) continue;
    if (!op.require_at_most(code, y, max(x, Dim(1)), what) || !is_held)
      out[i + pad] = broadcast(x, y);
  }
  return out;
}

Shape unify_except(Context& op, std::size_t first, std::size_t last, int except) {
  Shape out = Shape::unknown_rank();
  std::size_t from = first;  // the input that gave `out` its rank
  for (std::size_t i = first; i < last; ++i) {
    if (!op.has_rank(i)) continue;
    const Shape& s = op.shape(i);
    if (!out.has_rank()) {
      out = s;
      from = i;
      continue;
    }
    if (s.rank() != out.rank()) {
      op.fail("rank-mismatch", op_text(op) + " needs " + operand_name(op, from) + " and " +
                                   operand_name(op, i) + " of one rank: " +
                                   std::to_string(out.rank()) + " != " + std::to_string(s.rank()));
    }
    for (int axis = 0; axis < out.rank(); ++axis) {
      if (axis == except || out[axis] == s[axis]) continue;
      const std::string_view code = except < 0 ? "shape-mismatch" : "concat-mismatch";
      out[axis] = op.unify(code, out[axis], s[axis], [&] {
        return axis_text(operand_name(op, from), axis) + " with " +
               axis_text(operand_name(op, i), axis);
      });
    }
  }
  return out;
}

void join(Context& op, Joined& joined, std::size_t i) {
  const Shape& in = op.shape(i);
  const auto may_be_empty = [](Dim d) { return bounds(d).lo <= 0; };
  const bool is_bare = std::any_of(in.begin(), in.end(), may_be_empty);
  Shape& out = joined.shape;
  if (!out.has_rank()) {
    require_rank(op, i, 1);
    out = in;
    joined.from = i;
    joined.axis = normalize_axis(op, op.attr_int("axis", 0), in.rank(), "axis");
    joined.may_be_empty = is_bare;
    return;
  }
  if (in.rank() != out.rank()) {
    op.fail("rank-mismatch", op_text(op) + " needs " + operand_name(op, joined.from) + " and " +
                                 operand_name(op, i) + " of one rank: " +
                                 std::to_string(out.rank()) + " != " + std::to_string(in.rank()));
  }
  for (int k = 0; k < in.rank(); ++k) {
    if (k == joined.axis) {
      out[k] += in[k];
      continue;
    }
    if (out[k] == in[k]) continue;
    const Dim a = out[k], b = in[k];
    const bool is_held = op.require_equal("concat-mismatch", a, b, [&] {
      return axis_text(operand_name(op, joined.from), k) + " with " +
             axis_text(operand_name(op, i), k);
    });
    // ONNX Runtime asks nothing of a tensor without elements: the result has the sizes of others.
    if (is_held || (!joined.may_be_empty && !is_bare)) {
      out[k] = Context::better_known(a, b);
    } else if (joined.may_be_empty && is_bare) {
      const Bounds x = bounds(a), y = bounds(b);
      out[k] = op.fresh("joined", SymbolKind::kDataDependent,
                        {std::min(x.lo, y.lo), std::max(x.hi, y.hi)});
    } else {
      out[k] = is_bare ? a : b;
    }
  }
  joined.may_be_empty = joined.may_be_empty && is_bare;
}

std::string operand_name(const Context& op, std::size_t input) {
  const OpName& name = op.graph().op(op.graph().nodes[op.node()]);
  if (const Op* row = find_op(name.domain, name.name, op.version())) {
    const std::string_view word = word_at(row->operands, input);
    if (!word.empty()) return std::string(word);
  }
  // PyTorch's rows list no operands, but every value has a name of the model.
  const auto inputs = op.graph().inputs(op.graph().nodes[op.node()]);
  if (name.domain == "aten" && input < inputs.size() && inputs[input] != kNone)
    return std::string(op.graph().values[inputs[input]].name);
  return "input " + std::to_string(input);
}

std::string axis_text(std::string_view operand, int axis) {
  return std::string(operand) + " axis " + std::to_string(axis);
}

// --- sizes
// ----------------------------------------------------------------------------------------------

Dim product(std::span<const Dim> dims) {
  Dim p = 1;
  for (const Dim d : dims) p *= d;
  return p;
}

Dim elements_or_zero(const Shape& shape) { return shape.has_rank() ? num_elements(shape) : Dim(0); }

Dim window_output(Dim in, Dim pads, Dim kernel, std::int64_t dilation, std::int64_t stride,
                  bool ceil_mode) {
  const Dim span = in + pads - Dim(dilation) * (kernel - 1) - 1;
  return (ceil_mode ? ceildiv(span, stride) : floordiv(span, stride)) + 1;
}

DType dtype_attr(const Context& op, std::string_view name, DType fallback) {
  if (!op.has_attr(name)) return fallback;
  const std::int64_t code = op.attr_int(name, 0);
  const DType dtype = dtype_from_onnx(code);
  if (dtype == DType::kUnknown) {
    op.fail("dtype-unknown", op_text(op) + " attribute " + std::string(name) + " is " +
                                 std::to_string(code) + ", which is no element type");
  }
  return dtype;
}

Shape unknown_dims(Context& op, int rank) {
  Shape out;
  for (int i = 0; i < rank; ++i) out.push_back(op.unknown_dim());
  return out;
}

}  // namespace shapewright::rules
