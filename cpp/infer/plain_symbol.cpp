#include "infer/plain_symbol.h"

#include <algorithm>
#include <numeric>

#include "base/checked.h"
#include "dim/tape.h"

namespace shapewright {

namespace {

constexpr std::int64_t kTried = 1024;
constexpr std::int64_t kMaxModulus = 256;
static_assert(kTried >= 4 * kMaxModulus);

using Pattern = std::vector<bool>;  // by size, from the lowest: whether it is admitted

class Solver {
 public:
  Solver(std::uint32_t id, std::span<const Constraint> constraints, Dim stand_in)
      : id_(id), constraints_(constraints), t_(stand_in) {
    const SymbolInfo& info = Arena::current().symbol_info(id);
    name_ = info.name;
    lo_ = info.bounds.lo;
    hi_ = info.bounds.hi;
    tried_ = hi_ - lo_ < kTried ? hi_ - lo_ + 1 : kTried;
  }

  std::optional<PlainSymbol> solve() {
    if (!try_sizes() || !guess() || (hi_ - lo_ >= tried_ && !prove_rest())) return std::nullopt;
    PlainSymbol out{sizes_, {}};
    const Dim s = Arena::current().symbol(name_);
    if (sizes_.first > sizes_.last) return out;
    if (sizes_.first == sizes_.last && sizes_.and_one) {
      state(out, Relation::kBroadcast, s, sizes_.first);
    } else if (sizes_.first == sizes_.last) {
      state(out, Relation::kEqual, s, sizes_.first);
    } else {
      const std::int64_t residue = floor_mod(sizes_.first, sizes_.step);
      if (sizes_.step > 1)
        state(out, sizes_.and_one ? Relation::kDividesOrOne : Relation::kDivides, sizes_.step,
              s - Dim(residue));
      const std::int64_t least = lo_ + floor_mod(residue - lo_, sizes_.step);
      if (sizes_.first > least) state(out, Relation::kAtMost, sizes_.first, s);
      if (sizes_.last < hi_) state(out, Relation::kAtMost, s, sizes_.last);
    }
    return out;
  }

 private:
  std::int64_t size_at(std::size_t i) const { return lo_ + static_cast<std::int64_t>(i); }

  // Where a constraint holds among the sizes tried; nothing if one is past int64.
  std::optional<Pattern> pattern_of(Relation relation, Dim lhs, Dim rhs) const {
    Tape tape;
    const Tape::Slot left = tape.add(lhs), right = tape.add(rhs);
    if (tape.symbols().size() != 1 || tape.symbols()[0] != id_) return std::nullopt;
    Pattern met(static_cast<std::size_t>(tried_));
    std::vector<std::int64_t> slots(tape.num_slots());
    for (std::size_t i = 0; i < met.size(); ++i) {
      const std::int64_t size = size_at(i);
      try {
        tape.run({&size, 1}, slots);
      } catch (const Error&) {
        return std::nullopt;
      }
      met[i] = holds(relation, slots[left], slots[right]);
    }
    return met;
  }

  bool try_sizes() {
    all_.assign(static_cast<std::size_t>(tried_), true);
    for (const Constraint& c : constraints_) {
      auto met = pattern_of(c.relation, c.lhs, c.rhs);
      if (!met) return false;
      for (std::size_t i = 0; i < all_.size(); ++i)
        if (!(*met)[i]) all_[i] = false;
      patterns_.push_back(std::move(*met));
    }
    return true;
  }

