// Damaged ONNX files: whatever the bytes, an answer or a typed Error, in bounded time.
//
//   fuzz_models [COUNT [SEED [ARTIFACTS [FILE...]]]]
//
// File i is made from one of FILE (without any, from a small model built here) by the seed SEED +
// i: half of them by damage to fields, half by damage to bytes. With "each" for COUNT, every FILE
// as it is. The last line tells what came of them. One that fails is written to the folder
// ARTIFACTS ("" for none) under its seed.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "damage.h"
#include "small_model.h"
#include "whole_answer.h"
#include "wire_tree.h"
#if defined(__unix__)
#include <sys/time.h>
#endif

namespace {

using namespace shapewright::fuzz;

constexpr double kSlowSeconds = 2;

struct Current {
  std::uint64_t seed = 0;
  std::vector<char> bytes;
  std::string artifacts;
} current;

void keep(const char* why) {
  std::fprintf(stderr, "seed %ju: %s\n", std::uintmax_t{current.seed}, why);
  if (current.artifacts.empty()) return;
  const std::string path = current.artifacts + "/" + std::to_string(current.seed) + ".onnx";
  if (std::FILE* const file = std::fopen(path.c_str(), "wb")) {
    std::fwrite(current.bytes.data(), 1, current.bytes.size(), file);
    std::fclose(file);
  }
}

// Of a sanitizer's abort or a timer; what little is done here works in practice.
void end(int signal) {
  keep(signal == SIGABRT ? "aborted" : "does not end");
  std::_Exit(1);
}

// Processor time after which a file is given up.
void limit_time([[maybe_unused]] int seconds) {
#if defined(__unix__)
  const itimerval at{{0, 0}, {seconds, 0}};
  setitimer(ITIMER_VIRTUAL, &at, nullptr);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_damaged = argc < 2 || std::string(argv[1]) != "each";
  const std::uint64_t first_seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  if (argc > 3) current.artifacts = argv[3];
  std::vector<std::string> corpus;
  for (int i = 4; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (corpus.empty()) corpus.push_back(small_model());
  const long count = !is_damaged ? static_cast<long>(corpus.size())
                     : argc > 1  ? std::atol(argv[1])
                                 : 5'000;
  std::signal(SIGABRT, end);
#if defined(__unix__)
  std::signal(SIGVTALRM, end);
#endif

  long clean = 0, found = 0, refused = 0, failed = 0;
  double slowest = 0;
  for (long i = 0; i < count; ++i) {
    current.seed = first_seed + static_cast<std::uint64_t>(i);
    Random random(current.seed);
    std::string model = corpus[is_damaged ? random() % corpus.size() : static_cast<std::size_t>(i)];
    const std::string& other = corpus[random() % corpus.size()];
    if (is_damaged && random() % 2 == 0)
      damage_fields(model, other, random);
    else if (is_damaged)
      damage(model, other, random);
    // A block of its own, of the exact size, so that a sanitizer sees the first byte read past the
    // end.
    current.bytes.assign(model.begin(), model.end());
    current.bytes.shrink_to_fit();
    limit_time(30);
    const std::clock_t start = std::clock();
    const Answer answer = whole_answer(std::as_bytes(std::span(current.bytes)), random());
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    slowest = std::max(slowest, seconds);
    ++(answer.refused ? refused : answer.findings > 0 ? found : clean);
    if (answer.wrong.empty() && seconds <= kSlowSeconds) continue;
    ++failed;
    keep(answer.wrong.empty() ? (std::to_string(seconds) + " s").c_str() : answer.wrong.c_str());
  }
  std::printf("%ld clean, %ld with findings, %ld refused, %ld failed, slowest %.2f s\n", clean,
              found, refused, failed, slowest);
  return failed == 0 ? 0 : 1;
}
