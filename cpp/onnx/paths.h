// What is asked of the file system. On POSIX without std::filesystem, whose
// symbols an older libstdc++ does not have (bindings/old_runtime.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shapewright::onnx {

std::string directory_of(const std::string& path);  // with its separator; "" if it has none
std::string file_name_of(const std::string& path);  // what follows the directory
std::string real_path(const std::string& path);     // absolute, links resolved; "" if not there
bool is_regular_file(const std::string& path);
// Names of the entries of a directory in no order, at most `most`; none if it
// cannot be read.
std::vector<std::string> file_names(const std::string& directory, int most);
// Whether `location` could lead out of the directory it is relative to: rooted,
// or with a "..".
bool leads_out(std::string_view location);

}  // namespace shapewright::onnx
