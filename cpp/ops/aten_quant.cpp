// Fake quantization: values rounded as integers would be, and a mask of those that were not cut
// off, which lets their gradients through.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

void quantize(EagerCall& c, std::string_view name) {
  const Tensor self = c.in(0);
  Tensor out = eager::empty_like(self), mask = eager::empty_like(self, DType::kBool);
  eager::record(name, {self}, {out}, {mask}, [](eager::Node& n, const Tensors& g) {
    return Tensors{elementwise_out({g[0], n.saved[0]})};
  });
  c.out(out);
  c.out(mask);
}

void cachemask_row(EagerCall& c) { quantize(c, "FakeQuantizeCachemask"); }

// Least and greatest elements go into running averages first, of each channel or of all.
void moving_average_row(EagerCall& c) {
  const Tensor self = c.in(0);
  Shape extremes;
  if (c.flag("per_row_fake_quant", false)) extremes = {self.size(0)};  // no other axis is allowed
  {
    const Tensor least = eager::empty(extremes, self.dtype());
    const Tensor greatest = eager::empty(extremes, self.dtype());
  }
  quantize(c, "FusedMovingAvgObsFqHelper");
}

constexpr Op kRows[] = {
    row("fake_quantize_per_tensor_affine_cachemask.default", cachemask_row),
    row("fake_quantize_per_channel_affine_cachemask.default", cachemask_row),
    row("_fake_quantize_per_tensor_affine_cachemask_tensor_qparams.default", cachemask_row),
    row("_fused_moving_avg_obs_fq_helper.default", moving_average_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_quant_ops() { return aten::kRows; }
}  // namespace shapewright::families
