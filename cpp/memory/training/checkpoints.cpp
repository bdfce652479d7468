#include "memory/training/checkpoints.h"

#include <algorithm>
#include <charconv>
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

// "model.layers.*:4" is the pattern "model.layers.*" in groups of 4.
struct Pattern {
  std::string_view path;
  std::int64_t group = 1;
};

Pattern read_pattern(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {text};
  Pattern out{text.substr(0, colon)};
  const auto [end, error] =
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), out.group);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && out.group > 0 ? out : Pattern{text};
}

struct Match {
  std::string_view module;  // the outermost of the path that a pattern matches, "" if none does
  std::int64_t group = 1;
};

Match match(std::string_view path, const std::vector<std::string>& patterns) {
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('.', end == 0 ? 0 : end + 1);
    const std::string_view module = path.substr(0, end);
    for (const std::string& text : patterns) {
      const Pattern p = read_pattern(text);
      if (matches(p.path, module)) return {module, p.group};
    }
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> find_segments(const Graph& g, const std::vector<std::string>& patterns) {
  std::vector<std::uint32_t> out(g.nodes.size(), kNone);
  if (patterns.empty()) return out;
  std::uint32_t count = 0;
  std::int64_t in_group = 0;
  std::string before;           // the module of the last node that has one
  std::vector<NodeId> between;  // nodes of a module around it, since then
  for (const NodeId n : g.blocks[0].nodes) {
    const std::string path = scope_of(g.nodes[n]);
    const Match found = match(path, patterns);
    if (found.module.empty()) {
      between.push_back(n);
      if (path.empty() || before.starts_with(path + ".")) continue;
      before.clear();
      continue;
    }
    if (found.module != before || !between.empty()) {
      const bool joins = !before.empty() && found.module != before && in_group < found.group;
      if (joins)
        for (const NodeId inner : between) out[inner] = count - 1;
      else
        ++count;
      in_group = joins ? in_group + 1 : 1;
    }
    out[n] = count - 1;
    before = found.module;
    between.clear();
  }
  return out;
}

std::string_view module_of(std::string_view path, const std::vector<std::string>& patterns) {
  return match(path, patterns).module;
}

std::vector<std::string> unmatched_patterns(const Graph& g,
                                            const std::vector<std::string>& patterns) {
  std::vector<std::string> out = patterns;
  for (const NodeId n : g.blocks[0].nodes) {
    if (out.empty()) break;
    const std::string path = scope_of(g.nodes[n]);
    std::erase_if(out, [&](const std::string& p) { return !module_of(path, {p}).empty(); });
  }
  return out;
}

}  // namespace shapewright
