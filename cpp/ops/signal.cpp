// Signals: windows, MelWeightMatrix, DFT, STFT.
#include <optional>
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

// The size in input i, which holds one integer of at least `lo`.
Dim size_input(Context& op, std::size_t i, std::int64_t lo) {
  require_dtype(op, i, kIndices);
  require_one_value(op, i);
  const Elem size = scalar_of(op, i);
  if (!size.is_int())
    return op.fresh(operand_name(op, i), SymbolKind::kDataDependent, {lo, kPlusInf});
  op.require_at_most("size-too-small", lo, size.num,
                     [&] { return std::to_string(lo) + " within " + operand_name(op, i); });
  return size.num;
}

DType output_dtype(const Context& op) {
  const DType dtype = dtype_attr(op, "output_datatype", DType::kF32);
  if (!kAllNumeric.has(dtype)) {
    op.fail("dtype-unsupported", std::string(op.op_type()) + " attribute output_datatype is " +
                                     std::string(name_of(dtype)) + ", which is no number");
  }
  return dtype;
}

void window_infer(Context& op) {
  const Dim size = size_input(op, 0, 0);
  op.require_at_most("size-too-small", 1, size, [] { return std::string("1 within size"); });
  op.output(0, output_dtype(op), {size});
}

void mel_weight_matrix_infer(Context& op) {
  const Dim bins = size_input(op, 0, 0), length = size_input(op, 1, 1);
  require_dtype(op, 2, kIndices);
  for (std::size_t i = 0; i < 3; ++i) unify_dtypes(op, 0, i);
  for (std::size_t i = 3; i < 5; ++i) require_dtype(op, i, kAllFloats);
  unify_dtypes(op, 3, 4);
  for (std::size_t i = 2; i < 5; ++i) require_one_value(op, i);
  op.output(0, output_dtype(op), {floordiv(length, 2) + Dim(1), bins});
}

// --- DFT: the last axis holds the parts of a number, 1 if it is real and 2 if it is complex

void require_parts(Context& op, Dim parts, std::int64_t least, std::int64_t most,
                   std::string_view why) {
  const auto where = [&] { return axis_text(operand_name(op, 0), op.rank(0) - 1); };
  const auto text = [&] { return where() + " with " + std::string(why); };
  if (least == most) {
    op.require_equal("signal-parts", parts, least, text);
    return;
  }
  if (prove_le(least, parts) == Truth::kNo || prove_le(parts, most) == Truth::kNo)
    op.fail("signal-parts", std::string(op.op_type()) + " needs " + where() +
                                " of size 1 (real) or 2 (complex), not " + to_string(parts));
  op.require_at_most("signal-parts", parts, most, text);
  op.require_at_most("signal-parts", least, parts, text);
}

int dft_axis(const Context& op, std::int64_t axis) {
  const int rank = op.rank(0);
  const int a = normalize_axis(op, axis, rank, "axis");
  if (a == rank - 1) {
    op.fail("axis-out-of-range",
            "DFT axis " + std::to_string(axis) +
                " is the last one, which holds real and imaginary parts",
            {}, "a signal axis is 0 to " + std::to_string(rank - 2));
  }
  return a;
}

void dft_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  require_rank(op, 0, 2);
  const bool onesided = op.attr_int("onesided", 0) != 0, inverse = op.attr_int("inverse", 0) != 0;
  std::optional<Dim> length;
  if (op.has_input(1)) length = size_input(op, 1, 1);
  std::optional<std::int64_t> axis;
  if (op.version() < 20) {
    axis = op.attr_int("axis", 1);
  } else {
    require_dtype(op, 2, kInt64);
    require_one_value(op, 2);
    axis = op.has_input(2) ? scalar_of(op, 2).literal() : -2;
  }
  if (!op.has_rank(0)) return op.output(0, op.dtype(0), Shape::unknown_rank());
  Shape out = op.shape(0);
  Dim& parts = out[out.rank() - 1];
  if (onesided) {
    inverse ? require_parts(op, parts, 2, 2, "the complex input of a one-sided inverse")
            : require_parts(op, parts, 1, 1, "the real input of a one-sided transform");
  } else {
    require_parts(op, parts, 1, 2, "the parts of a number");
  }
  parts = onesided && inverse ? 1 : 2;
  if (axis) {
    Dim& size = out[dft_axis(op, *axis)];
    if (onesided && inverse && !length) {
      length = Dim(2) * (size - Dim(1));
      op.require_at_most("size-too-small", 0, *length,
                         [] { return std::string("0 within the length of the real signal"); });
    }
    if (length) size = *length;
    if (onesided && !inverse) size = floordiv(size, 2) + Dim(1);
  } else {
    for (int i = 0; i + 1 < out.rank(); ++i) out[i] = op.unknown_dim();
  }
  op.output(0, op.dtype(0), std::move(out));
}

