#include "onnx/paths.h"

#ifdef _WIN32
#include <algorithm>
#include <filesystem>
#else
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#endif

namespace shapewright::onnx {

#ifdef _WIN32

namespace fs = std::filesystem;

namespace {
constexpr std::string_view kSeparators = "/\\";
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(fs::u8path(path), error);
  return error ? std::string() : real.string();
}

bool is_regular_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(fs::u8path(path), error);
}

std::vector<std::string> file_names(const std::string& directory, int most) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(fs::u8path(directory), error);
  for (int i = 0; !error && entry != fs::directory_iterator() && i < most; ++i) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  return names;
}

bool leads_out(std::string_view location) {
  const fs::path relative(location);
  return relative.has_root_path() || std::ranges::find(relative, fs::path("..")) != relative.end();
}

#else

namespace {
constexpr std::string_view kSeparators = "/";
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? std::string(real.get()) : std::string();
}

bool is_regular_file(const std::string& path) {
  // Not to wait for the other end of a pipe.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  struct stat status = {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  ::close(descriptor);
  return regular;
}

std::vector<std::string> file_names(const std::string& directory, int most) {
  std::vector<std::string> names;
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return names;
  for (const dirent* entry; most > 0 && (entry = ::readdir(stream)) != nullptr; --most) {
    names.emplace_back(entry->d_name);
  }
  ::closedir(stream);
  return names;
}

bool leads_out(std::string_view location) {
  if (location.starts_with('/')) return true;
  while (!location.empty()) {
    const std::string_view part = location.substr(0, location.find('/'));
    if (part == "..") return true;
    location.remove_prefix(std::min(location.size(), part.size() + 1));
  }
  return false;
}

#endif

std::string directory_of(const std::string& path) {
  return path.substr(0, path.find_last_of(kSeparators) + 1);
}

std::string file_name_of(const std::string& path) {
  return path.substr(path.find_last_of(kSeparators) + 1);
}

}  // namespace shapewright::onnx
