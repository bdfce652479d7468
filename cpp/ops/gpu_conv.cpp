// What decides is the image, in ATen/native/Convolution.cpp of PyTorch 2.13:
//
//   image            runs in         depthwise    copied                        results lie
//   channels last    channels last   by cuDNN     weights, other gradients      channels last
//   anything else    rows            by PyTorch   what does not lie in rows     in rows
#include "ops/gpu_conv.h"

namespace shapewright::aten {

namespace {

bool lies_channels_last(const Tensor& t) {
  return t.dim() == 4 && !t.is_contiguous() &&
         t->strides == eager::channels_last_strides(t.shape());
}

struct Layout {
  bool is_last = false;

  Tensor empty(const Shape& shape, DType dtype) const {
    return is_last ? eager::empty_strided(shape, eager::channels_last_strides(shape), dtype)
                   : eager::empty(shape, dtype);
  }
  // A copy of what lies otherwise.
  Tensor copy_of(const Tensor& t) const {
    const bool lies_so = is_last ? lies_channels_last(t) : t.is_contiguous();
    return lies_so ? Tensor() : empty(t.shape(), t.dtype());
  }
  // Weights of one channel or one position lie alike either way.
  Tensor copy_of_weight(const Shape& w, DType dtype) const {
    bool has_one_position = true;
    for (int i = 2; i < w.rank(); ++i) has_one_position = has_one_position && known(w[i]) == 1;
    return !is_last || has_one_position || known(w[1]) == 1 ? Tensor() : empty(w, dtype);
  }
};

bool is_own_kernel(const GpuConvolution& c, const Layout& layout) {
  return !layout.is_last && !c.is_transposed && c.groups > 1 && known(c.w[1]) == 1;
}

Tensors grads_of(const GpuConvolution& c, const eager::Node& n, const Tensor& g) {
  const Tensor x = n.saved[0];
  const Layout layout{lies_channels_last(x)};
  const DType dtype = g.dtype();
  Tensors grads(3);
  if (is_own_kernel(c, layout)) {  // each of the two copies for itself
    if (n.needs(0)) {
      grads[0] = layout.empty(x.shape(), dtype);
      const Tensor rows = layout.copy_of(g);
    }
    if (n.needs(1)) {
      grads[1] = layout.empty(c.w, dtype);
      const Tensor rows = layout.copy_of(g), image = layout.copy_of(x);
    }
  } else {
    const Tensor gy = layout.copy_of(g);
    const Tensor image = n.needs(1) ? layout.copy_of(x) : Tensor();
    if (n.needs(0)) {
      grads[0] = layout.empty(x.shape(), dtype);
      const Tensor turned = layout.copy_of_weight(c.w, dtype);
    }
    if (n.needs(1)) grads[1] = layout.empty(c.w, dtype);
  }
  if (n.needs(2)) grads[2] = eager::empty({g.size(1)}, dtype);
  return grads;
}

}  // namespace

Tensor gpu_convolution(const Tensor& input, const Tensor& weight, const Tensor& bias,
                       const GpuConvolution& c) {
  const Layout layout{lies_channels_last(input)};
  Tensor out;
  {
    const Tensor image = layout.copy_of(input);
    out = layout.empty(c.is_transposed ? c.x : c.y, input.dtype());
    const Tensor turned = layout.copy_of_weight(c.w, input.dtype());
  }
  eager::record("Convolution", {input, weight, bias}, {out}, {input, weight},
                [c](eager::Node& n, const Tensors& g) { return grads_of(c, n, g[0]); });
  return out;
}

}  // namespace shapewright::aten
