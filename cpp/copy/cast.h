// The flush of a copy that changes its elements: from a run of the scratch to the destination.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "copy/kernels.h"
#include "copy/plan.h"

namespace shapewright {

// Changes `items` elements, in steps that stay in the first-level cache.
class CastRun {
 public:
  // `run_param`: parameter offset of every item of a run relative to the run's own; empty where the
  // whole run has one.
  CastRun(const Cast& cast, const Params& params, const std::vector<std::int64_t>& run_param,
          RunFn store);

  void operator()(std::byte* dst, const std::byte* src, std::int64_t items, std::int64_t param);

 private:
  static constexpr std::int64_t kStep = 512;

  void step(std::byte* dst, const std::byte* src, std::int64_t items, std::int64_t first,
            std::int64_t param);
  void apply_affine(std::byte* data, std::int64_t items, std::int64_t first, std::int64_t param);
  const void* spread(const void* params, std::byte* room, std::int64_t items, std::int64_t first,
                     std::int64_t param) const;
  const ByteNormalization* bytes_rule(std::int64_t param);

  Cast cast_;
  Params params_;
  const std::vector<std::int64_t>* run_param_;
  RunFn store_;
  const Kernels* kernels_;
  // Made once a parameter and kept, for tiles of several channels take turns.
  struct Rule {
    std::int64_t param = -1;
    bool holds = false;
    ByteNormalization factors{};
  };
  static constexpr std::int64_t kRules = 8;
  Rule rules_[kRules];
  alignas(64) std::byte compute_[kStep * 8];
  alignas(64) std::byte result_[kStep * 8];
  alignas(64) std::byte scales_[kStep * 8];
  alignas(64) std::byte biases_[kStep * 8];
};

// Dense elements without parameters; `items` at most 512 where a half is on either side.
void convert_items(const Kernels& k, Element from, Element to, std::byte* dst, const std::byte* src,
                   std::int64_t items);

}  // namespace shapewright
