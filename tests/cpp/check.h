// CHECK and CHECK_EQ count; `report()` prints "N passed, M failed" alone on a line and is the exit
// status.
#pragma once

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

namespace check {

inline int passed = 0;
inline int failed = 0;

inline void count(bool ok, const char* file, int line, const std::string& what) {
  ++(ok ? passed : failed);
  if (!ok) std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

template <class T>
std::string show(const T& value) {
  if constexpr (requires(std::ostream& out) { out << value; }) {
    std::ostringstream out;
    out << value;
    return out.str();
  } else if constexpr (requires { to_string(value); }) {
    return to_string(value);
  } else {
    return "?";
  }
}

template <class A, class B>
void equal(const A& a, const B& b, const char* file, int line, const char* text) {
  const bool ok = a == b;
  count(ok, file, line, ok ? "" : std::string(text) + ": " + show(a) + " != " + show(b));
}

inline int report() {
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace check

#define CHECK(condition) check::count(static_cast<bool>(condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(a, b) check::equal((a), (b), __FILE__, __LINE__, #a " == " #b)
// The expression throws `type`; the statement block after it sees the exception as `error`.
#define CHECK_THROWS(expression, type, condition)                                        \
  do {                                                                                   \
    bool thrown = false;                                                                 \
    try {                                                                                \
      (void)(expression);                                                                \
    } catch (const type& error) {                                                        \
      thrown = true;                                                                     \
      check::count(static_cast<bool>(condition), __FILE__, __LINE__, #condition);        \
    }                                                                                    \
    if (!thrown) check::count(false, __FILE__, __LINE__, #expression " does not throw"); \
  } while (false)
