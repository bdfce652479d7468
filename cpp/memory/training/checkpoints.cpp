#include "memory/training/checkpoints.h"

#include <algorithm>
#include <string_view>

#include "graph/scope.h"

namespace shapewright {

namespace {

// `*` matches any text without a dot.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*')
    return !text.empty() && text[0] == pattern[0] && matches(pattern.substr(1), text.substr(1));
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (matches(pattern.substr(1), text.substr(i))) return true;
    if (i < text.size() && text[i] == '.') return false;
  }
  return false;
}

// The outermost module of a path that a pattern matches, "" if none does.
std::string_view module_of(std::string_view path, const std::vector<std::string>& patterns) {
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('.', end == 0 ? 0 : end + 1);
    const std::string_view module = path.substr(0, end);
    if (std::ranges::any_of(patterns, [&](const std::string& p) { return matches(p, module); }))
      return module;
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> find_segments(const Graph& g, const std::vector<std::string>& patterns) {
  std::vector<std::uint32_t> out(g.nodes.size(), kNone);
  if (patterns.empty()) return out;
  std::uint32_t count = 0;
  std::string before;
  for (const NodeId n : g.blocks[0].nodes) {
    const std::string path = scope_of(g.nodes[n]);
    const std::string module(module_of(path, patterns));
    if (!module.empty()) {
      if (module != before) ++count;
      out[n] = count - 1;
    }
    before = module;
  }
  return out;
}

}  // namespace shapewright
