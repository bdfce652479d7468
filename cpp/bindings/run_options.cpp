#include "bindings/run_options.h"

#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace py = pybind11;

namespace shapewright {

namespace {

template <typename T>
T get(const py::dict& run, const char* key, T fallback) {
  return run.contains(key) ? run[key].cast<T>() : std::move(fallback);
}

template <typename T>
T one_of(const std::string& option, const std::string& name,
         const std::vector<std::pair<std::string, T>>& choices) {
  for (const auto& [key, value] : choices)
    if (key == name) return value;
  throw Error(ErrorKind::kGeneric, "option-value", option + " '" + name + "' is not known");
}

}  // namespace

RunOptions run_options(const py::dict& run) {
  RunOptions out;
  out.device =
      one_of<eager::Device>("device", get<std::string>(run, "device", "cuda"),
                            {{"cpu", eager::Device::kCpu}, {"cuda", eager::Device::kCuda}});
  out.capability = get<std::int64_t>(run, "capability", out.capability);
  out.attention = get<std::string>(run, "attention", "");
  out.trains = get(run, "trains", false);
  out.optimizer = find_optimizer(get<std::string>(run, "optimizer", ""));
  if (run.contains("states")) {
    out.optimizer.states.clear();
    for (const auto& [name, dtype] :
         run["states"].cast<std::vector<std::pair<std::string, std::string>>>()) {
      const auto type = dtype_from_name(dtype);
      if (!type) throw Error(ErrorKind::kGeneric, "option-value", "'" + dtype + "' is no dtype");
      out.optimizer.states.push_back({name, OptimizerState::Extent::kLikeParam, *type});
    }
  }
  out.update = one_of<Update>(
      "update", get<std::string>(run, "update", "foreach"),
      {{"loop", Update::kLoop}, {"foreach", Update::kForeach}, {"fused", Update::kFused}});
  out.precision = one_of<Precision>("precision", get<std::string>(run, "precision", "fp32"),
                                    {{"fp32", Precision::kAsIs},
                                     {"bf16", Precision::kBf16},
                                     {"fp16", Precision::kF16},
                                     {"bf16-amp", Precision::kBf16Amp},
                                     {"fp16-amp", Precision::kF16Amp}});
  out.zero_grad = one_of<ZeroGrad>(
      "zero_grad", get<std::string>(run, "zero_grad", "after-step"),
      {{"after-step", ZeroGrad::kAfterStep}, {"before-backward", ZeroGrad::kBeforeBackward}});
  out.outputs = one_of<Outputs>("outputs", get<std::string>(run, "outputs", "dropped"),
                                {{"dropped", Outputs::kDropped}, {"kept", Outputs::kKept}});
  out.is_first_iteration = get(run, "first_iteration", false);
  out.accumulation = get<std::int64_t>(run, "accumulation", 1);
  out.checkpoints = get<std::vector<std::string>>(run, "checkpoints", {});
  return out;
}

DeviceOptions device_options(const py::dict& run) {
  DeviceOptions out;
  out.cublas_bytes = get(run, "cublas_bytes", out.cublas_bytes);
  out.most_cublas_bytes = get(run, "most_cublas_bytes", out.most_cublas_bytes);
  out.settings = get<std::string>(run, "settings", "");
  out.sharding.stage = get(run, "shard_stage", 0);
  out.sharding.buckets = one_of<Buckets>("buckets", get<std::string>(run, "buckets", "none"),
                                         {{"none", Buckets::kNone},
                                          {"beside", Buckets::kBeside},
                                          {"gradients", Buckets::kOfGradients}});
  out.sharding.ranks = get<std::int64_t>(run, "ranks", 1);
  out.sharding.units = get<std::vector<std::string>>(run, "units", {});
  out.sharding.micro_batches = get<std::int64_t>(run, "micro_batches", 0);
  const Settings refuses_unknown(out.settings, find_allocator("torch-cuda").settings);
  return out;
}

}  // namespace shapewright
