#include "ops/window.h"

#include <string>

#include "ops/rules.h"

namespace shapewright::rules {

namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

AutoPad read_auto_pad(const Context& op) {
  const std::string_view text =
      word_attr(op, "auto_pad", "NOTSET", {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"});
  if (text == "SAME_UPPER") return AutoPad::kSameUpper;
  if (text == "SAME_LOWER") return AutoPad::kSameLower;
  return text == "VALID" ? AutoPad::kValid : AutoPad::kNotSet;
}

std::string kernel_into_axis(Dim kernel, std::int64_t axis) {
  return "kernel " + to_string(kernel) + " into the input on axis " + std::to_string(axis);
}

// Not even one window of `extent` fits into `in` with `pads` around it.
[[noreturn]] void fail_kernel(const Context& op, int axis, Dim extent, Dim kernel, Dim in,
                              Dim padded) {
  std::string message = std::string(op.op_type()) + " kernel " + to_string(kernel);
  if (extent != kernel) message += ", dilated to " + to_string(extent) + ",";
  message += " is larger than the " + std::string(padded == in ? "" : "padded ") + "input " +
             to_string(padded) + " on axis " + std::to_string(axis);
  op.fail("kernel-too-large", std::move(message),
          {{"left", to_string(in)}, {"right", to_string(extent)}});
}

}  // namespace

std::span<const std::int64_t> axis_attr(const Context& op, std::string_view name, int count,
                                        std::int64_t lo, std::string_view code) {
  const Attr* attr = op.attr(name);
  if (attr == nullptr) return {};
  const std::span<const std::int64_t> values = attr->ints;
  if (values.size() != static_cast<std::size_t>(count)) {
    op.fail(code, std::string(op.op_type()) + " attribute " + std::string(name) + " needs " +
                      std::to_string(count) + " entries, not " + std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= lo) continue;
    op.fail(code, std::string(op.op_type()) + " attribute " + std::string(name) + " is " +
                      std::to_string(values[i]) + " at entry " + std::to_string(i) + ": at least " +
                      std::to_string(lo) + " is needed");
  }
  return values;
}

std::string_view word_attr(const Context& op, std::string_view name, std::string_view fallback,
                           std::initializer_list<std::string_view> allowed) {
  const std::string_view text = op.attr_string(name, fallback);
  for (const std::string_view word : allowed)
    if (text == word) return text;
  std::string message =
      std::string(op.op_type()) + " attribute " + std::string(name) + " is " + quoted(text);
  const char* separator = ": one of ";
  for (const std::string_view word : allowed) {
    message += separator + std::string(word);
    separator = ", ";
  }
  op.fail("attr-value", std::move(message));
}

Windows::Windows(const Context& op, int spatial, Rules rules)
    : strides_(axis_attr(op, "strides", spatial, 1, "strides-invalid")),
      pads_(axis_attr(op, "pads", 2 * spatial, 0, "pads-invalid")),
      spatial_(spatial),
      auto_pad_(read_auto_pad(op)) {
  if (rules.dilations) dilations_ = axis_attr(op, "dilations", spatial, 1, "attr-value");
  if (auto_pad_ == AutoPad::kNotSet) return;
  if (rules.pads_exclude_auto_pad && !pads_.empty()) {
    op.fail("pads-invalid", std::string(op.op_type()) + " has both pads and auto_pad " +
                                std::string(op.attr_string("auto_pad", "")) +
                                ": only one of them may be given");
  }
  pads_ = {};
}

Dim Windows::extent(int i, Dim kernel) const {
  const std::int64_t d = dilation(i);
  return d == 1 ? kernel : Dim(d) * (kernel - 1) + 1;
}

Dim Windows::count(Context& op, int i, Dim in, Dim kernel, bool ceil_mode) const {
  const std::int64_t step = stride(i);
  // SAME pads until out = ceil(in / stride), whatever the kernel.
  if (same()) return floordiv(in + Dim(step) - 1, step);

  const int axis = i + 2;
  const Dim span = extent(i, kernel), padding = pads(i);
  // With ceil_mode the last window may hang over the end by less than a stride.
  const Dim reach = padding - span + (ceil_mode ? Dim(step) : Dim(1));
  const Dim out = step == 1 ? in + reach : floordiv(in + (reach + (step - 1)), step);
  if (bounds(out).lo < 1) {
    const Dim least = Dim(1) - reach;
    const auto have = known(in), need = known(least);
    if (have && need && *have < *need) fail_kernel(op, axis, span, kernel, in, in + padding);
    op.require_at_most("kernel-too-large", least, in, Compared(kernel_into_axis, kernel, axis));
  }
  if (!ceil_mode) return out;
  // The last window must start inside the input or the padding before it. The specification says so
  // from opset 19 on; ONNX Runtime does it at every opset, and so does this.
  return min(out, floordiv(in + Dim(pad_begin(i)) + Dim(step) - 1, step));
}

}  // namespace shapewright::rules
