// Facts of the size algebra, one row each.
#include <string>
#include <string_view>
#include <vector>

#include "base/checked.h"
#include "check.h"
#include "dim/dim.h"

using namespace shapewright;

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

const char* show(Truth t) { return t == Truth::kYes ? "yes" : t == Truth::kNo ? "no" : "unknown"; }

struct Same {
  std::string_view left, right;
};
// Both sides are the very same Dim.
constexpr Same kIdentities[] = {
    {"N + M", "M + N"},
    {"(N + 1)*(N - 1)", "N**2 - 1"},
    {"(a + b)*(c + d)", "a*c + a*d + b*c + b*d"},
    {"2*(N + M) - N - N", "2*M"},
    {"N - N", "0"},
    // floor division by a literal
    {"(8*q + r)//8", "q + r//8"},
    {"(8*q + 5)//8", "q"},
    {"(6*x + 3)//9", "(2*x + 1)//3"},
    {"(4*x + 3)//2", "2*x + 1"},
    {"(x//3)//4", "x//12"},
    {"(x//3 + y)//4", "(x + 3*y)//12"},
    {"(y - x//3)//4", "(3*y - x + 2)//12"},
    {"x//-3", "(-x)//3"},
    {"(-x)//3", "-((x + 2)//3)"},
    {"-((-x)//5)", "(x + 4)//5"},
    {"ceildiv(x, 5)", "(x + 4)//5"},
    {"ceildiv(x/2, 3)", "(x + 5)//6"},
    {"ceildiv(x, 2)", "(x + 1)//2"},
    {"(2*x)//4", "x//2"},
    {"(3*x)//2", "x + x//2"},
    {"0//x", "0"},
    // remainders
    {"x%16%4", "x%4"},
    {"(x%16)//16", "0"},
    {"(x + 32)%16", "x%16"},
    {"16*(x//16) + x%16", "x"},
    {"(5*x)%5", "0"},
    {"x%1", "0"},
    {"(x + y)%(x + y)", "0"},
    // symbolic divisors
    {"(k*q + r)//k", "q + r//k"},
    {"(N*L + N)//N", "L + 1"},
    {"(12*N)//(4*N)", "3"},
    {"(N*L*4)//(2*N)", "2*L"},
    {"x//(x + y)", "0"},
    {"(x**2 - y**2)//(x + y)", "x - y"},
    {"ceildiv(a, b)", "(a + b - 1)//b"},
    {"(x//a)//b", "x//(a*b)"},
    // exact division
    {"2*exactdiv(c, 2)", "c"},
    {"exactdiv(c, 2)*2*h", "c*h"},
    {"h*exactdiv(d, h)*3", "3*d"},
    {"c - exactdiv(c, 2)", "exactdiv(c, 2)"},
    {"exactdiv(6*N*L, 2*N)", "3*L"},
    {"exactdiv(exactdiv(x, 2), 3)", "exactdiv(x, 6)"},
    {"exactdiv(4*x, 6)", "exactdiv(2*x, 3)"},
    {"(h + 1)*exactdiv(a, h + 1)", "a"},
    {"exactdiv(a, h + 1)*h + exactdiv(a, h + 1)", "a"},
    {"exactdiv(N*C*H*W, N*H)", "C*W"},
    {"3*exactdiv(x, 2)", "x + exactdiv(x, 2)"},
    // max and min
    {"max(N, M)", "max(M, N)"},
    {"max(N, max(M, K))", "max(max(K, N), M)"},
    {"max(N, N)", "N"},
    {"max(N, N + 1)", "N + 1"},
    {"min(N, N + 1)", "N"},
    {"max(N, 1)", "N"},
    {"max(N, 0)", "N"},
    {"max(N + 3, M + 3)", "max(N, M) + 3"},
    {"max(4*N, 6*M)", "2*max(2*N, 3*M)"},
    {"-max(-N, -M)", "min(N, M)"},
    {"max(N, min(N, M))", "N"},
    {"min(N, max(N, M))", "N"},
    {"max(N*N, N)", "N**2"},
    {"min(min(L, 512), 256)", "min(L, 256)"},
    {"max(x//2, x)", "x"},
    // broadcast
    {"broadcast(N, 1)", "N"},
    {"broadcast(N, N)", "N"},
    {"broadcast(N, 8)", "8"},
    {"broadcast(N, 0)", "0"},
    {"broadcast(N, M)", "broadcast(M, N)"},
    {"broadcast(N + 1, M)", "N + 1"},
    {"broadcast(2*N, M)", "2*N"},
    {"broadcast(N, broadcast(M, N))", "broadcast(N, M)"},
    // spellings of others
    {"floor(H/2 - 1/2) + 1", "(H - 1)//2 + 1"},
    {"floor(H/4 + W/6)", "(3*H + 2*W)//12"},
    {"Min(512, L)", "min(L, 512)"},
    {"Max(1, N, M)", "max(N, M)"},
    {"Mod(N, 8)", "N % 8"},
    {"ceiling(N/4)", "ceildiv(N, 4)"},
    {"floor(N/K)", "N//K"},
    {"past_seq+seq", "seq + past_seq"},
    {"(N/2)*2", "N"},
    {"Max(N/2, 3)*2", "max(N, 6)"},
    {"N**3", "N*N*N"},
    {"2**10", "1024"},
    {"FloorDiv(N, 2)", "N//2"},
    {"+N", "N"},
    {"--N", "N"},
};

