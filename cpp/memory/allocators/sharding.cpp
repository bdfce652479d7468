#include "memory/allocators/sharding.h"

#include <functional>
#include <map>
#include <string_view>

#include "graph/scope.h"
#include "memory/training/checkpoints.h"

namespace shapewright {

Units find_units(const Memory& memory, const Sharding& sharding) {
  const Graph& g = memory.graph();
  Units out;
  std::map<std::string, std::uint32_t, std::less<>> number;
  out.of_node.assign(g.nodes.size(), 0);
  for (const NodeId n : g.blocks[0].nodes) {
    const std::string path = scope_of(g.nodes[n]);
    const std::string_view module = module_of(path, sharding.units);
    if (module.empty()) continue;
    const auto next = static_cast<std::uint32_t>(number.size() + 1);
    out.of_node[n] = number.try_emplace(std::string(module), next).first->second;
  }
  out.parameters.resize(number.size() + 1);
  out.of_buffer.assign(memory.buffers.size(), 0);
  for (BufferId b = 0; b < memory.buffers.size(); ++b) {
    const Buffer& buffer = memory.buffers[b];
    const bool is_param = buffer.kind == BufferKind::kParam;
    if ((!is_param && buffer.kind != BufferKind::kGradient) || buffer.value == kNone) continue;
    const Value& value = g.values[buffer.value];
    const auto found = number.find(module_of(value.name, sharding.units));
    out.of_buffer[b] = found == number.end() ? 0 : found->second;
    if (is_param && !value.is_buffer) out.parameters[out.of_buffer[b]].push_back(b);
  }
  return out;
}

}  // namespace shapewright
