// All kernels of one instruction set: compiled once for each, with SHAPEWRIGHT_ISA naming the set
// and its namespace, and the flags that go with it.
#include <cstddef>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "copy/kernels.h"

namespace shapewright {
namespace SHAPEWRIGHT_ISA {
namespace {

#if defined(__AVX512BW__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

#include "copy/kernels/vector.h"
//
#include "copy/kernels/convert.h"
#include "copy/kernels/runs.h"
//
#include "copy/kernels/gather.h"
#include "copy/kernels/transpose.h"
//
#include "copy/kernels/scout.h"
//
#include "copy/kernels/column_lines.h"

#include "copy/kernels/columns.h"
#include "copy/kernels/ribbon.h"
//
#include "copy/kernels/run_columns.h"
//
#include "copy/kernels/interleave.h"

#define SHAPEWRIGHT_TEXT_OF(x) #x
#define SHAPEWRIGHT_TEXT(x) SHAPEWRIGHT_TEXT_OF(x)

}  // namespace

extern const Kernels table;
const Kernels table = {
    .name = SHAPEWRIGHT_TEXT(SHAPEWRIGHT_ISA),
    .transpose = {transpose<1>, transpose<2>, transpose<4>, transpose<8>, transpose<16>},
    .transpose_lines = {transpose_lines<1>, transpose_lines<2>, transpose_lines<4>,
                        transpose_lines<8>, transpose_lines<16>},
    .columns = {columns<1>, columns<2>, columns<4>, columns<8>, columns<16>},
    .ribbon = {ribbon<1>, ribbon<2>, ribbon<4>, ribbon<8>, ribbon<16>},
    .run_columns = run_columns,
    .runs = runs<false>,
    .stream_runs = runs<true>,
    .deinterleave = planes<false>,
    .interleave = planes<true>,
    .reverse = reverse,
    .gather = gather,
    .copy = copy_run,
    .stream = stream_run,
    .copy_flushes = copy_flushes,
    .stream_flushes = stream_flushes,
    .fence = fence,
    .convert =
        {
            {convert<std::uint8_t, std::uint8_t>, convert_from_bool<std::uint8_t>,
             convert_from_bool<std::int8_t>, convert_from_bool<std::uint16_t>,
             convert_from_bool<std::int16_t>, convert_from_bool<std::int32_t>,
             convert_from_bool<std::int64_t>, nullptr, nullptr, convert_from_bool<float>,
             convert_from_bool<double>},
            SHAPEWRIGHT_FROM(std::uint8_t),
            SHAPEWRIGHT_FROM(std::int8_t),
            SHAPEWRIGHT_FROM(std::uint16_t),
            SHAPEWRIGHT_FROM(std::int16_t),
            SHAPEWRIGHT_FROM(std::int32_t),
            SHAPEWRIGHT_FROM(std::int64_t),
            {},
            {},
            SHAPEWRIGHT_FROM(float),
            SHAPEWRIGHT_FROM(double),
        },
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
    .bf16_to_f32 = bf16_to_f32,
    .f32_to_bf16 = f32_to_bf16,
    .f64_to_odd_f32 = f64_to_odd_f32,
    .scale = {scale_items<float>, scale_items<double>},
    .add = {add_items<float>, add_items<double>},
    .normalize = {normalize_items<float>, normalize_items<double>},
    .normalize_bytes = normalize_bytes,
};

}  // namespace SHAPEWRIGHT_ISA
}  // namespace shapewright
