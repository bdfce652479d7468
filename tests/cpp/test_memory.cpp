// The integer machinery of memory against brute force, and a small graph from building to fit.
#include <memory>
#include <random>
#include <vector>

#include "base/checked.h"
#include "check.h"
#include "graph/builder.h"
#include "infer/infer.h"
#include "memory/congruences.h"
#include "memory/fit.h"
#include "memory/formula.h"
#include "memory/layers.h"
#include "memory/search.h"

using namespace shapewright;

namespace {

bool is_in(std::int64_t x, Congruence c) {
  return c.modulus == 0 ? x == c.residue : floor_mod(x - c.residue, c.modulus) == 0;
}

void congruences_meet() {
  for (std::int64_t m = 0; m <= 9; ++m) {
    for (std::int64_t n = 0; n <= 9; ++n) {
      for (std::int64_t r = 0; r < std::max<std::int64_t>(1, m); ++r) {
        for (std::int64_t s = 0; s < std::max<std::int64_t>(1, n); ++s) {
          const Congruence a{m, r}, b{n, s};
          const auto both = meet(a, b);
          bool same = true;
          for (std::int64_t x = -100; x <= 100; ++x)
            same = same && (both && is_in(x, *both)) == (is_in(x, a) && is_in(x, b));
          CHECK(same);
        }
      }
    }
  }
}

void divisions_are_solved() {
  for (std::int64_t modulus = 1; modulus <= 12; ++modulus) {
    for (std::int64_t scale = -13; scale <= 13; ++scale) {
      for (std::int64_t offset = -13; offset <= 13; ++offset) {
        const auto c = solve_divides(modulus, scale, offset);
        bool same = true;
        for (std::int64_t x = -30; x <= 30; ++x)
          same = same && (c && is_in(x, *c)) == (floor_mod(scale * x + offset, modulus) == 0);
        CHECK(same);
      }
    }
  }
}

// Predicates that are a random set of integers; intervals are judged rightly, or with kUnknown now
// and then.
void searches_find_the_ends() {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const int n = 1 + static_cast<int>(random() % 40);
    std::vector<bool> holds(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i)
      holds[static_cast<std::size_t>(i)] = random() % (1 + random() % 9) == 0;
    const Predicate p{
        [&](std::int64_t x) { return static_cast<bool>(holds[static_cast<std::size_t>(x)]); },
        [&](std::int64_t a, std::int64_t b) {
          if (random() % 2 == 0) return Truth::kUnknown;
          const auto first = holds.begin() + a, last = holds.begin() + b + 1;
          if (std::find(first, last, true) == last) return Truth::kNo;
          return std::find(first, last, false) == last ? Truth::kYes : Truth::kUnknown;
        }};
    std::optional<std::int64_t> low, high;
    for (int i = 0; i < n; ++i) {
      if (!holds[static_cast<std::size_t>(i)]) continue;
      if (!low) low = i;
      high = i;
    }
    WorkLimit work(1'000'000);
    CHECK(largest(0, n - 1, p, work) == high);
    CHECK(smallest(0, n - 1, p, work) == low);
  }
  WorkLimit little(3);
  const Predicate never{[](std::int64_t) { return false; },
                        [](std::int64_t, std::int64_t) { return Truth::kUnknown; }};
  CHECK_THROWS(largest(0, 100, never, little), Error, error.kind == ErrorKind::kInconclusive);
}

std::shared_ptr<const Memory> dense() {
  GraphBuilder b;
  const ValueId x = b.input("x", parse_declared_type(b.graph(), "f32[N,64]"));
  const ValueId w = b.param("w", parse_declared_type(b.graph(), "f32[64,256]"));
  const ValueId v = b.param("v", parse_declared_type(b.graph(), "f32[256,8]"));
  const auto add = [&](const char* op, std::vector<ValueId> inputs, const char* name) {
    const NodeId n = b.add(op, inputs, {}, name);
    return b.graph().outputs(b.graph().nodes[n])[0];
  };
  const ValueId h = add("Relu", {add("MatMul", {x, w}, "up")}, "act");
  b.output(add("MatMul", {h, v}, "down"));
  return build_memory(infer(std::make_shared<Graph>(b.take())));
}

void a_small_network_from_end_to_end() {
  const auto memory = dense();
  CHECK_EQ(memory->buffers.size(), std::size_t{6});
  CHECK_EQ(memory->buffers.num_unknown, std::size_t{0});
  const std::int64_t params = 4 * (64 * 256 + 256 * 8);
  const BoundMemory bound(memory, {{"N", 10}});
  CHECK_EQ(bound.peak().live, params + 10 * 4 * (64 + 256 + 256));
  CHECK_EQ(bound.peak_event().step, 1);
  CHECK_EQ(bound.live_after_events().back(), params + 10 * 4 * (64 + 8));

  const Formula formula = make_formula(*memory, "live_peak");
  CHECK_EQ(formula.text, "2304*N + 73728");
  CHECK_EQ(CompiledFormula(*memory, formula).evaluate({{"N", 10}}), bound.peak().live);
  CHECK_THROWS(make_formula(*memory, "live_peek"), Error,
               error.hint == "did you mean 'live_peak'?");

  const auto layers = bind_layers(make_layers(*memory), bound);
  CHECK_EQ(layers.size(), std::size_t{3});
  CHECK_EQ(layers[0].params, 4 * 64 * 256);
  CHECK_EQ(layers[0].output, std::string("f32[10, 256]"));
  CHECK(layers[0].flops == std::optional<std::int64_t>(2 * 10 * 64 * 256));
  CHECK_EQ(layers[1].peak_bytes, 10 * 4 * 256);

  FitQuery query;
  query.solve = "N";
  query.budget_bytes = params + 2304 * 100 + 2303;
  const Fit fit = FitProblem(memory, query).solve();
  CHECK_EQ(fit.value, 100);
  CHECK(fit.next == std::optional<std::int64_t>(101));
  CHECK_EQ(fit.slack_bytes, 2303);
  CHECK(fit.evaluations < 60);
}

}  // namespace

int main() {
  congruences_meet();
  divisions_are_solved();
  searches_find_the_ends();
  a_small_network_from_end_to_end();
  return check::report();
}
