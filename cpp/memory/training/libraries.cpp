#include "memory/training/libraries.h"

#include <algorithm>
#include <array>

namespace shapewright {

namespace {

// Names without overload, sorted.
constexpr std::array<std::string_view, 12> kProducts = {"addbmm",   "addmm",  "addmv", "baddbmm",
                                                        "bilinear", "bmm",    "dot",   "einsum",
                                                        "linear",   "matmul", "mm",    "mv"};
constexpr std::array<std::string_view, 8> kConvolutions = {
    "_convolution",     "conv1d",           "conv2d",           "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution"};

const Attr* find_attr(const Graph& g, const Node& node, std::string_view name) {
  for (const Attr& attr : g.attrs(node))
    if (attr.name == name) return &attr;
  return nullptr;
}

bool has_stride(const Graph& g, const Node& node) {
  const Attr* attr = find_attr(g, node, "stride");
  return attr != nullptr &&
         (attr->i > 1 || std::ranges::any_of(attr->ints, [](std::int64_t s) { return s > 1; }));
}

// PyTorch's own kernels run those whose groups have one channel.
bool is_depthwise(const Analysis& a, const Node& node, ValueId w) {
  const Attr* groups = find_attr(*a.graph, node, "groups");
  const Shape& shape = a.type(w).shape;
  return groups != nullptr && groups->i > 1 && shape.has_rank() && shape.rank() > 1 &&
         known(shape[1]) == 1;
}

std::int64_t winograd_kernel(const Analysis& a, const Node& node, ValueId w) {
  const Shape& shape = a.type(w).shape;
  if (!shape.has_rank() || shape.rank() != 4 || has_stride(*a.graph, node)) return 0;
  const auto height = known(shape[2]), width = known(shape[3]);
  return height && height == width && (*height == 3 || *height == 5) ? *height : 0;
}

}  // namespace

LibraryUses find_library_uses(const Analysis& a, const Buffers& buffers) {
  const Graph& g = *a.graph;
  LibraryUses out;
  out.of_node.assign(g.nodes.size(), Library::kNone);
  out.convolution.assign(g.nodes.size(), kNone);
  for (const NodeId n : g.blocks[0].nodes) {
    const Node& node = g.nodes[n];
    const OpName& op = g.op_names[node.op];
    if (op.domain != "aten") continue;
    const std::string_view name = op.name.substr(0, op.name.find('.'));
    if (std::ranges::binary_search(kProducts, name)) out.of_node[n] = Library::kCublas;
    if (!std::ranges::binary_search(kConvolutions, name)) continue;
    const auto inputs = g.inputs(node), outputs = g.outputs(node);
    if (inputs.size() < 2 || outputs.empty()) continue;
    const ValueId x = inputs[0], w = inputs[1], y = outputs[0];
    if (x == kNone || w == kNone || y == kNone || is_depthwise(a, node, w)) continue;
    out.of_node[n] = Library::kCudnn;
    out.convolution[n] = static_cast<std::uint32_t>(out.convolutions.size());
    out.convolutions.push_back({buffers.of_value[x], buffers.of_value[w], buffers.of_value[y],
                                winograd_kernel(a, node, w)});
  }
  return out;
}

std::int64_t most_workspace_bytes(const Convolution& c, std::span<const std::int64_t> bytes) {
  const auto of = [&](BufferId b) { return b == kNone ? 0 : bytes[b]; };
  const std::int64_t images = of(c.x) + of(c.y), weight = of(c.w);
  const std::int64_t turned = images + weight;
  if (c.winograd_kernel == 0) return turned;
  const std::int64_t tile = (c.winograd_kernel + 3) * (c.winograd_kernel + 3);
  const std::int64_t kernel = c.winograd_kernel * c.winograd_kernel;
  return std::max(turned, images / 16 * tile + weight / kernel * tile);
}

}  // namespace shapewright