struct Printed {
  std::string_view text, canonical;
};
constexpr Printed kSpellings[] = {
    {"L//16 + N*2", "2*N + L//16"},
    {"N - 16*(N//16)", "N % 16"},
    {"5 + 3*((N + M) % 7)", "3*((M + N) % 7) + 5"},
    {"768*L*N", "768*L*N"},
    {"N*L*768 + 1", "768*L*N + 1"},
    {"-N + M", "M - N"},
    {"3 - N", "-N + 3"},
    {"-(L//16)", "-(L//16)"},
    {"2*(L//16)*N", "2*N*(L//16)"},
    {"\"decoder.45_dim_1\" + 1", "\"decoder.45_dim_1\" + 1"},
    {"\"a\\\"b\\\\\"", "\"a\\\"b\\\\\""},
    {"\"max\" + max(N, M)", "\"max\" + max(M, N)"},
    {"min(512, L)", "min(L, 512)"},
    {"N**2 + N", "N**2 + N"},
    {"(2*N)//3", "N - (N - 1)//3 - 1"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"N - 9223372036854775807 - 1", "N + -9223372036854775808"},
    {"M + -9223372036854775808*N", "M + -9223372036854775808*N"},
    {"x//(y + 1)", "x//(y + 1)"},
    {"(x + 1)//(2*y)", "(x + 1)//(2*y)"},
};

struct Compared {
  std::string_view left, right;
  Truth le, eq;
};
constexpr Truth Y = Truth::kYes, N = Truth::kNo, U = Truth::kUnknown;
constexpr Compared kComparisons[] = {
    {"N", "N*N", Y, U},
    {"N", "N*M", Y, U},
    {"N*M", "N", U, U},
    {"N + 1", "N", N, N},
    {"min(a, b)", "a", Y, U},
    {"a", "max(a, b)", Y, U},
    {"min(a, b)", "max(a, b)", Y, U},
    {"x//4", "x", Y, N},
    {"2*(x//2)", "x", Y, U},
    {"x", "2*(x//2) + 1", Y, U},
    {"x % 16", "15", Y, U},
    {"x % 16", "16", Y, N},
    {"x//2 + (x + 1)//2", "x", Y, Y},
    {"min(a, b) + max(a, b)", "a + b", Y, Y},
    {"(x + y)//2", "x + y", Y, N},
    {"x//(y + 1)", "x", Y, N},
    {"a", "broadcast(a, b)", Y, U},
    {"broadcast(a, b)", "a*b", Y, U},
    {"2*N", "2*M + 1", U, N},
    {"N*N - 2*N + 1", "0", U, U},
    {"0", "N*M - N - M + 1", Y, U},
    {"(H - 1)//2 + 1", "H", Y, U},
    {"exactdiv(c, 2)", "c", Y, N},
    {"0", "zero", Y, U},
    {"zero", "zero*zero", Y, U},
    {"max(x - 8, 0)", "x", Y, N},
};

