// Values to buffers: which values share storage, and how many bytes each storage takes.
//
// An operator's `alias` makes its first output a view of an input; the view lives in the input's
// buffer and keeps all of it alive. Every other value has a buffer of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "eager/machine.h"
#include "infer/analysis.h"

namespace shapewright {

using BufferId = std::uint32_t;

enum class BufferKind : std::uint8_t {
  kParam,      // an initializer or the output of a Constant node: alive throughout
  kInput,      // of the model: the caller holds it throughout
  kResult,     // made by a node, or given to a body by the node that runs it
  kGradient,   // of a parameter: its .grad
  kOptimizer,  // what the optimizer keeps for a parameter
};
// "parameter", "input", "result", "gradient", "optimizer state"
std::string_view name_of(BufferKind kind);

struct Buffer {
  // The value it was made for; views of it have the same buffer. The parameter of a gradient or a
  // state; kNone for a temporary.
  ValueId value = kNone;
  BufferKind kind = BufferKind::kResult;
  BlockId block = 0;     // where it is made
  bool is_known = true;  // false: nothing is known of its size, and `bytes` is 0
  Dim bytes;
  // Of a model that is run eagerly: who made it, what it was kept for to its end, and by which
  // node.
  eager::Keeper keeper = eager::Keeper::kNobody;
  NodeId maker = kNone, last = kNone;
  NodeId saved_by = kNone;  // the node whose backward asked for it first; kNone: none did
  bool is_saved = false;
};

struct Buffers {
  std::vector<Buffer> all;
  std::vector<BufferId> of_value;  // by ValueId
  std::vector<std::uint8_t>
      is_run;                   // by BlockId: 0 for a branch that a constant condition rules out
  std::size_t num_unknown = 0;  // of buffers that are ever alive
  bool is_eager = false;        // from the run of an eager framework
  // Indices of Graph::op_names: operators whose memory is not modelled.
  std::vector<std::uint32_t> unmodelled;
  std::vector<eager::KernelChoice> kernels;  // of operators that have several

  const Buffer& operator[](BufferId b) const { return all[b]; }
  std::size_t size() const { return all.size(); }
};

// "conv1", "gradient of conv1.weight", "temporary of conv1".
std::string buffer_name(const Graph& g, const Buffer& b);

// In the arena of the analysis, which must be current.
Buffers make_buffers(const Analysis& a);

// Calls `visit(block)` for each body that a node runs: branches of If, bodies of Loop and Scan, in
// attribute order.
template <typename Visit>
void for_each_body(const Graph& g, const Buffers& buffers, NodeId n, Visit visit) {
  for (const Attr& attr : g.attrs(g.nodes[n]))
    for (const BlockId body : attr.blocks)
      if (buffers.is_run[body] != 0) visit(body);
}

}  // namespace shapewright
