#include "memory/allocators/sharding.h"

#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

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

std::size_t count_units(const Graph& g, const std::vector<std::string>& patterns) {
  std::set<std::string, std::less<>> names;
  for (const NodeId n : g.blocks[0].nodes) {
    const std::string path = scope_of(g.nodes[n]);
    if (const std::string_view module = module_of(path, patterns); !module.empty())
      names.emplace(module);
  }
  return names.size();
}

std::vector<std::vector<BufferId>> find_buckets(const Memory& memory) {
  constexpr std::int64_t kFirstBytes = 1 << 20, kBytes = 25 << 20;
  std::vector<std::vector<BufferId>> out;
  std::int64_t open = 0;
  std::vector<std::uint8_t> is_seen(memory.graph().values.size(), 0);
  for (const Event& e : memory.timeline.events) {
    const Buffer& b = memory.buffers[e.buffer];
    const bool is_made = e.action == Action::kAlloc && e.phase == Phase::kBackward;
    if (!is_made || b.kind != BufferKind::kGradient || b.value == kNone) continue;
    if (std::exchange(is_seen[b.value], 1) != 0) continue;
    if (out.empty() || open >= (out.size() == 1 ? kFirstBytes : kBytes)) {
      out.emplace_back();
      open = 0;
    }
    out.back().push_back(e.buffer);
    open += known(b.bytes).value_or(kBytes);
  }
  return out;
}

}  // namespace shapewright
