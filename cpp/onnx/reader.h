// ONNX files: the protobuf wire format walked over a memory map. Weights are skipped, so a file of
// any size costs what its graph costs; external data need not be there. Small constants are kept
// for the rules that ask.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "graph/graph.h"

namespace shapewright {

// Throws Error{kFormat} with facts "path" and "byte offset" if the bytes are not a ModelProto,
// Error{kModel} if the file cannot be opened, Error{kLimit} past a structural limit. Faults inside
// the graph go to Graph::faults.
Graph read_onnx_file(const std::string& path);
// `name` stands for the path in messages; `directory` is where external data of small constants may
// be ("" = nowhere).
Graph read_onnx(std::span<const std::byte> bytes, const std::string& name,
                const std::string& directory = {});

}  // namespace shapewright
