// What a plan holds.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "copy/canonical.h"
#include "copy/kernels.h"
#include "copy/panel.h"
#include "copy/plan.h"
#include "copy/tile.h"
#include "copy/walk.h"

namespace shapewright {

// How a tile reaches the destination.
enum class Route : std::uint8_t {
  kEmpty,    // nothing to copy
  kWhole,    // the copy is one tile, filled where it belongs
  kDirect,   // tiles filled where they belong
  kPanel,    // by whole lines past the cache
  kScratch,  // tiles filled in the scratch and flushed, run by run
};

struct TileVariant {
  std::unique_ptr<Panel> panel;  // on that route, and nothing else then
  std::unique_ptr<Tile> tile;
  FillFn fill = nullptr;    // into the scratch
  FillFn direct = nullptr;  // into the destination; only on the routes that do
  bool overreads = false;   // `fill` reads up to kOverread bytes past a row
};

class CopyPlan {
 public:
  CanonicalCopy copy;
  std::optional<Cast> cast;
  Route route = Route::kEmpty;
  PanelKind panel_kind = PanelKind::kColumns;
  bool cuts_rows = false;  // panels follow one another along their columns, as cut 0
  bool streamed = false;
  std::int64_t bytes = 0;         // read and written
  std::int64_t src_high = 0;      // end of the last item, from the source's base
  std::int64_t direct_align = 1;  // of the destination; else the scratch is used
  std::int64_t tiles_ahead = 1;   // how far the prefetch runs before the fill
  TileOrder order;
  TileVariant variants[1 << kMostCuts];  // by TileWalk::variant
};

}  // namespace shapewright
