#include "onnx/file_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/kept_blocks.h"
#include "graph/graph.h"
#include "onnx/paths.h"

#ifdef _WIN32
#include <cstdio>
#include <filesystem>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace shapewright::onnx {
namespace {

// A stream has no size to go by; more than this is no model.
constexpr std::size_t kLargestStream = std::size_t{1} << 30;

// A file of the same directory whose name is nearly this one.
std::string nearest_file(const std::string& path) {
  constexpr int kMostFiles = 10'000;
  const std::string directory = directory_of(path);
  const std::vector<std::string> names =
      file_names(directory.empty() ? "." : directory, kMostFiles);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string nearest = nearest_word(file_name_of(path), candidates);
  return nearest.empty() ? nearest : directory + nearest;
}

[[noreturn]] void unreadable(const std::string& path, const std::string& why) {
  const std::string nearest = nearest_file(path);
  throw Error(ErrorKind::kModel, "file-unreadable", "Cannot read '" + path + "': " + why,
              {{"path", path}}, {}, nearest.empty() ? "" : "did you mean '" + nearest + "'?");
}

}  // namespace

#ifdef _WIN32

namespace fs = std::filesystem;

FileBytes::FileBytes(const std::string& path) {
  const fs::path file(std::u8string(path.begin(), path.end()));
  std::error_code error;
  if (fs::is_directory(file, error)) unreadable(path, "it is a directory");
  const auto size = fs::file_size(file, error);
  std::FILE* const stream = error ? nullptr : _wfopen(file.c_str(), L"rb");
  if (stream == nullptr) unreadable(path, error ? error.message() : std::strerror(errno));
  copy_ = kept_chars(static_cast<std::size_t>(size));
  size_ = std::fread(copy_.get(), 1, static_cast<std::size_t>(size), stream);
  std::fclose(stream);
  data_ = copy_.get();
}

FileBytes::~FileBytes() = default;

#else

namespace {

struct Descriptor {
  int number;
  ~Descriptor() { ::close(number); }
};

// Reads up to `capacity` bytes; fewer only at the end of the file.
std::size_t read_fully(const std::string& path, int descriptor, char* to, std::size_t capacity) {
  std::size_t size = 0;
  while (size < capacity) {
    const ssize_t n = ::read(descriptor, to + size, capacity - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) unreadable(path, std::strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  return size;
}

}  // namespace

FileBytes::FileBytes(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) unreadable(path, std::strerror(errno));
  const Descriptor descriptor{number};
  struct stat status = {};
  if (::fstat(number, &status) != 0) unreadable(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) unreadable(path, "it is a directory");

  // Below this a copy costs less than the page faults of a map.
  constexpr std::size_t kCopied = std::size_t{4} << 20;
  std::size_t capacity = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  if (capacity > kCopied) {
    void* const map = ::mmap(nullptr, capacity, PROT_READ, MAP_PRIVATE, number, 0);
    if (map != MAP_FAILED) {
      data_ = static_cast<const char*>(map);
      size_ = capacity;
      mapped_ = true;
      return;
    }
  }
  // What is no regular file tells no size, and files of /proc tell 0: grow until the end is met.
  const bool sized = capacity > 0;
  if (!sized) capacity = std::size_t{64} << 10;
  copy_ = kept_chars(capacity);
  size_ = read_fully(path, number, copy_.get(), capacity);
  while (!sized && size_ == capacity) {
    if (capacity >= kLargestStream) {
      throw Error(ErrorKind::kLimit, "file-too-large",
                  "'" + path + "' is a stream of more than 1 GiB", {{"path", path}});
    }
    std::shared_ptr<char[]> larger = kept_chars(2 * capacity);
    std::memcpy(larger.get(), copy_.get(), size_);
    copy_ = std::move(larger);
    size_ += read_fully(path, number, copy_.get() + size_, capacity);
    capacity *= 2;
  }
  data_ = copy_.get();
}

FileBytes::~FileBytes() {
  if (mapped_) ::munmap(const_cast<char*>(data_), size_);
}

#endif

}  // namespace shapewright::onnx