struct Divided {
  std::string_view divisor, value;
  Truth divides;
};
constexpr Divided kDivisions[] = {
    {"8", "16*N", Y},
    {"8", "16*N + 4", N},
    {"2", "N", U},
    {"N", "N*M", Y},
    {"N", "N*M + 1", U},
    {"N + 1", "N**2 + 2*N + 1", Y},
    {"1", "x", Y},
    {"x", "0", Y},
    {"4", "eight", Y},
    {"3", "eight*eight", U},
    {"16", "2*eight", Y},
    {"5", "12", N},
    {"2", "x*x - x", U},
    {"8", "max(eight, 16)", Y},
    {"x + 2", "1 + (x + 2)*y", N},
};

struct Ranged {
  std::string_view text;
  Bounds bounds;
};
constexpr Ranged kRanges[] = {
    {"N", {1, kMax}},
    {"zero", {0, kMax}},
    {"small", {2, 5}},
    {"small*small", {4, 25}},
    {"10 - small", {5, 8}},
    {"-N", {kMin, -1}},
    {"x % 16", {0, 15}},
    {"N*N - N", {0, kMax}},
    {"min(L, 512)", {1, 512}},
    {"small//2", {1, 2}},
    {"7//N", {0, 7}},
    {"max(small, 4)", {4, 5}},
    {"N - N//2", {1, kMax}},
    {"eight", {8, kMax}},
    {"wild*wild", {0, kMax}},
    {"wild**3", {kMin, kMax}},
    {"broadcast(N, M)", {1, kMax}},
    {"exactdiv(small, 2)", {1, 2}},
};

void identities() {
  for (const auto& [left, right] : kIdentities) {
    Arena arena;
    const ArenaScope scope(arena);
    const Dim a = parse_dim(left), b = parse_dim(right);
    check::count(a == b, __FILE__, __LINE__,
                 std::string(left) + " is " + to_string(a) + ", " + std::string(right) + " is " +
                     to_string(b));
    CHECK_EQ(to_string(parse_dim(to_string(a))), to_string(a));
    CHECK(parse_dim(to_string(a)) == a);
  }
}

void spellings() {
  for (const auto& [text, canonical] : kSpellings) {
    Arena arena;
    const ArenaScope scope(arena);
    CHECK_EQ(to_string(parse_dim(text)), canonical);
    CHECK(parse_dim(canonical) == parse_dim(text));
  }
}

// Symbols with domains of their own; every other name is an input with lo = 1.
void declare(Arena& arena) {
  arena.symbol("zero", SymbolKind::kInput, {0, kPlusInf});
  arena.symbol("small", SymbolKind::kDataDependent, {2, 5});
  arena.symbol("wild", SymbolKind::kUnknown, {});
  arena.symbol("eight");
  arena.set_congruence("eight", {8, 0});
}

