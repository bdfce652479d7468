#include "copy/panel_tuning.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace shapewright {
namespace {

constexpr PanelTuning kTunings[] = {
    // Measured on Zen 5: a visit and what is fetched for the next one fit the first-level cache;
    // from there on, lines come back slowly.
    {.name = "near",
     .long_row_bytes = 768,
     .places = 4,
     .least_place_bytes = 256,
     .visit_bytes = 8 << 10,
     .most_visit_bytes = 32 << 10,
     .byte_places = 1,
     .byte_visit_bytes = 32 << 10,
     .most_joined_ribbon_bytes = 16 << 10,
     .ribbon_lead_lines = 64,
     .ribbon_cost = 0.2,
     .crowded_column_bytes = 512,
     .gathers_near = true,
     .gathered_column_bytes = 2 << 10,
     .gathered_places = 4,
     .gathered_lead_lines = 32},
    // Measured on Granite Rapids: the second-level cache's prefetchers take part where some ten
    // long stretches are fetched side by side; a core alone has too few misses on their way.
    {.name = "far",
     .long_row_bytes = 2048,
     .places = 12,
     .least_place_bytes = 1 << 10,
     .visit_bytes = 64 << 10,
     .most_visit_bytes = 160 << 10,
     .byte_places = 12,
     .byte_visit_bytes = 64 << 10,
     .most_joined_ribbon_bytes = INT64_MAX,
     .ribbon_lead_lines = 0,
     .ribbon_cost = 0.12,
     .crowded_column_bytes = 4 << 10,
     .gathers_near = false,
     .gathered_column_bytes = 4 << 10,
     .gathered_places = 8,
     .gathered_lead_lines = 0},
};

const PanelTuning* choose() {
  const char* wanted = std::getenv("SHAPEWRIGHT_TUNING");
#if defined(__x86_64__)
  if (wanted == nullptr || *wanted == '\0') wanted = __builtin_cpu_is("intel") ? "far" : "near";
#else
  if (wanted == nullptr || *wanted == '\0') wanted = "near";
#endif
  std::string here;
  for (const PanelTuning& t : kTunings) {
    if (std::strcmp(wanted, t.name) == 0) return &t;
    here += (here.empty() ? "" : ", ") + std::string(t.name);
  }
  throw Error(ErrorKind::kGeneric, "tuning-unknown",
              "SHAPEWRIGHT_TUNING is \"" + std::string(wanted) + "\"; there are " + here,
              {{"given", wanted}, {"here", here}}, {}, "unset it to have it chosen");
}

}  // namespace

const PanelTuning& panel_tuning() {
  static const PanelTuning* const chosen = choose();
  return *chosen;
}

}  // namespace shapewright
