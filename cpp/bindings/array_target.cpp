#include "bindings/array_target.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "bindings/array_errors.h"

namespace py = pybind11;

namespace shapewright {
namespace {

// Autograd must know that a tensor it may have saved has changed.
void mark_written(PyObject* tensor) {
  static const py::handle increment =  // under the GIL; kept for good
      py::object(py::module_::import("torch.autograd.graph").attr("increment_version")).release();
  increment(py::handle(tensor));
}

}  // namespace

Target::Target(const ArrayView& like, PyObject* out, const ItemType& item)
    : like_(like), item_(item) {
  if (out == Py_None) return;
  out_.emplace(out, "out");
  refuse_read_only();
  if (!same_type(out_->item, item)) {
    const std::string have = type_text(out_->item);
    const std::string want = type_text(item);
    refuse("out-dtype", "out has dtype " + have + " where the result has " + want,
           {{"out", have}, {"result", want}});
  }
}

Target::Target(const ArrayView& like, PyObject* out) : like_(like) {
  out_.emplace(out, "out");
  refuse_read_only();
  item_ = out_->item;
}

void Target::refuse_read_only() const {
  if (out_->writable) return;
  refuse("out-read-only", "out is read-only",
         {{"out", type_text(out_->item) + shape_text(out_->sizes())}});
}

void Target::check_shape(std::span<const std::int64_t> shape) const {
  if (!out_ || std::ranges::equal(out_->sizes(), shape)) return;
  const std::string have = shape_text(out_->sizes());
  const std::string want = shape_text(shape);
  refuse("out-shape", "out has shape " + have + " where the result has " + want,
         {{"out", have}, {"result", want}});
}

void Target::settle(std::span<const std::int64_t> shape) {
  check_shape(shape);
  if (!out_) result_.emplace(like_, item_, shape);
}

void Target::refuse_shared_memory(const ArrayView& source, const char* argument) const {
  if (!out_) return;
  const Overlap overlap = shared_memory(source.bytes(), out_->bytes());
  if (overlap == Overlap::kNo) return;
  const std::string name(argument);
  throw Error(
      ErrorKind::kOverlap, "out-overlap",
      overlap == Overlap::kYes
          ? "out shares memory with " + name
          : "out and " + name + " interleave, and whether they share memory was not settled",
      {{name, type_text(source.item) + shape_text(source.sizes())},
       {"out", type_text(out_->item) + shape_text(out_->sizes())}},
      {}, "give an out of its own, or a copy of " + name);
}

py::object Target::finish() {
  if (!out_) return result_->finish();
  if (out_->framework == Framework::kTorch) mark_written(out_->object);
  return py::reinterpret_borrow<py::object>(out_->object);
}

void dense_strides(std::span<const std::int64_t> shape, std::int64_t item_bytes,
                   std::int64_t* strides) {
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = item_bytes;
    item_bytes *= shape[axis];
  }
}

void refuse_self_overlap(const ArrayView& out) {
  std::string strides = shape_text({out.strides, static_cast<std::size_t>(out.rank)});
  throw Error(ErrorKind::kOverlap, "out-self-overlap", "two positions of out share memory",
              {{"shape", shape_text(out.sizes())}, {"strides", std::move(strides)}}, {},
              "give an out in which every element has its own place");
}

}  // namespace shapewright