void questions() {
  Arena arena;
  const ArenaScope scope(arena);
  declare(arena);
  for (const auto& [left, right, le, eq] : kComparisons) {
    const Dim a = parse_dim(left), b = parse_dim(right);
    const std::string row = std::string(left) + " <= " + std::string(right) + ": ";
    check::count(prove_le(a, b) == le, __FILE__, __LINE__, row + show(prove_le(a, b)));
    check::count(prove_eq(a, b) == eq, __FILE__, __LINE__, row + "equal? " + show(prove_eq(a, b)));
    CHECK(prove_eq(a, b) == prove_eq(b, a));
    if (le == Truth::kYes) CHECK(prove_lt(b, a) == Truth::kNo);
  }
  for (const auto& [divisor, value, divides] : kDivisions) {
    const Truth t = prove_divides(parse_dim(divisor), parse_dim(value));
    check::count(t == divides, __FILE__, __LINE__,
                 std::string(divisor) + " | " + std::string(value) + ": " + show(t));
  }
  for (const auto& [text, wanted] : kRanges) {
    const Bounds b = bounds(parse_dim(text));
    check::count(
        b == wanted, __FILE__, __LINE__,
        std::string(text) + " in [" + std::to_string(b.lo) + ", " + std::to_string(b.hi) + "]");
  }
  CHECK((congruence(parse_dim("6*N + 4")) == Congruence{6, 4}));
  CHECK((congruence(parse_dim("eight//4")) == Congruence{2, 0}));
  CHECK((congruence(parse_dim("max(eight, 12)")) == Congruence{4, 0}));
  CHECK((congruence(Dim(7)) == Congruence{0, 7}));
  CHECK(parse_dim("eight//8*8") == parse_dim("eight"));
  CHECK(parse_dim("eight % 4") == Dim(0));
  CHECK(parse_dim("(eight + 3) % 8") == Dim(3));
}

void literals() {
  CHECK_EQ(Dim(3) + Dim(4), Dim(7));  // needs no arena
  CHECK_EQ(floordiv(-7, 2), Dim(-4));
  CHECK_EQ(ceildiv(-7, 2), Dim(-3));
  CHECK_EQ(mod(-7, 2), Dim(1));
  CHECK_EQ(mod(7, -2), Dim(-1));
  CHECK_EQ(*truncdiv(-7, 2), Dim(-3));
  CHECK_EQ(max(3, 4), Dim(4));
  CHECK_EQ(broadcast(1, 5), Dim(5));
  CHECK_EQ(broadcast(1, 0), Dim(0));
  CHECK_EQ(exactdiv(12, -4), Dim(-3));
  CHECK_THROWS(floordiv(5, 0), Error,
               error.code == "division-by-zero" && error.kind == ErrorKind::kDim);
  CHECK_THROWS(Dim(kMax / 2) * Dim(3), Error,
               error.code == "dim-overflow" && error.kind == ErrorKind::kDimOverflow);
  CHECK_THROWS(Arena::current(), std::logic_error, true);

  Arena arena;
  const ArenaScope scope(arena);
  const Dim symbol = arena.symbol("N");
  for (const std::int64_t v : {kMin, kMin + 1, kMin / 2 - 1, kMin / 2, std::int64_t{-1},
                               std::int64_t{0}, kMax / 2, kMax / 2 + 1, kMax}) {
    CHECK(known(Dim(v)) == v);
    CHECK_EQ(to_string(Dim(v)), std::to_string(v));
    CHECK(parse_dim(std::to_string(v)) == Dim(v));
    CHECK((bounds(Dim(v)) == Bounds{v, v}));
    CHECK(Dim(v) * Dim(1) == Dim(v));
    CHECK(Dim(v) + Dim(0) == Dim(v));
    CHECK(known(symbol - symbol + Dim(v)) == v);
    CHECK(substitute(symbol, {{*arena.as_symbol(symbol), Dim(v)}}) == Dim(v));
    for (const std::int64_t w : {kMin, std::int64_t{-1}, std::int64_t{1}, kMax}) {
      CHECK(prove_le(Dim(v), Dim(w)) == (v <= w ? Truth::kYes : Truth::kNo));
      CHECK(prove_eq(Dim(v), Dim(w)) == (v == w ? Truth::kYes : Truth::kNo));
      CHECK(max(Dim(v), Dim(w)) == Dim(std::max(v, w)));
      CHECK(min(Dim(v), Dim(w)) == Dim(std::min(v, w)));
    }
  }
  CHECK_EQ(Dim(kMax) - Dim(kMax), Dim(0));
  CHECK_THROWS(Dim(kMax) + Dim(1), Error, error.facts[0].second == std::to_string(kMax));
  CHECK_THROWS(Dim(kMin) - Dim(1), Error, error.code == "dim-overflow");
  CHECK_THROWS(-Dim(kMin), Error, error.code == "dim-overflow");
  CHECK_THROWS(floordiv(kMin, -1), Error, error.code == "dim-overflow");
  CHECK_THROWS(symbol * Dim(kMax) * Dim(2), Error,
               error.facts[0].first == "lhs" && error.facts[2].first == "rhs");
  CHECK_EQ(floordiv(symbol, Dim(kMin)), floordiv(symbol, Dim(kMin)));
  CHECK_EQ(mod(Dim(kMin), Dim(-1)), Dim(0));
}

