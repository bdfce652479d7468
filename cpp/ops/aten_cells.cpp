// On the CPU a cell is a composition that writes over its gates; on a GPU those of LSTM and GRU are
// a kernel each, which keeps a workspace.
#include "ops/aten_cells.h"

namespace shapewright::aten {

namespace {

struct Weights {
  Tensor input, hidden, input_bias, hidden_bias;

  Weights(const EagerCall& c, std::size_t first)
      : input(c.in(first)),
        hidden(c.in(first + 1)),
        input_bias(c.in(first + 2)),
        hidden_bias(c.in(first + 3)) {}
};

// Parts along axis 1 that are written in place: no views of the whole.
Tensors gates_of(const Tensor& t, std::int64_t count) {
  Shape shape = t.shape();
  shape[1] = floordiv(shape[1], count);
  Tensors parts;
  for (std::int64_t i = 0; i < count; ++i)
    parts.push_back(eager::detach(eager::alias(t, shape, t->strides)));
  record_split("UnsafeSplit", t, parts);
  return parts;
}

Tensor sigmoid_(const Tensor& t) { return unary_("Sigmoid", t, Keeps::kResult, 0); }
Tensor tanh_(const Tensor& t) { return unary_("Tanh", t, Keeps::kResult, 0); }

// A kernel that keeps the gates it was given, the state, and a workspace of so many numbers a unit.
// Its backward makes gradients of all gates, of the state, and of the biases, which are sums.
Tensors fused(std::string_view name, const Tensor& input, const Tensor& hidden, const Tensor& state,
              const Weights& w, std::int64_t numbers, std::size_t num_outputs,
              bool shares_gradient) {
  Tensors outs;
  for (std::size_t i = 0; i < num_outputs; ++i) outs.push_back(eager::empty_like(state));
  const Tensor workspace = eager::empty({state.size(0), state.size(1) * numbers}, state.dtype());
  Tensors saved = {input, hidden, state, w.input_bias, w.hidden_bias, workspace};
  if (num_outputs > 1) saved.push_back(outs.back());  // the cell's new state
  // Gradients in the order cx or hx, hidden_bias, hidden_gates, input_bias, input_gates.
  eager::record(name, {state, w.hidden_bias, hidden, w.input_bias, input}, outs, std::move(saved),
                [shares_gradient](eager::Node& n, const Tensors&) {
                  Tensors grads(5);
                  const Tensor& gates = n.saved[0];
                  grads[4] = eager::empty_like(gates);
                  grads[2] = shares_gradient ? grads[4] : eager::empty_like(gates);
                  grads[0] = eager::empty_like(n.saved[2]);
                  const Shape bias = {gates.size(1)};
                  if (n.needs(1)) grads[1] = eager::empty(bias, gates.dtype());
                  if (n.needs(3) && !shares_gradient) grads[3] = eager::empty(bias, gates.dtype());
                  if (n.needs(3) && shares_gradient) grads[3] = grads[1];
                  return grads;
                });
  return outs;
}

Tensor joined(const Tensor& input, const Tensor& hidden, const Weights& w) {
  const Tensor of_hidden = linear(hidden, w.hidden, w.hidden_bias);
  const Tensor of_input = linear(input, w.input, w.input_bias);
  return add_(of_hidden, of_input);
}

// One expression: what it was of the input alone lives as long.
Tensor plain_cell(const EagerCall& c, std::string_view function) {
  const Weights w(c, 2);
  const Tensor of_hidden = linear(c.in(1), w.hidden, w.hidden_bias);
  const Tensor of_input = linear(c.in(0), w.input, w.input_bias);
  return unary(function, add_(of_hidden, of_input), Keeps::kResult, 0);
}

}  // namespace

void lstm_cell_row(EagerCall& c) {
  const Tensor input = c.in(0), hidden = c.in(1), state = c.in(2);
  const Weights w(c, 3);
  if (on_cuda()) {
    const Tensor of_input = projected(input, w.input), of_hidden = projected(hidden, w.hidden);
    return c.out(fused("ThnnFusedLstmCell", of_input, of_hidden, state, w, 4, 2, true));
  }
  const Tensors gates = gates_of(joined(input, hidden, w), 4);
  const Tensor in = sigmoid_(gates[0]), forget = sigmoid_(gates[1]), cell = tanh_(gates[2]),
               out = sigmoid_(gates[3]);
  const Tensor kept = mul(forget, state);
  const Tensor next = add_(kept, mul(in, cell));
  c.out(mul(out, unary("Tanh", next, Keeps::kResult, 0)));
  c.out(next);
}

void gru_cell_row(EagerCall& c) {
  const Tensor input = c.in(0), hidden = c.in(1);
  const Weights w(c, 2);
  if (on_cuda()) {
    const Tensor of_input = projected(input, w.input), of_hidden = projected(hidden, w.hidden);
    return c.out(fused("ThnnFusedGruCell", of_input, of_hidden, hidden, w, 5, 1, false));
  }
  const Tensors of_input = gates_of(linear(input, w.input, w.input_bias), 3);
  const Tensors of_hidden = gates_of(linear(hidden, w.hidden, w.hidden_bias), 3);
  const Tensor reset = sigmoid_(add_(of_hidden[0], of_input[0]));
  const Tensor update = sigmoid_(add_(of_hidden[1], of_input[1]));
  const Tensor fresh = tanh_(add(of_input[2], mul_(of_hidden[2], reset)));
  c.out(add_(mul_(sub(hidden, fresh), update), fresh));
}

void tanh_cell_row(EagerCall& c) { c.out(plain_cell(c, "Tanh")); }
void relu_cell_row(EagerCall& c) { c.out(plain_cell(c, "Relu")); }

}  // namespace shapewright::aten
