// The row of static offset planning: the lowest plan that is found, see memory/packer.
#include "memory/allocators/planned.h"

namespace shapewright {

namespace {

constexpr SettingRow kSettings[] = {
    {"alignment", "of every offset, in bytes; 64"},
    {"max_nodes", "of the search; 200000"},
};

Replay replay_static(const RequestList& requests, const Settings& settings,
                     const ReplayOptions& options) {
  PackOptions pack;
  pack.alignment = settings.integer("alignment", pack.alignment, 1);
  pack.max_nodes = settings.integer("max_nodes", pack.max_nodes, 0);
  const OffsetPlan plan = plan_offsets(pack_items(requests), pack);
  return replay_planned(requests, plan.offsets, pack.alignment, options);
}

}  // namespace

constexpr AllocatorRow kStaticPlan{"static", "one arena planned ahead", replay_static, kSettings};

}  // namespace shapewright
