#include "copy/plan.h"

#include <algorithm>
#include <memory>

#include "copy/cache.h"
#include "copy/copy_plan.h"
#include "copy/extents.h"
#include "copy/fills.h"

namespace shapewright {
namespace {

// Below this a copy is one tile: both sides stay in the first-level cache.
constexpr std::int64_t kWholeBytes = 8 << 10;
constexpr std::int64_t kMostAhead = 8;
constexpr std::int64_t kAheadBytes = 4096;  // of source lines in flight

bool is_byte_run(const CanonicalCopy& c) {
  return !c.digits.empty() && c.item_bytes == 1 && c.digits[0].src == 1 && c.digits[0].dst == 1;
}

// Every run of the destination starts a line.
bool starts_lines(const CanonicalCopy& c) {
  bool all = true;
  for (const Digit& d : c.digits) all &= d.dst % 64 == 0 || d.dst == c.item_bytes;
  return all;
}

// Measured on Zen 5: reading wants long stretches or few streams, writing whole lines.
TileGoal tile_goal(const CanonicalCopy& c, bool streamed) {
  const bool lines = starts_lines(c);
  const bool runs = is_byte_run(c);
  const bool short_runs = runs && c.digits[0].size < 256 && (!lines || c.digits[0].size % 64 != 0);
  if (short_runs || (c.item_bytes > 16 && streamed))
    return {.src_run_bytes = 512, .dst_run_bytes = 2048, .most_bytes = 64 << 10};
  if (runs) return {.src_run_bytes = 16 << 10, .dst_run_bytes = 64, .most_bytes = 16 << 10};
  if (!streamed)
    return {
        .src_run_bytes = 64, .dst_run_bytes = 128, .most_bytes = 16 << 10, .least_bytes = 2 << 10};
  if (!lines) return {.src_run_bytes = 512, .dst_run_bytes = 1024, .most_bytes = 128 << 10};
  return {.src_run_bytes = 64, .dst_run_bytes = 512, .most_bytes = 16 << 10};
}

// `each(v, extents)`: every combination of whole and short digits.
template <class Each>
void for_each_variant(const CanonicalCopy& copy, const std::vector<std::int64_t>& extents,
                      Each each) {
  std::vector<std::size_t> cut;
  for (std::size_t i = 0; i < extents.size(); ++i)
    if (extents[i] > 1 && extents[i] < copy.digits[i].size) cut.push_back(i);
  for (std::size_t v = 0; v < std::size_t{1} << cut.size(); ++v) {
    auto e = extents;
    bool exists = true;
    for (std::size_t i = 0; i < cut.size(); ++i) {
      if ((v >> i & 1) == 0) continue;
      e[cut[i]] = copy.digits[cut[i]].size % extents[cut[i]];
      exists &= e[cut[i]] != 0;
    }
    if (exists) each(v, e);
  }
}

void choose_route(CopyPlan& plan) {
  if (plan.cast) {
    plan.route = Route::kScratch;
  } else if (plan.order.count == 1 && !plan.streamed) {
    plan.route = Route::kWhole;
  } else {
    plan.route = Route::kDirect;
  }
  for (TileVariant& v : plan.variants) {
    if (!v.tile) continue;
    const Fill fill = choose_fill(*v.tile, false);
    v.fill = fill.fn;
    v.overreads = fill.overreads;
    if (plan.route == Route::kScratch) continue;
    if (plan.streamed) {
      std::int64_t align = 1;
      v.direct = choose_streamed_fill(*v.tile, align).fn;
      plan.direct_align = std::max(plan.direct_align, align);
    } else {
      v.direct = choose_fill(*v.tile, true).fn;
    }
    if (v.direct == nullptr) plan.route = Route::kScratch;
  }
  if (plan.direct_align == 1 || plan.route != Route::kDirect) return;
  // Every tile must start a line, too.
  for (const TileLoop& l : plan.order.loops)
    if (l.dst % plan.direct_align != 0) plan.route = Route::kScratch;
}

}  // namespace

std::shared_ptr<const CopyPlan> make_plan(const CopySpec& spec, const CopyOptions& options) {
  auto plan = std::make_shared<CopyPlan>();
  plan->copy = canonicalize(spec);
  plan->cast = spec.cast;
  const CanonicalCopy& copy = plan->copy;
  if (copy.empty) return plan;
  const std::int64_t dst_item = spec.cast ? item_bytes(spec.cast->to) : copy.item_bytes;
  std::int64_t items = 1;
  plan->src_high = copy.item_bytes;
  for (const Digit& d : copy.digits) {
    items *= d.size;
    if (d.src > 0) plan->src_high += (d.size - 1) * d.src;
  }
  plan->bytes = items * (copy.item_bytes + dst_item);
  const bool whole = plan->bytes <= 2 * kWholeBytes;
  plan->streamed = options.stores == Stores::kStreamed ||
                   (options.stores == Stores::kAuto && is_streamed(plan->bytes));
  if (plan->streamed && !spec.cast) {
    const PanelRoles roles = choose_panel(copy);
    bool fits = !roles.rows.empty();
    if (fits)
      for_each_variant(copy, roles.extents, [&](std::size_t v, const auto& extents) {
        plan->variants[v].panel = std::make_unique<Panel>(copy, roles, extents);
        const PanelShape& p = plan->variants[v].panel->shape;
        fits &= roles.kind == PanelKind::kRuns || p.cols * p.item_bytes >= 16;
      });
    if (fits) {
      plan->route = Route::kPanel;
      plan->panel_kind = roles.kind;
      plan->cuts_rows = cuts_rows(copy, roles);
      plan->order = order_tiles(copy, roles.extents, {.inner_bytes = INT64_MAX});
      return plan;
    }
    for (TileVariant& v : plan->variants) v.panel.reset();
  }
  std::vector<std::int64_t> extents;
  if (whole && !spec.cast) {
    plan->streamed = false;
    for (const Digit& d : copy.digits) extents.push_back(d.size);
  } else {
    extents = choose_extents(copy, tile_goal(copy, plan->streamed));
  }
  plan->order = order_tiles(copy, extents, {});
  for_each_variant(copy, extents, [&](std::size_t v, const auto& e) {
    plan->variants[v].tile = std::make_unique<Tile>(copy, e, dst_item);
  });
  choose_route(*plan);
  const Tile& tile = *plan->variants[0].tile;
  plan->tiles_ahead = std::clamp<std::int64_t>(
      kAheadBytes / std::max<std::int64_t>(1, tile.items * copy.item_bytes), 1, kMostAhead);
  return plan;
}

std::int64_t bytes_moved(const CopyPlan& plan) { return plan.bytes; }

}  // namespace shapewright