void pyramid() {
  Arena arena;
  const ArenaScope scope(arena);
  const Dim h = arena.symbol("H");
  Dim d = h;
  for (int i = 0; i < 12; ++i) d = floordiv(d + 2 - 3, 2) + 1;
  CHECK_EQ(to_string(d), "(H - 1)//4096 + 1");
  CHECK_EQ(to_string(broadcast(h, h + 0)), "H");
  CHECK_EQ(to_string(*truncdiv(h - 5, 2)),
           to_string(floordiv(max(h - 5, 0), 2) - floordiv(max(5 - h, 0), 2)));
  CHECK(*truncdiv(h, 2) == floordiv(h, 2));
  CHECK(!truncdiv(h, h - 5));
  CHECK(*truncdiv(h, -2) == -floordiv(h, 2));
}

void symbols() {
  Arena arena;
  const ArenaScope scope(arena);
  const Dim n = arena.symbol("N");
  CHECK(arena.symbol("N", SymbolKind::kUnknown, {0, 3}) == n);
  CHECK_EQ(arena.symbol_info(*arena.as_symbol(n)).name, "N");
  CHECK(!arena.as_symbol(Dim(3)));
  CHECK(!arena.find_symbol("nope"));
  arena.set_bounds("N", {0, 8});
  CHECK((bounds(n) == Bounds{0, 8}));
  CHECK_THROWS(arena.set_bounds("N", {3, 2}), Error, error.code == "symbol-bounds");
  CHECK_THROWS(arena.set_bounds("nope", {3, 2}), Error, error.code == "unknown-symbol");
  (void)max(n, 0);  // is N because of its bounds
  CHECK_THROWS(arena.set_bounds("N", {-1, 2}), Error, error.code == "symbol-in-use");
  CHECK(!arena.as_symbol(n + 1));
  const Dim f = arena.fresh("N", SymbolKind::kDataDependent, {0, 7}),
            g = arena.fresh("N", SymbolKind::kUnknown, {});
  CHECK_EQ(to_string(f), "N_2");
  CHECK_EQ(to_string(g), "N_3");
  std::vector<std::string> names;
  for (const std::uint32_t id : symbols_of(parse_dim("z + max(N, a//b)*z - q%3")))
    names.push_back(arena.symbol_info(id).name);
  CHECK((names == std::vector<std::string>{"N", "a", "b", "q", "z"}));

  const Dim lost = arena.fresh("u", SymbolKind::kUnknown, {0, kPlusInf});
  const std::uint8_t input = kind_bit(SymbolKind::kInput);
  CHECK_EQ(int{symbol_kinds(Dim(7))}, 0);
  CHECK_EQ(int{symbol_kinds(parse_dim("max(N, a//b)*z"))}, int{input});
  CHECK_EQ(int{symbol_kinds(floordiv(lost + parse_dim("N"), 3))},
           int{input} | int{kind_bit(SymbolKind::kUnknown)});
  Dim wide = lost;  // widened: what it stands for counts
  for (int i = 0; i < 40; ++i) wide = floordiv(wide * parse_dim("N") + 1, parse_dim("M") + i);
  CHECK_EQ(int{symbol_kinds(wide)}, int{input} | int{kind_bit(SymbolKind::kUnknown)});

  const std::size_t before = arena.num_symbols();
  CHECK_THROWS(parse_dim("fresh1 + "), Error, error.code == "dim-syntax");
  CHECK_EQ(arena.num_symbols(), before);
  for (const char* name :
       {"decoder.45_dim_1", "a::b", "?", "x y", "N/3", "3d", "max(", "1 2", "-", "é"}) {
    const Dim d = parse_dim_param(name);
    CHECK(arena.as_symbol(d).has_value());
    CHECK_EQ(arena.symbol_info(*arena.as_symbol(d)).name, name);
    CHECK(parse_dim(to_string(d)) == d);
  }
  CHECK_EQ(arena.num_symbols(), before + 10);
  CHECK(parse_dim_param("s72") == arena.symbol("s72"));
  CHECK(parse_dim_param("past+seq") == arena.symbol("seq") + arena.symbol("past"));
}

