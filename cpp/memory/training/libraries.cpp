#include "memory/training/libraries.h"

#include <algorithm>
#include <array>
#include <cmath>

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

// Of "stride" or "dilation": whether it leaves points out.
bool is_spread(const Graph& g, const Node& node, std::string_view name) {
  const Attr* attr = find_attr(g, node, name);
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
  if (!shape.has_rank() || shape.rank() != 4 || is_spread(*a.graph, node, "stride")) return 0;
  const auto height = known(shape[2]), width = known(shape[3]);
  return height && height == width && (*height == 3 || *height == 5) ? *height : 0;
}

constexpr std::int64_t kTile = 32, kTransformedBytes = kTile * (kTile / 2 + 1) * 8;

bool has_fft(const Analysis& a, const Node& node, ValueId w) {
  const Shape& shape = a.type(w).shape;
  if (!shape.has_rank() || shape.rank() != 4) return false;
  if (is_spread(*a.graph, node, "stride") || is_spread(*a.graph, node, "dilation")) return false;
  const auto height = known(shape[2]), width = known(shape[3]);
  return height && width && std::max(*height, *width) > 1 && std::max(*height, *width) <= kTile;
}

double transforms_bytes(const Operand& x, const Operand& w, const Operand& y) {
  if (x.shape.size() != 4 || w.shape.size() != 4 || y.shape.size() != 4) return 0;
  double tiles = 1;
  for (const std::size_t axis : {std::size_t{2}, std::size_t{3}}) {
    const auto length = static_cast<double>(std::max(x.shape[axis], y.shape[axis]));
    tiles *= std::ceil(length / static_cast<double>(kTile - w.shape[axis] + 1));
  }
  const auto planes = [](const Operand& o) {
    return static_cast<double>(o.shape[0]) * static_cast<double>(o.shape[1]);
  };
  return kTransformedBytes * (tiles * (planes(x) + planes(y)) + planes(w));
}

}  // namespace

LibraryUses find_library_uses(const Analysis& a) {
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
    out.convolutions.push_back({x, w, y, winograd_kernel(a, node, w), has_fft(a, node, w)});
  }
  return out;
}

std::int64_t most_workspace_bytes(const Convolution& c, const Operand& x, const Operand& w,
                                  const Operand& y) {
  const std::int64_t images = x.bytes + y.bytes;
  std::int64_t most = images + w.bytes;  // turned
  if (c.winograd_kernel > 0) {
    const std::int64_t tile = (c.winograd_kernel + 3) * (c.winograd_kernel + 3);
    const std::int64_t kernel = c.winograd_kernel * c.winograd_kernel;
    most = std::max(most, images / 16 * tile + w.bytes / kernel * tile);
  }
  if (!c.has_fft) return most;
  const double transforms = std::min(transforms_bytes(x, w, y), 0x1p56);
  return std::max(most, static_cast<std::int64_t>(transforms));
}

}  // namespace shapewright
