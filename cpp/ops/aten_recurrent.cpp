// Recurrent layers on the CPU. LSTM is a kernel of oneDNN for each layer and direction; GRU and RNN
// are loops over cells, whose tensors are counted here in one piece for all steps, since the number
// of steps may be a symbol.
#include "base/threads.h"
#include "ops/aten.h"
#include "ops/aten_cells.h"
#include "ops/aten_table.h"
#include "ops/families.h"

namespace shapewright::aten {

namespace {

constexpr std::int64_t kPage = 4096;

// What the layers have in common: x, the states, then the weights of each layer and direction.
struct Layers {
  Tensor x;
  Tensors states, weights;
  std::int64_t count = 1, directions = 1, each = 4;
  bool batch_first = false;
  Dim steps, batch, hidden;

  Layers(const EagerCall& c, std::size_t num_states) {
    x = c.in(0);
    for (std::size_t i = 1; i <= num_states; ++i) states.push_back(c.in(i));
    for (std::size_t i = num_states + 1; i < c.num_inputs(); ++i) weights.push_back(c.in(i));
    count = c.int_of("num_layers", 1);
    directions = c.flag("bidirectional", false) ? 2 : 1;
    each = c.flag("has_biases", true) ? 4 : 2;
    batch_first = c.flag("batch_first", false);
    steps = x.size(batch_first ? 1 : 0);
    batch = x.size(batch_first ? 0 : 1);
    hidden = states[0].size(-1);
  }
  Tensor weight(std::int64_t layer, std::int64_t direction, std::int64_t which) const {
    return weights[static_cast<std::size_t>((layer * directions + direction) * each + which)];
  }
  Dim width(std::int64_t layer) const { return layer == 0 ? x.size(-1) : hidden * directions; }
  // Steps before the batch.
  Tensor steps_first() const { return batch_first ? transpose(x, 0, 1) : x; }
};

Dim whole_pages(Dim bytes) { return ceildiv(bytes, kPage) * kPage; }

// Rows of numbers of so many bytes as oneDNN spaces them: whole cache lines, no multiple of 256.
Dim spaced(Dim numbers, std::int64_t bytes = 4) {
  const auto n = known(numbers);
  if (!n) return numbers;
  const std::int64_t line = 64 / bytes, lines = (*n + line - 1) / line * line;
  return lines % 256 == 0 ? lines + line : lines;
}

// Gates, hidden states and five tables of the states before and after each step, kept for backward.
// As oneDNN 3.x lays them out; held to 293 sizes, of halves to 60. What is summed up stays in
// floats.
Dim workspace_bytes(const Layers& l, Dim width, std::int64_t bytes) {
  constexpr std::int64_t kFloat = 4;
  const Dim rows = l.steps * l.batch, states = 2 * (l.steps + 1) * l.batch;
  const auto table = [](Dim count, Dim numbers, std::int64_t each) {
    return whole_pages(count * spaced(numbers, each) * each);
  };
  const Dim widest = max(width, l.hidden);
  return table(rows, 4 * l.hidden, bytes) + table(rows, l.hidden, bytes) +
         table(states, widest, bytes) + 2 * table(states, widest, kFloat) +
         whole_pages(states * l.hidden * bytes) + whole_pages(states * l.hidden * kFloat);
}

// What the kernel works in: gates of all steps, two tables of the states of one. Held to 10 sizes.
Dim scratch_bytes(Dim steps, Dim batch, Dim hidden) {
  constexpr std::int64_t kFloat = 4, kRegistry = 568;
  return whole_pages(steps * batch * spaced(4 * hidden) * kFloat) +
         2 * whole_pages(batch * spaced(hidden) * kFloat) + kPage + kRegistry;
}

// Without a backward another kernel runs; its small tables are an estimate. Where input and state
// are of one width, both products run as one, on twice as many blocks a thread.
Dim inference_scratch_bytes(const Layers& l, Dim width) {
  constexpr std::int64_t kFloat = 4, kRegistry = 696, kTables = 5, kBlocks = 2 * 40;
  const std::int64_t blocks = operator_threads() * kBlocks * (width == l.hidden ? 2 : 1);
  return whole_pages(l.steps * l.batch * spaced(4 * l.hidden) * kFloat) + kTables * kPage +
         kRegistry + blocks;
}

Tensor piece(Dim bytes) { return eager::empty({bytes}, DType::kU8); }

// Weights as the kernels want them: gates side by side, rows spaced, or units in blocks of 32.
Tensor packed(Dim rows, Dim hidden, bool records) {
  const Dim block = 4 * (ceildiv(hidden, 32) * Dim(32));
  return eager::empty({rows, records ? spaced(4 * hidden) : block}, DType::kF32);
}

// Rows of gates, spaced; nothing where they lie so.
Tensor turned(const Tensor& weight) {
  const Dim width = weight.size(1);
  return spaced(width) == width ? Tensor()
                                : eager::empty({weight.size(0), spaced(width)}, weight.dtype());
}

bool is_recorded(const Tensor& x, const Tensor& weight) {
  return eager::Machine::current().grad_enabled && eager::any_needs_grad({x, weight});
}

Tensor lstm_layer(const Layers& l, const Tensor& x, std::int64_t layer, std::int64_t direction,
                  Tensors& states) {
  const Shape sequence = {l.steps, l.batch, l.hidden}, state = {l.batch, l.hidden};
  const Tensor& dense = x;
  Tensor out = eager::empty(sequence, x.dtype());
  const Tensor h = eager::empty(state, x.dtype()), cell = eager::empty(state, x.dtype());
  states.push_back(h);
  states.push_back(cell);
  const bool records = is_recorded(x, l.weight(layer, direction, 0));
  const Tensor workspace = eager::empty(
      {records ? workspace_bytes(l, x.size(-1), info(x.dtype()).bits / 8) : Dim(0)}, DType::kU8);
  Tensors inputs = {dense};
  Tensors shapes;
  for (std::int64_t i = 0; i < l.each; ++i) inputs.push_back(l.weight(layer, direction, i));
  Tensors saved = inputs;
  for (const Tensor& t : {out, h, cell, workspace, l.states[0], l.states[1]}) saved.push_back(t);
  {
    Tensor bias;  // both in one
    if (l.each == 4) bias = eager::empty({4 * l.hidden}, x.dtype());
    const Tensor w = packed(x.size(-1), l.hidden, records), u = packed(l.hidden, l.hidden, records);
    const Tensor work = piece(records ? scratch_bytes(l.steps, l.batch, l.hidden)
                                      : inference_scratch_bytes(l, x.size(-1)));
  }
  eager::record("MkldnnRnnLayer", inputs, {out}, saved,
                [count = inputs.size()](eager::Node& n, const Tensors& g) {
                  const Tensor dy = contiguous(g[0]);
                  const Tensor &w = n.saved[1], &u = n.saved[2];
                  const Dim hidden = u.size(1);
                  const Shape last = {dy.size(1), hidden}, gates = {4 * hidden};
                  // of the last states, which nobody asks for, and of the first
                  const Tensor dh = eager::empty(last, dy.dtype());
                  const Tensor dc = eager::empty(last, dy.dtype());
                  Tensors grads(count);
                  grads[0] = eager::empty_like(n.saved[0]);
                  const Tensor dh0 = eager::empty(last, dy.dtype());
                  const Tensor dc0 = eager::empty(last, dy.dtype());
                  grads[1] = eager::empty_like(w);
                  grads[2] = eager::empty_like(u);
                  const Tensor bias = eager::empty(gates, dy.dtype());
                  for (std::size_t i = 3; i < count; ++i)
                    grads[i] = eager::empty(gates, dy.dtype());
                  const Tensor w_turned = turned(w), u_turned = turned(u);
                  const Tensor dw = packed(w.size(1), hidden, true),
                               du = packed(hidden, hidden, true);
                  const Tensor work = piece(scratch_bytes(dy.size(0), dy.size(1), hidden));
                  return grads;
                });
  return out;
}

// What a cell of units works with, in numbers a unit: `gates` of them, `kept` of a step for its
// backward, `temporaries` of a step that goes by without one. A cell whose result is all that it
// keeps has one gate.
struct Cell {
  std::int64_t gates, kept, temporaries;
};

// The backward of all steps, from the last: gradients of the recurrent weight are summed out of
// place, which is most while nearly all steps still keep theirs; those of the gates are joined at
// the end. Saved: weight, bias, the last two steps and the others, states of both, the first state.
Tensors cells_grads(eager::Node& n, const Shape& shape, const Cell& cell, Tensor dy) {
  const DType dtype = dy.dtype();
  const Dim steps = shape[0], batch = shape[1], hidden = dy.size(-1);
  Tensors grads(3);
  n.saved[2] = n.saved[4] = {};
  const Shape of_two = {min(steps, Dim(2)), batch, cell.gates * hidden};
  const Shape of_others = {max(steps - 2, Dim(0)), batch, cell.gates * hidden};
  const Tensor last_gates = eager::empty(of_two, dtype);
  const Tensor state = eager::empty({batch, hidden}, dtype);
  if (n.needs(2)) grads[2] = eager::empty_like(n.saved[1]);
  if (n.needs(1)) {
    grads[1] = eager::empty_like(n.saved[0]);
    Shape others = n.saved[0].shape();
    others[0] *= 2 * min(steps - 1, Dim(1));
    const Tensor summed = eager::empty(others, dtype);
  }
  n.saved[3] = n.saved[5] = {};
  const Tensor other_gates = eager::empty(of_others, dtype);
  dy = {};
  if (n.needs(0)) grads[0] = eager::empty(shape, dtype);
  return grads;
}

// All steps of one layer, each kind of tensor of theirs in one piece: the product with the input,
// then what each step keeps, and the state that the next one reads.
Tensor cells_layer(const Layers& l, const Tensor& x, std::int64_t layer, std::int64_t direction,
                   const Cell& cell) {
  const DType dtype = x.dtype();
  const Tensor before = linear(x, l.weight(layer, direction, 0),
                               l.each == 4 ? l.weight(layer, direction, 2) : Tensor());
  const Tensor u = l.weight(layer, direction, 1);
  const Tensor b = l.each == 4 ? l.weight(layer, direction, 3) : Tensor();
  const auto of = [&](Dim steps, std::int64_t numbers) {
    return eager::empty({steps, l.batch, numbers * l.hidden}, dtype);
  };
  if (!is_recorded(before, u)) {
    const Tensor results = of(l.steps, 1);
    {
      const Tensor step = of(1, cell.temporaries);
    }
    return of(l.steps, 1);
  }
  const Dim last = min(l.steps, Dim(2)), others = l.steps - last;
  const Tensor kept_last = of(last, cell.kept), kept = of(others, cell.kept);
  Tensor states_last, states;
  if (cell.gates > 1) {  // of a plain cell its own result, counted already; the first is given
    const Dim known_last = min(l.steps - 1, Dim(2));
    states_last = of(known_last, 1);
    states = of(l.steps - 1 - known_last, 1);
  }
  Tensor out = of(l.steps, 1);
  eager::record("Cells", {before, u, b}, {out},
                {u, b, kept_last, kept, states_last, states, l.states[0]},
                [shape = before.shape(), cell](eager::Node& n, Tensors g) {
                  return cells_grads(n, shape, cell, std::move(g[0]));
                });
  return out;
}

template <typename RunLayer>
Tensor run_layers(const Layers& l, Tensor x, RunLayer run_layer) {
  for (std::int64_t layer = 0; layer < l.count; ++layer) {
    Tensors both;
    for (std::int64_t d = 0; d < l.directions; ++d) both.push_back(run_layer(x, layer, d));
    x = l.directions == 1 ? both[0] : cat(both, 2, {l.steps, l.batch, l.hidden * l.directions});
  }
  return l.batch_first ? transpose(x, 0, 1) : x;
}

void lstm_row(EagerCall& c) {
  const Layers l(c, 2);
  // The input as the kernel reads it, and the states of every layer, are there to the end.
  const Tensor dense = contiguous(l.steps_first());
  Tensors states;
  Tensor out = run_layers(l, dense, [&](const Tensor& x, std::int64_t layer, std::int64_t d) {
    return lstm_layer(l, contiguous(x), layer, d, states);
  });
  c.out(out);
  for (std::size_t i = 1; i < c.num_outputs(); ++i)
    c.out(eager::empty(c.out_shape(i), out.dtype()));
}

constexpr Cell kPlain{1, 1, 1}, kGated{3, 6, 4};

template <const Cell& kCell>
void cells_row(EagerCall& c) {
  const Layers l(c, 1);
  Tensor out =
      run_layers(l, l.steps_first(), [&](const Tensor& x, std::int64_t layer, std::int64_t d) {
        return cells_layer(l, x, layer, d, kCell);
      });
  c.out(out);
  for (std::size_t i = 1; i < c.num_outputs(); ++i)
    c.out(eager::empty(c.out_shape(i), out.dtype()));
}

constexpr Op kRows[] = {
    row("lstm.input", lstm_row),
    row("gru.input", cells_row<kGated>),
    row("rnn_tanh.input", cells_row<kPlain>),
    row("rnn_relu.input", cells_row<kPlain>),
    row("lstm_cell.default", lstm_cell_row),
    row("gru_cell.default", gru_cell_row),
    row("rnn_tanh_cell.default", tanh_cell_row),
    row("rnn_relu_cell.default", relu_cell_row),
};
static_assert(complete(kRows));

}  // namespace
}  // namespace shapewright::aten

namespace shapewright::families {
std::span<const Op> aten_recurrent_ops() { return aten::kRows; }
}  // namespace shapewright::families
