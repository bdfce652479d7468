#include "memory/training/update.h"

namespace shapewright {

using eager::Machine;
using eager::Tensor;

namespace {

constexpr std::int64_t kLeastQuantised = 4096, kBlockElements = 256;

// nullopt: the parameter has no such state
std::optional<Shape> extent_of(OptimizerState::Extent extent, const Shape& shape) {
  using Extent = OptimizerState::Extent;
  const int rank = shape.rank();
  const auto elements = known(num_elements(shape));
  const bool is_large = !elements || *elements >= kLeastQuantised;
  Shape out = shape;
  switch (extent) {
    case Extent::kLikeParam:
    case Extent::kQuantised: return out;
    case Extent::kScalar: return Shape{};
    case Extent::kRow:
      if (rank < 2) return std::nullopt;
      out[rank - 1] = 1;
      return out;
    case Extent::kColumn:
      if (rank < 2) return std::nullopt;
      out[rank - 2] = 1;
      return out;
    case Extent::kVector:
      if (rank >= 2) return std::nullopt;
      return out;
    case Extent::kBlockScale:
      if (!is_large) return std::nullopt;
      return Shape{ceildiv(num_elements(shape), kBlockElements)};
  }
  return std::nullopt;
}

}  // namespace

ParamState make_state(const OptimizerSpec& spec, const Tensor& param, ValueId value) {
  Machine& m = Machine::current();
  ParamState out;
  for (const OptimizerState& state : spec.states) {
    if (state.extent == OptimizerState::Extent::kScalar && m.on_cuda()) continue;  // on the host
    const auto shape = extent_of(state.extent, param.shape());
    if (!shape) continue;
    DType dtype = state.dtype == DType::kUnknown ? param.dtype() : state.dtype;
    const auto elements = known(num_elements(param.shape()));
    if (state.extent == OptimizerState::Extent::kQuantised && elements &&
        *elements < kLeastQuantised)
      dtype = DType::kF32;
    const Tensor t = eager::empty(*shape, dtype);
    eager::Storage& s = m.storages[t->storage];
    s.role = eager::Role::kOptimizer;
    s.value = value;
    out.push_back(t);
  }
  return out;
}

void run_update(const OptimizerSpec& spec, Update update, const std::vector<UpdatedParam>& params) {
  Machine& m = Machine::current();
  const auto temporary_of = [&m](const UpdatedParam& p) {
    Tensor t = eager::empty_like(p.tensor);
    m.storages[t->storage].value = p.value;
    return t;
  };
  const eager::Setting temporary(m.keeper, eager::Keeper::kOptimizer);
  if (update == Update::kFused) return;
  if (update == Update::kForeach) {
    std::vector<Tensor> made;
    for (int i = 0; i < spec.foreach_lists; ++i)
      for (const UpdatedParam& p : params) made.push_back(temporary_of(p));
    return;
  }
  std::vector<Tensor> left;  // of the parameter before
  for (const UpdatedParam& p : params) {
    std::vector<Tensor> made;
    for (int i = 0; i < spec.loop_peak; ++i) made.push_back(temporary_of(p));
    made.erase(made.begin(), made.begin() + (spec.loop_peak - spec.loop_left));
    left = std::move(made);
  }
}

}  // namespace shapewright
