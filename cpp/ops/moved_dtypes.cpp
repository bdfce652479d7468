#include "ops/moved_dtypes.h"

#include <string>

namespace shapewright::rules {

void require_moved(const Context& op, std::size_t input, int wide_since) {
  if (!op.has_input(input)) return;
  if (op.input(input).container != Container::kTensor) {
    op.fail("dtype-unsupported", std::string(op.op_type()) + " needs a tensor as " +
                                     operand_name(op, input) + ", not a sequence or optional");
  }
  require_dtype(op, input, moved_dtypes(op.version(), wide_since));
}

}  // namespace shapewright::rules