// --- STFT: [batch, frames, bins, 2]

void stft_infer(Context& op) {
  require_dtype(op, 0, kAllFloats);
  require_dtype(op, 2, kAllFloats);
  if (op.has_input(2)) unify_dtypes(op, 0, 2);
  if (!op.has_input(2) && !op.has_input(3))
    op.fail("input-missing", "STFT needs its input window or its input frame_length");
  const Dim step = size_input(op, 1, 1);
  require_rank(op, 0, 2, 3);
  require_rank(op, 2, 1, 1);
  Dim batch = op.unknown_dim(), signal = op.unknown_dim();
  if (op.has_rank(0)) {
    batch = op.shape(0)[0];
    signal = op.shape(0)[1];
    if (op.rank(0) == 3) require_parts(op, op.shape(0)[2], 1, 2, "the parts of a number");
  }
  Dim frame = signal;
  if (op.has_input(3)) frame = size_input(op, 3, 1);
  if (op.has_rank(2)) {
    const Dim window = op.shape(2)[0];
    frame = op.has_input(3)
                ? op.unify("signal-frame", frame, window,
                           [] { return std::string("frame_length with window axis 0"); })
                : window;
  } else if (op.has_input(2) && !op.has_input(3)) {
    frame = op.fresh("window", SymbolKind::kDataDependent, {1, kPlusInf});
  }
  op.require_at_most("signal-frame", frame, signal,
                     [] { return std::string("a frame into signal axis 1"); });
  const bool onesided = op.attr_int("onesided", 1) != 0;
  op.output(0, op.dtype(0),
            {batch, floordiv(signal - frame, step) + Dim(1),
             onesided ? floordiv(frame, 2) + Dim(1) : frame, Dim(2)});
}

constexpr AttrSpec kWindow[] = {{"output_datatype", AttrKind::kInt}, {"periodic", AttrKind::kInt}};
constexpr AttrSpec kMel[] = {{"output_datatype", AttrKind::kInt}};
constexpr AttrSpec kDft17[] = {
    {"axis", AttrKind::kInt}, {"inverse", AttrKind::kInt}, {"onesided", AttrKind::kInt}};
constexpr AttrSpec kDft20[] = {{"inverse", AttrKind::kInt}, {"onesided", AttrKind::kInt}};
constexpr AttrSpec kStft[] = {{"onesided", AttrKind::kInt}};

constexpr Op window_row(std::string_view name) {
  return {.name = name,
          .since = 17,
          .operands = "size",
          .attrs = kWindow,
          .infer = window_infer,
          .flops = one_flop_per_output};
}

constexpr Op kOps[] = {
    window_row("BlackmanWindow"),
    window_row("HammingWindow"),
    window_row("HannWindow"),
    {.name = "MelWeightMatrix",
     .since = 17,
     .inputs = {5, 5},
     .operands = "num_mel_bins dft_length sample_rate lower_edge_hertz upper_edge_hertz",
     .attrs = kMel,
     .infer = mel_weight_matrix_infer},
    {.name = "DFT",
     .since = 17,
     .inputs = {1, 2},
     .operands = "input dft_length",
     .attrs = kDft17,
     .infer = dft_infer},
    {.name = "DFT",
     .since = 20,
     .inputs = {1, 3},
     .operands = "input dft_length axis",
     .attrs = kDft20,
     .infer = dft_infer},
    {.name = "STFT",
     .since = 17,
     .inputs = {2, 4},
     .operands = "signal frame_step window frame_length",
     .attrs = kStft,
     .infer = stft_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> signal_ops() { return kOps; }

}  // namespace shapewright::families
