#include "infer/bind.h"

#include <algorithm>
#include <unordered_set>

#include "base/checked.h"

namespace shapewright {

namespace {

constexpr std::uint32_t kNoRange = 0xFFFFFFFFu;

bool is_point(Bounds b) { return b.lo == b.hi; }

Truth truth(bool yes) { return yes ? Truth::kYes : Truth::kNo; }

bool contains(Bounds b, std::int64_t x) { return b.lo <= x && x <= b.hi; }

Truth holds(Relation relation, Bounds lhs, Bounds rhs) {
  if (is_point(lhs) && is_point(rhs)) return truth(holds(relation, lhs.lo, rhs.lo));
  const bool disjoint = lhs.hi < rhs.lo || rhs.hi < lhs.lo;
  switch (relation) {
    case Relation::kEqual: return disjoint ? Truth::kNo : Truth::kUnknown;
    case Relation::kBroadcast:
      if ((is_point(lhs) && lhs.lo == 1) || (is_point(rhs) && rhs.lo == 1)) return Truth::kYes;
      return disjoint && !contains(lhs, 1) && !contains(rhs, 1) ? Truth::kNo : Truth::kUnknown;
    case Relation::kOneIsOne:
      if ((is_point(lhs) && lhs.lo == 1) || (is_point(rhs) && rhs.lo == 1)) return Truth::kYes;
      return contains(lhs, 1) || contains(rhs, 1) ? Truth::kUnknown : Truth::kNo;
    case Relation::kDivides:
    case Relation::kDividesOrOne:
      if (relation == Relation::kDividesOrOne && contains(rhs, 1))
        return is_point(rhs) ? Truth::kYes : Truth::kUnknown;
      if (is_point(lhs) && lhs.lo > 0) {
        if (lhs.lo == 1) return Truth::kYes;
        if (rhs.lo == kMinusInf || rhs.hi == kPlusInf) return Truth::kUnknown;
        const bool has_multiple = floor_div(rhs.hi, lhs.lo) >= ceil_div(rhs.lo, lhs.lo);
        return has_multiple ? Truth::kUnknown : Truth::kNo;
      }
      return Truth::kUnknown;
    case Relation::kAtMost:
      if (lhs.hi <= rhs.lo) return Truth::kYes;
      return lhs.lo > rhs.hi ? Truth::kNo : Truth::kUnknown;
  }
  return Truth::kUnknown;
}

std::string text(Bounds b) {
  if (is_point(b)) return std::to_string(b.lo);
  const std::string lo = b.lo == kMinusInf ? "-inf" : std::to_string(b.lo);
  return lo + ".." + (b.hi == kPlusInf ? "inf" : std::to_string(b.hi));
}

std::string difference(Relation relation, const std::string& lhs, const std::string& rhs) {
  switch (relation) {
    case Relation::kEqual: return lhs + " != " + rhs;
    case Relation::kBroadcast: return lhs + " and " + rhs + " differ, and neither is 1";
    case Relation::kOneIsOne: return "neither " + lhs + " nor " + rhs + " is 1";
    case Relation::kDivides: return rhs + " is no multiple of " + lhs;
    case Relation::kDividesOrOne: return rhs + " is neither 1 nor a multiple of " + lhs;
    case Relation::kAtMost: return lhs + " > " + rhs;
  }
  return "";
}

// Where the sizes of the refusing node come from, and which other nodes refuse the same.
void add_origin(const Analysis& a, const Constraint& c, Facts& facts) {
  constexpr std::size_t kMaxShown = 8;
  const ArenaScope scope(*a.arena);
  // Sizes that a node computed: a symbol of an input speaks for itself.
  const auto is_computed = [&](Dim d) { return !known(d) && !a.arena->as_symbol(d); };
  if (const auto origin = origin_of(a, c.node, false, is_computed))
    facts.emplace_back("why", describe(a, *origin));
  const std::vector<std::string> names = imposed_by(a, c);
  if (names.size() < 2) return;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < kMaxShown; ++i)
    list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMaxShown)
    list += " and " + std::to_string(names.size() - kMaxShown) + " more";
  facts.emplace_back("nodes", list);
}

std::string text(const NamedSizes& sizes) {
  std::string out;
  for (const auto& [name, size] : sizes) {
    if (!out.empty()) out += ", ";
    out += name + "=" + std::to_string(size);
  }
  return out;
}

bool is_fixed(const SymbolInfo& s) { return s.kind == SymbolKind::kInput && is_point(s.bounds); }

}  // namespace

