// Which nodes are run again in backward: those of the modules whose paths match a pattern.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace shapewright {

// By NodeId: the number of the segment it belongs to, kNone where it is kept. A segment is a run of
// nodes within one module, the outermost one that a pattern matches; `*` stands for one part of a
// path: "model.layers.*". "model.layers.*:4" makes one segment of four such modules in a row, with
// what the module around them does in between.
std::vector<std::uint32_t> find_segments(const Graph& g, const std::vector<std::string>& patterns);

// The outermost module of a path that a pattern matches, "" if none does.
std::string_view module_of(std::string_view path, const std::vector<std::string>& patterns);

// The patterns that match no module of the graph.
std::vector<std::string> unmatched_patterns(const Graph& g,
                                            const std::vector<std::string>& patterns);

}  // namespace shapewright
