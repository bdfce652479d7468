#include "onnx/external_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace shapewright::onnx {
namespace {

namespace fs = std::filesystem;

// The real path of `location` within `directory`; "" if it is not surely a regular file inside.
std::string inside(const std::string& directory, std::string_view location) {
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string_view::npos) return {};
  if (relative.has_root_path() || std::ranges::find(relative, fs::path("..")) != relative.end()) {
    return {};
  }
  std::error_code error;
  if (!fs::exists(fs::path(directory) / relative, error)) return {};
  const fs::path root = fs::canonical(directory, error);
  if (error) return {};
  const fs::path file = fs::canonical(root / relative, error);
  if (error || !fs::is_regular_file(file, error)) return {};
  const auto [at_root, at_file] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
  return at_root == root.end() ? file.string() : std::string();
}

}  // namespace

const std::string& ExternalData::resolve(std::string_view path) {
  const auto [entry, added] = resolved_.try_emplace(std::string(path));
  if (added) entry->second = inside(directory_, path);
  return entry->second;
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
