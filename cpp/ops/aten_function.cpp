// A torch.autograd.Function of a model. Its forward stands before these rows as nodes that record
// nothing; the nodes between `backward` and `grads` are its backward, run as gradients come.
#include "ops/aten.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

// inputs: `num_inputs` tensors of the call, a result for each output, then what the function keeps
void forward_row(EagerCall& c) {
  const auto num_inputs = static_cast<std::ptrdiff_t>(c.int_of("num_inputs", 0));
  const auto first_saved = num_inputs + static_cast<std::ptrdiff_t>(c.num_outputs());
  const Tensors& in = c.inputs();
  const Tensors inputs(in.begin(), in.begin() + num_inputs);
  const Tensors saved(in.begin() + first_saved, in.end());
  Tensors outs;
  for (auto i = num_inputs; i < first_saved; ++i)
    outs.push_back(eager::detach(in[static_cast<std::size_t>(i)]));
  eager::record("CustomFunction", inputs, outs, saved,
                [body = c.body()](eager::Node& n, Tensors grads) {
                  for (std::size_t i = 0; i < grads.size(); ++i)
                    if (!grads[i].defined())
                      grads[i] = eager::empty(n.outputs[i].shape, n.outputs[i].dtype);
                  return body(n.saved, std::move(grads));
                });
  c.out(std::move(outs));
}

// One whose backward is not known: gradients of its inputs alone.
void untraced_row(EagerCall& c) {
  c.set_body([&c] {
    std::vector<std::pair<Shape, DType>> types;
    for (std::int64_t i = 0; i < c.int_of("num_inputs", 0); ++i) {
      const Tensor t = c.in(static_cast<std::size_t>(i));
      types.emplace_back(t.shape(), t.dtype());
    }
    return [types](const Tensors&, Tensors) {
      Tensors made;
      for (const auto& [shape, dtype] : types)
        made.push_back(is_float(dtype) ? eager::empty(shape, dtype) : Tensor());
      return made;
    };
  }());
  c.count_in_part();
  forward_row(c);
}

void marker_row(EagerCall&) {}

constexpr Op kRows[] = {
    row("autograd_function.forward", forward_row),
    row("autograd_function.untraced", untraced_row),
    row("autograd_function.backward", marker_row),
    row("autograd_function.grads", marker_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_function_ops() { return aten::kRows; }
}  // namespace shapewright::families
