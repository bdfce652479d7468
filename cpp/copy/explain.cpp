#include <string>

#include "copy/copy_plan.h"
#include "copy/fills.h"

namespace shapewright {
namespace {

const char* route_name(Route route) {
  switch (route) {
    case Route::kEmpty: return "nothing to copy";
    case Route::kWhole: return "one tile, straight to the destination";
    case Route::kDirect: return "tiles, straight to the destination";
    case Route::kPanel: return "panels, by whole lines";
    case Route::kScratch: return "tiles by way of the cache";
  }
  return "";
}

const char* panel_name(PanelKind kind) {
  switch (kind) {
    case PanelKind::kColumns: return "columns";
    case PanelKind::kRibbon: return "ribbon";
    case PanelKind::kRuns: return "columns of runs";
  }
  return "";
}

std::string kernel_name(const CopyPlan& plan, const Tile& tile) {
  if (plan.route == Route::kDirect && plan.streamed) {
    std::int64_t align = 1;
    return choose_streamed_fill(tile, align).name;
  }
  return choose_fill(tile, plan.route != Route::kScratch).name;
}

}  // namespace

std::string explain(const CopyPlan& plan) {
  if (plan.route == Route::kEmpty) return "route    nothing to copy";
  std::string out = "digits  ";
  for (const Digit& d : plan.copy.digits)
    out +=
        " " + std::to_string(d.size) + ":" + std::to_string(d.src) + "->" + std::to_string(d.dst);
  out += "\nitem     " + std::to_string(plan.copy.item_bytes) + " bytes";
  out += "\nbytes    " + std::to_string(plan.bytes) + " read and written";
  out += std::string("\nroute    ") + route_name(plan.route);
  if (plan.route == Route::kPanel) {
    const PanelShape& p = plan.variants[0].panel->shape;
    out += std::string("\nkernel   ") + panel_name(plan.panel_kind) + " (" + kernels().name + ")";
    out += "\npanel    " + std::to_string(p.rows) + " rows x " + std::to_string(p.cols) +
           " columns x " + std::to_string(p.outers) + ", " + std::to_string(p.visit) +
           (plan.panel_kind == PanelKind::kRibbon ? " outer" : " rows") + " at a time, " +
           std::to_string(p.fronts[0].places) + " places read side by side";
  } else {
    const Tile& tile = *plan.variants[0].tile;
    out += "\nkernel   " + kernel_name(plan, tile) + " (" + kernels().name + ")";
    out += "\ntile     " + std::to_string(tile.shape.rows) + " rows x " +
           std::to_string(tile.shape.cols) + " columns x " + std::to_string(tile.shape.outers);
  }
  out += plan.streamed ? "\nstores   past the cache" : "\nstores   cached";
  return out;
}

}  // namespace shapewright
