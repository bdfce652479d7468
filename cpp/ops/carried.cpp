#include "ops/carried.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "ops/sequence.h"

namespace shapewright::rules {

namespace {

void require_state_dtype(const Context& op, std::size_t state, DType before, DType after) {
  if (before == DType::kUnknown || after == DType::kUnknown || before == after) return;
  op.fail("dtype-mismatch", std::string(op.op_type()) + " takes state " + std::to_string(state) +
                                " as " + std::string(name_of(before)) + " and gives it back as " +
                                std::string(name_of(after)));
}

// A state may enter as an optional and leave as what it holds, or the other way round: it is an
// optional then. False where it was one already.
bool join_container(const Context& op, std::size_t state, TensorType& in, const TensorType& out) {
  using enum Container;
  const auto held = [](Container c) {
    return c == kOptional ? kTensor : c == kOptionalSequence ? kSequence : c;
  };
  if (in.dtype == DType::kUnknown) return false;
  if (held(in.container) != held(out.container)) {
    op.fail("dtype-mismatch", std::string(op.op_type()) + " takes state " + std::to_string(state) +
                                  " as " + to_string(in) + " and gives it back as " +
                                  to_string(out));
  }
  if (in.container != held(in.container)) return false;
  in.container = out.container;
  return true;
}

Dim either(Context& op, Dim a, Dim b) {
  if (surely_eq(a, b)) return b;
  const Bounds x = bounds(a), y = bounds(b);
  return op.fresh("carried", SymbolKind::kDataDependent,
                  {std::min(x.lo, y.lo), std::max(x.hi, y.hi)});
}

bool stays_true(const Operands& body_outputs) {
  const Elements* e = body_outputs[0].elements;
  return e != nullptr && e->elems.size() == 1 && e->elems[0].literal() == 1;
}

// One size of one state, or the length of a sequence.
struct Size {
  int changed = 0;          // the pass that first left it as another one
  bool is_symbol = false;   // later ones changed it again: a symbol stands for what they find
  std::optional<Dim> step;  // what each pass so far has added; none if they differ
  bool grows = true;        // none has made it smaller
};

// Finds types of the states that hold on every pass. A size that a pass changes is tried as the
// pass leaves it: N, broadcast with M, stays what it has become. If the next pass changes it again
// it becomes a symbol; where every pass adds the same c, it ends as start + c * trip. At most
// kMaxRuns runs on sizes that are known, and one on unknown ranks.
class Carrier {
 public:
  Carrier(Context& op, const Operands& initial, const Passes& passes)
      : op_(op),
        initial_(initial),
        passes_(passes),
        in_(initial),
        sizes_(initial.size()),
        lengths_(initial.size()),
        surely_(passes.has_one ? 1 : 0) {}

  Carried carry() {
    Carried result;
    for (round_ = 1; round_ <= kMaxRuns; ++round_) {
      result.body_outputs = run();
      if (!take(result.body_outputs)) break;
    }
    if (round_ > kMaxRuns) {
      for (OperandType& t : in_) {
        t.type.shape = Shape::unknown_rank();
        if (is_sequence(t.type)) t.type.length = some_length(op_);
      }
      result.body_outputs = run();
    }
    if (passes_.starts && stays_true(result.body_outputs)) {
      result.trip = passes_.limit;
      if (result.trip && surely_ >= round_) surely_ = std::max(surely_, bounds(*result.trip).lo);
    }
    for (std::size_t s = 0; s < in_.size(); ++s)
      result.final.push_back(settled(s, result.body_outputs[s + 1].type, result.trip));
    return result;
  }

 private:
  static constexpr int kMaxRuns = 5;

  Operands run() {
    Operands out = passes_.run(in_, surely_ >= round_ ? Runs::kSurely : Runs::kMaybe,
                               round_ == 1 ? Pass::kFirst : Pass::kLater);
    const bool goes_on = surely_ >= round_ && passes_.limit && stays_true(out);
    if (goes_on && bounds(*passes_.limit).lo > round_)
      surely_ = std::max<std::int64_t>(surely_, round_ + 1);
    return out;
  }

  // Makes the states general enough for what a pass gave; whether they had to change.
  bool take(const Operands& body_outputs) {
    bool changed = false;
    for (std::size_t s = 0; s < in_.size(); ++s) {
      OperandType& in = in_[s];
      const OperandType& out = body_outputs[s + 1];
      require_state_dtype(op_, s, in.type.dtype, out.type.dtype);
      if (in.type.container != out.type.container && out.type.dtype != DType::kUnknown)
        changed |= join_container(op_, s, in.type, out.type);
      if (in.elements != nullptr && out.elements != in.elements) {
        in.elements = nullptr;
        changed = true;
      }
      Shape& shape = in.type.shape;
      if (is_sequence(in.type)) {
        const bool was_empty = known(in.type.length) == 0;
        if (take_size(lengths_[s], in.type.length, out.type.length, true)) {
          changed = true;
          // An empty sequence has elements of the type that the first pass puts in.
          if (was_empty) shape = out.type.shape;
        }
      }
      if (!shape.has_rank()) continue;
      if (out.type.shape.rank() != shape.rank()) {
        shape = Shape::unknown_rank();
        changed = true;
        continue;
      }
      sizes_[s].resize(static_cast<std::size_t>(shape.rank()));
      for (int k = 0; k < shape.rank(); ++k)
        changed |= take_size(sizes_[s][static_cast<std::size_t>(k)], shape[k], out.type.shape[k],
                             is_sequence(in.type));
    }
    return changed;
  }

