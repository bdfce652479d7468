// Normal forms of conditions hold exactly where the conditions do.
#include <random>
#include <string>

#include "check.h"
#include "dim/condition.h"
#include "dim/dim.h"

using namespace shapewright;

namespace {

constexpr int kMostSize = 150;

std::int64_t value_at(Dim d, Dim symbol, std::int64_t size) {
  return known(substitute(d, {{Arena::current().as_symbol(symbol).value(), Dim(size)}})).value();
}

struct Row {
  const char* lhs;
  const char* rhs;
  const char* normal;  // "" where there is none
};
constexpr Row kBounds[] = {
    {"3", "H", "3 <= H"},
    {"1", "(H + 1)//4 - 6", "27 <= H"},
    {"1", "((H - 1)//2 + 1)//4", "7 <= H"},
    {"2*H", "9", "H <= 4"},
    {"H//4", "5", "H <= 23"},
    {"1", "H//2 + H//3", ""},
    {"1", "H + N", ""},
    {"2", "max(H, 3)", ""},
};
constexpr Row kDivisors[] = {
    {"2*(H//2)", "H", "2 | H"},
    {"2*((H - 1)//2) + 2", "H", "2 | H"},
    {"4*(H//4) + 1", "H", "4 | H + 3"},
    {"2*(H//8)", "H//4", "2 | H//4"},
    {"2*((H - 1)//8) + 2", "(H - 1)//4 + 1", "2 | (H - 1)//4 + 1"},
    {"3*(H//2)", "H", ""},
    {"H//2", "H", ""},
};

void check_rows() {
  for (const Row& row : kBounds) {
    Arena arena;
    const ArenaScope scope(arena);
    const auto bound = bound_of_symbol(parse_dim(row.lhs), parse_dim(row.rhs));
    CHECK_EQ(bound ? to_string(bound->first) + " <= " + to_string(bound->second) : "",
             std::string(row.normal));
  }
  for (const Row& row : kDivisors) {
    Arena arena;
    const ArenaScope scope(arena);
    const auto found = divisibility_of(parse_dim(row.lhs), parse_dim(row.rhs));
    CHECK_EQ(found ? std::to_string(found->first) + " | " + to_string(found->second) : "",
             std::string(row.normal));
  }
}

// A size as a chain of windows gives it.
Dim random_size(std::mt19937& random, Dim symbol) {
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  Dim d = symbol;
  for (int i = pick(0, 3); i > 0; --i) d = floordiv(d * pick(1, 2) + pick(-5, 5), pick(1, 4));
  return d * pick(1, 4) + pick(-6, 6);
}

void check_random(int rounds) {
  std::mt19937 random(20261130);
  int bounds_found = 0, divisors_found = 0;
  for (int round = 0; round < rounds; ++round) {
    Arena arena;
    const ArenaScope scope(arena);
    const Dim symbol = arena.symbol("H");
    const Dim rhs = random_size(random, symbol);
    const int k = 2 + round % 5;
    const Dim rounded = k * floordiv(rhs + round % 7 - 3, k) + round % 3;
    const Dim lhs = round % 2 == 0 ? rounded : random_size(random, symbol);
    const auto bound = bound_of_symbol(lhs, rhs);
    const auto divides = divisibility_of(lhs, rhs);
    bounds_found += bound.has_value();
    divisors_found += divides.has_value();
    for (int size = 1; size <= kMostSize; ++size) {
      const std::int64_t a = value_at(lhs, symbol, size), b = value_at(rhs, symbol, size);
      if (bound)
        CHECK_EQ(value_at(bound->first, symbol, size) <= value_at(bound->second, symbol, size),
                 a <= b);
      if (divides) CHECK_EQ(value_at(divides->second, symbol, size) % divides->first == 0, a == b);
    }
  }
  CHECK(bounds_found > rounds / 20);
  CHECK(divisors_found > rounds / 20);
}

}  // namespace

int main() {
  check_rows();
  check_random(3000);
  return check::report();
}
