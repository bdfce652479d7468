// The optimizers by name: what torch.optim (and bitsandbytes, for 8 bits) keeps and makes.
#include <array>

#include "base/error.h"
#include "graph/graph.h"
#include "memory/training/options.h"

namespace shapewright {

namespace {

using Extent = OptimizerState::Extent;

OptimizerState step() { return {"step", Extent::kScalar, DType::kF32}; }

OptimizerSpec adam(const std::string& name) {
  return {name, {step(), {"exp_avg"}, {"exp_avg_sq"}}, 2, 1, 1};
}

}  // namespace

OptimizerSpec find_optimizer(const std::string& name) {
  if (name.empty()) return {};
  if (name == "sgd") return {name, {}, 0, 0, 0};
  if (name == "sgd-momentum") return {name, {{"momentum_buffer"}}, 0, 0, 0};
  if (name == "adam" || name == "adamw") return adam(name);
  if (name == "rmsprop") return {name, {step(), {"square_avg"}}, 1, 1, 1};
  if (name == "adagrad") return {name, {step(), {"sum"}}, 1, 1, 2};
  if (name == "adafactor")
    return {name,
            {step(),
             {"row_var", Extent::kRow},
             {"col_var", Extent::kColumn},
             {"variance", Extent::kVector}},
            2,
            1,
            2};
  if (name == "adamw-8bit")
    return {name,
            {{"state1", Extent::kQuantised, DType::kU8},
             {"state2", Extent::kQuantised, DType::kU8},
             {"absmax1", Extent::kBlockScale, DType::kF32},
             {"absmax2", Extent::kBlockScale, DType::kF32}},
            0,
            0,
            0};
  static constexpr std::array<std::string_view, 8> kNames = {
      "sgd", "sgd-momentum", "adam", "adamw", "rmsprop", "adagrad", "adafactor", "adamw-8bit"};
  const std::string near = nearest_word(name, kNames);
  throw Error(ErrorKind::kGeneric, "option-value", "there is no optimizer '" + name + "'", {}, "",
              near.empty() ? "" : "did you mean '" + near + "'?");
}

}  // namespace shapewright
