#include "copy/kernels.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace shapewright {

#define SHAPEWRIGHT_DECLARE(set) \
  namespace set {                \
  extern const Kernels table;    \
  }
#if defined(__x86_64__)
SHAPEWRIGHT_DECLARE(avx512vbmi)
SHAPEWRIGHT_DECLARE(avx512)
SHAPEWRIGHT_DECLARE(avx2)
#endif
SHAPEWRIGHT_DECLARE(baseline)
#undef SHAPEWRIGHT_DECLARE

namespace {

struct Candidate {
  const Kernels* table;
  bool (*runs_here)();
};

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd");
}
#endif

// Best first; the last one runs everywhere.
constexpr Candidate kSets[] = {
#if defined(__x86_64__)
    {&avx512vbmi::table, [] { return has_avx512() && __builtin_cpu_supports("avx512vbmi"); }},
    {&avx512::table, has_avx512},
    {&avx2::table,
     [] {
       return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi2");
     }},
#endif
    {&baseline::table, [] { return true; }},
};

const Kernels* choose() {
  const char* wanted = std::getenv("SHAPEWRIGHT_ISA");
  std::string here;
  for (const Candidate& c : kSets) {
    if (!c.runs_here()) continue;
    if (wanted == nullptr || *wanted == '\0' || std::strcmp(wanted, c.table->name) == 0)
      return c.table;
    here += (here.empty() ? "" : ", ") + std::string(c.table->name);
  }
  throw Error(ErrorKind::kGeneric, "isa-unknown",
              "SHAPEWRIGHT_ISA is \"" + std::string(wanted) + "\", which this machine does not run",
              {{"given", wanted}, {"here", here}}, {}, "unset it to have the best one chosen");
}

}  // namespace

PanelFn Kernels::panel(PanelKind kind, std::int64_t item_bytes) const {
  if (kind == PanelKind::kRuns) return run_columns;
  const auto size = std::countr_zero(static_cast<std::uint64_t>(item_bytes));
  return kind == PanelKind::kRibbon ? ribbon[size] : columns[size];
}

const Kernels& kernels() {
  static const Kernels* const chosen = choose();
  return *chosen;
}

}  // namespace shapewright
