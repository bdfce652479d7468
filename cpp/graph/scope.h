// The module of a network that a node stands in, from what PyTorch's exporter writes beside it.
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace shapewright {

// The part of Node::scope_text that names the module, "" if it names none.
std::string_view module_of(std::string_view scope_text);
// The same as a valid text: "bert.encoder.layer.0".
std::string scope_of(const Node& node);

}  // namespace shapewright
