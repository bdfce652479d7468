// The bytes of a file: a copy if it is small, a memory map if it is large, so that weights are
// never read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace shapewright::onnx {

class FileBytes {
 public:
  explicit FileBytes(const std::string& path);  // throws Error{kModel, "file-unreadable"}
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<std::byte[]> copy_;
  bool mapped_ = false;
};

}  // namespace shapewright::onnx
