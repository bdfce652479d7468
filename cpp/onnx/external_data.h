// Data kept beside the model file. Only small constants are ever read, and only from inside one
// directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace shapewright::onnx {

// What a TensorProto says of its external data.
struct ExternalLocation {
  std::string_view path;
  std::int64_t offset = 0;  // negative if it is no number
};

class ExternalData {
 public:
  explicit ExternalData(std::string directory) : directory_(std::move(directory)) {}

  // `length` bytes, or nothing if the location is absolute, leaves the directory, is no regular
  // file or is too short.
  std::optional<std::vector<std::byte>> read(const ExternalLocation& location, std::size_t length);

 private:
  const std::string& resolve(std::string_view path);

  std::string directory_;
  // Location -> real path, "" if it may not be read. Entries of a map stay where they are.
  std::unordered_map<std::string, std::string> resolved_;
  const std::pair<const std::string, std::string>* last_ = nullptr;
};

}  // namespace shapewright::onnx
