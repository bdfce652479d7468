// Damaged ONNX files: whatever the bytes, the reader returns a consistent graph or throws Error, in
// bounded time.
//
//   fuzz_onnx [MUTATIONS [SEED]] [FILE...]
//
// Without files, a small model built here is damaged. A failure prints its seed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph_check.h"
#include "onnx/reader.h"

namespace {

using shapewright::Graph;

using Random = std::mt19937_64;
using Bytes = std::string;

Bytes field(int number, const Bytes& payload) {
  Bytes out(1, static_cast<char>(number << 3 | 2));
  std::size_t length = payload.size();
  for (; length > 0x7F; length >>= 7) out += static_cast<char>((length & 0x7F) | 0x80);
  return out + static_cast<char>(length) + payload;
}

Bytes integer(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

Bytes node(const Bytes& op, const std::vector<Bytes>& inputs, const Bytes& output,
           const Bytes& rest = {}) {
  Bytes out;
  for (const Bytes& input : inputs) out += field(1, input);
  return field(1, out + field(2, output) + field(3, "n_" + output) + field(4, op) + rest);
}

// A bit of everything: typed and raw constants, bodies, functions with references, scopes, declared
// types.
Bytes small_model() {
  const Bytes type = field(
      2, field(1, integer(1, 1) + field(2, field(1, field(2, "N")) + field(1, integer(1, 4)))));
  const Bytes tensor =
      field(5, integer(1, 2) + integer(2, 7) + field(8, "k") + field(9, Bytes(16, '\1')));
  const Bytes typed = field(5, integer(1, 3) + integer(2, 6) + field(5, "\1\2\3") + field(8, "w"));
  const Bytes external =
      field(5, integer(1, 2) + integer(2, 7) + field(8, "e") +
                   field(13, field(1, "location") + field(2, "w.bin")) + integer(14, 1));
  const Bytes body = node("Relu", {"h"}, "t") + field(12, field(1, "t"));
  const Bytes branch = field(5, field(1, "then_branch") + field(6, body) + "\xA0\1\5");
  const Bytes scope =
      field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, "['', 'a.b', 'c']"));
  const Bytes reference = field(5, field(1, "axis") + "\xAA\1\1p");
  const Bytes graph =
      node("Relu", {"x"}, "h", scope) + node("If", {"x"}, "i", branch) +
      node("Conv", {"h", "w", ""}, "v", field(5, field(1, "pads") + "\x40\1\x40\2\x42\2\1\1")) +
      node("F", {"v"}, "y", field(7, "f") + field(5, field(1, "p") + integer(3, 1))) +
      field(2, "g") + tensor + typed + external + field(11, field(1, "x") + type) +
      field(12, field(1, "y") + type) + field(13, field(1, "h") + type);
  const Bytes inner = field(7, field(1, "a") + field(2, "r") + field(4, "Any") + reference);
  const Bytes function = "\xCA\1" + field(0, field(1, "F") + field(4, "a") + field(5, "r") + inner +
                                                 field(9, integer(2, 18)) + field(10, "f"))
                                        .substr(1);
  return integer(1, 10) + field(7, graph) + field(8, integer(2, 20)) + function;
}

void damage(Bytes& bytes, const Bytes& other, Random& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const std::size_t times = 1 + below(4);
  for (std::size_t i = 0; i < times && !bytes.empty(); ++i) {
    const std::size_t at = below(bytes.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(bytes.size() - at, 64));
    switch (random() % 24) {
      default:  // lengths stay what they are
        bytes[at] = static_cast<char>(random() % 64);
        break;
      case 0: bytes[at] = static_cast<char>(random()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes[at] = static_cast<char>(bytes[at] + (random() % 2 == 0 ? 1 : -1)); break;
      case 3: bytes.resize(at); break;
      case 4: bytes.erase(at, length); break;
      case 5: bytes.insert(at, bytes.substr(below(bytes.size()), length)); break;
      case 6:  // a large varint
        bytes.replace(at, std::min<std::size_t>(bytes.size() - at, 9), Bytes(9, '\xFF') + '\1');
        break;
      case 7: bytes.insert(at, other.substr(below(other.size()), length)); break;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long mutations = argc > 1 ? std::atol(argv[1]) : 20'000;
  const std::uint64_t first_seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::vector<Bytes> corpus;
  for (int i = 3; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) corpus.push_back(small_model());

  constexpr double kSlowSeconds = 2;
  long read = 0, refused = 0, failed = 0;
  for (long i = 0; i < mutations; ++i) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
    Random random(seed);
    Bytes bytes = corpus[random() % corpus.size()];
    if (i >= static_cast<long>(corpus.size())) {
      damage(bytes, corpus[random() % corpus.size()], random);
    }
    // A block of its own, of the exact size, so that a sanitizer sees the first byte read past the
    // end.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    const auto start = std::chrono::steady_clock::now();
    try {
      const Graph graph = shapewright::read_onnx(std::as_bytes(std::span(exact)), "fuzz.onnx");
      ++read;
      if (const char* const wrong = shapewright::inconsistency(graph)) {
        std::fprintf(stderr, "seed %ju: wrong %s\n", std::uintmax_t{seed}, wrong);
        ++failed;
      }
    } catch (const shapewright::Error& error) {
      ++refused;
      if (error.code.empty() || error.message.empty()) ++failed;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (seconds.count() > kSlowSeconds) {
      std::fprintf(stderr, "seed %ju: %.1f s\n", std::uintmax_t{seed}, seconds.count());
      ++failed;
    }
  }
  std::printf("%ld read, %ld refused, %ld failed\n", read, refused, failed);
  return failed == 0 ? 0 : 1;
}
