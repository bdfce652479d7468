// Lexical facts that the parser and the printer share.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace shapewright::algebra {

constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }

enum class Function {
  kMax,
  kMin,
  kBroadcast,
  kFloor,
  kCeiling,
  kFloorDiv,
  kCeilDiv,
  kExactDiv,
  kMod
};

struct FunctionName {
  std::string_view name;
  Function function;
  std::size_t min_args, max_args;
};
inline constexpr std::size_t kAnyNumber = 1024;
// The first spelling of each is ours; the others are SymPy's and ONNX Runtime's.
inline constexpr FunctionName kFunctions[] = {
    {"max", Function::kMax, 1, kAnyNumber},
    {"Max", Function::kMax, 1, kAnyNumber},
    {"min", Function::kMin, 1, kAnyNumber},
    {"Min", Function::kMin, 1, kAnyNumber},
    {"broadcast", Function::kBroadcast, 1, kAnyNumber},
    {"floor", Function::kFloor, 1, 1},
    {"ceiling", Function::kCeiling, 1, 1},
    {"ceil", Function::kCeiling, 1, 1},
    {"floordiv", Function::kFloorDiv, 2, 2},
    {"FloorDiv", Function::kFloorDiv, 2, 2},
    {"ceildiv", Function::kCeilDiv, 2, 2},
    {"CeilDiv", Function::kCeilDiv, 2, 2},
    {"exactdiv", Function::kExactDiv, 2, 2},
    {"mod", Function::kMod, 2, 2},
    {"Mod", Function::kMod, 2, 2},
};

constexpr const FunctionName* find_function(std::string_view name) {
  for (const FunctionName& f : kFunctions) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

// Can stand unquoted for a symbol.
constexpr bool is_plain_name(std::string_view name) {
  if (name.empty() || !is_name_start(name[0]) || find_function(name) != nullptr) return false;
  for (const char c : name) {
    if (!is_name_char(c)) return false;
  }
  return true;
}

}  // namespace shapewright::algebra
