// LSTM, GRU and RNN: one layer run along a sequence.
#include <array>
#include <initializer_list>
#include <string>

#include "ops/families.h"
#include "ops/rules.h"
#include "ops/window.h"

namespace shapewright::families {

namespace {

using namespace rules;

// What tells one recurrent operator from another.
struct Cell {
  int gates;
  int activations;  // functions a direction
};
constexpr Cell kLstm = {4, 3}, kGru = {3, 2}, kRnn = {1, 1};

// Operands; GRU and RNN end with initial_h.
enum : std::size_t { kX, kW, kR, kB, kSequenceLens, kInitialH, kInitialC, kP };

std::int64_t directions(const Context& op) {
  const std::string_view text =
      word_attr(op, "direction", "forward", {"forward", "reverse", "bidirectional"});
  return text == "bidirectional" ? 2 : 1;
}

// True if batch comes before sequence and direction.
bool batch_first(const Context& op) {
  const std::int64_t layout = op.version() >= 14 ? op.attr_int("layout", 0) : 0;
  if (layout != 0 && layout != 1) {
    op.fail("attr-value", std::string(op.op_type()) + " attribute layout is " +
                              std::to_string(layout) + ": 0 or 1 is needed");
  }
  return layout == 1;
}

Dim hidden_size(Context& op) {
  if (const Attr* attr = op.attr("hidden_size")) {
    if (attr->i < 1) {
      op.fail("attr-value", std::string(op.op_type()) + " attribute hidden_size is " +
                                std::to_string(attr->i) + ": at least 1 is needed");
    }
    return attr->i;
  }
  // Runtimes do not take it from the weights.
  std::string hint;
  if (op.has_rank(kR))
    if (const auto size = known(op.shape(kR)[2]))
      hint = "hidden_size=" + std::to_string(*size) + ": R axis 2";
  op.fail("attr-missing", std::string(op.op_type()) + " needs the attribute hidden_size", {},
          std::move(hint));
}

struct Need {
  Dim size;
  const char* what;
};

void require_sizes(Context& op, std::size_t input, std::initializer_list<Need> needs) {
  if (!op.has_rank(input)) return;
  int axis = 0;
  for (const Need& need : needs) {
    op.require_equal("rnn-sizes", op.shape(input)[axis], need.size, [&] {
      return axis_text(operand_name(op, input), axis) + " with " + need.what;
    });
    ++axis;
  }
}

void require_activations(const Context& op, std::int64_t count) {
  const Attr* attr = op.attr("activations");
  if (attr == nullptr || static_cast<std::int64_t>(attr->strings.size()) == count) return;
  op.fail("attr-value", std::string(op.op_type()) + " attribute activations needs " +
                            std::to_string(count) + " entries, not " +
                            std::to_string(attr->strings.size()));
}

// X [T, B, I], W [D, g*H, I], R [D, g*H, H], B [D, 2*g*H], initial_h [D, B, H], P [D, 3*H]
// -> Y [T, D, B, H], Y_h [D, B, H]; with layout 1 the batch leads in X, initial_h and the results.
template <Cell kCell>
void recurrent_infer(Context& op) {
  require_dtype(op, kX, op.version() >= 22 ? kAllFloats : kFloats);
  require_dtype(op, kSequenceLens, dtypes(DType::kI32));
  DType dtype = unify_all_dtypes(op, kX, kSequenceLens);
  for (const std::size_t i : {kInitialH, kInitialC, kP}) {
    const DType same = unify_dtypes(op, kX, i);
    if (dtype == DType::kUnknown) dtype = same;
  }
  constexpr std::array<int, 8> kRanks = {3, 3, 3, 2, 1, 3, 3, 2};
  for (std::size_t i = 0; i < kRanks.size(); ++i) require_rank(op, i, kRanks[i], kRanks[i]);

  const std::int64_t dirs = directions(op);
  const bool by_batch = batch_first(op);
  require_activations(op, dirs * kCell.activations);
  const Dim hidden = hidden_size(op);
  const Dim gated = Dim(kCell.gates) * hidden;
  const Shape x = op.has_rank(kX) ? op.shape(kX) : unknown_dims(op, 3);
  const Dim length = x[by_batch ? 1 : 0], batch = x[by_batch ? 0 : 1];
  const Need direction = {dirs, "the number of directions"}, batches = {batch, "the batch of X"};
  const Need gates = {gated, "the gates of hidden_size"}, state = {hidden, "hidden_size"};

  require_sizes(op, kW, {direction, gates, {x[2], "X axis 2"}});
  require_sizes(op, kR, {direction, gates, state});
  require_sizes(op, kB, {direction, {Dim(2) * gated, "two biases a gate"}});
  require_sizes(op, kSequenceLens, {batches});
  for (const std::size_t i : {kInitialH, kInitialC}) {
    if (by_batch) {
      require_sizes(op, i, {batches, direction, state});
    } else {
      require_sizes(op, i, {direction, batches, state});
    }
  }
  require_sizes(op, kP, {direction, {Dim(3) * hidden, "three peepholes of hidden_size"}});

  const Dim d = dirs;
  op.output(0, dtype, by_batch ? Shape{batch, length, d, hidden} : Shape{length, d, batch, hidden});
  const Shape last = by_batch ? Shape{batch, d, hidden} : Shape{d, batch, hidden};
  op.output(1, dtype, last);
  op.output(2, dtype, last);
}

// Both matrix products of every gate, step and direction.
Dim recurrent_flops(const Context& op) {
  if (!op.has_rank(kX) || !op.has_rank(kW) || !op.has_rank(kR)) return 0;
  const Shape& x = op.shape(kX);
  const Shape& w = op.shape(kW);
  return Dim(2) * x[0] * x[1] * w[0] * w[1] * (x[2] + op.shape(kR)[2]);
}

// --- the table
// ------------------------------------------------------------------------------------

// `layout` stands last: it came with opset 14.
constexpr AttrSpec kLstmAttrs[] = {
    {"activation_alpha", AttrKind::kFloats}, {"activation_beta", AttrKind::kFloats},
    {"activations", AttrKind::kStrings},     {"clip", AttrKind::kFloat},
    {"direction", AttrKind::kString},        {"hidden_size", AttrKind::kInt},
    {"input_forget", AttrKind::kInt},        {"layout", AttrKind::kInt},
};
constexpr AttrSpec kGruAttrs[] = {
    {"activation_alpha", AttrKind::kFloats}, {"activation_beta", AttrKind::kFloats},
    {"activations", AttrKind::kStrings},     {"clip", AttrKind::kFloat},
    {"direction", AttrKind::kString},        {"hidden_size", AttrKind::kInt},
    {"linear_before_reset", AttrKind::kInt}, {"layout", AttrKind::kInt},
};
constexpr AttrSpec kRnnAttrs[] = {
    {"activation_alpha", AttrKind::kFloats},
    {"activation_beta", AttrKind::kFloats},
    {"activations", AttrKind::kStrings},
    {"clip", AttrKind::kFloat},
    {"direction", AttrKind::kString},
    {"hidden_size", AttrKind::kInt},
    {"layout", AttrKind::kInt},
};

constexpr Op recurrent_row(std::string_view name, int since, std::span<const AttrSpec> attrs,
                           void (*infer)(Context&)) {
  const bool is_lstm = name == "LSTM";
  return {.name = name,
          .since = since,
          .inputs = {3, is_lstm ? 8 : 6},
          .outputs = {0, is_lstm ? 3 : 2},
          .operands = is_lstm ? "X W R B sequence_lens initial_h initial_c P"
                              : "X W R B sequence_lens initial_h",
          .attrs = since >= 14 ? attrs : attrs.first(attrs.size() - 1),
          .infer = infer,
          .flops = recurrent_flops};
}
constexpr Op lstm_row(int since) {
  return recurrent_row("LSTM", since, kLstmAttrs, recurrent_infer<kLstm>);
}
constexpr Op gru_row(int since) {
  return recurrent_row("GRU", since, kGruAttrs, recurrent_infer<kGru>);
}
constexpr Op rnn_row(int since) {
  return recurrent_row("RNN", since, kRnnAttrs, recurrent_infer<kRnn>);
}

constexpr Op kOps[] = {
    lstm_row(7), lstm_row(14), lstm_row(22), gru_row(7),  gru_row(14),
    gru_row(22), rnn_row(7),   rnn_row(14),  rnn_row(22),
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> recurrent_ops() { return kOps; }

}  // namespace shapewright::families
