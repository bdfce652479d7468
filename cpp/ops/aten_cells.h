// One step of a recurrent layer: nn.LSTMCell, nn.GRUCell, nn.RNNCell.
#pragma once

#include "ops/aten.h"

namespace shapewright::aten {

// (input, states, weight_ih, weight_hh, bias_ih, bias_hh)
void lstm_cell_row(EagerCall& c);
void gru_cell_row(EagerCall& c);
void tanh_cell_row(EagerCall& c);
void relu_cell_row(EagerCall& c);

}  // namespace shapewright::aten
