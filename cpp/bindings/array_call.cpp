#include "bindings/array_call.h"

#include <string>

#include "bindings/array_errors.h"

namespace py = pybind11;

namespace shapewright {

int threads_of(PyObject* threads) {
  if (threads == Py_None) return 0;
  const long count = PyLong_AsLong(threads);
  if (count == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (count < 1 || count > (1 << 20)) {
    refuse("threads-count", "threads=" + std::to_string(count) + " is no number of threads");
  }
  return static_cast<int>(count);
}

JobKey& start_key(std::int64_t tag, std::int64_t item_bytes, const std::optional<Cast>& cast) {
  static thread_local JobKey key;
  key.clear();
  const auto code = [](auto value) { return static_cast<std::int64_t>(value); };
  key.push_back(
      tag << 32 |
      (cast ? 1 << 24 | code(cast->from) << 16 | code(cast->to) << 8 | code(cast->affine) : 0));
  key.push_back(item_bytes);
  return key;
}

std::shared_ptr<const Job> strided_job(std::span<const std::int64_t> shape, const std::int64_t* src,
                                       const std::int64_t* dst, std::int64_t item_bytes,
                                       const std::optional<Cast>& cast, const ArrayView* out) {
  JobKey& key = start_key(kStridedKey, item_bytes, cast);
  key.push_back(out != nullptr);
  for (std::size_t i = 0; i < shape.size(); ++i) key.insert(key.end(), {shape[i], src[i], dst[i]});
  return cached_job(key, [&] {
    if (out != nullptr && self_overlap(out->bytes()) != Overlap::kNo) refuse_self_overlap(*out);
    Rearrangement moves;
    moves.shape.assign(shape.begin(), shape.end());
    Piece& piece = moves.passes.emplace_back().pieces.emplace_back();
    for (std::size_t i = 0; i < shape.size(); ++i)
      piece.digits.push_back({shape[i], src[i], dst[i], 0});
    return make_job(moves, item_bytes, cast);
  });
}

std::optional<Cast> cast_between(const ArrayView& source, const ItemType& to, Affine affine) {
  if (affine == Affine::kNone && same_type(source.item, to)) return std::nullopt;
  if (!source.item.castable() || !to.castable()) {
    const std::string from_text = type_text(source.item);
    const std::string to_text = type_text(to);
    refuse("cast-unsupported", "no cast from " + from_text + " to " + to_text,
           {{"from", from_text}, {"to", to_text}},
           "bool, u8, i8, u16, i16, i32, i64, f16, bf16, f32 and f64 of this machine's byte order "
           "are cast");
  }
  return Cast{static_cast<Element>(source.item.element), static_cast<Element>(to.element), affine};
}

void run_released(const Job& job, const JobBuffers& buffers, int threads) {
  if (job.passes.empty()) return;
  if (job.bytes <= kGilBytes) return run_job(job, buffers, threads);
  const py::gil_scoped_release release;
  run_job(job, buffers, threads);
}

}  // namespace shapewright
