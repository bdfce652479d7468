#include "infer/merge_contract.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <tuple>
#include <unordered_map>

#include "dim/condition.h"
#include "infer/plain_symbol.h"

namespace shapewright {

namespace {

constexpr int kMaxRounds = 4;
constexpr std::size_t kMaxContract = 2048;  // a longer one stays as the rules stated it

bool is_plain(const Arena& arena, const Constraint& c) {
  switch (c.relation) {
    case Relation::kEqual:
    case Relation::kBroadcast: return arena.as_symbol(c.lhs) && known(c.rhs);
    case Relation::kAtMost:
      return (arena.as_symbol(c.lhs) && known(c.rhs)) || (known(c.lhs) && arena.as_symbol(c.rhs));
    case Relation::kDivides:
    case Relation::kDividesOrOne: return known(c.lhs) && arena.as_symbol(c.rhs);
    case Relation::kOneIsOne: return false;
  }
  return false;
}

// Alone it says so, whatever the others say.
void normalise(const Arena& arena, Constraint& c) {
  if (is_plain(arena, c)) return;
  if (c.relation == Relation::kAtMost) {
    if (const auto bound = bound_of_symbol(c.lhs, c.rhs)) std::tie(c.lhs, c.rhs) = *bound;
  } else if (c.relation == Relation::kEqual) {
    if (const auto divides = divisibility_of(c.lhs, c.rhs)) {
      c.relation = Relation::kDivides;
      std::tie(c.lhs, c.rhs) = *divides;
    }
  }
}

std::vector<std::uint32_t> symbols_of(const Constraint& c) {
  std::vector<std::uint32_t> ids = shapewright::symbols_of(c.lhs);
  for (const std::uint32_t id : shapewright::symbols_of(c.rhs))
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  return ids;
}

std::optional<std::uint32_t> only_symbol_of(const Arena& arena, const Constraint& c) {
  if (is_plain(arena, c)) return arena.as_symbol(known(c.lhs) ? c.rhs : c.lhs);
  const auto ids = symbols_of(c);
  return ids.size() == 1 ? std::optional(ids[0]) : std::nullopt;
}

// Of the lower ends of a symbol the highest stays, where the first one stood: most contracts are
// windows that must fit into an image, and no sizes have to be tried for those. The others are
// stated in their normal form.
void keep_highest_ends(Arena& arena, std::vector<Constraint>& contract) {
  struct Place {
    std::uint32_t symbol;
    std::int64_t least;
    std::size_t at;
  };
  std::vector<Place> places;
  // By symbol: of what is demanded, and of the branch.
  std::vector<std::array<std::uint32_t, 2>> place_of(arena.num_symbols(), {kNone, kNone});
  const auto end_of = [](const Constraint& c) {
    return c.relation == Relation::kAtMost ? least_of_symbol(c.lhs, c.rhs) : std::nullopt;
  };
  std::size_t size = 0;
  for (Constraint& c : contract) {
    auto end = end_of(c);
    if (!end) {
      normalise(arena, c);
      end = end_of(c);
    }
    if (end) {
      const auto [symbol, least] = *end;
      std::uint32_t& at = place_of[symbol][is_of_branch(c) ? 1 : 0];
      if (at != kNone) {
        Place& place = places[at];
        Constraint& other = contract[place.at];
        if (least > place.least) {
          other = std::move(c);
          place.least = least;
        } else if (least == place.least && c.node != other.node &&
                   std::ranges::find(other.also, c.node) == other.also.end()) {
          other.also.push_back(c.node);
        }
        continue;
      }
      at = static_cast<std::uint32_t>(places.size());
      places.push_back({symbol, least, size});
    }
    if (&contract[size] != &c) contract[size] = std::move(c);
    ++size;
  }
  contract.resize(size);
  for (const Place& place : places) {
    contract[place.at].lhs = place.least;
    contract[place.at].rhs = arena.symbol(arena.symbol_info(place.symbol).name);
  }
}

class Merger {
 public:
  explicit Merger(Analysis& a) : a_(a), arena_(*a.arena), contract_(a.contract) {}

  std::vector<Constraint> merged() {
    for (int round = 0; round < kMaxRounds && !is_contradictory_; ++round) {
      const std::vector<Demand> before = demands();
      name_equals_alike();
      if (!is_contradictory_) state_symbols();
      drop_implied();
      if (demands() == before) break;
    }
    drop_mirrored();
    drop_those_of_branches();
    return is_contradictory_ ? a_.contract : std::move(contract_);
  }

 private:
  using Demand = std::tuple<Relation, Dim, Dim>;

