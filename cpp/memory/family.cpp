#include "memory/family.h"

#include <algorithm>

#include "base/checked.h"
#include "memory/congruences.h"

namespace shapewright {

namespace {

template <typename Map>
bool has(const Map& map, std::string_view name) {
  return std::ranges::any_of(map, [&](const auto& entry) { return entry.first == name; });
}

bool evaluate(const Tape& tape, std::int64_t size, std::vector<std::int64_t>& slots) {
  slots.resize(tape.num_slots());
  const std::int64_t symbols[] = {size};
  try {
    tape.run({symbols, tape.symbols().size()}, slots);
  } catch (const Error&) {  // overflow, a division by zero
    return false;
  }
  return true;
}

void evaluate(const Tape& tape, Bounds range, std::vector<Bounds>& slots) {
  slots.resize(tape.num_slots());
  const Bounds symbols[] = {range};
  tape.run_bounds({symbols, tape.symbols().size()}, slots);
}

}  // namespace

Family::Family(std::shared_ptr<const Program> program, std::string solve, NamedSizes sizes,
               const Ties& ties, std::int64_t multiple_of)
    : program_(std::move(program)),
      solve_(std::move(solve)),
      given_(std::move(sizes)),
      multiple_of_(multiple_of) {
  const auto symbols = program_->symbols();
  const auto solved = std::ranges::find_if(symbols, [&](const SymbolInfo& s) {
    return s.kind == SymbolKind::kInput && s.name == solve_;
  });
  const auto fixed = std::ranges::find(program_->fixed_symbols(), solve_, &SymbolInfo::name);
  if (fixed != program_->fixed_symbols().end())
    throw Error(ErrorKind::kDim, "symbol-fixed",
                "'" + solve_ + "' is fixed to " + std::to_string(fixed->bounds.lo));
  if (solved == symbols.end()) throw unknown_symbol(*program_, solve_);
  if (multiple_of < 1)
    throw Error(ErrorKind::kDim, "multiple-of",
                "multiple_of must be at least 1, not " + std::to_string(multiple_of));
  if (has(given_, solve_) || has(ties, solve_))
    throw Error(ErrorKind::kDim, "size-given-twice", "'" + solve_ + "' is what is solved for");

  const ArenaScope scope(arena_);
  for (const SymbolInfo& s : symbols) arena_.symbol(s.name, s.kind, s.bounds);
  solve_id_ = *arena_.find_symbol(solve_);
  range_ = allowed_ = {std::max<std::int64_t>(1, solved->bounds.lo), solved->bounds.hi};
  smallest_ = allowed_.lo + floor_mod(-allowed_.lo, multiple_of_);
  congruence_ = solved->congruence;
  read_ties(ties);
  place_symbols();
  restrict_to(Congruence{multiple_of, 0});
  reduce_contract();
  settle_lattice();
}

void Family::read_ties(const Ties& ties) {
  for (const auto& [name, size] : given_)
    if (const auto id = arena_.find_symbol(name)) put_.emplace_back(*id, Dim(size));
  const SymbolValues fixed = put_;
  for (const auto& [name, text] : ties) {
    const auto id = arena_.find_symbol(name);
    if (!id) throw unknown_symbol(*program_, name);
    if (has(given_, name) || has(tied_, name))
      throw Error(ErrorKind::kDim, "size-given-twice", "'" + name + "' has two sizes");
    const std::uint32_t num_symbols = arena_.num_symbols();
    const Dim d = substitute(parse_dim(text), fixed);
    for (const std::uint32_t used : symbols_of(d)) {
      const std::string& other = arena_.symbol_info(used).name;
      if (used >= num_symbols) throw unknown_symbol(*program_, other);
      if (used != solve_id_)
        throw Error(ErrorKind::kDim, "tie-symbol",
                    "'" + name + "' is tied to '" + other + "', which has no size",
                    {{"tie", name + " = " + text}, {"solve", solve_}}, "",
                    "tie it to an expression of '" + solve_ + "', or give '" + other + "' a size");
    }
    tied_.emplace_back(name, tie_tape_.add(d));
    put_.emplace_back(*id, d);
  }
}

void Family::place_symbols() {
  const auto symbols = program_->symbols();
  std::vector<std::string> later = {solve_};
  for (const auto& [name, slot] : tied_) later.push_back(name);
  const std::vector<Bounds> ranges = bind_symbols(*program_, given_, later);
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    Source source{Source::Kind::kFree, ranges[i], 0};
    const auto tied =
        std::ranges::find(tied_, symbols[i].name, &std::pair<std::string, Tape::Slot>::first);
    if (symbols[i].kind == SymbolKind::kInput) {
      source.kind = Source::Kind::kFixed;
      if (symbols[i].name == solve_) source.kind = Source::Kind::kSolve;
      if (tied != tied_.end()) source = {Source::Kind::kTied, {}, tied->second};
    }
    sources_.push_back(source);
  }
}

