#include "onnx/external_data.h"

#include <fstream>

#include "onnx/paths.h"

namespace shapewright::onnx {
namespace {

// The real path of `location` within `directory`; "" if it is not surely a regular file inside.
std::string inside(const std::string& directory, std::string_view location) {
  if (location.empty() || location.find('\0') != std::string_view::npos || leads_out(location)) {
    return {};
  }
  const std::string root = real_path(directory);
  const std::string file = real_path(directory + "/" + std::string(location));
  if (root.empty() || !file.starts_with(root)) return {};
  const bool below = root.back() == '/' || file.find_first_of("/\\", root.size()) == root.size();
  return below && is_regular_file(file) ? file : std::string();
}

}  // namespace

// Most models name one file, so the last answer is kept at hand.
const std::string& ExternalData::resolve(std::string_view path) {
  if (last_ == nullptr || last_->first != path) {
    const auto [entry, added] = resolved_.try_emplace(std::string(path));
    if (added) entry->second = inside(directory_, path);
    last_ = &*entry;
  }
  return last_->second;
}

std::optional<std::vector<std::byte>> ExternalData::read(const ExternalLocation& location,
                                                         std::size_t length) {
  if (directory_.empty() || location.offset < 0) return std::nullopt;
  const std::string& path = resolve(location.path);
  if (path.empty()) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(length);
  if (!file.seekg(location.offset) ||
      !file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(length))) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace shapewright::onnx
