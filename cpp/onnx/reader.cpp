#include "onnx/reader.h"

#include "onnx/file_bytes.h"
#include "onnx/model.h"
#include "onnx/paths.h"

namespace shapewright {
namespace {

[[noreturn]] void not_onnx(const std::string& name, const std::string& what) {
  const std::string subject = onnx::Source{nullptr, nullptr, name, false}.text();
  throw Error(ErrorKind::kFormat, "not-onnx", subject + " is no ONNX model: it is " + what,
              {{"path", name}, {"byte offset", "0"}});
}

// Whether the first byte can be the tag of a field of ModelProto, all of whose tags are one byte or
// start with 0xA2 (training_info), 0xCA (functions) or 0xD2 (configuration).
bool starts_like_a_model(char first) {
  return std::string_view("\x08\x12\x1A\x22\x28\x32\x3A\x42\x72\xA2\xCA\xD2").find(first) !=
         std::string_view::npos;
}

Graph read(std::string_view text, bool stays, const std::string& name,
           const std::string& directory) {
  if (text.empty()) not_onnx(name, "empty");
  try {
    return onnx::Reader({text.data(), text.data() + text.size(), name, stays}, directory).read();
  } catch (Error& e) {
    if (e.kind != ErrorKind::kFormat || e.code == "function-cycle") throw;
    const std::string what = onnx::looks_like(text);
    if (!what.empty()) not_onnx(name, what);
    if (!starts_like_a_model(text.front())) not_onnx(name, "some other binary file");
    throw;
  }
}

}  // namespace

Graph read_onnx(std::span<const std::byte> bytes, const std::string& name,
                const std::string& directory) {
  const auto* const begin = reinterpret_cast<const char*>(bytes.data());
  return read({begin, bytes.size()}, false, name, directory);
}

Graph read_onnx_file(const std::string& path) {
  const onnx::FileBytes file(path);
  const std::string directory = onnx::directory_of(path);
  // A small file is kept whole: its names are not copied a second time.
  const bool stays = file.copy() != nullptr;
  Graph graph = read(file.text(), stays, path, directory.empty() ? "." : directory);
  if (stays) graph.own_texts(file.copy());
  return graph;
}

}  // namespace shapewright