void Family::reduce_contract() {
  const Analysis& a = program_->analysis();
  for (std::size_t i = 0; i < program_->num_demands(); ++i) {
    if (i >= a.contract.size()) {
      open_.push_back(i);
      continue;
    }
    const Constraint& c = a.contract[i];
    try {
      const Dim lhs = substitute(import_dim(c.lhs, *a.arena), put_);
      const Dim rhs = substitute(import_dim(c.rhs, *a.arena), put_);
      if (restrict_by(c.relation, lhs, rhs)) continue;
      if (c.relation == Relation::kEqual || c.relation == Relation::kAtMost)
        residues_.push_back({i, c.relation, residue_tape_.add(lhs - rhs)});
    } catch (const Error&) {  // the substituted expression does not fit in int64: judged on the
                              // program's tape alone
    }
    open_.push_back(i);
  }
}

std::optional<std::pair<std::int64_t, std::int64_t>> Family::as_linear(Dim d) const {
  if (const auto value = known(d)) return std::pair{std::int64_t{0}, *value};
  const auto ids = symbols_of(d);
  if (ids.size() != 1 || ids[0] != solve_id_) return std::nullopt;
  const auto at_0 = known(substitute(d, {{solve_id_, Dim(0)}}));
  const auto at_1 = known(substitute(d, {{solve_id_, Dim(1)}}));
  if (!at_0 || !at_1) return std::nullopt;
  const std::int64_t scale = checked_sub(*at_1, *at_0);
  const Dim solved = Arena::current().symbol(solve_);
  if (Dim(scale) * solved + Dim(*at_0) != d) return std::nullopt;
  return std::pair{scale, *at_0};
}

bool Family::restrict_by(Relation relation, Dim lhs, Dim rhs) {
  if (relation == Relation::kBroadcast) {
    if (prove_eq(lhs, rhs) == Truth::kYes || lhs == Dim(1) || rhs == Dim(1)) return true;
    return false;
  }
  if (relation == Relation::kOneIsOne) return lhs == Dim(1) || rhs == Dim(1);
  if (relation == Relation::kDividesOrOne)
    return rhs == Dim(1) || prove_divides(lhs, rhs) == Truth::kYes;
  if (relation == Relation::kDivides) {
    const auto modulus = known(lhs);
    const auto linear = as_linear(rhs);
    if (!modulus || *modulus < 1 || !linear) return false;
    restrict_to(solve_divides(*modulus, linear->first, linear->second));
    return true;
  }
  const auto linear = as_linear(lhs - rhs);
  if (!linear) return false;
  const auto [scale, offset] = *linear;
  if (relation == Relation::kEqual) {
    if (scale == 0) {
      if (offset != 0) is_empty_ = true;
    } else if (offset % scale != 0) {
      is_empty_ = true;
    } else {
      restrict_to(Bounds{checked_neg(offset / scale), checked_neg(offset / scale)});
    }
    return true;
  }
  // scale * x + offset <= 0
  const std::int64_t limit = checked_neg(offset);
  if (scale == 0) {
    if (limit < 0) is_empty_ = true;
  } else if (scale > 0) {
    restrict_to(Bounds{kMinusInf, floor_div(limit, scale)});
  } else {
    restrict_to(Bounds{ceil_div(limit, scale), kPlusInf});
  }
  return true;
}

