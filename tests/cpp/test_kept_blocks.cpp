// Blocks that are given back are the ones taken next, and no more is kept than the bound allows.
#include <cstring>
#include <thread>
#include <vector>

#include "base/kept_blocks.h"
#include "check.h"

using namespace shapewright;

namespace {

void test_reuse() {
  for (const std::size_t size : {kLeastBlockBytes + 1, std::size_t{5000}, kLargestBlockBytes}) {
    void* const first = take_block(size);
    std::memset(first, 1, size);
    give_block(first, size);
    void* const second = take_block(size);
    CHECK(second == first);
    void* const third = take_block(size);
    CHECK(third != second);
    give_block(second, size);
    give_block(third, size);
  }
  give_block(nullptr, 5000);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kLargestBlockBytes + 1})
    give_block(take_block(size), size);
}

// A block is as large as was asked for, whichever request of its class it served before.
void test_sizes_of_a_class() {
  std::vector<std::size_t> sizes;
  for (std::size_t size = kLeastBlockBytes; size < 64 << 10; size += 61) sizes.push_back(size);
  for (int round = 0; round < 2; ++round) {
    std::vector<char*> blocks;
    for (const std::size_t size : sizes) {
      blocks.push_back(static_cast<char*>(take_block(size)));
      std::memset(blocks.back(), static_cast<int>(size % 251), size);
    }
    bool intact = true;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const char byte = static_cast<char>(sizes[i] % 251);
      intact &= blocks[i][0] == byte && blocks[i][sizes[i] - 1] == byte;
      give_block(blocks[i], sizes[i]);
    }
    CHECK(intact);
  }
}

void test_threads() {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        KeptVector<int> v(2000 + 100 * static_cast<std::size_t>(i % 7), t);
        if (v.back() != t) CHECK(false);
      }
    });
  for (std::thread& t : threads) t.join();
}

}  // namespace

int main() {
  test_reuse();
  test_sizes_of_a_class();
  test_threads();
  return check::report();
}