  // A progression, and perhaps 1, that has exactly the sizes admitted among those tried.
  bool guess() {
    const std::size_t count = all_.size();
    std::vector<std::int64_t> admitted;
    for (std::size_t i = 0; i < count; ++i)
      if (all_[i]) admitted.push_back(size_at(i));
    const bool is_complete = hi_ - lo_ < tried_;
    sizes_ = {1, 1, 0, false};
    if (admitted.empty()) return true;
    if (admitted.size() > 1 && admitted[0] == 1) {
      const std::int64_t step = admitted.size() > 2 ? admitted[2] - admitted[1] : 0;
      sizes_.and_one = admitted[1] - 1 != step && (step == 0 ? admitted[1] != 2 : true);
    }
    const std::size_t from = sizes_.and_one ? 1 : 0;
    sizes_.first = admitted[from];
    sizes_.step = admitted.size() > from + 1 ? admitted[from + 1] - admitted[from] : 1;
    sizes_.last = admitted.back();
    for (std::size_t i = from; i + 1 < admitted.size(); ++i)
      if (admitted[i + 1] - admitted[i] != sizes_.step) return false;
    // "% m == 0 or == 1" is stated of the multiples of m from m on.
    if (sizes_.and_one && sizes_.first != sizes_.last && sizes_.first != sizes_.step) return false;
    if (sizes_.step > kMaxModulus) return false;
    if (!is_complete && sizes_.last + sizes_.step >= lo_ + tried_ && admitted.size() > from + 1)
      sizes_.last = kPlusInf;
    if (is_complete && sizes_.last + sizes_.step > hi_ && admitted.size() > from + 1)
      sizes_.last = hi_;
    return !(sizes_.and_one && sizes_.first != sizes_.last && sizes_.last < hi_);
  }

  // Sizes past those tried: of the progression every one is admitted, of the others none.
  bool prove_rest() const {
    std::vector<std::size_t> order(constraints_.size());  // the narrowest first: it refuses most
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [&](std::size_t c) { return std::ranges::count(patterns_[c], true); });
    const bool goes_on = sizes_.last == kPlusInf;
    const std::int64_t step = goes_on ? sizes_.step : 1;
    const std::int64_t start = lo_ + tried_;
    for (std::int64_t k = 0; k < step; ++k) {
      const Dim rest = Dim(step) * t_ + Dim(start + k);
      const bool is_admitted = goes_on && floor_mod(start + k - sizes_.first, step) == 0;
      const auto at_rest = [&](std::size_t i) {
        Constraint c = constraints_[i];
        c.lhs = substitute(c.lhs, {{id_, rest}});
        c.rhs = substitute(c.rhs, {{id_, rest}});
        return prove(c);
      };
      const auto yes = [&](std::size_t i) { return at_rest(i) == Truth::kYes; };
      const auto no = [&](std::size_t i) { return at_rest(i) == Truth::kNo; };
      if (is_admitted ? !std::ranges::all_of(order, yes) : !std::ranges::any_of(order, no))
        return false;
    }
    return true;
  }

  // Adds a constraint, as imposed by the node whose own is nearest to it.
  void state(PlainSymbol& out, Relation relation, Dim lhs, Dim rhs) const {
    Constraint c{relation, lhs, rhs, kNone, {}, {}, {}};
    const Pattern wanted = pattern_of(relation, lhs, rhs).value();
    const auto distance = [&](std::size_t k) {
      std::int64_t apart = 0;
      for (std::size_t i = 0; i < wanted.size(); ++i) apart += wanted[i] != patterns_[k][i];
      return apart;
    };
    std::size_t nearest = 0;
    for (std::size_t k = 1; k < constraints_.size(); ++k)
      if (distance(k) < distance(nearest)) nearest = k;
    const Constraint& source = constraints_[nearest];
    c.node = source.node;
    c.code = source.code;
    c.what = source.what;
    c.also = source.also;
    const bool is_joint = distance(nearest) != 0;  // several nodes demand it together
    for (std::size_t k = 0; k < constraints_.size(); ++k) {
      const bool is_same = patterns_[k] == patterns_[nearest];
      if (k == nearest || constraints_[k].node == c.node || !(is_same || is_joint)) continue;
      if (std::ranges::find(c.also, constraints_[k].node) == c.also.end())
        c.also.push_back(constraints_[k].node);
    }
    out.constraints.push_back(std::move(c));
  }

  std::uint32_t id_;
  std::span<const Constraint> constraints_;
  Dim t_;
  std::string name_;
  std::int64_t lo_ = 0, hi_ = kPlusInf, tried_ = 0;
  std::vector<Pattern> patterns_;  // by constraint
  Pattern all_;
  Admitted sizes_;
};

}  // namespace

std::optional<PlainSymbol> state_plainly(std::uint32_t id, std::span<const Constraint> constraints,
                                         Dim stand_in) {
  return Solver(id, constraints, stand_in).solve();
}

}  // namespace shapewright