Program::Program(std::shared_ptr<const Analysis> analysis) : analysis_(std::move(analysis)) {
  const ArenaScope scope(*analysis_->arena);
  const Analysis& a = *analysis_;
  dim_ranges_.assign(a.operand_types.size(), {kNoRange, 0});
  std::unordered_set<Tape::Slot> guarded;
  std::vector<bool> is_guarded(a.operand_types.size(), false);
  for (ValueId v = 0; v < a.facts.size(); ++v) {
    auto& range = dim_ranges_[a.facts[v]];
    const Shape& shape = a.type(v).shape;
    if (range.first == kNoRange) {
      tape_.add(a.type(v).length);
      range = {static_cast<std::uint32_t>(dim_slots_.size()), 0};
      for (const Dim d : shape) dim_slots_.push_back(tape_.add(d));
      range.second = static_cast<std::uint32_t>(dim_slots_.size()) - range.first;
    }
    if (is_guarded[a.facts[v]] || a.live_blocks[a.graph->values[v].block] != kRuns) continue;
    is_guarded[a.facts[v]] = true;
    for (int k = 0; k < shape.rank(); ++k) {
      const Tape::Slot slot = dim_slots_[range.first + static_cast<std::uint32_t>(k)];
      if (bounds(shape[k]).lo < 0 && guarded.insert(slot).second) guards_.push_back({slot, v, k});
    }
  }
  for (const Constraint& c : a.contract)
    contract_.push_back({c.relation, tape_.add(c.lhs), tape_.add(c.rhs), to_string(c)});
}

Tape::Slot Program::add(Dim d) { return tape_.add(d); }

void Program::seal() {
  const Arena& arena = *analysis_->arena;
  for (const std::uint32_t id : tape_.symbols()) {
    symbols_.push_back(arena.symbol_info(id));
    const SymbolInfo& s = symbols_.back();
    if (s.kind != SymbolKind::kInput) {
      has_data_dependent_ = true;
    } else if (!is_fixed(s)) {
      names_.push_back(s.name);
    }
  }
  for (std::uint32_t id = 0; id < arena.num_symbols(); ++id)
    if (is_fixed(arena.symbol_info(id))) fixed_.push_back(arena.symbol_info(id));
}

std::span<const Tape::Slot> Program::dims(FactId fact) const {
  const auto [first, count] = dim_ranges_[fact];
  return {dim_slots_.data() + (first == kNoRange ? 0 : first), count};
}

Truth Program::meets(std::size_t demand, std::span<const std::int64_t> slots) const {
  if (demand >= contract_.size()) return truth(slots[guards_[demand - contract_.size()].slot] >= 0);
  const Demand& d = contract_[demand];
  return truth(holds(d.relation, slots[d.lhs], slots[d.rhs]));
}

Truth Program::meets(std::size_t demand, std::span<const Bounds> slots) const {
  if (demand < contract_.size()) {
    const Demand& d = contract_[demand];
    return holds(d.relation, slots[d.lhs], slots[d.rhs]);
  }
  const Bounds b = slots[guards_[demand - contract_.size()].slot];
  if (b.lo >= 0) return Truth::kYes;
  return b.hi < 0 ? Truth::kNo : Truth::kUnknown;
}

Error Program::broken(std::size_t demand, std::span<const Bounds> slots,
                      const NamedSizes& sizes) const {
  const Graph& g = *analysis_->graph;
  if (demand < contract_.size()) {
    const Demand& d = contract_[demand];
    const Constraint& c = analysis_->contract[demand];
    const std::string lhs = text(slots[d.lhs]), rhs = text(slots[d.rhs]);
    std::string subject = "the model", node;
    if (c.node != kNone) {
      node = display_name(g, c.node);
      subject = std::string(g.op(g.nodes[c.node]).name) + " '" + node + "'";
      if (g.nodes[c.node].name.empty()) subject = node;
    }
    const ArenaScope scope(*analysis_->arena);
    Facts facts = {{"constraint", d.text}, {"where", c.what.text()}, {"bindings", text(sizes)}};
    if (c.node != kNone) add_origin(*analysis_, c, facts);
    if (is_of_branch(c))
      return {ErrorKind::kConstraint,
              std::string(c.code),
              "the answers hold for " + d.text + " (" + difference(d.relation, lhs, rhs) +
                  "): elsewhere the model takes another branch",
              std::move(facts),
              node,
              "check the model with dims of these sizes"};
    return {ErrorKind::kConstraint, std::string(c.code),
            subject + " needs " + d.text + ": " + difference(d.relation, lhs, rhs),
            std::move(facts), node};
  }
  const Guard& guard = guards_[demand - contract_.size()];
  const Value& value = g.values[guard.value];
  const std::string node = value.producer == kNone ? "" : display_name(g, value.producer);
  const std::string where =
      "axis " + std::to_string(guard.axis) + " of '" + std::string(value.name) + "'";
  return {ErrorKind::kConstraint,
          "size-negative",
          where + " would be " + text(slots[guard.slot]),
          {{"constraint", where + " >= 0"}, {"where", where}, {"bindings", text(sizes)}},
          node};
}

int first_broken(const Program& program, std::span<const std::int64_t> slots) {
  for (std::size_t i = 0; i < program.num_demands(); ++i)
    if (program.meets(i, slots) == Truth::kNo) return static_cast<int>(i);
  return -1;
}

