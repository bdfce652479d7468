// Which nodes of a graph call cuBLAS or cuDNN, and how much of the allocator those may take.
//
// cuBLAS keeps one workspace a handle, and a handle a thread: one for forward, one for backward.
// What cuDNN takes is freed after the call, and depends on the algorithm that it chooses: between
// nothing and what the largest one needs. Sizes of the algorithms, x and y being the images:
//
//   tensor cores on NCHW   copies of x, y and w in NHWC                 |x| + |y| + |w|
//   Winograd F(4x4, kxk)   tiles of (k+3)^2 for each 4x4 of y       (k+3)^2/16 (|x| + |y|)
//                          and weights as tiles                        + (k+3)^2/k^2 |w|
//   FFT of tiles           x, y and w as 32 x 17 complex floats     4352 (t (N C + N K) + K C/g)
//                          a tile: t for each image of one channel
//
// By NVIDIA's reference of cuDNN 8 (cudnnConvolutionForward, supported algorithms) the last takes
// NCHW alone, floats and halves, any groups, no stride and no dilation; of tensor cores on NCHW
// nothing is told but that they need NHWC. pytorch/pytorch#49207 shows complex products (gcgemm) in
// a VGG-16 of halves on Ampere. A kernel of one point gains nothing by it and is left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "infer/analysis.h"

namespace shapewright {

// c10/cuda and ATen/cuda of PyTorch 2.13: capability 9 and above, and all before.
inline constexpr std::int64_t kCublasWorkspaceBytes = 4096 * 1024 * 2 + 16 * 1024 * 8;
inline constexpr std::int64_t kCublasWorkspaceBytesOfHopper = 4096 * 8 * 1024;

enum class Library : std::uint8_t { kNone, kCublas, kCudnn };

struct Convolution {
  ValueId x = kNone, w = kNone, y = kNone;
  std::int64_t winograd_kernel = 0;  // k; 0 where Winograd does not apply
  bool has_fft = false;
};

struct LibraryUses {
  std::vector<Library> of_node;            // by NodeId
  std::vector<std::uint32_t> convolution;  // by NodeId: index into convolutions; kNone
  std::vector<Convolution> convolutions;
};

LibraryUses find_library_uses(const Analysis& a);

// An operand of a convolution: its sizes, and the bytes of its buffer.
struct Operand {
  std::vector<std::int64_t> shape;  // empty if it is not known
  std::int64_t bytes = 0;
};

// The most that cuDNN takes for one call.
std::int64_t most_workspace_bytes(const Convolution& c, const Operand& x, const Operand& w,
                                  const Operand& y);

}  // namespace shapewright