struct Rejected {
  std::string text, code, position;
};
void rejections() {
  const Rejected rows[] = {
      {"", "dim-syntax", "0"},
      {"N +", "dim-syntax", "3"},
      {"N M", "dim-syntax", "2"},
      {"foo(3)", "dim-syntax", "0"},
      {"max(N", "dim-syntax", "5"},
      {"ceildiv(N)", "dim-syntax", "0"},
      {"\"open", "dim-syntax", "0"},
      {"N/2", "dim-syntax", "0"},
      {"N**M", "dim-syntax", "1"},
      {"N**99999", "dim-syntax", "1"},
      {"1.5", "dim-syntax", "0"},
      {"N & M", "dim-syntax", "2"},
      {"9223372036854775808", "dim-syntax", "0"},
      {"99999999999999999999999", "dim-syntax", "0"},
      {"N//0", "division-by-zero", ""},
      {"N % 0", "division-by-zero", ""},
      {"N/0", "division-by-zero", ""},
      {"9223372036854775807 + 1", "dim-overflow", ""},
      {std::string(100000, '('), "dim-limit", ""},
      {std::string(500, '('), "dim-limit", ""},
      {std::string(500, '-') + "1", "dim-limit", ""},
  };
  for (const Rejected& row : rows) {
    Arena arena;
    const ArenaScope scope(arena);
    CHECK_THROWS(parse_dim(row.text), Error, error.code == row.code);
    if (row.position.empty()) continue;
    CHECK_THROWS(parse_dim(row.text), Error,
                 error.facts[1] == std::make_pair(std::string("position"), row.position));
  }
}

void latex() {
  Arena arena;
  const ArenaScope scope(arena);
  CHECK_EQ(to_latex(parse_dim("2*N + L//16")),
           "2 N + \\left\\lfloor \\frac{L}{16} \\right\\rfloor");
  CHECK_EQ(to_latex(parse_dim("exactdiv(c_in, g)*min(L, 512)")),
           "\\frac{\\mathrm{c\\_in}}{g} \\min\\left(L, 512\\right)");
  CHECK_EQ(to_latex(parse_dim("N**2 % 3")), "N^{2} \\bmod 3");
}

void overflow_safe_arithmetic() {
  CHECK_EQ(floor_div(-7, 2), -4);
  CHECK_EQ(ceil_div(-7, 2), -3);
  CHECK_EQ(ceil_div(7, 2), 4);
  CHECK_EQ(floor_mod(-7, 2), 1);
  CHECK_EQ(floor_mod(kMin, -1), 0);
  CHECK_EQ(gcd(kMin, std::int64_t{0}), std::uint64_t{1} << 63);
  CHECK_EQ(gcd(std::int64_t{-12}, std::int64_t{18}), 6u);
  CHECK_THROWS(checked_mul(kMax, 2), Error, error.kind == ErrorKind::kDimOverflow);
  CHECK_THROWS(checked_floor_div(1, 0), Error, error.code == "division-by-zero");
  CHECK_THROWS(checked_floor_div(kMin, -1), Error, error.code == "dim-overflow");
}

}  // namespace

int main() {
  identities();
  spellings();
  questions();
  literals();
  pyramid();
  symbols();
  rejections();
  latex();
  overflow_safe_arithmetic();
  return check::report();
}
