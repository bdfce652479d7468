// Values to buffers: which values share storage, and how many bytes each storage takes.
//
// An operator's `alias` makes its first output a view of an input; the view lives in the input's
// buffer and keeps all of it alive. Every other value has a buffer of its own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "infer/analysis.h"

namespace shapewright {

using BufferId = std::uint32_t;

enum class BufferKind : std::uint8_t {
  kParam,   // an initializer or the output of a Constant node: alive throughout
  kInput,   // of the model: the caller holds it throughout
  kResult,  // made by a node, or given to a body by the node that runs it
};
std::string_view name_of(BufferKind kind);  // "parameter", "input", "result"

struct Buffer {
  ValueId value = kNone;  // the value it was made for; views of it have the same buffer
  BufferKind kind = BufferKind::kResult;
  BlockId block = 0;     // where it is made
  bool is_known = true;  // false: nothing is known of its size, and `bytes` is 0
  Dim bytes;
};

struct Buffers {
  std::vector<Buffer> all;
  std::vector<BufferId> of_value;  // by ValueId
  std::vector<std::uint8_t>
      is_run;                   // by BlockId: 0 for a branch that a constant condition rules out
  std::size_t num_unknown = 0;  // of buffers that are ever alive

  const Buffer& operator[](BufferId b) const { return all[b]; }
  std::size_t size() const { return all.size(); }
};

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
