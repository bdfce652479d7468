// The copy engine against the best plain copy of the same bytes, on transposes read from standard
// input: one case a line, "name item_bytes rank shape... axes...", in NumPy's order.
//
//   bench_copy [rounds] [threads] < cases
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "base/threads.h"
#include "copy/kernels.h"
#include "copy/plan.h"

using namespace shapewright;

namespace {

std::byte* map_bytes(std::size_t n) {
  n = (n + (2u << 20) - 1) >> 21 << 21;
  auto* p = static_cast<char*>(
      mmap(nullptr, n + (2u << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  p = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(p) + (2u << 20) - 1) >> 21 << 21);
  if (std::getenv("SW_SMALL_PAGES") == nullptr) madvise(p, n, MADV_HUGEPAGE);
  std::memset(p, 1, n);
  return reinterpret_cast<std::byte*>(p);
}

double seconds(auto&& f) {
  const auto t = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}
double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
  return v[v.size() / 2];
}

void parallel_copy(RunFn f, std::byte* d, const std::byte* s, std::int64_t n, int threads) {
  const std::int64_t part = 1 << 20;
  parallel_for((n + part - 1) / part, threads, [&](std::int64_t i) {
    f(d + i * part, s + i * part, std::min(part, n - i * part));
    kernels().fence();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  std::string name;
  std::int64_t item;
  int rank;
  double sum = 0, sum_memcpy = 0, worst = 9;
  int cases = 0;
  std::byte* a = nullptr;
  std::byte* b = nullptr;
  std::size_t room = 0;
  while (std::cin >> name >> item >> rank) {
    std::vector<std::int64_t> shape(rank), axes(rank), stride(rank);
    for (auto& n : shape) std::cin >> n;
    for (auto& n : axes) std::cin >> n;
    std::int64_t bytes = item;
    for (int i = rank - 1; i >= 0; --i) stride[i] = bytes, bytes *= shape[i];
    // Small cases walk through a large pool, so that every run finds its data in memory.
    const std::size_t wanted = std::max<std::size_t>(bytes, 160u << 20);
    if (wanted > room) {
      room = wanted;
      a = map_bytes(room);
      b = map_bytes(room);
      for (std::size_t i = 0; i < room; ++i)
        reinterpret_cast<unsigned char*>(a)[i] = (i * 2654435761u) >> 13;
    }
    CopySpec spec;
    spec.item_bytes = item;
    std::int64_t dst = item;
    for (int i = rank - 1; i >= 0; --i) {
      spec.digits.push_back({shape[axes[i]], stride[axes[i]], dst, 0});
      dst *= shape[axes[i]];
    }
    CopyOptions options;
    const auto plan = make_plan(spec, options);
    std::vector<double> ours, memcpys, streams;
    const std::int64_t places =
        (static_cast<std::int64_t>(room) - bytes) / ((bytes + 63) & ~std::int64_t{63}) + 1;
    std::int64_t turn = 0;
    std::byte* const a0 = a;
    std::byte* const b0 = b;
    const auto next = [&] {
      turn = (turn + 1) % places;
      a = a0 + turn * ((bytes + 63) & ~std::int64_t{63});
      b = b0 + turn * ((bytes + 63) & ~std::int64_t{63});
    };
    const auto copy_cached = [&] {
      parallel_copy([](std::byte* d, const std::byte* s, std::int64_t n) { std::memcpy(d, s, n); },
                    b, a, bytes, threads);
    };
    const auto copy_whole = [&] { std::memcpy(b, a, bytes); };
    const auto copy_streamed = [&] { parallel_copy(kernels().stream, b, a, bytes, threads); };
    std::vector<double> whole;
    const int repeats = std::max<int>(1, static_cast<int>((32 << 20) / bytes));
    for (int r = 0; r <= rounds; ++r) {
      const auto add = [&](std::vector<double>& v, auto&& f) {
        const double t = seconds([&] {
                           for (int k = 0; k < repeats; ++k) f(), next();
                         }) /
                         repeats;
        if (r > 0) v.push_back(t);
      };
      add(ours, [&] { run(*plan, a, b, {}, threads); });
      add(memcpys, copy_cached);
      add(whole, copy_whole);
      add(streams, copy_streamed);
    }
    a = a0;
    b = b0;
    const double best = std::min({median(memcpys), median(streams), median(whole)});
    const double ratio = best / median(ours);
    std::printf(
        "%-28s w=%-2ld %7.1f MB  ours %6.1f GB/s  memcpy %5.1f  streamed %5.1f  ratio %.2f\n",
        name.c_str(), (long)item, bytes / 1e6, 2e-9 * bytes / median(ours),
        2e-9 * bytes / std::min(median(memcpys), median(whole)), 2e-9 * bytes / median(streams),
        ratio);
    if (std::getenv("SW_EXPLAIN") != nullptr) std::printf("%s\n", explain(*plan).c_str());
    std::fflush(stdout);
    sum += std::log(ratio);
    sum_memcpy += std::log(std::min(median(memcpys), median(whole)) / median(ours));
    worst = std::min(worst, ratio);
    ++cases;
    if (std::getenv("SW_VERIFY") != nullptr) {
      std::vector<std::int64_t> at(rank, 0);
      std::memset(b, 0, bytes);
      run(*plan, a, b, {}, threads);
      const std::int64_t n = bytes / item;
      std::int64_t bad = 0;
      for (std::int64_t k = 0; k < n; ++k) {
        std::int64_t from = 0;
        for (int i = 0; i < rank; ++i) from += at[i] * stride[axes[i]];
        if (std::memcmp(b + k * item, a + from, item) != 0) ++bad;
        for (int i = rank - 1; i >= 0; --i) {
          if (++at[i] < shape[axes[i]]) break;
          at[i] = 0;
        }
      }
      if (bad) std::printf("  WRONG %ld of %ld\n", (long)bad, (long)n);
    }
  }
  if (cases)
    std::printf("geomean %.3f of the best copy, %.3f of memcpy, worst %.2f, %d cases\n",
                std::exp(sum / cases), std::exp(sum_memcpy / cases), worst, cases);
}
