// Median time to read each ONNX file given, warm: open, read, parse, close; the Graph is destroyed
// outside the clock.
//
//   bench_onnx_reader examples/*.onnx
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

#include "onnx/reader.h"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRuns = 501;
  std::printf("%-40s %9s %7s %10s %10s %9s\n", "file", "bytes", "nodes", "median us", "best us",
              "ns/node");
  for (int i = 1; i < argc; ++i) {
    std::vector<double> times_us;
    std::size_t nodes = 0;
    for (int run = 0; run < kRuns; ++run) {
      const Clock::time_point start = Clock::now();
      const std::optional<shapewright::Graph> graph = shapewright::read_onnx_file(argv[i]);
      times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      nodes = graph->nodes.size();
    }
    std::ranges::sort(times_us);
    const double median_us = times_us[kRuns / 2];
    const std::filesystem::path path(argv[i]);
    std::printf("%-40s %9ju %7zu %10.1f %10.1f %9.1f\n", path.filename().string().c_str(),
                static_cast<std::uintmax_t>(std::filesystem::file_size(path)), nodes, median_us,
                times_us[0],
                1000 * median_us / static_cast<double>(std::max<std::size_t>(nodes, 1)));
  }
}
