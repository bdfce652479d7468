// Nanoseconds per operation of the size algebra, one JSON line each: the best of several
// repetitions.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "dim/dim.h"
#include "dim/tape.h"

using namespace shapewright;

namespace {

template <class F>
double best_ns(int repetitions, std::size_t operations, const F& f) {
  double best = 1e300;
  for (int i = 0; i < repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / static_cast<double>(operations));
  }
  return best;
}

void print(const char* name, double ns) {
  std::printf("{\"name\": \"%s\", \"ns\": %.1f}\n", name, ns);
}

volatile std::uint64_t sink;

Dim conv(Dim size, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  return floordiv(size + (2 * pad - kernel), stride) + 1;
}

}  // namespace

int main() {
  constexpr int kRepeat = 30;
  constexpr std::size_t kMany = 2000;
  {
    std::vector<Dim> sizes(kMany);
    for (std::size_t i = 0; i < kMany; ++i) sizes[i] = static_cast<std::int64_t>(i);
    print("literal_add", best_ns(kRepeat, kMany, [&] {
            Dim sum = 0;
            for (const Dim d : sizes) sum += d;
            sink = sum.word();
          }));
    print("literal_conv", best_ns(kRepeat, kMany, [&] {
            for (const Dim d : sizes) sink = conv(d, 3, 2, 1).word();
          }));
  }
  {
    Arena arena;
    const ArenaScope scope(arena);
    const Dim n = arena.symbol("N") * arena.symbol("L") + arena.symbol("M") * 3;
    const auto pass = [&] {
      for (std::size_t i = 1; i <= kMany; ++i) sink = (n + static_cast<std::int64_t>(i)).word();
    };
    pass();
    print("add_literal_warm", best_ns(kRepeat, kMany, pass));
  }
  {
    Arena arena;
    const ArenaScope scope(arena);
    std::vector<Dim> sizes;
    for (int i = 0; i < 40; ++i)
      sizes.push_back(arena.symbol("s" + std::to_string(i)) * (i + 1) + 5);
    const auto pass = [&] {
      for (std::size_t i = 0; i < kMany; ++i)
        sink = (sizes[i % 40] + sizes[(i * 7 + 1) % 40]).word();
    };
    pass();
    print("add_two_warm", best_ns(kRepeat, kMany, pass));
    const auto products = [&] {
      for (std::size_t i = 0; i < kMany; ++i)
        sink = (sizes[i % 40] * sizes[(i * 7 + 1) % 40]).word();
    };
    products();
    print("mul_two_warm", best_ns(kRepeat, kMany, products));
    const auto proofs = [&] {
      for (std::size_t i = 0; i < kMany; ++i) {
        sink = static_cast<std::uint64_t>(prove_le(sizes[i % 40], sizes[(i * 7 + 1) % 40]));
      }
    };
    proofs();
    print("prove_le", best_ns(kRepeat, kMany, proofs));
  }
  {
    Arena arena;
    const ArenaScope scope(arena);
    const Dim h = arena.symbol("H");
    const auto pass = [&] {
      for (std::size_t i = 0; i < kMany; ++i)
        sink = conv(h + static_cast<std::int64_t>(i % 50), 3, 2, 1).word();
    };
    pass();
    print("conv_warm", best_ns(kRepeat, kMany, pass));
  }
  {
    // Every result is new to its arena; symbols are made beforehand, as inputs of a model are.
    double best = 1e300;
    for (int i = 0; i < kRepeat; ++i) {
      Arena arena;
      const ArenaScope scope(arena);
      const Dim h = arena.symbol("H");
      best = std::min(best, best_ns(1, kMany, [&] {
                        for (std::size_t k = 0; k < kMany; ++k) {
                          sink = conv(h * static_cast<std::int64_t>(k % 40 + 1),
                                      static_cast<std::int64_t>(k / 40),
                                      2 + static_cast<std::int64_t>(k % 3), 1)
                                     .word();
                        }
                      }));
    }
    print("conv_fresh", best);
  }
  {
    double best = 1e300;
    for (int i = 0; i < kRepeat; ++i) {
      Arena arena;
      const ArenaScope scope(arena);
      Dim d = arena.symbol("H");
      best = std::min(best, best_ns(1, 12, [&] {
                        for (int k = 0; k < 12; ++k) d = conv(d, 3, 2, 1);
                      }));
      sink = d.word();
    }
    print("conv_fresh_pyramid", best);
  }
  {
    Arena arena;
    const ArenaScope scope(arena);
    const char* const text = "(2*N + L//16)*768 + max(N, 512)";
    print("parse_and_print", best_ns(kRepeat, 200, [&] {
            for (int i = 0; i < 200; ++i) sink = to_string(parse_dim(text)).size();
          }));
  }
  {
    // Sizes of an encoder: convolutions over H and W, tokens, heads, bytes.
    Arena arena;
    const ArenaScope scope(arena);
    const Dim n = arena.symbol("N"), l = arena.symbol("L");
    Dim h = arena.symbol("H"), w = arena.symbol("W");
    Tape tape;
    for (std::int64_t layer = 0; tape.num_slots() < 300; ++layer) {
      if (layer % 4 == 0) h = conv(h, 3, 2, 1), w = conv(w, 5, 3, 2);
      const Dim channels = 16 + 8 * layer;
      tape.add(n * channels * h * w * 4);
      tape.add(n * (l + layer) * 768 * 4);
      tape.add(max(n * l, Dim(512 * (layer + 1))));
      tape.add(floordiv(n * l + layer, 3 + layer));
    }
    std::vector<std::int64_t> slots(tape.num_slots());
    std::vector<std::int64_t> values;
    for (const std::uint32_t id : tape.symbols()) values.push_back(100 + id);
    const double ns = best_ns(kRepeat, 1000, [&] {
      for (int i = 0; i < 1000; ++i) {
        values[0] = 8 + i % 32;
        tape.run(values, slots);
        sink = static_cast<std::uint64_t>(slots.back());
      }
    });
    std::printf("{\"name\": \"tape_pass\", \"instructions\": %zu, \"ns\": %.1f}\n",
                tape.num_slots(), ns);
    std::vector<Bounds> ranges(tape.num_slots()), box(values.size(), {1, 4096});
    std::printf("{\"name\": \"tape_bounds_pass\", \"instructions\": %zu, \"ns\": %.1f}\n",
                tape.num_slots(), best_ns(kRepeat, 200, [&] {
                  for (int i = 0; i < 200; ++i) tape.run_bounds(box, ranges);
                  sink = static_cast<std::uint64_t>(ranges.back().hi);
                }));
  }
}
