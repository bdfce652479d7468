// The contract as it is told: each condition in its normal form, what others imply left out.
#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <unordered_map>

#include "base/checked.h"
#include "dim/condition.h"
#include "infer/walk.h"

namespace shapewright {

namespace {

constexpr std::int64_t kMostDivisor = std::int64_t{1} << 31;

void normalise(Constraint& c) {
  if (c.relation == Relation::kAtMost) {
    if (const auto bound = bound_of_symbol(c.lhs, c.rhs)) std::tie(c.lhs, c.rhs) = *bound;
  } else if (c.relation == Relation::kEqual) {
    if (const auto divides = divisibility_of(c.lhs, c.rhs)) {
      c.relation = Relation::kDivides;
      c.lhs = divides->first;
      c.rhs = divides->second;
    }
  }
}

std::optional<std::int64_t> divisor_of(const Constraint& c) {
  if (c.relation != Relation::kDivides) return std::nullopt;
  const auto divisor = known(c.lhs);
  return divisor && *divisor >= 1 && *divisor <= kMostDivisor ? divisor : std::nullopt;
}

// What a condition says of one size by a number.
enum class Side : std::uint8_t { kLower, kUpper, kDivisor };
struct Limit {
  Side side;
  Dim size;
  std::int64_t number;
};

std::optional<Limit> limit_of(const Constraint& c) {
  if (const auto divisor = divisor_of(c)) return Limit{Side::kDivisor, c.rhs, *divisor};
  if (c.relation != Relation::kAtMost) return std::nullopt;
  if (const auto least = known(c.lhs)) return Limit{Side::kLower, c.rhs, *least};
  if (const auto most = known(c.rhs)) return Limit{Side::kUpper, c.lhs, *most};
  return std::nullopt;
}

// `a` holds wherever `b` does; both are of one size.
bool is_implied(const Limit& a, const Limit& b) {
  if (a.side != b.side) return false;
  switch (a.side) {
    case Side::kLower: return a.number <= b.number;
    case Side::kUpper: return a.number >= b.number;
    case Side::kDivisor: return b.number % a.number == 0;
  }
  return false;
}

// a == b, a == 1 or b == 1: where neither is 1 by the other conditions, the first.
void settle_broadcasts(std::vector<Constraint>& contract) {
  std::unordered_map<std::uint64_t, std::int64_t> least;  // by Dim::word()
  for (const Constraint& c : contract)
    if (const auto limit = limit_of(c); limit && limit->side == Side::kLower)
      least[limit->size.word()] = std::max(least[limit->size.word()], limit->number);
  const auto is_never_one = [&](Dim d) {
    const auto at = least.find(d.word());
    return prove_eq(d, 1) == Truth::kNo || (at != least.end() && at->second > 1);
  };
  for (Constraint& c : contract) {
    if (c.relation != Relation::kBroadcast || !is_never_one(c.lhs) || !is_never_one(c.rhs))
      continue;
    c.relation = Relation::kEqual;
    normalise(c);
  }
}

// Given m | d, k | d//m says k*m | d. Every round looks through one division more.
void lift_divisors(std::vector<Constraint>& contract) {
  struct Class {
    std::int64_t divisor, offset;
  };
  std::unordered_map<std::uint64_t, std::vector<Class>> classes;  // by Dim::word()
  for (bool changed = true; changed;) {
    changed = false;
    classes.clear();
    for (const Constraint& c : contract)
      if (const auto divisor = divisor_of(c)) {
        const Shifted size = split_constant(c.rhs);
        classes[size.varying.word()].push_back({*divisor, size.constant});
      }
    for (Constraint& c : contract) {
      const auto divisor = divisor_of(c);
      const auto floor = divisor ? as_floor(c.rhs) : std::nullopt;
      if (!floor || floor->divisor > kMostDivisor / *divisor) continue;
      if (std::abs(floor->offset) > kMostDivisor) continue;
      const Shifted size = split_constant(floor->numerator);
      const auto known_of = classes.find(size.varying.word());
      if (known_of == classes.end()) continue;
      const auto known_class =
          std::find_if(known_of->second.begin(), known_of->second.end(),
                       [&](const Class& k) { return k.divisor % floor->divisor == 0; });
      if (known_class == known_of->second.end()) continue;
      // m | v + o: (v + b)//m + e is (v + o)/m + (b - o)//m + e.
      const std::int64_t m = floor->divisor, o = known_class->offset;
      const Wide rest = (Wide{size.constant} - o);
      if (rest > kMostDivisor || rest < -kMostDivisor) continue;
      const std::int64_t whole = *divisor * m;
      const std::int64_t shift = floor_div(static_cast<std::int64_t>(rest), m) + floor->offset;
      c.lhs = whole;
      c.rhs = size.varying + floor_mod(floor_mod(o, whole) + floor_mod(shift, *divisor) * m, whole);
      changed = true;
    }
  }
}

std::uint64_t limit_key(Side side, Dim size) {
  return mix(static_cast<std::uint64_t>(side) + 1, size.word());
}

}  // namespace

void Walk::settle_contract() {
  std::vector<Constraint>& contract = analysis_->contract;
  for (Constraint& c : contract) normalise(c);
  settle_broadcasts(contract);
  lift_divisors(contract);

  // Of the limits of one size and side the strongest stays, where the first stood.
  std::unordered_map<std::uint64_t, std::size_t> place;
  std::vector<Constraint> kept;
  for (Constraint& c : contract) {
    const auto limit = limit_of(c);
    if (limit) {
      const auto [at, is_new] = place.try_emplace(limit_key(limit->side, limit->size), kept.size());
      Constraint* const first = is_new ? nullptr : &kept[at->second];
      const auto other = is_new ? std::nullopt : limit_of(*first);
      if (other && other->size == limit->size) {
        const bool is_weaker = is_implied(*limit, *other), is_stronger = is_implied(*other, *limit);
        if (is_weaker && is_stronger && first->node != c.node) first->also.push_back(c.node);
        if (is_stronger && !is_weaker) *first = std::move(c);
        if (is_weaker || is_stronger) continue;
      }
    }
    kept.push_back(std::move(c));
  }
  // A positive multiple of m is at least m.
  std::unordered_map<std::uint64_t, std::int64_t> divisors;  // by Dim::word()
  for (const Constraint& c : kept)
    if (const auto limit = limit_of(c); limit && limit->side == Side::kDivisor)
      divisors[limit->size.word()] = std::max(divisors[limit->size.word()], limit->number);
  std::erase_if(kept, [&](const Constraint& c) {
    const auto limit = limit_of(c);
    if (!limit || limit->side != Side::kLower || bounds(limit->size).lo < 1) return false;
    const auto at = divisors.find(limit->size.word());
    return at != divisors.end() && limit->number <= at->second;
  });
  contract = std::move(kept);
}

}  // namespace shapewright
