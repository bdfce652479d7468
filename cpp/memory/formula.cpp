#include "memory/formula.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/checked.h"

namespace shapewright {

namespace {

constexpr std::array<std::string_view, 6> kKinds = {"params", "grads",  "optimizer",
                                                    "saved",  "inputs", "live_peak"};

// Which buffers a kind of formula adds up.
using Counts = bool (*)(const Buffer&);

bool is_saved(const Buffer& b) { return b.is_saved && b.kind == BufferKind::kResult; }

Counts counts_of(std::string_view kind) {
  if (kind == "params") return [](const Buffer& b) { return b.kind == BufferKind::kParam; };
  if (kind == "inputs") return [](const Buffer& b) { return b.kind == BufferKind::kInput; };
  if (kind == "grads") return [](const Buffer& b) { return b.kind == BufferKind::kGradient; };
  if (kind == "optimizer") return [](const Buffer& b) { return b.kind == BufferKind::kOptimizer; };
  return is_saved;
}

Arm sum_of(const Memory& m, Counts is_counted) {
  std::map<std::uint64_t, std::pair<Dim, std::int64_t>> counts;
  for (const Buffer& b : m.buffers.all) {
    if (!is_counted(b)) continue;
    auto& entry = counts.try_emplace(b.bytes.word(), b.bytes, 0).first->second;
    ++entry.second;
  }
  ArmSum sum;
  for (const auto& [word, entry] : counts) sum.add(entry.second, entry.first);
  return sum.take();
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : std::string(separator)) + item;
  return out;
}

std::string spell(const Formula& f, std::string (*one)(Dim), std::string_view open,
                  std::string_view close) {
  const auto sum_of_parts = [&](const Arm& arm) {
    std::vector<std::string> parts;
    for (const Dim part : arm) parts.push_back(one(part));
    return join(parts, " + ");
  };
  std::vector<std::string> arms;
  for (const Arm& arm : f.arms) arms.push_back(sum_of_parts(arm));
  const std::string most =
      arms.size() == 1 ? arms[0] : std::string(open) + join(arms, ", ") + std::string(close);
  return f.common.empty() ? most : sum_of_parts(f.common) + " + " + most;
}

}  // namespace

Formula make_formula(const Memory& memory, std::string_view kind) {
  if (std::ranges::find(kKinds, kind) == kKinds.end()) {
    const std::string near = nearest_word(kind, kKinds);
    throw Error(ErrorKind::kGeneric, "formula-unknown",
                "there is no formula '" + std::string(kind) + "'",
                {{"formulas", "params, grads, optimizer, saved, inputs, live_peak"}}, "",
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  const ArenaScope scope(*memory.analysis().arena);
  Formula f;
  const bool is_peak = kind == "live_peak";
  const Counts is_counted = counts_of(kind);
  for (const Buffer& b : memory.buffers.all)
    if (!b.is_known && (is_peak || is_counted(b))) ++f.num_unknown;
  if (is_peak || kind == "saved") f.num_unknown += memory.buffers.unmodelled.size();
  if (is_peak) {
    PeakArms peak = peak_arms(memory);
    f.common = std::move(peak.common);
    f.arms = std::move(peak.arms);
  } else {
    f.arms = {sum_of(memory, is_counted)};
  }
  if (f.arms.empty()) f.arms = {{Dim(0)}};
  const auto name_symbols = [&](const Arm& arm) {
    for (const Dim part : arm)
      for (const std::uint32_t id : symbols_of(part))
        f.symbols.push_back(Arena::current().symbol_info(id).name);
  };
  name_symbols(f.common);
  for (const Arm& arm : f.arms) name_symbols(arm);
  std::ranges::sort(f.symbols);
  f.symbols.erase(std::unique(f.symbols.begin(), f.symbols.end()), f.symbols.end());
  f.text = spell(f, to_string, "max(", ")");
  f.latex = spell(f, to_latex, "\\max\\left(", "\\right)");
  return f;
}

CompiledFormula::CompiledFormula(const Memory& memory, const Formula& formula)
    : is_lower_bound_(formula.num_unknown > 0) {
  const Arena& arena = *memory.analysis().arena;
  const ArenaScope scope(*memory.analysis().arena);
  for (const Dim part : formula.common) common_.push_back(tape_.add(part));
  for (const Arm& arm : formula.arms) {
    arms_.emplace_back();
    for (const Dim part : arm) arms_.back().push_back(tape_.add(part));
  }
  for (const std::uint32_t id : tape_.symbols()) symbols_.push_back(arena.symbol_info(id));
}

std::int64_t CompiledFormula::evaluate(const NamedSizes& sizes) const {
  std::vector<std::int64_t> values;
  std::string missing;
  for (const SymbolInfo& s : symbols_) {
    const auto found = std::ranges::find(sizes, s.name, &NamedSizes::value_type::first);
    if (found != sizes.end()) {
      check_admitted(s, found->second);
      values.push_back(found->second);
    } else if (s.bounds.lo == s.bounds.hi) {
      values.push_back(s.bounds.lo);
    } else {
      missing += (missing.empty() ? "" : ", ") + s.name;
    }
  }
  if (!missing.empty())
    throw Error(ErrorKind::kUnboundSymbol, "symbol-unbound", "sizes are missing for " + missing,
                {{"missing", missing}});
  std::vector<std::int64_t> slots(tape_.num_slots());
  tape_.run(values, slots);
  const auto sum_of_slots = [&](const std::vector<Tape::Slot>& arm) {
    std::int64_t sum = 0;
    for (const Tape::Slot s : arm) sum = checked_add(sum, slots[s]);
    return sum;
  };
  std::int64_t best = 0;
  for (const auto& arm : arms_) best = std::max(best, sum_of_slots(arm));
  return checked_add(sum_of_slots(common_), best);
}

Bounds CompiledFormula::range(const NamedSizes& sizes) const {
  std::vector<Bounds> symbols;
  for (const SymbolInfo& s : symbols_) {
    const auto found = std::ranges::find(sizes, s.name, &NamedSizes::value_type::first);
    if (found != sizes.end()) check_admitted(s, found->second);
    symbols.push_back(found == sizes.end() ? s.bounds : Bounds{found->second, found->second});
  }
  std::vector<Bounds> slots(tape_.num_slots());
  tape_.run_bounds(symbols, slots);
  const auto add = [](Bounds sum, Bounds part) {
    if (sum.hi == kPlusInf || part.hi == kPlusInf || add_overflows(sum.hi, part.hi, sum.hi))
      sum.hi = kPlusInf;
    // No buffer is smaller than nothing.
    if (part.lo > 0 && add_overflows(sum.lo, part.lo, sum.lo)) sum.lo = kPlusInf - 1;
    return sum;
  };
  const auto sum_of_slots = [&](const std::vector<Tape::Slot>& arm) {
    Bounds sum{0, 0};
    for (const Tape::Slot s : arm) sum = add(sum, slots[s]);
    return sum;
  };
  Bounds most{0, 0};
  for (const auto& arm : arms_) {
    const Bounds sum = sum_of_slots(arm);
    most = {std::max(most.lo, sum.lo), std::max(most.hi, sum.hi)};
  }
  most = add(sum_of_slots(common_), most);
  if (is_lower_bound_) most.hi = kPlusInf;
  return most;
}

}  // namespace shapewright