  std::vector<Demand> demands() const {
    std::vector<Demand> out;
    out.reserve(contract_.size());
    for (const Constraint& c : contract_) out.emplace_back(c.relation, c.lhs, c.rhs);
    return out;
  }

  // Of two symbols that must be equal, the first stands for both in all other constraints.
  void name_equals_alike() {
    std::vector<std::uint32_t> uses = uses_of_symbols();
    for (std::size_t i = 0; i < contract_.size() && !is_contradictory_; ++i) {
      const Constraint defining = contract_[i];
      if (defining.relation != Relation::kEqual) continue;
      const auto first = arena_.as_symbol(defining.lhs), other = arena_.as_symbol(defining.rhs);
      const SymbolValues values = first && other ? SymbolValues{{*other, defining.lhs}}
                                  : first && known(defining.rhs)
                                      ? SymbolValues{{*first, defining.rhs}}
                                      : SymbolValues{};
      if (values.empty() || uses[values[0].first] < 2) continue;
      put(values, i);
      uses = uses_of_symbols();
    }
  }

  const std::vector<std::uint32_t>& symbols_in(Dim d) {
    const auto [at, is_new] = symbols_.try_emplace(d.word());
    if (is_new) at->second = shapewright::symbols_of(d);
    return at->second;
  }

  // In how many sides of constraints each symbol stands.
  std::vector<std::uint32_t> uses_of_symbols() {
    std::vector<std::uint32_t> uses(arena_.num_symbols(), 0);
    for (const Constraint& c : contract_)
      for (const Dim d : {c.lhs, c.rhs})
        for (const std::uint32_t id : symbols_in(d)) ++uses[id];
    return uses;
  }

  bool is_of(const Constraint& c, std::uint32_t symbol) {
    return std::ranges::any_of(std::array{c.lhs, c.rhs}, [&](Dim d) {
      return !known(d) && std::ranges::find(symbols_in(d), symbol) != symbols_in(d).end();
    });
  }

  // Substitutes a symbol in every constraint but `kept`; what becomes certain leaves.
  void put(const SymbolValues& values, std::size_t kept) {
    std::vector<Constraint> out;
    std::vector<NodeId> implied;
    std::map<std::tuple<Relation, std::uint64_t, std::uint64_t>, std::size_t> places;  // in `out`
    for (std::size_t k = 0; k < contract_.size(); ++k) {
      Constraint c = std::move(contract_[k]);
      if (k != kept && is_of(c, values[0].first)) {
        const Dim lhs = c.lhs, rhs = c.rhs;
        c.lhs = substitute(lhs, values);
        c.rhs = substitute(rhs, values);
        if (c.relation == Relation::kEqual && known(c.lhs)) std::swap(c.lhs, c.rhs);
        const Truth truth = prove(c);
        if (truth == Truth::kYes) {  // what it demanded, the kept one now demands for both
          implied.push_back(c.node);
          implied.insert(implied.end(), c.also.begin(), c.also.end());
          continue;
        }
        if (truth == Truth::kNo) {
          std::tie(c.lhs, c.rhs) = std::pair(lhs, rhs);
          return contradict(c);
        }
      }
      const auto [same, is_new] =
          places.try_emplace({c.relation, c.lhs.word(), c.rhs.word()}, out.size());
      if (is_new) {
        out.push_back(std::move(c));
      } else if (out[same->second].node != c.node) {
        out[same->second].also.push_back(c.node);
      }
    }
    for (Constraint& c : out)
      if (c.relation == contract_[kept].relation && c.lhs == contract_[kept].lhs &&
          c.rhs == contract_[kept].rhs)
        c.also.insert(c.also.end(), implied.begin(), implied.end());
    contract_ = std::move(out);
  }

  // All constraints on one symbol alone become one statement about it.
  void state_symbols() {
    keep_highest_ends(arena_, contract_);
    std::map<std::pair<std::uint32_t, bool>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < contract_.size(); ++i)
      if (const auto id = only_symbol_of(arena_, contract_[i]))
        groups[{*id, is_of_branch(contract_[i])}].push_back(i);
    facts_.clear();
    std::vector<std::uint8_t> gone(contract_.size(), 0);
    std::map<std::size_t, std::vector<Constraint>> stated;  // by the place of the first one
    for (const auto& [key, members] : groups) {
      const std::uint32_t id = key.first;
      if (members.size() == 1 && is_plain(arena_, contract_[members[0]])) {
        note(id, contract_[members[0]]);
        continue;
      }
      std::vector<Constraint> constraints;
      for (const std::size_t i : members) constraints.push_back(contract_[i]);
      const auto plain = state_plainly(id, constraints, stand_in());
      if (!plain) continue;
      if (plain->sizes.first > plain->sizes.last) return contradict(constraints.front());
      for (const std::size_t i : members) gone[i] = 1;
      stated[members[0]] = plain->constraints;
      if (!plain->sizes.and_one) facts_[id] = plain->sizes;
    }
    std::vector<Constraint> out;
    for (std::size_t i = 0; i < contract_.size(); ++i) {
      if (const auto at = stated.find(i); at != stated.end())
        out.insert(out.end(), at->second.begin(), at->second.end());
      if (gone[i] == 0) out.push_back(std::move(contract_[i]));
    }
    contract_ = std::move(out);
  }

