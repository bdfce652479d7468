// The bytes of a file: a copy if it is small, a memory map if it is large, so that weights are
// never read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace shapewright::onnx {

class FileBytes {
 public:
  explicit FileBytes(const std::string& path);  // throws Error{kModel, "file-unreadable"}
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::string_view text() const { return {data_, size_}; }
  const std::shared_ptr<char[]>& copy() const { return copy_; }  // nullptr for a map

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  std::shared_ptr<char[]> copy_;
  bool mapped_ = false;
};

}  // namespace shapewright::onnx
