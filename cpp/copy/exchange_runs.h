// Dense matrices whose items are long runs of bytes, transposed by following cycles.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shapewright {

// `count` matrices of rows x cols runs, one after the other, become cols x rows ones. `scratch` has
// room for `scratch_runs` runs, at least one.
void exchange_runs(std::byte* data, std::int64_t count, std::int64_t rows, std::int64_t cols,
                   std::int64_t run_bytes, std::byte* scratch, std::int64_t scratch_runs,
                   int threads);

}  // namespace shapewright