int first_broken(const Program& program, std::span<const Bounds> slots) {
  for (std::size_t i = 0; i < program.num_demands(); ++i)
    if (program.meets(i, slots) == Truth::kNo) return static_cast<int>(i);
  return -1;
}

bool admits(const SymbolInfo& symbol, std::int64_t size) {
  if (!contains(symbol.bounds, size)) return false;
  const Congruence& c = symbol.congruence;
  if (c.modulus == 0) return size == c.residue;
  return c.modulus == 1 || floor_mod(size - c.residue, c.modulus) == 0;
}

Error unknown_symbol(const Program& program, std::string_view name) {
  std::vector<std::string_view> names;
  std::string list;
  for (const SymbolInfo& s : program.symbols()) {
    if (s.kind != SymbolKind::kInput) continue;
    names.push_back(s.name);
    list += (list.empty() ? "" : ", ") + s.name;
  }
  const std::string near = nearest_word(name, names);
  return {ErrorKind::kDim,
          "symbol-unknown",
          "the model has no symbol '" + std::string(name) + "'",
          {{"symbols", list.empty() ? "none" : list}},
          "",
          near.empty() ? "" : "did you mean '" + near + "'?"};
}

std::vector<Bounds> bind_symbols(const Program& program, const NamedSizes& sizes,
                                 std::span<const std::string> later) {
  const auto symbols = program.symbols();
  constexpr Bounds kUnset{1, 0};
  std::vector<Bounds> out(symbols.size(), kUnset);
  for (const auto& [name, size] : sizes) {
    const auto is_named = [&n = name](const SymbolInfo& s) {
      return s.kind == SymbolKind::kInput && s.name == n;
    };
    const auto found = std::find_if(symbols.begin(), symbols.end(), is_named);
    if (found != symbols.end()) {
      check_admitted(*found, size);
      out[static_cast<std::size_t>(found - symbols.begin())] = {size, size};
      continue;
    }
    const auto fixed = std::ranges::find_if(program.fixed_symbols(), is_named);
    if (fixed == program.fixed_symbols().end()) throw unknown_symbol(program, name);
    check_admitted(*fixed, size);
  }
  std::string missing;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (out[i] != kUnset) continue;
    const bool is_later = std::ranges::find(later, symbols[i].name) != later.end();
    if (symbols[i].kind != SymbolKind::kInput || is_fixed(symbols[i]) || is_later) {
      out[i] = symbols[i].bounds;
    } else {
      missing += (missing.empty() ? "" : ", ") + symbols[i].name;
    }
  }
  if (!missing.empty())
    throw Error(ErrorKind::kUnboundSymbol, "symbol-unbound", "sizes are missing for " + missing,
                {{"missing", missing}, {"given", sizes.empty() ? "none" : text(sizes)}});
  return out;
}

void check_admitted(const SymbolInfo& symbol, std::int64_t size) {
  if (admits(symbol, size)) return;
  if (!contains(symbol.bounds, size))
    throw Error(ErrorKind::kDim, "symbol-bounds",
                symbol.name + " = " + std::to_string(size) + " is outside " + text(symbol.bounds),
                {{"symbol", symbol.name},
                 {"given", std::to_string(size)},
                 {"bounds", text(symbol.bounds)}});
  const Congruence& c = symbol.congruence;
  const std::string rule =
      symbol.name + " % " + std::to_string(c.modulus) + " == " + std::to_string(c.residue);
  throw Error(ErrorKind::kDim, "symbol-congruence",
              symbol.name + " = " + std::to_string(size) + " breaks " + rule,
              {{"symbol", symbol.name}, {"given", std::to_string(size)}, {"rule", rule}});
}

Binding::Binding(std::shared_ptr<const Program> program, const NamedSizes& sizes)
    : program_(std::move(program)), symbol_ranges_(bind_symbols(*program_, sizes)) {
  const std::size_t n = program_->tape().num_slots();
  int broken = -1;
  if (program_->has_data_dependent()) {
    bounds_.resize(n);
    program_->tape().run_bounds(symbol_ranges_, bounds_);
    broken = first_broken(*program_, bounds_);
  } else {
    std::vector<std::int64_t> symbols(symbol_ranges_.size());
    std::ranges::transform(symbol_ranges_, symbols.begin(), &Bounds::lo);
    values_.resize(n);
    try {
      program_->tape().run(symbols, values_);
    } catch (const Error&) {
      // A size that the contract refuses may overflow further down: the refusal is the answer then.
      bounds_.resize(n);
      program_->tape().run_bounds(symbol_ranges_, bounds_);
      broken = first_broken(*program_, bounds_);
      if (broken < 0) throw;
    }
    if (broken < 0) broken = first_broken(*program_, values_);
  }
  if (broken < 0) return;
  std::vector<Bounds> slots(n);
  for (std::size_t s = 0; s < n; ++s) slots[s] = range(static_cast<Tape::Slot>(s));
  throw program_->broken(static_cast<std::size_t>(broken), slots, sizes);
}

}  // namespace shapewright
