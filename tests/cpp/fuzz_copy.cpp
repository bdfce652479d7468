// Random strided copies against a loop over single elements: every byte of the destination's
// surroundings is compared, so that a byte too many is seen.
//
//   fuzz_copy [cases] [seed]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "base/error.h"
#include "copy/kernels.h"
#include "copy/plan.h"

using namespace shapewright;

namespace {

using Rng = std::mt19937_64;

std::int64_t pick(Rng& rng, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(rng);
}

struct Case {
  CopySpec spec;
  std::int64_t src_low = 0, src_high = 0;  // bytes touched, from the base
  std::int64_t dst_low = 0, dst_high = 0;
  CopyOptions options;
  int threads = 1;
  std::int64_t misaligned = 0;
};

// Sizes whose product stays small, now and then with one that spans many tiles.
std::vector<std::int64_t> random_shape(Rng& rng, int rank, std::int64_t most) {
  static const std::int64_t usual[] = {1,  2,  2,  3,  3,  4,  5,  7,  8,   12, 15,
                                       16, 17, 31, 32, 33, 49, 64, 75, 100, 129};
  std::vector<std::int64_t> shape;
  std::int64_t items = 1;
  for (int i = 0; i < rank; ++i) {
    std::int64_t n = usual[pick(rng, 0, std::size(usual) - 1)];
    if (pick(rng, 0, 15) == 0) n = pick(rng, 1, 3000);
    if (pick(rng, 0, 200) == 0) n = 0;
    if (items * std::max<std::int64_t>(n, 1) > most) n = pick(rng, 1, 2);
    if (items * std::max<std::int64_t>(n, 1) > most) n = 1;
    items *= std::max<std::int64_t>(n, 1);
    shape.push_back(n);
  }
  return shape;
}

Case random_case(Rng& rng) {
  static const std::int64_t items[] = {1, 1, 2,  2,  4,  4,  4, 8,  8,  16,
                                       3, 6, 12, 24, 32, 48, 5, 64, 100};
  Case c;
  c.spec.item_bytes = items[pick(rng, 0, std::size(items) - 1)];
  const int rank = static_cast<int>(pick(rng, 0, 12));
  const auto shape = random_shape(rng, rank, pick(rng, 0, 9) == 0 ? 400000 : 6000);
  std::vector<int> src_order(rank), dst_order(rank);
  std::iota(src_order.begin(), src_order.end(), 0);
  std::iota(dst_order.begin(), dst_order.end(), 0);
  std::shuffle(src_order.begin(), src_order.end(), rng);
  if (pick(rng, 0, 3) == 0)
    dst_order = src_order;
  else
    std::shuffle(dst_order.begin(), dst_order.end(), rng);
  c.spec.digits.resize(rank);
  const auto lay = [&](const std::vector<int>& order, bool src) {
    const bool odd = pick(rng, 0, 2) == 0;  // gaps, unaligned steps
    std::int64_t step = c.spec.item_bytes;
    if (odd && pick(rng, 0, 3) == 0) step *= pick(rng, 1, 3);
    for (const int i : order) {
      Digit& d = c.spec.digits[i];
      d.size = shape[i];
      std::int64_t s = step;
      if (src && pick(rng, 0, 11) == 0) s = 0;
      if (pick(rng, 0, 7) == 0) s = -s;
      (src ? d.src : d.dst) = s;
      if (s != 0)
        step = std::max<std::int64_t>(1, shape[i]) * step +
               (odd && pick(rng, 0, 3) == 0 ? pick(rng, 0, 70) : 0);
      if (pick(rng, 0, 40) == 0 && step < 4096) step = 4096;
    }
  };
  lay(src_order, true);
  lay(dst_order, false);
  for (const Digit& d : c.spec.digits) {
    const std::int64_t n = std::max<std::int64_t>(d.size, 1) - 1;
    (d.src < 0 ? c.src_low : c.src_high) += n * d.src;
    (d.dst < 0 ? c.dst_low : c.dst_high) += n * d.dst;
  }
  c.src_high += c.spec.item_bytes;
  c.dst_high += c.spec.item_bytes;
  static const Stores stores[] = {Stores::kAuto, Stores::kCached, Stores::kStreamed};
  c.options.stores = stores[pick(rng, 0, 2)];
  c.threads = pick(rng, 0, 3) == 0 ? 3 : 1;
  c.misaligned = pick(rng, 0, 1) == 0 ? 0 : pick(rng, 0, 63);
  return c;
}

// Rows at a multiple of a page: they crowd the caches.
Case crowded_case(Rng& rng) {
  Case c;
  c.spec.item_bytes = std::int64_t{1} << pick(rng, 0, 3);
  const std::int64_t item = c.spec.item_bytes;
  const std::int64_t rows = pick(rng, 20, 400);
  const std::int64_t cols = pick(rng, 64, 12000 / item);
  const std::int64_t pitch = (cols * item + 4095) / 4096 * 4096 << pick(rng, 0, 4);
  const std::int64_t gap = pick(rng, 0, 2) * pick(rng, 0, 70);
  c.spec.digits = {{rows, pitch, item, 0}, {cols, item, rows * item + gap, 0}};
  if (pick(rng, 0, 3) == 0) c.spec.digits[0].src = -pitch;
  for (const Digit& d : c.spec.digits) {
    (d.src < 0 ? c.src_low : c.src_high) += (d.size - 1) * d.src;
    c.dst_high += (d.size - 1) * d.dst;
  }
  c.src_high += item;
  c.dst_high += item;
  c.options.stores = Stores::kStreamed;
  c.threads = pick(rng, 0, 3) == 0 ? 3 : 1;
  c.misaligned = pick(rng, 0, 1) * pick(rng, 0, 63);
  return c;
}

void reference(const CopySpec& spec, const std::byte* src, std::byte* dst, std::size_t digit = 0) {
  if (digit == spec.digits.size()) {
    std::memcpy(dst, src, static_cast<std::size_t>(spec.item_bytes));
    return;
  }
  const Digit& d = spec.digits[digit];
  for (std::int64_t i = 0; i < d.size; ++i)
    reference(spec, src + i * d.src, dst + i * d.dst, digit + 1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t cases = argc > 1 ? std::atoll(argv[1]) : 3000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  try {
    (void)kernels();
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    return 77;
  }
  Rng rng(seed);
  constexpr std::int64_t kMostBytes = 64 << 20;
  std::int64_t wrong = 0, skipped = 0;
  for (std::int64_t n = 0; n < cases; ++n) {
    const Case c = n % 40 == 39 ? crowded_case(rng) : random_case(rng);
    const std::int64_t src_bytes = c.src_high - c.src_low;
    const std::int64_t dst_bytes = c.dst_high - c.dst_low;
    if (src_bytes > kMostBytes || dst_bytes > kMostBytes) {
      ++skipped;
      continue;
    }
    // The source exactly as long as it is read, so that a sanitizer sees a byte too many.
    auto* src = static_cast<std::byte*>(std::malloc(static_cast<std::size_t>(src_bytes)));
    for (std::int64_t i = 0; i < src_bytes; ++i)
      src[i] = static_cast<std::byte>((i * 0x9e3779b97f4a7c15u) >> 29);
    const std::int64_t guard = 128;
    std::vector<std::byte> got(static_cast<std::size_t>(dst_bytes + 2 * guard + 64),
                               std::byte{0xa5});
    const auto base =
        static_cast<std::int64_t>(-reinterpret_cast<std::uintptr_t>(got.data()) & 63) +
        c.misaligned;
    got.resize(static_cast<std::size_t>(dst_bytes + 2 * guard + 64));
    std::vector<std::byte> want = got;
    const std::int64_t at = std::min<std::int64_t>(base, 63) + guard - c.dst_low;
    reference(c.spec, src - c.src_low, want.data() + at);
    run(*make_plan(c.spec, c.options), src - c.src_low, got.data() + at, {}, c.threads);
    if (got != want) {
      ++wrong;
      std::printf("case %lld of seed %llu is wrong: item %lld, stores %d, threads %d, digits",
                  static_cast<long long>(n), static_cast<unsigned long long>(seed),
                  static_cast<long long>(c.spec.item_bytes), static_cast<int>(c.options.stores),
                  c.threads);
      for (const Digit& d : c.spec.digits)
        std::printf(" %lld:%lld->%lld", static_cast<long long>(d.size),
                    static_cast<long long>(d.src), static_cast<long long>(d.dst));
      std::printf("\n");
    }
    std::free(src);
    if (wrong > 10) break;
  }
  std::printf("%s: %lld cases, %lld skipped, %lld wrong\n", kernels().name,
              static_cast<long long>(cases), static_cast<long long>(skipped),
              static_cast<long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
