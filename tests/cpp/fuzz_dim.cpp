// Random expressions against a tree evaluated naively in 128 bits. Usage: fuzz_dim [bindings]
// [seed]
#include <chrono>
#include <cstdlib>
#include <random>

#include "base/checked.h"
#include "check.h"
#include "dim/dim.h"
#include "dim/tape.h"

using namespace shapewright;

namespace {

struct Tree {
  char op;  // L literal, S symbol, + - * / (floordiv) c (ceildiv) % M (max) m (min) b (broadcast) e
            // (exactdiv)
  std::int64_t number = 0;
  std::vector<Tree> args = {};
};

using Values = std::vector<std::int64_t>;

struct Undefined {};  // the binding breaks a constraint of the tree, or it is too large to judge

Wide floor_quotient(Wide a, Wide b) {
  if (b == 0) throw Undefined{};
  const Wide q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

Wide evaluate_node(const Tree& t, const Values& values, Wide& largest);

Wide evaluate(const Tree& t, const Values& values, Wide& largest) {
  const Wide v = evaluate_node(t, values, largest);
  const Wide size = v < 0 ? -v : v;
  if (size > (Wide{1} << 60)) throw Undefined{};
  if (size > largest) largest = size;
  return v;
}

Wide evaluate_node(const Tree& t, const Values& values, Wide& largest) {
  if (t.op == 'L') return t.number;
  if (t.op == 'S') return values[static_cast<std::size_t>(t.number)];
  const Wide a = evaluate(t.args[0], values, largest), b = evaluate(t.args[1], values, largest);
  switch (t.op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return floor_quotient(a, b);
    case 'c': return -floor_quotient(-a, b);
    case '%': return a - b * floor_quotient(a, b);
    case 'M': return a > b ? a : b;
    case 'm': return a < b ? a : b;
    case 'b':
      if (a != 1 && b != 1 && a != b) throw Undefined{};
      return a == 1 ? b : a;
    default:
      if (b == 0 || a % b != 0) throw Undefined{};
      return a / b;
  }
}

Dim build(const Tree& t, const std::vector<Dim>& symbols) {
  if (t.op == 'L') return t.number;
  if (t.op == 'S') return symbols[static_cast<std::size_t>(t.number)];
  const Dim a = build(t.args[0], symbols), b = build(t.args[1], symbols);
  switch (t.op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return floordiv(a, b);
    case 'c': return ceildiv(a, b);
    case '%': return mod(a, b);
    case 'M': return max(a, b);
    case 'm': return min(a, b);
    case 'b': return broadcast(a, b);
    default: return exactdiv(a, b);
  }
}

std::string show(const Tree& t) {
  if (t.op == 'L') return std::to_string(t.number);
  if (t.op == 'S') return "s" + std::to_string(t.number);
  const char* const name = t.op == '/'   ? "//"
                           : t.op == 'c' ? "ceil"
                           : t.op == 'M' ? "max"
                           : t.op == 'm' ? "min"
                           : t.op == 'b' ? "bcast"
                           : t.op == 'e' ? "exact"
                                         : nullptr;
  return "(" + show(t.args[0]) + " " + (name ? std::string(name) : std::string(1, t.op)) + " " +
         show(t.args[1]) + ")";
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::int64_t in(std::int64_t lo, std::int64_t hi) {
    return lo + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(hi - lo + 1));
  }
  bool one_in(std::int64_t n) { return in(1, n) == 1; }

  Tree tree(int depth, std::int64_t symbols) {
    if (depth == 0 || one_in(6)) return one_in(3) ? literal() : Tree{'S', in(0, symbols - 1)};
    const char op = ops[static_cast<std::size_t>(in(0, static_cast<std::int64_t>(ops.size()) - 1))];
    Tree a = tree(depth - 1, symbols);
    if (op == 'e') {  // mostly divisible: (a * b) / b, or a symbol by a literal
      Tree b = one_in(2) ? Tree{'L', in(1, 4)} : tree(one_in(2) ? 0 : 1, symbols);
      if (!one_in(3)) a = Tree{'*', 0, {a, b}};
      return {'e', 0, {a, b}};
    }
    const bool divides = op == '/' || op == 'c' || op == '%';
    Tree b = divides && !one_in(3) ? Tree{'L', one_in(8) ? in(-6, -1) : in(1, 12)}
                                   : tree(depth - 1, symbols);
    return {op, 0, {a, b}};
  }

  static constexpr std::string_view kAllOps = "++++---****////c%%MMmmbee";
  static constexpr std::string_view kDenseOps = "++++++---***Mm/";
  std::string_view ops = kAllOps;

 private:
  Tree literal() { return {'L', one_in(20) ? in(-100000, 100000) : in(-4, 8)}; }
  std::mt19937_64 engine_;
};

struct Domain {
  Bounds bounds;
  Congruence congruence;
};

Domain domain(Random& random) {
  static constexpr std::int64_t kLows[] = {1, 1, 1, 0, 0, 2, -5};
  Domain out;
  out.bounds.lo = kLows[random.in(0, 6)];
  if (random.one_in(3)) out.bounds.hi = out.bounds.lo + random.in(0, 20);
  if (random.one_in(5)) {
    out.congruence.modulus = random.in(2, 8);
    out.congruence.residue = random.in(0, out.congruence.modulus - 1);
    if (out.bounds.hi != kPlusInf) out.bounds.hi += 8;
  }
  return out;
}

std::int64_t pick(const Domain& d, Random& random) {
  const std::int64_t reach = random.one_in(10) ? 5000 : random.one_in(2) ? 3 : 40;
  const std::int64_t hi = d.bounds.hi == kPlusInf ? d.bounds.lo + reach : d.bounds.hi;
  for (;;) {
    const std::int64_t v = random.in(d.bounds.lo, hi + 8);
    if (v > d.bounds.hi) continue;
    if (d.congruence.modulus == 1 || floor_mod(v - d.congruence.residue, d.congruence.modulus) == 0)
      return v;
  }
}

bool contains(Bounds b, std::int64_t v) {
  return (b.lo == kMinusInf || b.lo <= v) && (b.hi == kPlusInf || v <= b.hi);
}
bool contains(Congruence c, std::int64_t v) {
  return c.modulus == 0 ? v == c.residue : floor_mod(v, c.modulus) == c.residue;
}
bool agrees(Truth t, bool value) { return t == Truth::kUnknown || (t == Truth::kYes) == value; }

struct Subject {
  Tree tree;
  Dim dim;
  Tape::Slot slot;
};

void complain(const std::string& what, const Subject& subject, const Values& values) {
  std::string text = what + ": " + show(subject.tree) + " is " + to_string(subject.dim) + " at";
  for (const std::int64_t v : values) text += " " + std::to_string(v);
  check::count(false, __FILE__, __LINE__, text);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t wanted = argc > 1 ? std::atoll(argv[1]) : 20000;
  const std::uint64_t seed = argc > 2 ? static_cast<std::uint64_t>(std::atoll(argv[2])) : 1;
  Random random(seed);
  std::int64_t done = 0, skipped = 0, widened = 0, decided = 0, asked = 0, overflows = 0, trees = 0;
  const auto start = std::chrono::steady_clock::now();
  while (done < wanted && check::failed < 20) {
    Arena arena, other;
    const ArenaScope scope(arena);
    std::vector<Dim> symbols;
    std::vector<Domain> domains;
    // Many symbols reach the budget of atoms, so that widened symbols are met.
    const bool crowded = random.one_in(40);
    const std::int64_t num_symbols = crowded ? 30 : 5;
    random.ops = crowded ? Random::kDenseOps : Random::kAllOps;
    for (std::int64_t i = 0; i < num_symbols; ++i) {
      const std::string name = "s" + std::to_string(i);
      domains.push_back(domain(random));
      symbols.push_back(arena.symbol(name, SymbolKind::kInput, domains.back().bounds));
      arena.set_congruence(name, domains.back().congruence);
    }
    for (int round = 0; round < 20; ++round) {
      Tape tape;
      std::vector<Subject> subjects;
      while (subjects.size() < 2) {
        Tree tree = random.tree(
            crowded || random.one_in(40) ? 7 : static_cast<int>(random.in(1, 4)), num_symbols);
        try {
          const Dim d = build(tree, symbols);
          subjects.push_back({std::move(tree), d, tape.add(d)});
          ++trees;
        } catch (const Error& e) {
          if (e.code != "dim-overflow" && e.code != "division-by-zero") throw;
        }
      }
      const Dim a = subjects[0].dim, b = subjects[1].dim;
      const Truth le = prove_le(a, b), lt = prove_lt(a, b), eq = prove_eq(a, b),
                  divides = prove_divides(a, b);
      for (const Truth t : {le, lt, eq, divides}) {
        ++asked;
        decided += t != Truth::kUnknown;
      }
      Tape elsewhere;
      std::vector<Tape::Slot> elsewhere_slots;
      for (const Subject& s : subjects) {
        const std::string text = to_string(s.dim);
        if (parse_dim(text) != s.dim)
          complain("'" + text + "' parses to " + to_string(parse_dim(text)), s, {});
        const ArenaScope inner(other);
        elsewhere_slots.push_back(elsewhere.add(import_dim(s.dim, arena)));
      }
      for (int i = 0; i < 24; ++i) {
        Values values;
        std::vector<Bounds> box;
        for (const Domain& d : domains) {
          values.push_back(pick(d, random));
          box.push_back({values.back() - random.in(0, 3),
                         random.one_in(4) ? kPlusInf : values.back() + random.in(0, 9)});
        }
        std::vector<std::int64_t> expected;
        Wide largest = 0;
        try {
          for (const Subject& s : subjects) {
            expected.push_back(static_cast<std::int64_t>(evaluate(s.tree, values, largest)));
          }
        } catch (const Undefined&) {
          ++skipped;
          continue;
        }
        const auto inputs = [&](const Tape& t, const Arena& owner) {
          Values out;
          for (const std::uint32_t id : t.symbols())
            out.push_back(values[std::stoul(owner.symbol_info(id).name.substr(1))]);
          return out;
        };
        ++done;
        try {
          Values slots(tape.num_slots()), other_slots(elsewhere.num_slots());
          tape.run(inputs(tape, arena), slots);
          elsewhere.run(inputs(elsewhere, other), other_slots);
          std::vector<Bounds> boxes(tape.num_slots()), tape_box;
          for (const std::uint32_t id : tape.symbols()) {
            tape_box.push_back(box[std::stoul(arena.symbol_info(id).name.substr(1))]);
          }
          tape.run_bounds(tape_box, boxes);
          for (std::size_t slot = 0; slot < slots.size(); ++slot) {
            if (!contains(boxes[slot], slots[slot]))
              complain("run_bounds of slot " + std::to_string(slot), subjects[0], values);
          }
          SymbolValues first, second;
          for (std::size_t k = 0; k < symbols.size(); ++k) {
            (random.one_in(2) ? first : second)
                .push_back({*arena.as_symbol(symbols[k]), values[k]});
          }
          for (std::size_t k = 0; k < subjects.size(); ++k) {
            const Subject& s = subjects[k];
            const std::int64_t v = expected[k];
            if (slots[s.slot] != v)
              complain("tape gives " + std::to_string(slots[s.slot]), s, values);
            if (other_slots[elsewhere_slots[k]] != v) complain("imported tape", s, values);
            if (!contains(bounds(s.dim), v)) complain("bounds", s, values);
            if (!contains(congruence(s.dim), v)) complain("congruence", s, values);
            const Dim partly = substitute(s.dim, first), fully = substitute(partly, second);
            if (known(fully) != v)
              complain("substitute gives " + to_string(partly) + ", then " + to_string(fully), s,
                       values);
          }
        } catch (const Error& e) {
          // Normal form multiplies out what the tree keeps in factors, but small values leave ample
          // room.
          if (e.code != "dim-overflow" || (largest < (Wide{1} << 24) && !crowded))
            complain(e.message, subjects[0], values);
          ++overflows;
          continue;
        }
        const std::int64_t x = expected[0], y = expected[1];
        if (!agrees(le, x <= y) || !agrees(lt, x < y) || !agrees(eq, x == y))
          complain("prove against " + to_string(b), subjects[0], values);
        if (x != 0 && !agrees(divides, y % x == 0))
          complain("prove_divides of " + to_string(b), subjects[0], values);
      }
    }
    widened += static_cast<std::int64_t>(arena.num_widened());
  }
  check::passed += static_cast<int>(done - check::failed);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf(
      "{\"bindings\": %lld, \"trees\": %lld, \"skipped\": %lld, \"overflows\": %lld, \"widened\": "
      "%lld, "
      "\"proofs_asked\": %lld, \"proofs_decided\": %lld, \"seconds\": %.1f}\n",
      static_cast<long long>(done), static_cast<long long>(trees), static_cast<long long>(skipped),
      static_cast<long long>(overflows), static_cast<long long>(widened),
      static_cast<long long>(asked), static_cast<long long>(decided), seconds);
  return check::report();
}
