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

std::string kernel_name(const CopyPlan& plan, const Tile& tile) {
  if (plan.route == Route::kPanel) return "panel";
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
  const Tile& tile = *plan.variants[0].tile;
  out += "\nitem     " + std::to_string(plan.copy.item_bytes) + " bytes";
  out += "\nbytes    " + std::to_string(plan.bytes) + " read and written";
  out += std::string("\nroute    ") + route_name(plan.route);
  out += "\nkernel   " + kernel_name(plan, tile) + " (" + kernels().name + ")";
  out += "\ntile     " + std::to_string(tile.shape.rows) + " rows x " +
         std::to_string(tile.shape.cols) + " columns x " + std::to_string(tile.shape.outers);
  out += plan.streamed ? "\nstores   past the cache" : "\nstores   cached";
  return out;
}

}  // namespace shapewright