  // Whether the size had to change; where each pass may find another one, `at_once`, to a symbol.
  bool take_size(Size& size, Dim& before, Dim after, bool at_once) {
    const Dim step = after - before;
    if (round_ == 1) {
      size.step = step;
    } else if (size.step && !surely_eq(*size.step, step)) {
      size.step = std::nullopt;
    }
    size.grows = size.grows && bounds(step).lo >= 0;
    if (size.is_symbol || surely_eq(after, before)) return false;
    const bool is_tried = size.changed == 0 && !at_once;
    before = is_tried ? after : fresh();
    if (size.changed == 0) size.changed = round_;
    size.is_symbol = !is_tried;
    return true;
  }

  // A state after the last pass.
  OperandType settled(std::size_t s, const TensorType& after, const std::optional<Dim>& trip) {
    OperandType out = in_[s];
    if (out.type.dtype == DType::kUnknown) out.type.dtype = after.dtype;
    if (out.type.container != after.container && after.container == Container::kSequence) {
      // Past the first pass it is a sequence, of a length that only a run tells.
      if (passes_.has_one) out.type.container = after.container;
      out.type.length = some_length(op_);
    }
    const OperandType& start = initial_[s];
    if (is_sequence(out.type)) {  // the sizes of its elements stay open: each has its own
      settle(lengths_[s], start.type.length, out.type.length, trip);
      return out;
    }
    for (int k = 0; k < out.type.shape.rank() && after.shape.has_rank(); ++k)
      settle(sizes_[s][static_cast<std::size_t>(k)], start.type.shape[k], out.type.shape[k], trip);
    return out;
  }

  void settle(const Size& size, Dim start, Dim& dim, const std::optional<Dim>& trip) {
    if (round_ > kMaxRuns) return;  // nothing is said of it
    if (size.is_symbol) {
      const bool is_exact = trip && size.step && is_of_inputs(*size.step);
      dim = is_exact ? start + *size.step * *trip
                     : op_.fresh("carried", SymbolKind::kDataDependent,
                                 {size.grows ? bounds(start).lo : 0, kPlusInf});
    } else if (trip && bounds(*trip).hi < size.changed) {
      dim = start;
    } else if (surely_ < size.changed) {
      dim = either(op_, start, dim);
    }
  }

  Dim fresh() { return op_.fresh("carried", SymbolKind::kDataDependent, {0, kPlusInf}); }

  Context& op_;
  const Operands& initial_;
  const Passes& passes_;
  Operands in_;                           // before pass round_, or more general
  std::vector<std::vector<Size>> sizes_;  // by state and axis
  std::vector<Size> lengths_;             // of sequences, by state
  std::int64_t surely_;                   // passes that surely happen
  int round_ = 1;
};

// Where one pass is the last: what a second one would find is not asked.
Carried carry_once(Context& op, const Operands& initial, const Passes& passes) {
  const Runs runs = passes.has_one ? Runs::kSurely : Runs::kMaybe;
  Carried result{{}, passes.run(initial, runs, Pass::kFirst), {}};
  if (passes.starts) result.trip = passes.limit;
  for (std::size_t s = 0; s < initial.size(); ++s) {
    const OperandType& before = initial[s];
    OperandType after = result.body_outputs[s + 1];
    require_state_dtype(op, s, before.type.dtype, after.type.dtype);
    if (after.type.dtype == DType::kUnknown) after.type.dtype = before.type.dtype;
    if (!passes.has_one) {
      if (before.elements != after.elements) after.elements = nullptr;
      Shape& shape = after.type.shape;
      const Shape& old = before.type.shape;
      if (old.rank() != shape.rank()) shape = Shape::unknown_rank();
      for (int k = 0; k < shape.rank(); ++k) shape[k] = either(op, old[k], shape[k]);
      if (is_sequence(after.type))
        after.type.length = either(op, before.type.length, after.type.length);
    }
    result.final.push_back(std::move(after));
  }
  return result;
}

}  // namespace

Carried carry(Context& op, const Operands& initial, const Passes& passes) {
  const auto is = [&](std::int64_t count) { return passes.limit && *passes.limit == Dim(count); };
  if (is(1)) return carry_once(op, initial, passes);
  Carried result = Carrier(op, initial, passes).carry();
  if (is(0)) {
    for (std::size_t s = 0; s < initial.size(); ++s) {
      const DType dtype = result.final[s].type.dtype;
      result.final[s] = initial[s];
      result.final[s].type.dtype = dtype;
    }
    result.trip = Dim(0);
  }
  return result;
}

}  // namespace shapewright::rules
