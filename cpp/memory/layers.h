// One row a node: what it makes, what it reads of the parameters, how much it computes. Callers
// group the rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memory/model.h"
#include "memory/peak.h"

namespace shapewright {

struct LayerRow {
  NodeId node = kNone;
  Dim params;                // bytes of the parameters that no earlier row reads
  std::optional<Dim> flops;  // nullopt if the operator only moves bytes or is not counted
};

// Rows of the nodes of the main block but constants; what a body reads and computes counts to its
// node. One turn of a Loop or Scan is counted, and every branch of an If.
struct LayerTable {
  std::vector<LayerRow> rows;
  std::vector<std::uint32_t> row_of;  // by NodeId: the row it counts to; kNone for constants
  std::vector<Tape::Slot> flops_slots, params_slots;  // by row
  Tape tape;  // of flops and params, so that their overflow stays out of the sizes
  // By symbol of `tape`: index in Program::symbols, kNone if it is not there.
  std::vector<std::uint32_t> symbols;
  std::vector<Bounds> symbol_bounds;  // by symbol of `tape`
};

LayerTable make_layers(const Memory& memory);  // uses the arena of the analysis

struct BoundLayer {
  std::string path;  // the module the exporter left, else the node's name
  std::string op;
  std::string kernel;       // that PyTorch chooses for the operator; "" where there is one only
  std::string output;       // type of the first output: "f32[8, 64, 56, 56]"; "" if it has none
  std::int64_t params = 0;  // bytes
  std::int64_t saved = 0;   // bytes that its backward is the first to ask for
  std::optional<std::int64_t> flops;  // nullopt also where they depend on the data or pass int64
  std::int64_t peak_bytes = 0;        // of what this node made and is alive at the peak
};
// By row of `table`.
std::vector<BoundLayer> bind_layers(const LayerTable& table, const BoundMemory& bound);

}  // namespace shapewright
