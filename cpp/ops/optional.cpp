// Optionals: Optional, OptionalGetElement, OptionalHasElement.
#include <string>
#include <utility>

#include "ops/families.h"
#include "ops/moved_dtypes.h"
#include "ops/rules.h"

namespace shapewright::families {

namespace {

using namespace rules;

bool is_optional(const TensorType& t) {
  return t.container == Container::kOptional || t.container == Container::kOptionalSequence;
}

// A dtype that optionals hold; any that there is, from opset 28 on.
void require_held(const Context& op) {
  const DType dtype = op.dtype(0);
  if (dtype == DType::kUnknown || op.version() >= 28 || kFirstTypes.has(dtype)) return;
  op.fail("dtype-unsupported", std::string(op.op_type()) + " does not take " + operand_name(op, 0) +
                                   " of " + std::string(name_of(dtype)) + " at opset " +
                                   std::to_string(op.version()));
}

// Tensors and sequences count as optionals from opset 18 on.
void require_optional(const Context& op) {
  require_held(op);
  if (op.version() >= 18 || op.dtype(0) == DType::kUnknown || is_optional(op.input(0))) return;
  op.fail("dtype-unsupported", std::string(op.op_type()) + " needs an optional as input at opset " +
                                   std::to_string(op.version()) + ", not " +
                                   to_string(op.input(0)));
}

void optional_infer(Context& op) {
  if (!op.has_input(0)) {
    // The attribute `type` is not read: it is what the file declares of the output.
    if (!op.has_attr("type"))
      op.fail("attr-missing", "Optional without an input needs the attribute type");
    return op.output(0, TensorType{});
  }
  require_held(op);
  TensorType out = op.input(0);
  if (is_optional(out)) op.fail("dtype-unsupported", "Optional does not take another optional");
  out.container =
      out.container == Container::kSequence ? Container::kOptionalSequence : Container::kOptional;
  op.output(0, std::move(out));
}

void optional_get_element_infer(Context& op) {
  require_optional(op);
  TensorType out = op.input(0);
  if (out.container == Container::kOptional) out.container = Container::kTensor;
  if (out.container == Container::kOptionalSequence) out.container = Container::kSequence;
  op.output(0, std::move(out));
}

void optional_has_element_infer(Context& op) {
  if (op.has_input(0)) require_optional(op);
  op.output(0, DType::kBool, {});
}

void optional_has_element_values(Context& op) {
  if (op.has_input(0) && (is_optional(op.input(0)) || op.dtype(0) == DType::kUnknown)) return;
  op.output_elements(0, Elements::scalar(Elem::of(op.has_input(0) ? 1 : 0)));
}

constexpr AttrSpec kType[] = {{"type", AttrKind::kOther}};

constexpr Op kOps[] = {
    {.name = "Optional",
     .since = 15,
     .inputs = {0, 1},
     .operands = "input",
     .attrs = kType,
     .infer = optional_infer},
    {.name = "OptionalGetElement",
     .since = 15,
     .operands = "input",
     .infer = optional_get_element_infer},
    {.name = "OptionalHasElement",
     .since = 15,
     .operands = "input",
     .infer = optional_has_element_infer,
     .values = optional_has_element_values},
    {.name = "OptionalHasElement",
     .since = 18,
     .inputs = {0, 1},
     .operands = "input",
     .infer = optional_has_element_infer,
     .values = optional_has_element_values},
};
static_assert(complete(kOps));

}  // namespace

std::span<const Op> optional_ops() { return kOps; }

}  // namespace shapewright::families
