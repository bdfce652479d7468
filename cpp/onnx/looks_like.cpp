#include <algorithm>
#include <array>

#include "onnx/model.h"

namespace shapewright::onnx {
namespace {

struct Signature {
  std::size_t at;
  std::string_view bytes, what;
};

using std::string_view_literals::operator""sv;

constexpr std::array kSignatures = std::to_array<Signature>({
    {0, "PK\x03\x04"sv, "a zip archive (a .pt2, .pt, .keras or .npz file?)"},
    {0, "\x89HDF"sv, "an HDF5 file (a Keras .h5 file?)"},
    {0, "\x1F\x8B"sv, "a gzip archive; unpack it first"},
    {0,
     "\xFD"
     "7zXZ"sv,
     "an xz archive; unpack it first"},
    {0, "\x28\xB5\x2F\xFD"sv, "a zstd archive; unpack it first"},
    {0, "BZh"sv, "a bzip2 archive; unpack it first"},
    {257, "ustar"sv, "a tar archive; unpack it first"},
    {0, "\x93NUMPY"sv, "a NumPy array"},
    {4, "TFL3"sv, "a TensorFlow Lite model"},
    {4, "ORTM"sv, "an ONNX Runtime .ort model; convert from the .onnx file it was made of"},
    {0, "GGUF"sv, "a GGUF model"},
    {0, "\x80\x02"sv, "a Python pickle (an old .pt file?)"},
    {0, "\x80\x04"sv, "a Python pickle"},
    {0,
     "\x7F"
     "ELF"sv,
     "an ELF program or library"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer; run `git lfs pull` to get the file"},
    {0, "<!DOCTYPE"sv, "a web page"},
    {0, "<html"sv, "a web page"},
});

}  // namespace

std::string looks_like(std::string_view bytes) {
  if (bytes.empty()) return "empty";
  for (const Signature& s : kSignatures) {
    if (bytes.size() >= s.at && bytes.substr(s.at).starts_with(s.bytes)) return std::string(s.what);
  }
  // safetensors: the length of a JSON text, then the text.
  if (bytes.size() > 9 && bytes[8] == '{' && bytes.substr(4, 4) == "\0\0\0\0"sv) {
    return "a safetensors file: weights without a graph";
  }
  std::string_view head = bytes.substr(0, 1024);
  if (head.find_first_not_of('\0') == std::string_view::npos) return "a file of zeros";
  // What is cut off after 1024 bytes may be half a character.
  while (!head.empty() && static_cast<unsigned char>(head.back()) >= 0x80) head.remove_suffix(1);
  const bool text =
      !head.empty() && valid_utf8(head) == head && std::ranges::all_of(head, [](char c) {
        return c == '\n' || c == '\r' || c == '\t' || static_cast<unsigned char>(c) >= 0x20;
      });
  return text ? "a text file" : "";
}

}  // namespace shapewright::onnx
