// The reader under libFuzzer: whatever the bytes, a consistent graph or an Error that has a code.
// tools/fuzz_reader.sh builds and runs it.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "../cpp/graph_check.h"
#include "base/error.h"
#include "onnx/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const shapewright::Graph graph =
        shapewright::read_onnx(std::as_bytes(std::span(data, size)), "fuzz.onnx");
    if (const char* const wrong = shapewright::inconsistency(graph)) {
      std::fprintf(stderr, "wrong %s\n", wrong);
      std::abort();
    }
  } catch (const shapewright::Error& error) {
    if (error.code.empty() || error.message.empty()) std::abort();
  }
  return 0;
}
