// Changes of element type: Cast, CastLike, BitCast.
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

DTypeSet castable(std::int64_t version) {
  DTypeSet set = moved_dtypes(version, 19);
  set.bits &= ~kComplex.bits;
  return version >= 28 ? set | kFloat6s : set;
}

// Runtimes convert to a younger type at an older opset, too: only what is no target at all is
// refused.
constexpr std::int64_t kNewest = 1000;

void check_round_mode(const Context& op) {
  const std::string_view mode = op.attr_string("round_mode", "up");
  if (mode != "up" && mode != "down" && mode != "nearest") {
    op.fail("attr-value", std::string(op.op_type()) + " round_mode is up, down or nearest, not '" +
                              std::string(mode) + "'");
  }
}

void convert(Context& op, DType to) {
  require_dtype(op, 0, castable(op.version()));
  if (to != DType::kUnknown && !castable(kNewest).has(to)) {
    op.fail("dtype-unsupported",
            std::string(op.op_type()) + " cannot convert to " + std::string(name_of(to)));
  }
  check_round_mode(op);
  op.output(0, to, op.shape(0));
}

void cast_infer(Context& op) { convert(op, dtype_attr(op, "to", DType::kUnknown)); }
void cast_like_infer(Context& op) {
  require_dtype(op, 1, castable(op.version()));
  convert(op, op.dtype(1));
}

void cast_values(Context& op) {
  op.output_greatest(0, op.greatest(0));
  const Elements* in = op.elements(0);
  if (in == nullptr) return;
  const DType from = op.dtype(0), to = op.output_type(0).dtype;
  if (from == DType::kUnknown || to == DType::kUnknown) return;
  Elements out = *in;
  for (Elem& e : out.elems) e = cast_elem(e, from, to);
  if (out.any_known()) op.output_elements(0, std::move(out));
}

void bit_cast_infer(Context& op) {
  DTypeSet allowed = moved_dtypes(op.version(), 1);
  allowed.bits &= ~dtypes(DType::kString).bits;
  require_dtype(op, 0, allowed);
  const DType to = dtype_attr(op, "to", DType::kUnknown);
  if (to == DType::kString) op.fail("dtype-unsupported", "BitCast cannot reinterpret as string");
  const DType from = op.dtype(0);
  if (from != DType::kUnknown && to != DType::kUnknown && info(from).bits != info(to).bits) {
    op.fail("bitcast-width", "BitCast cannot reinterpret " + std::string(name_of(from)) + " as " +
                                 std::string(name_of(to)) + ": " + std::to_string(info(from).bits) +
                                 " bits != " + std::to_string(info(to).bits) + " bits");
  }
  op.output(0, to, op.shape(0));
}

constexpr AttrSpec kCast6[] = {{"to", AttrKind::kInt, true}};
constexpr AttrSpec kCast19[] = {{"to", AttrKind::kInt, true}, {"saturate", AttrKind::kInt}};
constexpr AttrSpec kCast24[] = {
    {"to", AttrKind::kInt, true}, {"saturate", AttrKind::kInt}, {"round_mode", AttrKind::kString}};
constexpr AttrSpec kCastLike19[] = {{"saturate", AttrKind::kInt}};
constexpr AttrSpec kCastLike24[] = {{"saturate", AttrKind::kInt},
                                    {"round_mode", AttrKind::kString}};

constexpr Op kOps[] = {
    {.name = "Cast",
     .since = 6,
     .operands = "input",
     .attrs = kCast6,
     .infer = cast_infer,
     .values = cast_values},
    {.name = "Cast",
     .since = 19,
     .operands = "input",
     .attrs = kCast19,
     .infer = cast_infer,
     .values = cast_values},
    {.name = "Cast",
     .since = 24,
     .operands = "input",
     .attrs = kCast24,
     .infer = cast_infer,
     .values = cast_values},
    {.name = "CastLike",
     .since = 15,
     .inputs = {2, 2},
     .operands = "input target_type",
     .infer = cast_like_infer,
     .values = cast_values},
    {.name = "CastLike",
     .since = 19,
     .inputs = {2, 2},
     .operands = "input target_type",
     .attrs = kCastLike19,
     .infer = cast_like_infer,
     .values = cast_values},
    {.name = "CastLike",
     .since = 24,
     .inputs = {2, 2},
     .operands = "input target_type",
     .attrs = kCastLike24,
     .infer = cast_like_infer,
     .values = cast_values},
    {.name = "BitCast", .since = 26, .operands = "input", .attrs = kCast6, .infer = bit_cast_infer},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> cast_ops() { return kOps; }

}  // namespace shapewright::families
