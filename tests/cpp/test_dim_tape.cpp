// Evaluation: tapes, substitution, import into another arena, and expressions past their budget.
#include <string>
#include <vector>

#include "base/error.h"
#include "check.h"
#include "dim/dim.h"
#include "dim/tape.h"

using namespace shapewright;

namespace {

// Value of `d` with every symbol at `value`, by tape.
std::int64_t evaluate(Dim d, std::int64_t value) {
  Tape tape;
  const Tape::Slot slot = tape.add(d);
  const std::vector<std::int64_t> symbols(tape.symbols().size(), value);
  std::vector<std::int64_t> slots(tape.num_slots());
  tape.run(symbols, slots);
  return slots[slot];
}

SymbolValues everywhere(Dim d, std::int64_t value) {
  SymbolValues out;
  for (const std::uint32_t id : symbols_of(d)) out.push_back({id, Dim(value)});
  return out;
}

struct Value {
  const char* text;
  std::int64_t at_7;
};
constexpr Value kValues[] = {
    {"12", 12},
    {"a", 7},
    {"a + b + 1", 15},
    {"a - b", 0},
    {"3*a - 2*b + c + 5", 19},
    {"a*b*c", 343},
    {"a**5", 16807},
    {"a//2", 3},
    {"(-a)//2", -4},
    {"(a - 20)//4", -4},
    {"a//3", 2},
    {"(a - 20)//3", -5},
    {"a//(b - 4)", 2},
    {"a//(b - 10)", -3},
    {"100//a", 14},
    {"a % 4", 3},
    {"(a - 20) % 4", 3},
    {"ceildiv(a, 4)", 2},
    {"max(a, b - 1, 3)", 7},
    {"min(a, b - 1, 3 + c)", 6},
    {"broadcast(a, b)", 7},
    {"broadcast(a - 6, b)", 7},
    {"broadcast(a - 6, b - 7)", 0},
    {"exactdiv(a + 1, 4)", 2},
    {"exactdiv(a*b, c)", 7},
    {"5*(max(a, 2147483650) - 2147483650)*(max(b, 2147483650) - 2147483650) + a", 7},
};

void tapes() {
  Arena arena;
  const ArenaScope scope(arena);
  for (const auto& [text, at_7] : kValues) {
    const Dim d = parse_dim(text);
    CHECK_EQ(evaluate(d, 7), at_7);
    CHECK(known(substitute(d, everywhere(d, 7))) == at_7);
  }
  // A dividend of 65 bits, which no Dim can hold.
  const char* const wide =
      "(max(a, 4294967296)*max(b, 4294967296) - 4294967296*max(a, 4294967296))//3 + a";
  CHECK_EQ(evaluate(parse_dim(wide), 7), 7);
  Tape tape;
  const Dim a = parse_dim("a"), b = parse_dim("b");
  const Tape::Slot sum = tape.add(b + a), again = tape.add(a + b), literal = tape.add(5);
  CHECK_EQ(sum, again);
  CHECK_EQ(literal, tape.add(Dim(5)));
  CHECK_EQ(tape.symbols().size(), 2u);
  std::vector<std::int64_t> slots(tape.num_slots());
  const std::vector<std::int64_t> large(2, std::int64_t{1} << 62);
  CHECK_THROWS(tape.run(large, slots), Error, error.kind == ErrorKind::kDimOverflow);

  Tape division;
  const Tape::Slot quotient = division.add(floordiv(a, b - 3));
  slots.resize(division.num_slots());
  CHECK_THROWS(division.run(std::vector<std::int64_t>{3, 3}, slots), Error,
               error.code == "division-by-zero");
  std::vector<Bounds> ranges(division.num_slots());
  division.run_bounds(std::vector<Bounds>{{1, 8}, {1, 8}}, ranges);
  CHECK((ranges[quotient] == Bounds{-8, 8}));

  // A total that fits may pass through sums that do not.
  Tape partial;
  const Tape::Slot slot = partial.add(parse_dim("3*a - 3*b + 2*c"));
  slots.resize(partial.num_slots());
  partial.run(std::vector<std::int64_t>{large[0], large[0], 1}, slots);
  CHECK_EQ(slots[slot], 2);
}

void copied_tape_needs_no_arena() {
  Tape copy;
  Tape::Slot slot = 0;
  {
    Arena arena;
    const ArenaScope scope(arena);
    Tape tape;
    slot = tape.add(parse_dim("a*b//3 + max(a, 9)"));
    copy = tape;
  }
  std::vector<std::int64_t> slots(copy.num_slots());
  copy.run(std::vector<std::int64_t>{4, 5}, slots);
  CHECK_EQ(slots[slot], 15);
}

void substitution() {
  Arena arena;
  const ArenaScope scope(arena);
  const auto id = [&](const char* name) { return *arena.as_symbol(parse_dim(name)); };
  CHECK(substitute(parse_dim("N*L + L//16"), {{id("N"), parse_dim("2*K")}}) ==
        parse_dim("2*K*L + L//16"));
  CHECK(substitute(parse_dim("(L + 32)//16"), {{id("L"), parse_dim("16*K")}}) ==
        parse_dim("K + 2"));
  CHECK(substitute(parse_dim("max(N, M)"), {{id("M"), parse_dim("N")}}) == parse_dim("N"));
  CHECK(substitute(parse_dim("broadcast(N, M)"), {{id("M"), Dim(1)}}) == parse_dim("N"));
  // Simultaneous, not one after the other.
  CHECK(substitute(parse_dim("a - 2*b"), {{id("a"), parse_dim("b")}, {id("b"), parse_dim("a")}}) ==
        parse_dim("b - 2*a"));
  CHECK(substitute(parse_dim("a"), {{id("b"), Dim(3)}}) == parse_dim("a"));
  CHECK_THROWS(substitute(parse_dim("a//(b - 1)"), {{id("b"), Dim(1)}}), Error,
               error.code == "division-by-zero");

  const Dim d = parse_dim("2*N + (H*W - 1)//\"x.y\" + max(N, H)");
  Arena other;
  {
    const ArenaScope inner(other);
    other.symbol("H", SymbolKind::kInput, {4, 9});
    CHECK_EQ(to_string(import_dim(d, arena)),
             to_string(parse_dim("2*N + (H*W - 1)//\"x.y\" + max(N, H)")));
    CHECK((other.symbol_info(*other.find_symbol("H")).bounds == Bounds{4, 9}));
  }
}

// A sum of more symbols than the budget allows, made in steps that meet the budget several times.
void past_the_budget() {
  Arena arena;
  const ArenaScope scope(arena);
  const auto build = [&] {
    Dim sum = 0;
    for (int i = 0; i < 100; ++i) sum += arena.symbol("s" + std::to_string(i)) * (i + 1);
    return sum;
  };
  const Dim d = build();
  CHECK(arena.num_widened() > 0);
  CHECK(build() == d);
  CHECK_EQ(symbols_of(d).size(), 100u);
  CHECK_EQ(evaluate(d, 3), 3 * 5050);
  CHECK(known(substitute(d, everywhere(d, 3))) == 3 * 5050);
  CHECK_EQ(bounds(d).lo, 5050);
  CHECK(parse_dim(to_string(d)) == d);
  CHECK_EQ(evaluate(d * d, 2), 10100 * 10100);
  CHECK(prove_le(d, d + 1) == Truth::kYes);

  const Dim even = build() * 2;
  CHECK_EQ(congruence(even).modulus % 2, 0);

  Arena other;
  const ArenaScope inner(other);
  CHECK_EQ(evaluate(import_dim(d, arena), 3), 3 * 5050);
}

void widened_names() {
  Arena arena;
  const ArenaScope scope(arena);
  Dim sum = arena.symbol("_w1");
  for (int i = 0; i < 20; ++i) sum += arena.symbol("s" + std::to_string(i));
  CHECK_EQ(arena.num_widened(), 1u);
  const auto widened = arena.find_symbol("_w2");
  CHECK(widened && arena.symbol_info(*widened).kind == SymbolKind::kWidened);
  CHECK(!arena.as_symbol(parse_dim("_w2")));
  CHECK_EQ(evaluate(parse_dim("_w2"), 1), 17);
  CHECK_EQ(evaluate(sum, 1), 21);
}

// Programs that would blow up without budgets, or overflow the stack if walks recursed.
void hostile_growth() {
  Arena arena;
  const ArenaScope scope(arena);
  const Dim n = arena.symbol("N"), m = arena.symbol("M"), k = arena.symbol("K");

  Dim deep = n;
  for (int i = 0; i < 4000; ++i)
    deep = max(floordiv(deep * 3 + m, Dim(2 + i % 5) + k), floordiv(deep, 2) + k) - n;
  CHECK(to_string(deep).size() < 100000);
  CHECK_EQ(symbols_of(deep).size(), 3u);
  const Dim fixed = substitute(deep, everywhere(deep, 1));
  CHECK(known(fixed) == evaluate(deep, 1));

  Dim squares = n + m;
  for (int i = 0; i < 40; ++i) squares = squares * squares - m;
  CHECK_EQ(symbols_of(squares).size(), 2u);
  CHECK_THROWS(evaluate(squares, 3), Error, error.kind == ErrorKind::kDimOverflow);

  Dim twice = n;
  for (int i = 0; i < 60; ++i) twice = floordiv(twice * twice + twice, twice + m + Dim(i));
  CHECK(to_string(twice).size() < 100000);
  CHECK(known(substitute(twice, everywhere(twice, 1))) == evaluate(twice, 1));

  Dim powers = n;
  for (int i = 0; i < 30; ++i) powers = powers * powers;
  CHECK_EQ(evaluate(powers, 1), 1);
  CHECK(arena.num_expressions() < 500000);
}

}  // namespace

int main() {
  tapes();
  copied_tape_needs_no_arena();
  substitution();
  past_the_budget();
  widened_names();
  hostile_growth();
  return check::report();
}
