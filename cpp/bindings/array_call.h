// What the calls on arrays have in common: arguments, keys of jobs, errors.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <span>

#include "bindings/array_job.h"
#include "bindings/array_target.h"
#include "bindings/array_view.h"
#include "copy/plan.h"

namespace shapewright {

// Copies at most this long keep the GIL: to give it up and win it back would cost more.
inline constexpr std::int64_t kGilBytes = 32 * 1024;

// Runs the body of a function of the bare C interface; what it throws becomes the Python error.
template <class Body>
PyObject* guarded(Body&& body) {
  try {
    return body().release().ptr();
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (...) {
    pybind11::detail::try_translate_exceptions();
  }
  return nullptr;
}

int threads_of(PyObject* threads);  // None: 0, that is all of them

// This thread's scratch for keys, empty. No Python may run while it is in use.
JobKey& start_key(std::int64_t tag, std::int64_t item_bytes, const std::optional<Cast>& cast);

inline constexpr std::int64_t kStridedKey = 1;
inline constexpr std::int64_t kPatternKey = 2;
inline constexpr std::int64_t kPadKey = 3;

// One box between two strided arrays: axis i has shape[i] elements, src[i] and dst[i] bytes apart.
std::shared_ptr<const Job> strided_job(std::span<const std::int64_t> shape, const std::int64_t* src,
                                       const std::int64_t* dst, std::int64_t item_bytes,
                                       const std::optional<Cast>& cast, const ArrayView* out);

// How elements change between two types; refuses pairs the engine does not know.
std::optional<Cast> cast_between(const ArrayView& source, const ItemType& to, Affine affine);

void run_released(const Job& job, const JobBuffers& buffers, int threads);

}  // namespace shapewright
