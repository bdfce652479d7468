#include "graph/scope.h"

#include "graph/utf8.h"

namespace shapewright {
namespace {

constexpr std::string_view kQuotes = "'\"";

// Removes the last entry of a Python list of strings, "['', 'bert', 'view_1']", and returns it.
std::string_view pop_entry(std::string_view& list) {
  const std::size_t close = list.find_last_of(kQuotes);
  const std::size_t open = close == 0 || close == std::string_view::npos
                               ? std::string_view::npos
                               : list.rfind(list[close], close - 1);
  if (open == std::string_view::npos) return list = {};
  const std::string_view entry = list.substr(open + 1, close - open - 1);
  list = list.substr(0, open);
  return entry;
}

// The last entry is the operation itself, the one before it the module it stands in.
std::string_view module_of_list(std::string_view list) {
  pop_entry(list);
  const std::string_view module = pop_entry(list);
  return module.starts_with("_empty_nn_module_stack") ? std::string_view() : module;
}

// The same from ": Model/bert: BertModel/view_1: aten.view": "/" between entries, "name: class"
// each.
std::string_view module_of_namespace(std::string_view text) {
  const std::size_t last = text.rfind('/');
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last);
  const std::size_t before = text.rfind('/');
  if (before != std::string_view::npos) text = text.substr(before + 1);
  return text.substr(0, text.find(": "));
}

}  // namespace

std::string_view module_of(std::string_view scope_text) {
  if (scope_text.starts_with('[')) return module_of_list(scope_text);
  // A bare path, as the importers write it: "layer3.4.bn2".
  if (scope_text.find_first_of("/:") == std::string_view::npos) return scope_text;
  return module_of_namespace(scope_text);
}

std::string scope_of(const Node& node) { return valid_utf8(module_of(node.scope_text)); }

}  // namespace shapewright
