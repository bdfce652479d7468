#include "ops/indices.h"

#include <algorithm>
#include <string>

#include "ops/rules.h"

namespace shapewright::rules {

namespace {

// `needed` <= d makes `index` valid.
void require_place(Context& op, Dim index, Dim needed, Dim d, std::size_t data, int axis) {
  const auto axis_name = [&] { return axis_text(operand_name(op, data), axis); };
  if (prove_lt(d, needed) == Truth::kYes) {
    op.fail("index-out-of-range",
            std::string(op.op_type()) + " index " + to_string(index) + " is out of range for " +
                axis_name() + " of size " + to_string(d),
            {{"left", to_string(index)}, {"right", to_string(d)}});
  }
  op.require_at_most("index-out-of-range", needed, d,
                     [&] { return "index " + to_string(index) + " in " + axis_name(); });
}

}  // namespace

void require_in_range(Context& op, const Elements& indices, std::size_t first, std::size_t stride,
                      Dim d, std::size_t data, int axis) {
  std::int64_t least = 0, greatest = -1;
  for (std::size_t i = first; i < indices.size(); i += stride) {
    const Elem& e = indices.elems[i];
    if (!e.is_int()) continue;
    if (const auto literal = known(e.num)) {
      least = std::min(least, *literal);
      greatest = std::max(greatest, *literal);
    } else {
      require_place(op, e.num, e.num + Dim(1), d, data, axis);
      require_place(op, e.num, -e.num, d, data, axis);
    }
  }
  if (greatest >= 0) require_place(op, greatest, Dim(greatest) + Dim(1), d, data, axis);
  if (least < 0) require_place(op, least, -Dim(least), d, data, axis);
}

void require_greatest_in_range(Context& op, std::size_t indices, Dim d, std::size_t data,
                               int axis) {
  const auto greatest = op.greatest(indices);
  if (greatest) require_place(op, *greatest, *greatest + Dim(1), d, data, axis);
}

std::optional<Dim> greatest_of_range(Dim start, Dim count, Dim step) {
  if (bounds(step).lo >= 0) return start + (count - 1) * step;
  return bounds(step).hi <= 0 ? std::optional(start) : std::nullopt;
}

std::optional<std::size_t> place_of(const Elem& index, std::int64_t d) {
  const auto literal = index.literal();
  if (!literal || *literal < -d || *literal >= d) return std::nullopt;
  return static_cast<std::size_t>(*literal < 0 ? *literal + d : *literal);
}

}  // namespace shapewright::rules