  void note(std::uint32_t id, const Constraint& c) {
    const std::int64_t lo = arena_.symbol_info(id).bounds.lo;
    if (c.relation == Relation::kDivides)
      facts_[id] = {*known(ceildiv(lo, c.lhs) * c.lhs), *known(c.lhs), kPlusInf, false};
    if (c.relation == Relation::kAtMost && known(c.lhs))
      facts_[id] = {*known(c.lhs), 1, kPlusInf, false};
    if (c.relation == Relation::kAtMost && known(c.rhs)) facts_[id] = {lo, 1, *known(c.rhs), false};
  }

  // What holds of several symbols because of what each of them must be.
  void drop_implied() {
    if (facts_.empty() || is_contradictory_) return;
    SymbolValues values;
    for (const auto& [id, s] : facts_) {
      const std::int64_t most = s.last == kPlusInf ? kPlusInf : (s.last - s.first) / s.step;
      const Dim t = arena_.fresh("", SymbolKind::kUnknown, {0, most});
      values.emplace_back(id, Dim(s.first) + Dim(s.step) * t);
    }
    std::erase_if(contract_, [&](const Constraint& c) {
      if (is_plain(arena_, c) || symbols_of(c).size() < 2) return false;
      Constraint put = c;
      put.lhs = substitute(c.lhs, values);
      put.rhs = substitute(c.rhs, values);
      return prove(put) == Truth::kYes;
    });
  }

  // a == b where b == a is demanded already.
  void drop_mirrored() {
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> places;
    std::vector<Constraint> out;
    for (Constraint& c : contract_) {
      const bool is_equal = c.relation == Relation::kEqual && !is_of_branch(c);
      const auto at = is_equal ? places.find({c.rhs.word(), c.lhs.word()}) : places.end();
      if (at != places.end()) {
        out[at->second].also.push_back(c.node);
        continue;
      }
      if (is_equal) places.try_emplace({c.lhs.word(), c.rhs.word()}, out.size());
      out.push_back(std::move(c));
    }
    contract_ = std::move(out);
  }

  // A table that the model makes anew where it is too short is long enough on this branch: what
  // reads it demands no more than that the branch is taken.
  void drop_those_of_branches() {
    const std::vector<Constraint> all = contract_;
    std::erase_if(contract_, [&](const Constraint& c) {
      return !is_of_branch(c) && std::ranges::any_of(all, [&](const Constraint& other) {
        return is_of_branch(other) && c.relation == other.relation && c.lhs == other.lhs &&
               c.rhs == other.rhs;
      });
    });
  }

  void contradict(const Constraint& c) {
    is_contradictory_ = true;
    std::string all;
    for (const Constraint& other : a_.contract)
      if (all.size() < 400) all += (all.empty() ? "" : "; ") + to_string(other);
    a_.findings.push_back({"contract-contradiction",
                           Severity::kError,
                           "no sizes of the inputs meet what the model demands: " + to_string(c) +
                               " cannot hold beside the rest",
                           c.node,
                           {{"contract", all}},
                           {}});
  }

  Dim stand_in() {
    if (stand_in_ == Dim(0)) stand_in_ = arena_.fresh("", SymbolKind::kUnknown, {0, kPlusInf});
    return stand_in_;
  }

  Analysis& a_;
  Arena& arena_;
  std::vector<Constraint> contract_;
  std::map<std::uint32_t, Admitted> facts_;                                // by symbol
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> symbols_;  // of a Dim, by its word
  Dim stand_in_;
  bool is_contradictory_ = false;
};

}  // namespace

void merge_contract(Analysis& a) {
  keep_highest_ends(*a.arena, a.contract);
  if (a.contract.empty() || a.contract.size() > kMaxContract) return;
  if (a.contract.size() == 1 && is_plain(*a.arena, a.contract[0])) return;
  a.contract = Merger(a).merged();
}

}  // namespace shapewright