void Family::restrict_to(std::optional<Congruence> c) {
  if (c) c = meet(congruence_, *c);
  if (c) {
    congruence_ = *c;
  } else {
    is_empty_ = true;
  }
}

void Family::restrict_to(Bounds b) {
  range_ = {std::max(range_.lo, b.lo), std::min(range_.hi, b.hi)};
  if (range_.lo > range_.hi) is_empty_ = true;
}

void Family::settle_lattice() {
  if (is_empty_) return;
  if (congruence_.modulus == 0) restrict_to(Bounds{congruence_.residue, congruence_.residue});
  step_ = std::max<std::int64_t>(1, congruence_.modulus);
  const std::int64_t gap = floor_mod(congruence_.residue - floor_mod(range_.lo, step_), step_);
  if (is_empty_ || gap > kPlusInf - range_.lo || range_.lo + gap > range_.hi) return;
  first_ = range_.lo + gap;
  last_ = range_.hi == kPlusInf ? kPlusInf : range_.hi - floor_mod(range_.hi - first_, step_);
}

std::string Family::text() const {
  const std::string hi = allowed_.hi == kPlusInf ? "" : std::to_string(allowed_.hi);
  const std::string range = std::to_string(allowed_.lo) + ".." + hi;
  return multiple_of_ == 1 ? range
                           : "multiples of " + std::to_string(multiple_of_) + " in " + range;
}

NamedSizes Family::sizes_at(std::int64_t size) const {
  NamedSizes out = given_;
  out.emplace_back(solve_, size);
  std::vector<std::int64_t> slots;
  if (tied_.empty() || !evaluate(tie_tape_, size, slots)) return out;
  for (const auto& [name, slot] : tied_) out.emplace_back(name, slots[slot]);
  return out;
}

bool Family::symbols_at(std::int64_t size, std::vector<std::int64_t>& out) const {
  thread_local std::vector<std::int64_t> tied;
  if (!tied_.empty() && !evaluate(tie_tape_, size, tied)) return false;
  out.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& s = sources_[i];
    switch (s.kind) {
      case Source::Kind::kSolve: out[i] = size; break;
      case Source::Kind::kTied:
        out[i] = tied[s.slot];
        if (!admits(program_->symbols()[i], out[i])) return false;
        break;
      case Source::Kind::kFixed:
      case Source::Kind::kFree: out[i] = s.range.lo; break;
    }
  }
  return true;
}

bool Family::symbols_over(std::int64_t lo, std::int64_t hi, std::vector<Bounds>& out) const {
  thread_local std::vector<Bounds> tied;
  if (!tied_.empty()) evaluate(tie_tape_, {lo, hi}, tied);
  out.resize(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& s = sources_[i];
    switch (s.kind) {
      case Source::Kind::kSolve: out[i] = {lo, hi}; break;
      case Source::Kind::kTied: {
        const Bounds allowed = program_->symbols()[i].bounds;
        out[i] = {std::max(tied[s.slot].lo, allowed.lo), std::min(tied[s.slot].hi, allowed.hi)};
        if (out[i].lo > out[i].hi) return false;
        break;
      }
      case Source::Kind::kFixed:
      case Source::Kind::kFree: out[i] = s.range; break;
    }
  }
  return true;
}

Truth Family::contract_over(std::int64_t lo, std::int64_t hi, std::span<const Bounds> slots) const {
  Truth all = tied_.empty() ? Truth::kYes : Truth::kUnknown;  // tied sizes may leave their bounds
  for (const std::size_t demand : open_) {
    const Truth t = program_->meets(demand, slots);
    if (t == Truth::kNo) return t;
    if (t == Truth::kUnknown) all = t;
  }
  if (residues_.empty()) return all;
  thread_local std::vector<Bounds> values;
  evaluate(residue_tape_, {lo, hi}, values);
  for (const Residue& r : residues_) {
    const Bounds d = values[r.difference];
    if (d.lo > 0 || (r.relation == Relation::kEqual && d.hi < 0)) return Truth::kNo;
  }
  return all;
}

}  // namespace shapewright
